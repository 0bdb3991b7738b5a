//! A table that appears while the connector streams, with rows, and is written to from the start.

use crate::support::chance::Chance;
use crate::support::consumer::{Follower, now_us};
use crate::support::daemon::Daemon;
use crate::support::database::Database;
use crate::support::record::Seen;
use crate::support::stack::{Dialect, seconds};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use tokio::task::JoinHandle;

const TABLE: &str = "late_orders";

/// The lane of the ledger that is the table's own.
const LANE: i32 = 9;

/// The rows that it begins with.
const ROWS: u64 = 4_000;

/// A writer of the table.
pub struct Load {
    stop: Arc<AtomicBool>,
    writer: Option<JoinHandle<u64>>,
}

impl Load {
    /// Creates the table with its first rows, and goes on to write.
    pub async fn start(db: &Database) -> Self {
        create(db).await;
        let stop = Arc::new(AtomicBool::new(false));
        let writer = tokio::task::spawn_local(write(db.clone(), Arc::clone(&stop)));
        Self { stop, writer: Some(writer) }
    }

    /// Waits until every row has been told, by the log or by a job of its own.
    pub async fn is_told(&self, db: &Database, follower: &Follower, daemon: &mut Daemon) {
        let rows = ROWS as usize;
        let all = |seen: &[_]| count(seen) >= rows;
        follower.until("the late table's rows", seconds(60), all).await;
        if db.dialect() == Dialect::Postgres {
            let done = |ours: &Value| {
                let jobs = ours["resnapshots"].as_array()?;
                let job = jobs.iter().find(|job| job["reason"] == "new_table")?;
                (job["state"] == "done").then(|| job.clone())
            };
            let job = daemon.until("the late table's job", seconds(60), done).await;
            println!("  a job for the late table: {job}");
        }
    }

    /// Ends it; answers how many changes it has made.
    pub async fn stop(mut self) -> u64 {
        self.stop.store(true, Relaxed);
        self.writer.take().unwrap().await.unwrap()
    }
}

/// A test that fails must not leave its writer behind.
impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
    }
}

fn count(seen: &[Seen]) -> usize {
    seen.iter().filter(|one| &*one.table == TABLE && one.change().is_some()).count()
}

/// The table, its rows and what the ledger says of them: rows that nobody has told anybody of.
async fn create(db: &Database) {
    let dialect = db.dialect();
    db.run(format!(
        "CREATE TABLE {TABLE} (id bigint PRIMARY KEY, lane int NOT NULL, ver bigint NOT NULL, v varchar(80))"
    ))
    .await;
    let row = format!("i, {LANE}, 1, concat('row ', i)");
    let entry = format!("{LANE}, i, '{TABLE}', 'c', i, 1");
    let ledger = "ledger (lane, seq, tbl, op, pk, ver";
    let (ledger, entry) = match dialect {
        Dialect::Postgres => (format!("{ledger})"), entry),
        _ => (format!("{ledger}, xid, at)"), format!("{entry}, @xid, sysdate(6)")),
    };
    db.call(&[
        &dialect.generate(TABLE, &row, 1, ROWS),
        &dialect.generate(&ledger, &entry, 1, ROWS),
    ])
    .await;
}

/// One change in each transaction: of a row that is there, of a new one, of one that was deleted.
async fn write(db: Database, stop: Arc<AtomicBool>) -> u64 {
    let (dialect, mut session) = (db.dialect(), db.connect().await);
    let mut chance = Chance::new(77);
    let mut rows: BTreeMap<u64, (u64, bool)> = (1..=ROWS).map(|id| (id, (1, true))).collect();
    let mut changes = 0;
    while !stop.load(Relaxed) {
        let id = 1 + chance.below(ROWS + 200);
        let (ver, there) = rows.get(&id).copied().unwrap_or((0, false));
        let (next, value) = (ver + 1, dialect.quoted(&format!("changed {}", chance.below(1000))));
        let (op, sql) = match there {
            true if chance.percent(25) => ("d", format!("DELETE FROM {TABLE} WHERE id = {id}")),
            true => {
                let set = format!("lane = {LANE}, ver = {next}, v = {value}");
                ("u", format!("UPDATE {TABLE} SET {set} WHERE id = {id}"))
            }
            false => ("c", format!("INSERT INTO {TABLE} VALUES ({id}, {LANE}, {next}, {value})")),
        };
        let note = dialect.call("note", &format!("{LANE}, '{TABLE}', '{op}', '{id}', {next}"));
        let begin = dialect.begin(now_us() as u64);
        session.run(format!("{begin}; {sql}; {note}; COMMIT")).await.unwrap();
        rows.insert(id, (next, op != "d"));
        changes += 1;
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    changes
}
