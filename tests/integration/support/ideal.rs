//! A database in memory whose changes are delivered faultlessly: what the oracle must accept.

use super::chance::Chance;
use super::oracle::{Truth, entries};
use super::record::{Block, Body, Change, Mark, Row, Seen, UNKNOWN, transaction};
use super::stack::Dialect;
use super::workload::{LEDGER, TABLES, item_mark};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A database in memory whose changes are delivered faultlessly.
pub struct Ideal {
    /// What the follower has read.
    pub seen: Vec<Seen>,
    items: BTreeMap<i64, Row>,
    versions: BTreeMap<i64, i64>,
    ledger: Vec<Row>,
    keyless: Vec<Row>,
    chance: Chance,
    dialect: Dialect,
    xid: i64,
    tables: Vec<String>,
    names: BTreeMap<&'static str, Arc<[String]>>,
}

const ITEM: &[&str] = &["id", "lane", "ver", "v", "n", "flag", "mark"];
const ENTRY: &[&str] = &["lane", "seq", "tbl", "op", "pk", "ver", "xid", "at"];

impl Ideal {
    /// Five rows in the snapshot, then fifty transactions.
    pub fn new(dialect: Dialect) -> Self {
        let shared = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        let names = [
            ("items", shared(ITEM)),
            (LEDGER, shared(ENTRY)),
            ("keyless_log", shared(&["lane", "seq", "note"])),
            ("item key", shared(&["id"])),
            ("ledger key", shared(&["lane", "seq"])),
        ];
        let mut ideal = Self {
            seen: Vec::new(),
            items: BTreeMap::new(),
            versions: BTreeMap::new(),
            ledger: Vec::new(),
            keyless: Vec::new(),
            chance: Chance::new(7),
            dialect,
            xid: 700,
            tables: Vec::new(),
            names: names.into(),
        };
        for id in 1..=5 {
            let row = ideal.item(id, -1, 1);
            ideal.items.insert(id, row.clone());
            ideal.versions.insert(id, 1);
            ideal.emit("items", 'r', None, Some(row), None);
        }
        for _ in 0..50 {
            ideal.transaction();
        }
        ideal
    }

    /// The id of a transaction, and what its events say of it.
    pub fn names_of(&self, n: i64) -> (String, String, i64) {
        let id = match self.dialect {
            Dialect::Postgres => format!("{n}:{}", n * 100),
            Dialect::MySql => format!("2174b383-5441-11e8-b90a-c80aa9429562:{n}"),
            Dialect::MariaDb => format!("0-25310-{n}"),
        };
        let tx = transaction(&id).unwrap().0.to_owned();
        (id, tx, if self.dialect == Dialect::Postgres { n } else { UNKNOWN })
    }

    fn row(&self, table: &str, cells: Vec<String>) -> Row {
        Row { names: self.names[table].clone(), cells: cells.into_iter().map(Some).collect() }
    }

    fn item(&mut self, id: i64, lane: i64, ver: i64) -> Row {
        let (v, n) = (format!("v{}", self.chance.below(1000)), "1.50".to_owned());
        let mark = item_mark(id, Some(&v), &n, true).to_string();
        let (id, lane, ver) = (id.to_string(), lane.to_string(), ver.to_string());
        self.row("items", vec![id, lane, ver, v, n, "true".into(), mark])
    }

    fn transaction(&mut self) {
        self.xid += 1;
        let (id, ..) = self.names_of(self.xid);
        self.mark(Mark { begin: true, id: id.clone(), events: 0, tables: Vec::new() });
        self.tables.clear();
        for _ in 0..=self.chance.below(4) {
            let key = self.chance.below(9) as i64;
            match (self.items.contains_key(&key), self.chance.below(4)) {
                (true, 0) => self.change('d', key, &id),
                (true, _) => self.change('u', key, &id),
                (false, 0) => self.append(&id),
                (false, _) => self.change('c', key, &id),
            }
        }
        let mut tables: BTreeMap<String, i64> = BTreeMap::new();
        for table in &self.tables {
            *tables.entry(table.clone()).or_default() += 1;
        }
        let events = self.tables.len() as i64;
        self.mark(Mark { begin: false, id, events, tables: tables.into_iter().collect() });
    }

    fn change(&mut self, op: char, key: i64, id: &str) {
        let ver = self.versions.get(&key).copied().unwrap_or(0) + 1;
        self.versions.insert(key, ver);
        let before = self.items.remove(&key);
        let after = (op != 'd').then(|| self.item(key, 1, ver));
        if let Some(row) = &after {
            self.items.insert(key, row.clone());
        }
        self.emit("items", op, before, after, Some(id));
        self.note("items", op, key.to_string(), ver, id);
    }

    fn append(&mut self, id: &str) {
        let seq = self.keyless.len() as i64 + 1;
        let cells = vec!["1".into(), seq.to_string(), "note".into()];
        let row = self.row("keyless_log", cells);
        self.keyless.push(row.clone());
        self.emit("keyless_log", 'c', None, Some(row), Some(id));
        self.note("keyless_log", 'c', "1".into(), seq, id);
    }

    fn note(&mut self, table: &str, op: char, pk: String, ver: i64, id: &str) {
        let seq = (self.ledger.len() + 1).to_string();
        let at = (self.now() * 1000).to_string();
        let (ver, xid) = (ver.to_string(), self.xid.to_string());
        let cells = vec!["1".into(), seq, table.into(), op.to_string(), pk, ver, xid, at];
        let row = self.row(LEDGER, cells);
        self.ledger.push(row.clone());
        self.emit(LEDGER, 'c', None, Some(row), Some(id));
    }

    /// Each record is a second after the one before.
    fn now(&self) -> i64 {
        1_000_000 + self.seen.len() as i64 * 1000
    }

    fn push(&mut self, table: &str, key: Option<Row>, body: Body) {
        let (offset, at_ms) = (self.seen.len() as i64, self.now());
        let table = table.into();
        self.seen.push(Seen { table, partition: 0, offset, at_ms, read_us: 0, key, body });
    }

    fn mark(&mut self, mark: Mark) {
        self.push("transaction", None, Body::Mark(mark));
    }

    fn emit(
        &mut self,
        table: &str,
        op: char,
        before: Option<Row>,
        after: Option<Row>,
        id: Option<&str>,
    ) {
        let block = id.map(|id| {
            self.tables.push(table.to_owned());
            Block {
                id: id.to_owned(),
                total_order: self.tables.len() as i64,
                collection_order: self.tables.iter().filter(|t| *t == table).count() as i64,
            }
        });
        let image = after.as_ref().or(before.as_ref()).unwrap();
        let key = match table {
            LEDGER => Some(("ledger key", image.cells[..2].to_vec())),
            "items" => Some(("item key", image.cells[..1].to_vec())),
            _ => None,
        };
        let key = key.map(|(names, cells)| Row { names: self.names[names].clone(), cells });
        let snapshot = if op == 'r' { "true" } else { "false" }.to_owned();
        let (_, tx, xid) = self.names_of(if op == 'r' { 600 } else { self.xid });
        let change = Change { op, before, after, tx, xid, snapshot, block };
        self.push(table, key.clone(), Body::Change(change));
        if op == 'd' {
            self.push(table, key, Body::Tombstone);
        }
    }

    /// What the database says.
    pub fn truth(&self) -> Truth {
        let mut tables: BTreeMap<String, Vec<Row>> =
            TABLES.iter().map(|t| ((*t).to_owned(), Vec::new())).collect();
        tables.insert("items".into(), self.items.values().cloned().collect());
        tables.insert("keyless_log".into(), self.keyless.clone());
        tables.insert(LEDGER.into(), self.ledger.clone());
        Truth { entries: self.ledger.iter().flat_map(entries).collect(), tables }
    }

    /// The n-th change of a table with that operation, as an index.
    pub fn nth(&self, table: &str, op: char, n: usize) -> usize {
        let is =
            |s: &&(usize, &Seen)| &*s.1.table == table && s.1.change().is_some_and(|c| c.op == op);
        let all: Vec<_> = self.seen.iter().enumerate().collect();
        all.iter().filter(is).nth(n).unwrap().0
    }
}
