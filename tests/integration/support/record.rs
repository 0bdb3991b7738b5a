//! A record as an outsider sees it: decoded, every cell as canonical text.

use std::fmt;
use std::sync::Arc;

/// A row; null is `None`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// Column names, shared by all rows of a schema.
    pub names: Arc<[String]>,
    /// One cell for each name.
    pub cells: Vec<Option<String>>,
}

impl Row {
    /// The cell of `column`; none if it is null or there is no such column.
    pub fn get(&self, column: &str) -> Option<&str> {
        let at = self.names.iter().position(|n| n == column)?;
        self.cells[at].as_deref()
    }

    /// The cell of `column` as a number.
    pub fn number(&self, column: &str) -> Option<i64> {
        self.get(column)?.parse().ok()
    }

    /// The cells of `columns`, joined by `/`.
    pub fn join<S: AsRef<str>>(&self, columns: &[S]) -> String {
        let cells: Vec<_> =
            columns.iter().map(|c| self.get(c.as_ref()).unwrap_or("null")).collect();
        cells.join("/")
    }

    /// Every cell, joined by `/`: the text of a key.
    pub fn text(&self) -> String {
        let cells: Vec<_> = self.cells.iter().map(|c| c.as_deref().unwrap_or("null")).collect();
        cells.join("/")
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = self.names.iter().zip(&self.cells);
        f.debug_map()
            .entries(pairs.map(|(n, c)| {
                let mut c = c.clone().unwrap_or("null".into());
                c.truncate(c.char_indices().nth(60).map_or(c.len(), |(i, _)| i));
                (n, c)
            }))
            .finish()
    }
}

/// The number of a transaction of which not even the ledger's own rows were delivered.
pub const UNKNOWN: i64 = i64::MIN;

/// A change of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// `r`, `c`, `u` or `d`.
    pub op: char,
    /// The row before, as far as the source knows it.
    pub before: Option<Row>,
    /// The row after.
    pub after: Option<Row>,
    /// The transaction as the source block names it: `txId`, or the GTID.
    pub tx: String,
    /// The transaction as the ledger names it, or [`UNKNOWN`].
    pub xid: i64,
    /// `source.snapshot`.
    pub snapshot: String,
    /// The transaction block.
    pub block: Option<Block>,
}

/// The transaction block of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// `xid:commit LSN`, or a GTID.
    pub id: String,
    /// Number among all events of the transaction.
    pub total_order: i64,
    /// Number among those of its table.
    pub collection_order: i64,
}

/// A record of the transaction topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// BEGIN, or else END.
    pub begin: bool,
    /// `xid:commit LSN`, or a GTID.
    pub id: String,
    /// Number of events, in an END.
    pub events: i64,
    /// The same by table, in an END.
    pub tables: Vec<(String, i64)>,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// No value at all.
    Tombstone,
    /// A change of a row.
    Change(Change),
    /// BEGIN or END.
    Mark(Mark),
    /// Bytes that nobody can decode.
    Broken(String),
}

/// A record and where it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The topic without prefix and schema: `items`, `transaction`.
    pub table: Arc<str>,
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
    /// Kafka's timestamp, milliseconds since 1970.
    pub at_ms: i64,
    /// When the follower had it, microseconds since 1970.
    pub read_us: i64,
    /// The key.
    pub key: Option<Row>,
    /// The value.
    pub body: Body,
}

impl Seen {
    /// The change, if it is one.
    pub fn change(&self) -> Option<&Change> {
        match &self.body {
            Body::Change(change) => Some(change),
            _ => None,
        }
    }

    /// Where it was found, for people.
    pub fn place(&self) -> String {
        format!("{}[{}]@{}", self.table, self.partition, self.offset)
    }
}

/// What a transaction's id says: its name in source blocks, and its place in the log.
///
/// | `702:4711`    | PostgreSQL: xid, commit LSN                   |
/// | `uuid:23`     | MySQL: one server's transactions are numbered |
/// | `0-25310-23`  | MariaDB: the third number counts              |
pub fn transaction(id: &str) -> Option<(&str, i64)> {
    if id.contains(':') {
        let (name, place) = id.rsplit_once(':')?;
        let name = if name.contains('-') { id } else { name };
        return Some((name, place.parse().ok()?));
    }
    let (_, place) = id.rsplit_once('-')?;
    Some((id, place.parse().ok()?))
}

#[test]
fn transaction_ids() {
    assert_eq!(transaction("702:4711"), Some(("702", 4711)));
    let gtid = "2174b383-5441-11e8-b90a-c80aa9429562:23";
    assert_eq!(transaction(gtid), Some((gtid, 23)));
    assert_eq!(transaction("0-25310-23"), Some(("0-25310-23", 23)));
    assert_eq!(transaction("nonsense"), None);
}
