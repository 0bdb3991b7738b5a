//! What a faultless daemon would have delivered, made from the database's own books: proof that ledger
//! and tables are read rightly on every server, and that the oracle agrees with them.
//!
//! The cells of versions that are gone are not in the books; they are made up, and the same in every
//! record.

use super::oracle::Truth;
use super::record::{Block, Body, Change, Mark, Row, Seen, UNKNOWN, transaction};
use super::stack::Dialect;
use super::workload::LEDGER;
use std::collections::{BTreeMap, HashMap};

/// The records, in the order in which the transactions took their locks.
pub fn records(truth: &Truth, dialect: Dialect) -> Vec<Seen> {
    let mut replay = Replay { truth, dialect, seen: Vec::new(), state: HashMap::new() };
    replay.snapshot();
    let mut transactions: BTreeMap<i64, Vec<&Row>> = BTreeMap::new();
    for row in &truth.tables[LEDGER] {
        transactions.entry(row.number("xid").unwrap()).or_default().push(row);
    }
    let mut transactions: Vec<_> = transactions.into_iter().collect();
    // Whoever waited for a key has noted it later than everything of the one it waited for.
    transactions.sort_by_key(|(_, rows)| rows.iter().filter_map(|r| r.number("at")).max());
    for (n, (xid, mut rows)) in transactions.into_iter().enumerate() {
        rows.sort_by_key(|row| row.number("seq"));
        replay.transaction(n, xid, &rows);
    }
    replay.seen
}

struct Replay<'a> {
    truth: &'a Truth,
    dialect: Dialect,
    seen: Vec<Seen>,
    state: HashMap<(String, String), Row>,
}

/// The columns of a table's key.
fn key_columns(table: &str) -> &'static [&'static str] {
    match table {
        "items" => &["id"],
        "pairs" => &["a", "b"],
        LEDGER => &["lane", "seq"],
        _ => &[],
    }
}

impl Replay<'_> {
    /// The rows that were there before the first entry: whatever is changed before it was created.
    fn snapshot(&mut self) {
        let mut first: HashMap<(String, String), &Row> = HashMap::new();
        for row in &self.truth.tables[LEDGER] {
            let key = (row.get("tbl").unwrap().to_owned(), row.get("pk").unwrap().to_owned());
            let entry = first.entry(key).or_insert(row);
            if row.number("ver") < entry.number("ver") {
                *entry = row;
            }
        }
        let mut filled: Vec<(String, String)> = first
            .iter()
            .filter(|((table, _), row)| table != "keyless_log" && row.get("op") != Some("c"))
            .map(|(key, _)| key.clone())
            .collect();
        for table in ["items", "pairs"] {
            for row in &self.truth.tables[table] {
                let key = (table.to_owned(), row.join(key_columns(table)));
                if !first.contains_key(&key) {
                    filled.push(key);
                }
            }
        }
        filled.sort();
        for (table, pk) in filled {
            let row = self.version(&table, &pk, 1, -1);
            self.state.insert((table.clone(), pk), row.clone());
            self.push(&table, 'r', None, Some(row), None);
        }
    }

    /// The row of a key in a version: as it is in the table if it is the newest, else made up.
    fn version(&self, table: &str, pk: &str, ver: i64, lane: i64) -> Row {
        let (columns, rows) = (key_columns(table), &self.truth.tables[table]);
        let is = |r: &&Row| r.join(columns) == pk && r.number("ver") == Some(ver);
        if let Some(row) = rows.iter().find(is) {
            return row.clone();
        }
        let cell = |name: &str| match (name, pk.split_once('/')) {
            (extra, _) if extra.starts_with("extra_") => Some(extra.replace("extra_", "none ")),
            ("id", _) => Some(pk.to_owned()),
            ("a", Some((a, _))) => Some(a.to_owned()),
            ("b", Some((_, b))) => Some(b.to_owned()),
            ("ver", _) => Some(ver.to_string()),
            ("lane", _) => Some(lane.to_string()),
            ("mark" | "at", _) => Some("0".to_owned()),
            _ => None,
        };
        let names = rows.first().expect("a row of the table").names.clone();
        Row { cells: names.iter().map(|name| cell(name)).collect(), names }
    }

    fn transaction(&mut self, n: usize, xid: i64, rows: &[&Row]) {
        let id = match self.dialect {
            Dialect::Postgres => format!("{xid}:{n}"),
            Dialect::MySql => format!("2174b383-5441-11e8-b90a-c80aa9429562:{n}"),
            Dialect::MariaDb => format!("0-25310-{n}"),
        };
        self.mark(Mark { begin: true, id: id.clone(), events: 0, tables: Vec::new() });
        let begin = self.seen.len();
        for row in rows {
            let text = |column| row.get(column).unwrap().to_owned();
            let (table, pk, ver) = (text("tbl"), text("pk"), row.number("ver").unwrap());
            let op = text("op").chars().next().unwrap();
            let lane = row.number("lane").unwrap();
            if table == "keyless_log" {
                let is = |r: &&Row| r.join(&["lane", "seq"]) == format!("{pk}/{ver}");
                let after = self.truth.tables[&table].iter().find(is).cloned();
                self.push(&table, op, None, after, Some((&id, xid)));
            } else {
                let key = (table.clone(), pk.clone());
                let after = (op != 'd').then(|| self.version(&table, &pk, ver, lane));
                let before = match &after {
                    Some(row) => self.state.insert(key, row.clone()),
                    None => self.state.remove(&key),
                };
                self.push(&table, op, before, after, Some((&id, xid)));
            }
            self.push(LEDGER, 'c', None, Some((*row).clone()), Some((&id, xid)));
        }
        let mut tables: BTreeMap<String, i64> = BTreeMap::new();
        for s in self.seen[begin..].iter().filter(|s| s.change().is_some()) {
            *tables.entry(s.table.to_string()).or_default() += 1;
        }
        let events = tables.values().sum();
        self.mark(Mark { begin: false, id, events, tables: tables.into_iter().collect() });
    }

    fn mark(&mut self, mark: Mark) {
        self.seen.push(seen("transaction", None, Body::Mark(mark), self.seen.len()));
    }

    fn push(
        &mut self,
        table: &str,
        op: char,
        before: Option<Row>,
        after: Option<Row>,
        transaction_of: Option<(&str, i64)>,
    ) {
        let image = after.as_ref().or(before.as_ref()).expect("an image");
        let columns = key_columns(table);
        let names = columns.iter().map(|c| (*c).to_owned()).collect();
        let cells = columns.iter().map(|c| image.get(c).map(str::to_owned)).collect();
        let key = (!columns.is_empty()).then_some(Row { names, cells });
        let (mut tx, mut number) = (String::new(), UNKNOWN);
        let block = transaction_of.map(|(id, xid)| {
            tx = transaction(id).expect("an id").0.to_owned();
            number = if self.dialect == Dialect::Postgres { xid } else { UNKNOWN };
            let is_mine = |s: &&Seen| s.change().is_some_and(|c| is_of(c, id));
            let mine: Vec<_> = self.seen.iter().rev().take(400).filter(is_mine).collect();
            let same = mine.iter().filter(|s| &*s.table == table).count();
            Block {
                id: id.to_owned(),
                total_order: mine.len() as i64 + 1,
                collection_order: same as i64 + 1,
            }
        });
        let snapshot = if op == 'r' { "true" } else { "false" }.to_owned();
        let change = Change { op, before, after, tx, xid: number, snapshot, block };
        self.seen.push(seen(table, key.clone(), Body::Change(change), self.seen.len()));
        if op == 'd' {
            self.seen.push(seen(table, key, Body::Tombstone, self.seen.len()));
        }
    }
}

fn is_of(change: &Change, id: &str) -> bool {
    change.block.as_ref().is_some_and(|b| b.id == id)
}

/// Each record is a second after the one before, so that all of them are long after the snapshot.
fn seen(table: &str, key: Option<Row>, body: Body, n: usize) -> Seen {
    let (offset, at_ms) = (n as i64, 4_000_000_000_000 + n as i64 * 1_000);
    Seen { table: table.into(), partition: 0, offset, at_ms, read_us: 0, key, body }
}
