//! The messages and their fields.

use super::reader::Reader;
use super::{Malformed, Relation, Tuple};

/// Microseconds from 1970 to 2000, where PostgreSQL begins to count.
const EPOCH: i64 = 946_684_800_000_000;

/// A message of the plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// `B`: a transaction begins; it is sent when it has committed.
    Begin(Begin),
    /// `C`: all of the transaction is sent.
    Commit(Commit),
    /// `R`: the structure of the table in the changes that follow.
    Relation(Relation),
    /// `I`
    Insert(Insert<'a>),
    /// `U`
    Update(Update<'a>),
    /// `D`
    Delete(Delete<'a>),
    /// `T`
    Truncate(Truncate<'a>),
    /// `O`: where the transaction was first committed, under replication.
    Origin {
        /// Commit LSN on the origin.
        lsn: u64,
        /// Name of the origin.
        name: &'a str,
    },
    /// `Y`: the name of a type that is not built in.
    Type {
        /// OID of the type.
        oid: u32,
        /// Its schema.
        schema: &'a str,
        /// Its name.
        name: &'a str,
    },
    /// `M`: what somebody wrote with `pg_logical_emit_message`.
    Logical(Logical<'a>),
}

/// A logical message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logical<'a> {
    /// Whether it is part of a transaction.
    pub transactional: bool,
    /// Where its record in the log ends.
    pub lsn: u64,
    /// Its prefix.
    pub prefix: &'a str,
    /// Its content.
    pub content: &'a [u8],
}

/// The start of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begin {
    /// LSN of its commit record.
    pub commit_lsn: u64,
    /// Commit time, microseconds since 1970.
    pub commit_us: i64,
    /// Its number.
    pub xid: u32,
}

/// The end of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commit {
    /// LSN of its commit record.
    pub commit_lsn: u64,
    /// Where the commit record ends: the position after the transaction.
    pub end_lsn: u64,
    /// Commit time, microseconds since 1970.
    pub commit_us: i64,
}

/// A row was inserted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Insert<'a> {
    /// OID of the table.
    pub relation: u32,
    /// The row.
    pub new: Tuple<'a>,
}

/// A row was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Update<'a> {
    /// OID of the table.
    pub relation: u32,
    /// What is told of the old row; nothing where the key stayed and the identity is not full.
    pub old: Option<Old<'a>>,
    /// The new row.
    pub new: Tuple<'a>,
}

/// A row was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delete<'a> {
    /// OID of the table.
    pub relation: u32,
    /// What is told of the old row.
    pub old: Old<'a>,
}

/// An old row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Old<'a> {
    /// Its key; every other column comes as null.
    Key(Tuple<'a>),
    /// All of it (`REPLICA IDENTITY FULL`).
    Full(Tuple<'a>),
}

/// Tables were emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truncate<'a> {
    /// Bit 1: cascade, bit 2: restart identity.
    pub options: u8,
    /// A multiple of four bytes.
    oids: &'a [u8],
}

impl<'a> Truncate<'a> {
    /// OIDs of the tables.
    pub fn relations(self) -> impl Iterator<Item = u32> + use<'a> {
        self.oids.as_chunks::<4>().0.iter().map(|oid| u32::from_be_bytes(*oid))
    }
}

impl<'a> Message<'a> {
    /// Decodes one message.
    #[inline]
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let (tag, body) = bytes.split_first().ok_or(Malformed::Bytes("message"))?;
        match tag {
            b'I' => insert(Reader::new(body, "insert")).map(Message::Insert),
            b'U' => update(Reader::new(body, "update")).map(Message::Update),
            b'D' => delete(Reader::new(body, "delete")).map(Message::Delete),
            b'B' => begin(Reader::new(body, "begin")).map(Message::Begin),
            b'C' => commit(Reader::new(body, "commit")).map(Message::Commit),
            b'R' => Relation::decode(Reader::new(body, "relation")).map(Message::Relation),
            b'T' => truncate(Reader::new(body, "truncate")).map(Message::Truncate),
            b'O' => origin(Reader::new(body, "origin")),
            b'Y' => kind(Reader::new(body, "type")),
            b'M' => logical(Reader::new(body, "logical message")),
            tag => Err(Malformed::UnknownTag(*tag)),
        }
    }
}

#[inline]
fn insert<'a>(mut r: Reader<'a>) -> Result<Insert<'a>, Malformed> {
    let relation = r.u32()?;
    if r.u8()? != b'N' {
        return Err(r.malformed());
    }
    let new = Tuple::decode(&mut r)?;
    r.end()?;
    Ok(Insert { relation, new })
}

#[inline]
fn update<'a>(mut r: Reader<'a>) -> Result<Update<'a>, Malformed> {
    let relation = r.u32()?;
    let mut tag = r.u8()?;
    let mut row = None;
    if tag != b'N' {
        row = Some(old(tag, &mut r)?);
        tag = r.u8()?;
    }
    if tag != b'N' {
        return Err(r.malformed());
    }
    let new = Tuple::decode(&mut r)?;
    r.end()?;
    Ok(Update { relation, old: row, new })
}

#[inline]
fn delete<'a>(mut r: Reader<'a>) -> Result<Delete<'a>, Malformed> {
    let relation = r.u32()?;
    let tag = r.u8()?;
    let old = old(tag, &mut r)?;
    r.end()?;
    Ok(Delete { relation, old })
}

#[inline]
fn old<'a>(tag: u8, r: &mut Reader<'a>) -> Result<Old<'a>, Malformed> {
    match tag {
        b'K' => Tuple::decode(r).map(Old::Key),
        b'O' => Tuple::decode(r).map(Old::Full),
        _ => Err(r.malformed()),
    }
}

fn begin(mut r: Reader<'_>) -> Result<Begin, Malformed> {
    let (commit_lsn, time, xid) = (r.u64()?, r.i64()?, r.u32()?);
    r.end()?;
    Ok(Begin { commit_lsn, commit_us: time.saturating_add(EPOCH), xid })
}

fn commit(mut r: Reader<'_>) -> Result<Commit, Malformed> {
    let _flags = r.u8()?;
    let (commit_lsn, end_lsn, time) = (r.u64()?, r.u64()?, r.i64()?);
    r.end()?;
    Ok(Commit { commit_lsn, end_lsn, commit_us: time.saturating_add(EPOCH) })
}

fn truncate<'a>(mut r: Reader<'a>) -> Result<Truncate<'a>, Malformed> {
    let (count, options) = (r.u32()?, r.u8()?);
    let oids = r.rest();
    if oids.len() as u64 != u64::from(count) * 4 {
        return Err(r.malformed());
    }
    Ok(Truncate { options, oids })
}

fn origin<'a>(mut r: Reader<'a>) -> Result<Message<'a>, Malformed> {
    let (lsn, name) = (r.u64()?, r.text()?);
    r.end()?;
    Ok(Message::Origin { lsn, name })
}

fn kind<'a>(mut r: Reader<'a>) -> Result<Message<'a>, Malformed> {
    let (oid, schema, name) = (r.u32()?, r.text()?, r.text()?);
    r.end()?;
    Ok(Message::Type { oid, schema, name })
}

fn logical<'a>(mut r: Reader<'a>) -> Result<Message<'a>, Malformed> {
    let (flags, lsn, prefix) = (r.u8()?, r.u64()?, r.text()?);
    let length = r.u32()? as usize;
    let content = r.bytes(length)?;
    r.end()?;
    Ok(Message::Logical(Logical { transactional: flags & 1 != 0, lsn, prefix, content }))
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
