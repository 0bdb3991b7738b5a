//! Writers: each transaction changes rows and says so in the outbox.

use crate::support::chance::Chance;
use crate::support::database::Database;
use crate::support::stack::Dialect;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Each writes rows of its own and the events of one aggregate.
pub const LANES: u64 = 3;

/// An event that was committed, with the change that it speaks of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sent {
    /// Who wrote it: the aggregate.
    pub lane: u64,
    /// Its number, without gaps.
    pub seq: u64,
    /// The row that was changed.
    pub row: u64,
    /// `c`, `u` or `d`.
    pub op: char,
}

impl Sent {
    /// What the event's row says beside it; every third says nothing.
    pub fn trace(&self) -> Option<String> {
        (!self.seq.is_multiple_of(3)).then(|| format!("trace-{}", self.seq))
    }

    /// Where it is told: two aggregates share a topic.
    pub fn topic(&self) -> &'static str {
        if self.lane.is_multiple_of(2) { "even" } else { "odd" }
    }

    /// In one transaction: the change, its event, and the word that both were made.
    fn statements(&self) -> [String; 3] {
        let Self { lane, seq, row, op } = self;
        let change = match op {
            'c' => format!("INSERT INTO business VALUES ({row}, {lane}, {seq})"),
            'u' => format!("UPDATE business SET seq = {seq} WHERE id = {row}"),
            _ => format!("DELETE FROM business WHERE id = {row}"),
        };
        let trace = self.trace().map_or("NULL".to_owned(), |trace| format!("'{trace}'"));
        let payload = format!("{{\"seq\": {seq}, \"row\": {row}}}");
        let event = format!(
            "INSERT INTO outbox VALUES ('{lane}-{seq}', '{}', '{lane}', 'Row_{op}', '{payload}', {trace})",
            self.topic()
        );
        [change, event, format!("INSERT INTO sent VALUES ({lane}, {seq}, {row}, '{op}')")]
    }
}

/// Creates the tables.
pub async fn prepare(db: &Database) {
    let json = if db.dialect() == Dialect::Postgres { "jsonb" } else { "json" };
    db.run(format!(
        "CREATE TABLE business (id bigint PRIMARY KEY, lane int NOT NULL, seq int NOT NULL); \
         CREATE TABLE outbox (id varchar(40) PRIMARY KEY, aggregatetype varchar(255) NOT NULL, \
         aggregateid varchar(255) NOT NULL, type varchar(255) NOT NULL, payload {json}, trace varchar(40)); \
         CREATE TABLE sent (lane int NOT NULL, seq int NOT NULL, row_id bigint NOT NULL, \
         op char(1) NOT NULL, PRIMARY KEY (lane, seq))"
    ))
    .await;
}

/// Running writers.
pub struct Load {
    stop: Arc<AtomicBool>,
    lanes: Vec<JoinHandle<()>>,
}

impl Load {
    /// Starts them.
    pub fn start(db: &Database, seed: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let lane = |lane| {
            let writer =
                Writer { lane, seq: 0, rows: Vec::new(), chance: Chance::new(seed ^ lane) };
            tokio::task::spawn_local(writer.run(db.clone(), Arc::clone(&stop)))
        };
        Self { lanes: (0..LANES).map(lane).collect(), stop }
    }

    /// Stops them; answers what was committed, in the order of each lane.
    pub async fn stop(mut self, db: &Database) -> Vec<Sent> {
        self.stop.store(true, Relaxed);
        for lane in std::mem::take(&mut self.lanes) {
            lane.await.unwrap();
        }
        let mut session = db.connect().await;
        let rows = session.rows("SELECT lane, seq, row_id, op FROM sent ORDER BY lane, seq").await;
        let sent = |row: Vec<Option<String>>| {
            let cell = |n: usize| row[n].as_deref().unwrap();
            let number = |n| cell(n).parse().unwrap();
            let op = cell(3).chars().next().unwrap();
            Sent { lane: number(0), seq: number(1), row: number(2), op }
        };
        rows.unwrap().into_iter().map(sent).collect()
    }
}

/// A test that fails must not leave writers behind.
impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
    }
}

/// One lane, as of its last commit.
#[derive(Clone)]
struct Writer {
    lane: u64,
    seq: u64,
    /// Those of its rows that are there.
    rows: Vec<u64>,
    chance: Chance,
}

impl Writer {
    async fn run(mut self, db: Database, stop: Arc<AtomicBool>) {
        let mut session = db.connect().await;
        while !stop.load(Relaxed) {
            let mut next = self.clone();
            let sql = next.transaction();
            let undone = next.chance.percent(15);
            let end = if undone { "ROLLBACK" } else { "COMMIT" };
            match session.run(format!("BEGIN; {}; {end}", sql.join("; "))).await {
                Ok(()) if undone => self.chance = next.chance,
                Ok(()) => self = next,
                // A deadlock. Whoever has lost the connection cannot roll back, and the test fails.
                Err(e) => {
                    println!("  outbox: {e}");
                    session.run("ROLLBACK").await.unwrap();
                    self.chance = next.chance;
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Changes with their events; rows of the outbox are updated and deleted between them.
    fn transaction(&mut self) -> Vec<String> {
        let mut sql = Vec::new();
        for _ in 0..=self.chance.below(4) {
            sql.extend(self.change().statements());
            let id = |seq: u64| format!("id = '{}-{seq}'", self.lane);
            match self.chance.below(4) {
                0 => sql.push(format!("DELETE FROM outbox WHERE {}", id(self.seq))),
                1 => sql.push(format!("UPDATE outbox SET type = 'seen' WHERE {}", id(self.seq))),
                2 => sql.push(format!("DELETE FROM outbox WHERE {}", id(self.seq / 2))),
                _ => {}
            }
        }
        sql
    }

    fn change(&mut self) -> Sent {
        self.seq += 1;
        let at = self.chance.below(self.rows.len() as u64) as usize;
        let (op, row) = match self.chance.below(10) {
            0..5 if !self.rows.is_empty() => ('u', self.rows[at]),
            5..7 if !self.rows.is_empty() => ('d', self.rows.swap_remove(at)),
            _ => ('c', self.lane * 1_000_000 + self.seq),
        };
        if op == 'c' {
            self.rows.push(row);
        }
        Sent { lane: self.lane, seq: self.seq, row, op }
    }
}
