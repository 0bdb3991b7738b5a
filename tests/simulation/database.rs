//! A database whose rows fit together: what is in its tables at any place of its log.
//!
//! | table | key | size as told | read by |
//! | --- | --- | --- | --- |
//! | `t0` | `id` | small | whole |
//! | `t1` | `id`; one more column from some place on | large | segments of the key |
//! | `t2` | `(g, id)`, four ids to a `g` | large | segments of `g` |
//! | `t3` | none, replica identity full | large | blocks |
//! | `hidden` | `id` | | published, but not selected |

use crate::random::Random;
use crate::world::{Row, Transaction, World};
use std::collections::BTreeMap;
use walbrook_postgres::catalog::{Column as Known, Default as Value, Structure, VERSION};
use walbrook_postgres::pgoutput::{Column, Relation};
use walbrook_postgres::snapshot::entry::KeyColumn;
use walbrook_postgres::snapshot::key::Kind;
use walbrook_postgres::snapshot::plan::{BLOCK, Facts, UNIT};

/// Number of the table without a key.
pub(crate) const KEYLESS: usize = 3;
/// Number of the table that is not selected.
pub(crate) const HIDDEN: usize = 4;
/// Names of the tables.
pub(crate) const NAMES: [&str; 5] = ["t0", "t1", "t2", "t3", "hidden"];

/// The rows of a table: id and version.
pub(crate) type Rows = BTreeMap<i64, i64>;

impl World {
    /// A database with `count` transactions, of which `head` are committed at the beginning.
    pub(crate) fn database(seed: u64, count: u64, head: usize) -> Self {
        let mut random = Random::new(seed);
        let mut lsn = 1_000_000;
        let mut tables: [Rows; 5] = Default::default();
        let (mut log, mut version) = (Vec::new(), 0);
        for n in 0..count {
            let size = match random.below(12) {
                _ if n < 8 => 20,
                0 => 0,
                1 => 40 + random.below(40),
                _ => 1 + random.below(6),
            };
            let mut rows = Vec::new();
            for _ in 0..size {
                change(&mut random, &mut tables, &mut version, n < 8, &mut rows);
            }
            let idle = n > 8 && random.below(20) == 0;
            let first = lsn + 16 + if idle { 5000 + random.below(9000) } else { 0 };
            let commit = first + 16 * rows.len() as u64 + 8 + random.below(50);
            let end = commit + 8 + random.below(3) * 24;
            lsn = end;
            log.push(Transaction { xid: 700 + n, first, commit, end, idle, rows });
        }
        let altered = log[log.len() / 2].first;
        Self { goal: lsn + 400, head, log, altered, ..Self::default() }
    }

    /// The rows of `table` as a snapshot with the consistent point `lsn` sees them.
    pub(crate) fn rows(&self, table: usize, lsn: u64) -> Rows {
        let mut rows = Rows::new();
        for row in self.contained(table, lsn) {
            apply(row, &mut rows);
        }
        rows
    }

    /// Number of the table's file there: a truncate makes a new one.
    fn filenode(&self, table: usize, lsn: u64) -> u32 {
        1 + self.contained(table, lsn).filter(|row| row.op == 't').count() as u32
    }

    fn contained(&self, table: usize, lsn: u64) -> impl Iterator<Item = &Row> {
        let log = self.log.iter().take_while(move |transaction| transaction.commit < lsn);
        log.flat_map(|transaction| &transaction.rows).filter(move |row| row.table == table)
    }

    /// What the catalog says of a table there.
    pub(crate) fn facts(&self, table: usize, lsn: u64) -> Facts {
        let key = |name: &str| {
            Some(KeyColumn { name: name.to_owned(), kind: Kind::Int8, collate: false })
        };
        let percentiles = |n: i64, step: i64| (1..n).map(|i| (i * step).to_string()).collect();
        let (bytes, key, bounds) = match table {
            0 => (UNIT / 64, key("id"), Vec::new()),
            1 => (3 * UNIT, key("id"), percentiles(12, 5)),
            2 => (2 * UNIT, key("g"), percentiles(8, 2)),
            _ => (2 * UNIT + 1, None, Vec::new()),
        };
        let filenode = self.filenode(table, lsn);
        Facts { bytes, rows_estimated: None, filenode, key, bounds }
    }
}

/// Changes `rows` as the log says.
pub(crate) fn apply(row: &Row, rows: &mut Rows) {
    match row.op {
        't' => rows.clear(),
        'd' => {
            rows.remove(&row.id);
        }
        op => {
            rows.remove(&row.id);
            rows.insert(if op == 'k' { row.new_id } else { row.id }, row.version);
        }
    }
}

fn change(
    random: &mut Random,
    tables: &mut [Rows; 5],
    version: &mut i64,
    fill: bool,
    rows: &mut Vec<Row>,
) {
    *version += 1;
    let table = random.below(5) as usize;
    if !fill && random.below(150) == 0 {
        // One statement truncates two tables: two changes.
        let both: &[usize] = if table == HIDDEN { &[HIDDEN] } else { &[table, HIDDEN] };
        for &table in both {
            let row = Row { table, op: 't', id: 0, new_id: 0, version: *version, old_version: 0 };
            apply(&row, &mut tables[table]);
            rows.push(row);
        }
        return;
    }
    let (id, new_id) = (random.below(60) as i64, random.below(60) as i64);
    let known = &mut tables[table];
    let old = known.get(&id).copied();
    let op = match old {
        None => 'c',
        Some(_) => match random.below(5) {
            0 => 'd',
            1 if new_id != id && !known.contains_key(&new_id) => 'k',
            _ => 'u',
        },
    };
    let old_version = old.unwrap_or(0);
    let row = Row { table, op, id, new_id, version: *version, old_version };
    apply(&row, known);
    rows.push(row);
}

/// How the log describes a table.
pub(crate) fn relation(table: usize, altered: bool) -> Relation {
    let identity = if table == KEYLESS { b'f' } else { b'd' };
    let mut columns = Vec::new();
    let mut column = |name: &str, key: bool, type_oid| {
        let key = key || table == KEYLESS;
        columns.push(Column { key, name: name.into(), type_oid, typmod: -1 });
    };
    if table == 2 {
        column("g", true, 20);
    }
    column("id", true, 20);
    column("v", false, 20);
    column("note", false, 25);
    if table == 1 && altered {
        column("extra", false, 25);
    }
    let name = NAMES[table].to_owned();
    Relation { oid: 16400 + table as u32, schema: "public".into(), name, identity, columns }
}

/// What the catalog says about a relation.
pub(crate) fn structure(relation: &Relation) -> Structure {
    let column = |(place, column): (usize, &Column)| Known {
        name: column.name.clone(),
        number: place as i16 + 1,
        type_oid: column.type_oid,
        typmod: -1,
        not_null: column.type_oid == 20,
        default: Value::None,
        identity: false,
        generated: false,
    };
    let keyed = relation.identity == b'd';
    let primary = relation.columns.iter().filter(|column| column.key && keyed);
    Structure {
        version: VERSION,
        kind: Some('r'),
        columns: relation.columns.iter().enumerate().map(column).collect(),
        primary: primary.map(|column| column.name.clone()).collect(),
        unique: Vec::new(),
        types: BTreeMap::new(),
    }
}

/// The leading key of a row, as text; nothing where the table is not read by its key.
pub(crate) fn leading(table: usize, id: i64) -> String {
    if table == 2 { (id / 4).to_string() } else { id.to_string() }
}

/// The block that a row lies in.
pub(crate) fn block(version: i64) -> u64 {
    (version as u64).wrapping_mul(2_654_435_761) % (2 * UNIT / BLOCK)
}

/// The values of a row as text, in the order of the relation's columns.
pub(crate) fn texts(table: usize, altered: bool, id: i64, version: i64) -> Vec<String> {
    let mut texts = Vec::new();
    if table == 2 {
        texts.push(leading(table, id));
    }
    texts.extend([id.to_string(), version.to_string(), format!("n{version}")]);
    if table == 1 && altered {
        texts.push(format!("x{version}"));
    }
    texts
}
