//! The structure of a table as the log sends it: of then, not of now.

use super::Malformed;
use super::reader::Reader;
use serde::{Deserialize, Serialize};

/// A column as the log sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Whether it is part of the replica identity.
    pub key: bool,
    /// Its name.
    pub name: String,
    /// Its type.
    pub type_oid: u32,
    /// Modifier of the type; -1 is none.
    pub typmod: i32,
}

/// A table as the log sends it before its first change in a session, and after each alteration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relation {
    /// OID of the table.
    pub oid: u32,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Replica identity: `d`efault, `n`othing, `f`ull, `i`ndex.
    pub identity: u8,
    /// Its published columns in their order.
    pub columns: Vec<Column>,
}

impl Relation {
    /// Reads the body of an `R` message.
    pub(super) fn decode(mut r: Reader<'_>) -> Result<Self, Malformed> {
        let oid = r.u32()?;
        let schema = match r.text()? {
            "" => "pg_catalog",
            schema => schema,
        };
        let (schema, name) = (schema.to_owned(), r.text()?.to_owned());
        let identity = r.u8()?;
        let count = r.u16()?;
        let mut columns = Vec::new();
        for _ in 0..count {
            let key = r.u8()? & 1 != 0;
            let name = r.text()?.to_owned();
            columns.push(Column { key, name, type_oid: r.u32()?, typmod: r.i32()? });
        }
        r.end()?;
        Ok(Self { oid, schema, name, identity, columns })
    }

    /// Identifies this structure in checkpoints: the same in every process and version (FNV-1a).
    pub fn hash(&self) -> u64 {
        let mut hash = Fnv::default();
        hash.u32(self.oid);
        hash.text(&self.schema);
        hash.text(&self.name);
        hash.bytes(&[self.identity]);
        for column in &self.columns {
            hash.bytes(&[u8::from(column.key)]);
            hash.text(&column.name);
            hash.u32(column.type_oid);
            hash.u32(column.typmod as u32);
        }
        hash.0
    }
}

struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn u32(&mut self, number: u32) {
        self.bytes(&number.to_be_bytes());
    }

    /// Ends with a zero byte, which no name holds: two names never run together.
    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
        self.bytes(&[0]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relation() -> Relation {
        let id = Column { key: true, name: "id".into(), type_oid: 23, typmod: -1 };
        let note = Column { key: false, name: "note".into(), type_oid: 1043, typmod: 14 };
        Relation {
            oid: 16_385,
            schema: "public".into(),
            name: "t".into(),
            identity: b'd',
            columns: vec![id, note],
        }
    }

    #[test]
    fn the_hash_is_stored_and_so_must_not_change() {
        assert_eq!(format!("{:016x}", relation().hash()), "0518c792d6cc506f");
    }

    #[test]
    fn every_part_of_the_structure_counts() {
        let base = relation().hash();
        let changes: [fn(&mut Relation); 6] = [
            |r| r.oid += 1,
            |r| r.name = "u".into(),
            |r| r.identity = b'f',
            |r| r.columns[0].key = false,
            |r| r.columns[1].typmod = 15,
            |r| drop(r.columns.pop()),
        ];
        for change in changes {
            let mut other = relation();
            change(&mut other);
            assert_ne!(other.hash(), base);
        }
    }
}
