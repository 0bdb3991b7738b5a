//! The tables, and who writes to them: every change is noted with the moment of its commit.

use super::{ASIDE, FEW, HALF, PICKED};
use crate::support::chance::Chance;
use crate::support::consumer::now_us;
use crate::support::database::Database;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use tokio::task::JoinHandle;

/// A change that was committed.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// The row's version; a deletion has the one that it ends.
    pub ver: i64,
    /// Whether the row is gone with it.
    pub gone: bool,
    /// Before its statement was sent, microseconds since 1970.
    pub at_us: i64,
}

/// A table and an `id`.
pub type Key = (&'static str, u64);

/// What was written: for each row its changes, the first of all rows being version 1.
#[derive(Debug, Default)]
pub struct Told {
    /// Rows that there were at the beginning.
    pub rows: BTreeMap<&'static str, u64>,
    /// The changes of each, in their order.
    pub written: BTreeMap<Key, Vec<Written>>,
}

/// Which half a row belongs to: 1 is read.
pub fn side(id: u64) -> u64 {
    id % 2
}

/// The tables with their rows.
pub async fn create(db: &Database, rows: u64) {
    for (table, rows) in [(PICKED, rows), (HALF, rows), (ASIDE, FEW)] {
        db.run(format!(
            "CREATE TABLE {table} (id bigint PRIMARY KEY, side int NOT NULL, ver bigint NOT NULL, v varchar(80))"
        ))
        .await;
        db.generate(table, "i, mod(i, 2), 1, concat('row ', i)", 1, rows).await;
    }
    db.run("CREATE TABLE sides (id int PRIMARY KEY, kept int NOT NULL)").await;
    db.run("INSERT INTO sides VALUES (0, 0), (1, 1)").await;
    // Servers estimate sizes, and what they estimate decides how tables are read.
    for table in [PICKED, HALF] {
        let word = if db.schema() == "public" { "ANALYZE" } else { "ANALYZE TABLE" };
        db.run(format!("{word} {table}")).await;
    }
}

/// Writers without a pause worth naming.
pub struct Load {
    stop: Arc<AtomicBool>,
    writer: JoinHandle<Told>,
}

impl Load {
    /// Begins to write.
    pub fn start(db: &Database, rows: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let writer = tokio::task::spawn_local(write(db.clone(), rows, Arc::clone(&stop)));
        Self { stop, writer }
    }

    /// Now: what is written from here on comes later.
    pub fn mark(&self) -> i64 {
        now_us()
    }

    /// Ends it; answers what was written.
    pub async fn stop(self) -> Told {
        self.stop.store(true, Relaxed);
        self.writer.await.unwrap()
    }
}

/// One change in each transaction: of a row that is there, of one that was deleted, of a new one.
async fn write(db: Database, rows: u64, stop: Arc<AtomicBool>) -> Told {
    let mut session = db.connect().await;
    let mut chance = Chance::new(4711);
    let rows = BTreeMap::from([(PICKED, rows), (HALF, rows), (ASIDE, FEW)]);
    let mut told = Told { rows: rows.clone(), written: BTreeMap::new() };
    while !stop.load(Relaxed) {
        let table = *chance.one(&[PICKED, PICKED, HALF, HALF, ASIDE]);
        // Some rows are changed often, and some of them are new.
        let most = rows[table];
        let id = if chance.percent(30) {
            1 + chance.below(200)
        } else {
            1 + chance.below(most + most / 20)
        };
        let first = Written { ver: i64::from(id <= most), gone: id > most, at_us: 0 };
        let last = told.written.get(&(table, id)).and_then(|it| it.last().copied());
        let last = last.unwrap_or(first);
        let next = last.ver + 1;
        let (sql, ver, gone) = if last.gone {
            let values = format!("({id}, {}, {next}, 'new {next}')", side(id));
            (format!("INSERT INTO {table} VALUES {values}"), next, false)
        } else if chance.percent(20) {
            (format!("DELETE FROM {table} WHERE id = {id}"), last.ver, true)
        } else {
            let set = format!("ver = {next}, v = 'changed {next}'");
            (format!("UPDATE {table} SET {set} WHERE id = {id}"), next, false)
        };
        let at_us = now_us();
        session.run(sql).await.unwrap();
        told.written.entry((table, id)).or_default().push(Written { ver, gone, at_us });
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    told
}
