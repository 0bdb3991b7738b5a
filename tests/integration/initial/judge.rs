//! What the records must say, by what was written.

use super::load::{Key, Told, Written, side};
use super::{ASIDE, HALF, PICKED};
use crate::support::record::{Change, Seen};
use std::collections::BTreeMap;
use std::fmt;

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    pub faults: Vec<String>,
    /// Rows that came as `r`.
    pub read_rows: usize,
    /// Changes that came as something else.
    pub changes: usize,
    /// Keys that the statement leaves out and a change has shown.
    pub shown_later: usize,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Found { read_rows, changes, shown_later, .. } = self;
        write!(f, "{read_rows} rows read, {changes} changes, {shown_later} rows shown later only")
    }
}

/// A record of a row: its operation and its version; a deletion has the version that it ends.
type Record = (char, i64);

/// The row that a record is about, and what it says of it.
fn record(one: &Seen) -> Option<(Key, Record)> {
    let table = [PICKED, HALF, ASIDE].into_iter().find(|it| **it == *one.table)?;
    let Change { op, before, after, .. } = one.change()?;
    let key = one.key.as_ref().and_then(|key| key.number("id")).unwrap();
    // PostgreSQL's deletions tell the key alone.
    let row = after.as_ref().or(before.as_ref()).unwrap();
    let ver = if *op == 'd' { 0 } else { row.number("ver").unwrap() };
    Some(((table, key as u64), (*op, ver)))
}

/// The records of each row, in their order.
fn records(seen: &[Seen]) -> BTreeMap<Key, Vec<Record>> {
    let mut out: BTreeMap<Key, Vec<Record>> = BTreeMap::new();
    for (key, record) in seen.iter().filter_map(record) {
        out.entry(key).or_default().push(record);
    }
    out
}

/// How many rows of a table came as `r`.
pub fn reads(seen: &[Seen], table: &str) -> usize {
    let of = |one: &&Seen| *one.table == *table && one.change().is_some_and(|it| it.op == 'r');
    seen.iter().filter(of).count()
}

/// The last change of every row that was changed since `streaming`, as long as it has not come.
/// Looks at each record once: whoever looks keeps the follower from reading.
pub struct Awaited {
    looked: usize,
    left: BTreeMap<Key, Written>,
}

impl Awaited {
    pub fn new(told: &Told, streaming: i64) -> Self {
        let last = told.written.iter().filter_map(|(key, all)| Some((*key, *all.last()?)));
        Self { looked: 0, left: last.filter(|(_, it)| it.at_us > streaming).collect() }
    }

    /// Whether all of them have come.
    pub fn are_there(&mut self, seen: &[Seen]) -> bool {
        for (key, (op, ver)) in seen[self.looked..].iter().filter_map(record) {
            let is_last = |it: &Written| (op == 'd') == it.gone && (it.gone || ver == it.ver);
            if self.left.get(&key).is_some_and(is_last) {
                self.left.remove(&key);
            }
        }
        self.looked = seen.len();
        self.left.is_empty()
    }
}

/// Judges everything that was read.
pub fn judge(seen: &[Seen], told: &Told, streaming: i64) -> Found {
    let (records, mut found) = (records(seen), Found::default());
    for (&table, &rows) in &told.rows {
        let most = told.written.keys().filter(|key| key.0 == table).map(|key| key.1).max();
        for id in 1..=rows.max(most.unwrap_or(0)) {
            let none = Vec::new();
            let written = told.written.get(&(table, id)).map_or(&none[..], Vec::as_slice);
            let row = Row { table, id, first: id <= rows, written, streaming };
            let key = records.get(&(table, id)).map_or(&[][..], Vec::as_slice);
            if let Err(fault) = row.judge(key, &mut found) {
                found.faults.push(format!("{table} {id}: {fault}: {key:?}, written {written:?}"));
            }
        }
    }
    found
}

/// A row and what was done to it.
struct Row<'a> {
    table: &'static str,
    id: u64,
    /// Whether it was there from the beginning.
    first: bool,
    written: &'a [Written],
    streaming: i64,
}

impl Row<'_> {
    /// Whether the first reading takes it.
    fn is_read(&self) -> bool {
        self.table != ASIDE && side(self.id) == 1
    }

    fn judge(&self, records: &[Record], found: &mut Found) -> Result<(), &'static str> {
        let read = records.iter().filter(|(op, _)| *op == 'r').count();
        found.read_rows += read;
        found.changes += records.len() - read;
        if self.table == ASIDE && read > 0 {
            return Err("a row of a table that is not read");
        }
        if read > 1 {
            return Err("read twice");
        }
        let mut versions = records.iter().filter(|(op, _)| *op != 'd').map(|(_, ver)| *ver);
        if !versions.clone().is_sorted_by(|a, b| a < b) {
            return Err("told twice, or out of order");
        }
        if versions.any(|ver| ver != 1 && !self.written.iter().any(|it| it.ver == ver)) {
            return Err("never written");
        }
        self.beginning(records, found)?;
        self.end(records)
    }

    /// What the first record may be.
    fn beginning(&self, records: &[Record], found: &mut Found) -> Result<(), &'static str> {
        match records.first() {
            None => Ok(()),
            Some((op, _)) if self.is_read() => match op {
                'r' | 'c' => Ok(()),
                _ => Err("it begins with neither r nor c"),
            },
            Some(_) if self.written.is_empty() => Err("nobody has changed it, and it is told"),
            Some(_) => {
                found.shown_later += 1;
                Ok(())
            }
        }
    }

    /// How the records must end, and what must be among them.
    fn end(&self, records: &[Record]) -> Result<(), &'static str> {
        let later = self.written.iter().filter(|it| it.at_us > self.streaming && !it.gone);
        for change in later {
            if !records.iter().any(|(_, ver)| *ver == change.ver) {
                return Err("a change made while it streams is lost");
            }
        }
        let last = self.written.last().copied();
        let (ver, gone) = last.map_or((1, !self.first), |it| (it.ver, it.gone));
        match records.last() {
            Some(('d', _)) if !gone => Err("told as gone, and it is there"),
            Some((op, _)) if gone && *op != 'd' => Err("told as there, and it is gone"),
            Some((op, told)) if *op != 'd' && *told != ver => Err("the newest version is not told"),
            Some(_) => Ok(()),
            None if self.is_read() && !gone => Err("it is lost"),
            None => Ok(()),
        }
    }
}
