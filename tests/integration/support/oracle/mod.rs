//! Decides, without asking the daemon, whether what was delivered is what was committed.
//!
//! | fault         | property                                                                       |
//! |---------------|--------------------------------------------------------------------------------|
//! | `lost`        | P1: every committed change has its event, or is contained in the snapshot's row |
//! | `duplicate`   | P2: no event twice, no snapshot row twice, none both read and streamed          |
//! | `ghost`       | P3: nothing that was rolled back or never happened                              |
//! | `order`       | P4: the events of a key in the order of its versions, in one partition          |
//! | `transaction` | P5, P6: BEGIN, END, counts and numbers fit the events; commits in log order     |
//! | `state`       | P7: replaying the topics gives the tables                                       |
//! | `chain`       | each `before` is what was delivered before                                      |
//! | `tombstone`   | each delete of a key is followed by its tombstone                               |
//! | `value`       | the row's own mark fits its cells                                               |
//! | `decode`      | P13: every record decodes with its registered schema                            |

mod keys;
mod names;
mod state;
mod transactions;

use super::consumer::BULK;
use super::database::Database;
use super::record::{Body, Change, Row, Seen, UNKNOWN};
use super::stack::Dialect;
use super::workload::LEDGER;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

pub use transactions::torn;

/// Examples kept of each kind of fault.
const EXAMPLES: usize = 4;

/// What is tolerated in a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Allow {
    /// A table without a key whose snapshot was interrupted is read again: the documented repeat.
    pub keyless_repeats: bool,
    /// Columns came and went: only those that two rows have in common are compared.
    pub altered: bool,
    /// The log has only what a change needs: of a row only the columns that it always has are compared.
    pub minimal: bool,
}

impl Allow {
    /// Nothing at all.
    pub const NOTHING: Self = Self { keyless_repeats: false, altered: false, minimal: false };
    /// An interrupted snapshot reads a table without a key again.
    pub const INTERRUPTED: Self = Self { keyless_repeats: true, ..Self::NOTHING };

    /// Whether two rows are the same as far as they have to be.
    fn same(self, a: &Row, b: &Row) -> bool {
        if !self.altered && !self.minimal {
            return a == b;
        }
        let compared = |name: &String| {
            !self.minimal || !["lane", "v", "n", "flag", "mark", "at"].contains(&name.as_str())
        };
        a.names.iter().zip(&a.cells).filter(|(name, _)| compared(name)).all(|(name, cell)| match b
            .names
            .iter()
            .position(|n| n == name)
        {
            Some(at) => b.cells[at] == *cell,
            None => self.altered,
        })
    }
}

/// One entry of the ledger.
#[derive(Clone, Debug)]
pub struct Entry {
    /// `items`.
    pub table: String,
    /// Key text.
    pub pk: String,
    /// `c`, `u` or `d`.
    pub op: char,
    /// Version of the key.
    pub ver: i64,
    /// The transaction.
    pub xid: i64,
    /// When, microseconds since 1970, by the clock that all processes here share.
    pub at_us: i64,
}

/// What the database says.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    /// The committed changes, those of the ledger itself included.
    pub entries: Vec<Entry>,
    /// The contents of each table.
    pub tables: BTreeMap<String, Vec<Row>>,
}

impl Truth {
    /// Reads ledger and tables in one snapshot.
    pub async fn read(database: &Database) -> Self {
        let mut c = database.connect().await;
        let names = database.tables(&mut c).await;
        c.run(match database.dialect() {
            Dialect::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Dialect::MySql | Dialect::MariaDb => "START TRANSACTION WITH CONSISTENT SNAPSHOT",
        })
        .await
        .unwrap();
        let mut tables = BTreeMap::new();
        for table in names.into_iter().filter(|table| table != BULK) {
            let rows = database.rows(&mut c, &table).await;
            tables.insert(table, rows);
        }
        Self { entries: tables[LEDGER].iter().flat_map(entries).collect(), tables }
    }
}

/// What a row of the ledger says: the change, and that the ledger itself has a new row.
pub fn entries(row: &Row) -> [Entry; 2] {
    let number = |column| row.number(column).unwrap_or(-1);
    let (mut pk, mut ver) = (row.get("pk").unwrap_or_default().to_owned(), number("ver"));
    if row.get("tbl") == Some("keyless_log") {
        // The rows of a lane are told apart by their number, which is their version in the ledger.
        (pk, ver) = (format!("{pk}/{ver}"), 1);
    }
    let entry = Entry {
        table: row.get("tbl").unwrap_or_default().to_owned(),
        pk,
        op: row.get("op").and_then(|o| o.chars().next()).unwrap_or('?'),
        ver,
        xid: number("xid"),
        at_us: number("at"),
    };
    let pk = row.join(&["lane", "seq"]);
    let own = Entry { table: LEDGER.into(), pk, op: 'c', ver: 1, ..entry.clone() };
    [entry, own]
}

/// Key text of a change, and the version that its `after` carries.
fn identity(seen: &Seen, change: &Change) -> (String, Option<i64>) {
    let row = change.after.as_ref().or(change.before.as_ref());
    match (&*seen.table, row, &seen.key) {
        ("keyless_log", Some(row), _) => (row.join(&["lane", "seq"]), Some(1)),
        (LEDGER, Some(row), _) => (row.join(&["lane", "seq"]), Some(1)),
        (_, _, Some(key)) => (key.text(), change.after.as_ref().and_then(|r| r.number("ver"))),
        (_, row, None) => (row.map(Row::text).unwrap_or_default(), None),
    }
}

/// What the oracle has found.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Kinds of faults: how many, and some of them.
    pub faults: BTreeMap<&'static str, (usize, Vec<String>)>,
    /// What was looked at.
    pub figures: BTreeMap<&'static str, usize>,
}

impl Verdict {
    fn fault(&mut self, kind: &'static str, what: impl Into<String>) {
        let (count, examples) = self.faults.entry(kind).or_default();
        *count += 1;
        if examples.len() < EXAMPLES {
            examples.push(what.into());
        }
    }

    fn figure(&mut self, name: &'static str, n: usize) {
        *self.figures.entry(name).or_default() += n;
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figures: Vec<_> = self.figures.iter().map(|(k, n)| format!("{n} {k}")).collect();
        write!(f, "  oracle: {}", figures.join(", "))?;
        if self.faults.is_empty() {
            write!(f, "; no fault")?;
        }
        for (kind, (count, examples)) in &self.faults {
            write!(f, "\n  {kind}: {count}")?;
            for example in examples {
                write!(f, "\n    {example}")?;
            }
        }
        Ok(())
    }
}

/// Compares everything that was read with everything that was committed.
pub fn judge(seen: &[Seen], truth: &Truth, allow: Allow) -> Verdict {
    let mut verdict = Verdict::default();
    verdict.figure("records", seen.len());
    for record in seen {
        if let Body::Broken(why) = &record.body {
            verdict.fault("decode", format!("{}: {why}", record.place()));
        }
    }
    let cut = Cut::of(seen);
    let unnamed = |s: &Seen| s.change().is_some_and(|c| c.op != 'r' && c.xid == UNKNOWN);
    let named = seen.iter().any(unnamed).then(|| names::resolve(seen, &cut, &mut verdict));
    let seen = named.as_deref().unwrap_or(seen);
    let partial = keys::judge(seen, truth, &cut, allow, &mut verdict);
    transactions::judge(seen, &partial, &mut verdict);
    state::judge(seen, truth, allow, &mut verdict);
    verdict
}

/// Until when, by the clock, a snapshot may have swallowed changes: the last row read of each table.
#[derive(Debug)]
struct Cut {
    tables: HashMap<String, i64>,
    any: i64,
}

impl Cut {
    fn of(seen: &[Seen]) -> Self {
        let mut tables = HashMap::new();
        let first = seen.iter().map(|s| s.at_ms).min().unwrap_or(0);
        let mut any = first;
        for s in seen.iter().filter(|s| s.change().is_some_and(|c| c.op == 'r')) {
            let last = tables.entry(s.table.to_string()).or_insert(first);
            *last = s.at_ms.max(*last);
            any = any.max(s.at_ms);
        }
        Self { tables, any }
    }

    /// Microseconds since 1970, with what passes between the read and the record.
    fn us(&self, table: &str) -> i64 {
        (self.tables.get(table).copied().unwrap_or(self.any) + 2_000) * 1_000
    }
}
