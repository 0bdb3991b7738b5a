//! What an event says, by its kind.

use super::field::Fields;
use super::format::Format;
use super::gtid::Gtid;
use super::gtid_domain::GtidList;
use super::gtid_set::PreviousGtids;
use super::header::Header;
use super::kind;
use super::query::Query;
use super::rows::Rows;
use super::table_event::TableMapEvent;
use super::xa::XaPrepare;
use crate::flavor::Flavor;

/// The content of an event.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)]
pub enum Body<'a> {
    /// How the file is written; the first event of every file and of every dump, behind `Rotate`.
    Format(Format),
    /// The log goes on in another file.
    Rotate {
        /// Name of the file.
        file: &'a str,
        /// Where in it.
        position: u64,
    },
    /// A transaction begins.
    Gtid(Gtid),
    /// MySQL: the transactions before the file.
    PreviousGtids(PreviousGtids<'a>),
    /// MariaDB: the transactions before the file, or before here.
    GtidList(GtidList<'a>),
    /// A statement as text.
    Query(Query<'a>),
    /// A transaction is committed.
    Xid(u64),
    /// Form of the rows that follow.
    TableMap(TableMapEvent<'a>),
    /// Rows.
    Rows(Rows<'a>),
    /// A transaction is prepared.
    XaPrepare(XaPrepare<'a>),
    /// The statement that the rows that follow come from, in the session's character set.
    RowsQuery(&'a [u8]),
    /// There is nothing to send.
    Heartbeat,
    /// The server was stopped.
    Stop,
    /// The log is not complete.
    Incident {
        /// Number of the incident: 1 means that events are lost.
        number: u16,
        /// What the server says about it.
        message: &'a [u8],
    },
    /// Part of a change of rows that is logged as a statement.
    Statement(StatementKind),
    /// An event of no interest: known, or marked as one that may be passed over. Its kind.
    Passed(u8),
}

/// What a statement's change of rows depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// An auto-increment number.
    Number,
    /// Seeds of RAND().
    Random,
    /// A user variable.
    Variable,
    /// LOAD DATA or a part of its file.
    Load,
}

/// Why an event has no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Its kind is not known, and it may not be passed over.
    Unknown,
    /// Its bytes are not what its kind has.
    Malformed,
    /// It cannot be inflated, and why.
    Compressed(&'static str),
}

/// Reads the content of an event whose checksum is taken off; of `FORMAT_DESCRIPTION` the last byte is
/// the algorithm. `scratch` holds what is inflated.
#[inline]
pub(crate) fn decode<'a>(
    header: &Header,
    body: &'a [u8],
    flavor: Flavor,
    scratch: &'a mut Vec<u8>,
) -> Result<Body<'a>, Flaw> {
    let read = match header.kind {
        kind::WRITE_ROWS_V1..=kind::DELETE_ROWS_V1
        | kind::WRITE_ROWS..=kind::DELETE_ROWS
        | kind::PARTIAL_UPDATE_ROWS
        | kind::WRITE_ROWS_COMPRESSED_V1..=kind::DELETE_ROWS_COMPRESSED => {
            return Rows::read(header.kind, body, scratch).map(Body::Rows);
        }
        kind::QUERY_COMPRESSED => {
            return Query::read_compressed(body, scratch).map(Body::Query);
        }
        kind::TABLE_MAP => TableMapEvent::read(body, flavor).map(Body::TableMap),
        kind::XID => Fields::new(body).u64().map(Body::Xid),
        kind::QUERY => Query::read(body).map(Body::Query),
        kind::GTID => Gtid::read(body, false).map(Body::Gtid),
        kind::ANONYMOUS_GTID => Gtid::read(body, true).map(Body::Gtid),
        kind::GTID_TAGGED => Gtid::read_tagged(body).map(Body::Gtid),
        kind::MARIADB_GTID => Gtid::read_domain(body, header.server_id).map(Body::Gtid),
        _ => return seldom(header, body),
    };
    read.ok_or(Flaw::Malformed)
}

/// The kinds that do not come with every transaction.
fn seldom<'a>(header: &Header, body: &'a [u8]) -> Result<Body<'a>, Flaw> {
    let mut fields = Fields::new(body);
    let read = match header.kind {
        kind::FORMAT_DESCRIPTION => Format::read(body).map(Body::Format),
        kind::ROTATE => fields.u64().and_then(|position| {
            let file = std::str::from_utf8(fields.rest()).ok()?;
            Some(Body::Rotate { file, position })
        }),
        kind::PREVIOUS_GTIDS => Some(Body::PreviousGtids(PreviousGtids(body))),
        kind::GTID_LIST => GtidList::read(body).map(Body::GtidList),
        kind::XA_PREPARE => XaPrepare::read(body).map(Body::XaPrepare),
        // The first byte is the length, as far as it fits into one.
        kind::ROWS_QUERY => fields.u8().map(|_| Body::RowsQuery(fields.rest())),
        kind::ANNOTATE_ROWS => Some(Body::RowsQuery(body)),
        kind::HEARTBEAT | kind::HEARTBEAT_V2 => Some(Body::Heartbeat),
        kind::STOP => Some(Body::Stop),
        kind::INCIDENT => fields.u16().map(|number| {
            let message = fields.u8().and_then(|length| fields.bytes(usize::from(length)));
            Body::Incident { number, message: message.unwrap_or_default() }
        }),
        kind::INTVAR => Some(Body::Statement(StatementKind::Number)),
        kind::RAND => Some(Body::Statement(StatementKind::Random)),
        kind::USER_VAR => Some(Body::Statement(StatementKind::Variable)),
        kind::APPEND_BLOCK
        | kind::DELETE_FILE
        | kind::BEGIN_LOAD_QUERY
        | kind::EXECUTE_LOAD_QUERY => Some(Body::Statement(StatementKind::Load)),
        kind::TRANSACTION_CONTEXT
        | kind::VIEW_CHANGE
        | kind::BINLOG_CHECKPOINT
        | kind::START_ENCRYPTION
        | kind::IGNORABLE => Some(Body::Passed(header.kind)),
        other if header.is_ignorable() => Some(Body::Passed(other)),
        _ => return Err(Flaw::Unknown),
    };
    read.ok_or(Flaw::Malformed)
}
