//! The other direction: what a server writes. For the scripted servers of simulation and tests.

use super::{Begin, Commit, Logical, Relation, Value};

/// Microseconds from 1970 to 2000, where PostgreSQL begins to count.
const EPOCH: i64 = 946_684_800_000_000;

/// A row as a list of values.
pub type Values<'a> = &'a [Value<'a>];

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
    out.push(0);
}

/// Appends a row: its count and its values.
pub fn tuple(out: &mut Vec<u8>, values: Values<'_>) {
    out.extend_from_slice(&(values.len() as u16).to_be_bytes());
    for value in values {
        let (tag, bytes) = match value {
            Value::Null => (b'n', None),
            Value::Unchanged => (b'u', None),
            Value::Text(bytes) => (b't', Some(bytes)),
            Value::Binary(bytes) => (b'b', Some(bytes)),
        };
        out.push(tag);
        if let Some(bytes) = bytes {
            out.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
            out.extend_from_slice(bytes);
        }
    }
}

/// `B`
pub fn begin(begin: &Begin) -> Vec<u8> {
    let mut out = vec![b'B'];
    out.extend_from_slice(&begin.commit_lsn.to_be_bytes());
    out.extend_from_slice(&begin.commit_us.saturating_sub(EPOCH).to_be_bytes());
    out.extend_from_slice(&begin.xid.to_be_bytes());
    out
}

/// `C`
pub fn commit(commit: &Commit) -> Vec<u8> {
    let mut out = vec![b'C', 0];
    out.extend_from_slice(&commit.commit_lsn.to_be_bytes());
    out.extend_from_slice(&commit.end_lsn.to_be_bytes());
    out.extend_from_slice(&commit.commit_us.saturating_sub(EPOCH).to_be_bytes());
    out
}

/// `R`
pub fn relation(relation: &Relation) -> Vec<u8> {
    let mut out = vec![b'R'];
    out.extend_from_slice(&relation.oid.to_be_bytes());
    text(&mut out, &relation.schema);
    text(&mut out, &relation.name);
    out.push(relation.identity);
    out.extend_from_slice(&(relation.columns.len() as u16).to_be_bytes());
    for column in &relation.columns {
        out.push(u8::from(column.key));
        text(&mut out, &column.name);
        out.extend_from_slice(&column.type_oid.to_be_bytes());
        out.extend_from_slice(&column.typmod.to_be_bytes());
    }
    out
}

fn head(tag: u8, oid: u32) -> Vec<u8> {
    let mut out = vec![tag];
    out.extend_from_slice(&oid.to_be_bytes());
    out
}

/// `I`
pub fn insert(oid: u32, new: Values<'_>) -> Vec<u8> {
    let mut out = head(b'I', oid);
    out.push(b'N');
    tuple(&mut out, new);
    out
}

/// `U`; the old row is told as key or in full.
pub fn update(oid: u32, old: Option<(bool, Values<'_>)>, new: Values<'_>) -> Vec<u8> {
    let mut out = head(b'U', oid);
    if let Some((full, old)) = old {
        out.push(if full { b'O' } else { b'K' });
        tuple(&mut out, old);
    }
    out.push(b'N');
    tuple(&mut out, new);
    out
}

/// `D`; the old row is told as key or in full.
pub fn delete(oid: u32, full: bool, old: Values<'_>) -> Vec<u8> {
    let mut out = head(b'D', oid);
    out.push(if full { b'O' } else { b'K' });
    tuple(&mut out, old);
    out
}

/// `T`
pub fn truncate(oids: &[u32]) -> Vec<u8> {
    let mut out = head(b'T', oids.len() as u32);
    out.push(0);
    for oid in oids {
        out.extend_from_slice(&oid.to_be_bytes());
    }
    out
}

/// `M`
pub fn logical(said: &Logical<'_>) -> Vec<u8> {
    let mut out = vec![b'M', u8::from(said.transactional)];
    out.extend_from_slice(&said.lsn.to_be_bytes());
    out.extend_from_slice(said.prefix.as_bytes());
    out.push(0);
    out.extend_from_slice(&(said.content.len() as u32).to_be_bytes());
    out.extend_from_slice(said.content);
    out
}

/// A `CopyData` with a message of the plugin.
pub fn data(lsn: u64, message: &[u8]) -> Vec<u8> {
    let mut out = vec![b'd'];
    out.extend_from_slice(&(4 + 25 + message.len() as u32).to_be_bytes());
    out.push(b'w');
    out.extend_from_slice(&lsn.to_be_bytes());
    out.extend_from_slice(&lsn.to_be_bytes());
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(message);
    out
}

/// A `CopyData` with a sign of life.
pub fn keepalive(wal_end: u64, reply: bool) -> Vec<u8> {
    let mut out = vec![b'd', 0, 0, 0, 4 + 18, b'k'];
    out.extend_from_slice(&wal_end.to_be_bytes());
    out.extend_from_slice(&[0; 8]);
    out.push(u8::from(reply));
    out
}
