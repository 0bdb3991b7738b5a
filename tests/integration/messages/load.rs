//! Writers who know what they have said.

use crate::support::chance::Chance;
use crate::support::database::Database;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Each has numbers of its own.
pub const LANES: u64 = 3;

/// What is to be told: lane and number.
#[derive(Clone, Copy, Debug)]
pub enum Sent {
    Note(u64, u64),
    Event(u64, u64),
    Row(u64, u64),
}

impl Sent {
    /// Prefix of a message that is told as one.
    pub fn note(&self) -> Option<String> {
        if let Self::Note(lane, n) = self { Some(format!("note-{}", id(*lane, *n))) } else { None }
    }

    /// Identity of an event.
    pub fn event(&self) -> Option<String> {
        if let Self::Event(lane, n) = self { Some(id(*lane, *n).to_string()) } else { None }
    }

    /// Key of a row.
    pub fn row(&self) -> Option<String> {
        if let Self::Row(lane, n) = self { Some(id(*lane, *n).to_string()) } else { None }
    }

    /// The statement that says it, inside the transaction or apart from it.
    fn statement(&self, inside: bool) -> String {
        let emit = |prefix: String, content: String| {
            format!("SELECT pg_logical_emit_message({inside}, '{prefix}', '{content}')")
        };
        match self {
            Self::Note(lane, n) => emit(format!("note-{}", id(*lane, *n)), "x".repeat(40)),
            Self::Event(lane, n) => {
                let id = id(*lane, *n);
                let event = format!(
                    r#"{{"id":{id},"aggregatetype":"all","aggregateid":"{lane}","payload":{{"n":{n}}}}}"#
                );
                emit("event".to_owned(), event)
            }
            Self::Row(lane, n) => format!("INSERT INTO business VALUES ({})", id(*lane, *n)),
        }
    }
}

fn id(lane: u64, n: u64) -> u64 {
    lane * 1_000_000 + n
}

/// Who has said it, from what is told.
pub fn lane(told: &str) -> u64 {
    told.trim_start_matches("note-").parse::<u64>().unwrap() / 1_000_000
}

/// Creates the table.
pub async fn prepare(db: &Database) {
    db.run("CREATE TABLE business (id bigint PRIMARY KEY)").await;
}

/// Running writers.
pub struct Load {
    stop: Arc<AtomicBool>,
    lanes: Vec<JoinHandle<Vec<Sent>>>,
}

impl Load {
    /// Starts them.
    pub fn start(db: &Database, seed: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let lane = |lane| {
            let writer = Writer { lane, next: 0, chance: Chance::new(seed ^ lane) };
            tokio::task::spawn_local(writer.run(db.clone(), Arc::clone(&stop)))
        };
        Self { lanes: (0..LANES).map(lane).collect(), stop }
    }

    /// Stops them; answers what each has said, in the order in which it is to be told.
    pub async fn stop(mut self) -> Vec<Vec<Sent>> {
        self.stop.store(true, Relaxed);
        let mut sent = Vec::new();
        for lane in std::mem::take(&mut self.lanes) {
            sent.push(lane.await.unwrap());
        }
        sent
    }
}

/// A test that fails must not leave writers behind.
impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
    }
}

struct Writer {
    lane: u64,
    next: u64,
    chance: Chance,
}

impl Writer {
    async fn run(mut self, db: Database, stop: Arc<AtomicBool>) -> Vec<Sent> {
        let (mut session, mut told) = (db.connect().await, Vec::new());
        while !stop.load(Relaxed) {
            match self.chance.below(3) {
                // In no transaction of its own making.
                0 => {
                    let one = self.message();
                    session.run(one.statement(false)).await.unwrap();
                    told.push(one);
                }
                _ => {
                    let (sql, apart, inside) = self.transaction();
                    let undone = self.chance.percent(20);
                    let end = if undone { "ROLLBACK" } else { "COMMIT" };
                    session.run(format!("BEGIN; {}; {end}", sql.join("; "))).await.unwrap();
                    // What is said apart is told at once; the rest when the transaction commits.
                    told.extend(apart);
                    told.extend(inside.into_iter().filter(|_| !undone));
                }
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        told
    }

    /// Statements, and what they say apart from the transaction and inside it.
    fn transaction(&mut self) -> (Vec<String>, Vec<Sent>, Vec<Sent>) {
        let (mut sql, mut apart, mut inside) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..=self.chance.below(5) {
            let (one, within) = match self.chance.below(3) {
                0 => (Sent::Row(self.lane, self.number()), true),
                1 => (self.message(), true),
                _ => (self.message(), false),
            };
            sql.push(one.statement(within));
            if within {
                inside.push(one)
            } else {
                apart.push(one)
            }
            if self.chance.percent(20) {
                sql.push("SELECT pg_logical_emit_message(true, 'note-unwanted', 'x')".to_owned());
            }
        }
        (sql, apart, inside)
    }

    fn message(&mut self) -> Sent {
        let n = self.number();
        if self.chance.percent(50) { Sent::Note(self.lane, n) } else { Sent::Event(self.lane, n) }
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}
