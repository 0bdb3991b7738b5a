//! `QUERY`: a statement as text: BEGIN, COMMIT, changes of structures, XA, SAVEPOINT.

use super::body::Flaw;
use super::compressed::inflate;
use super::field::Fields;
use super::status::StatusVars;

/// The event.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// Connection that ran it.
    pub thread_id: u32,
    /// How many seconds it ran.
    pub execution_seconds: u32,
    /// Error number that it ended with on the server; 0 normally.
    pub error: u16,
    /// Default database when it ran, empty without one.
    pub database: &'a [u8],
    /// The statement, in the character set of the client that sent it.
    pub sql: &'a [u8],
    /// What it depends on.
    pub status: StatusVars<'a>,
}

impl<'a> Query<'a> {
    /// Reads it:
    ///
    /// ```text
    ///  thread u32 │ seconds u32 │ length of database u8 │ error u16 │ length of status u16
    ///  │ status │ database │ 0 │ statement
    /// ```
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let mut fields = Fields::new(body);
        let (thread_id, execution_seconds) = (fields.u32()?, fields.u32()?);
        let database = fields.u8()?;
        let (error, status) = (fields.u16()?, fields.u16()?);
        let status = StatusVars(fields.bytes(usize::from(status))?);
        let database = fields.bytes(usize::from(database))?;
        fields.u8()?;
        Some(Self { thread_id, execution_seconds, error, database, sql: fields.rest(), status })
    }

    /// Reads MariaDB's `QUERY_COMPRESSED`, where the statement is compressed.
    pub(super) fn read_compressed(body: &'a [u8], scratch: &'a mut Vec<u8>) -> Result<Self, Flaw> {
        let query = Self::read(body).ok_or(Flaw::Malformed)?;
        inflate(query.sql, scratch)?;
        Ok(Self { sql: scratch, ..query })
    }
}
