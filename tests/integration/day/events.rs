//! An outbox under load, its rows often deleted at once, and what must have become of them.

use crate::support::database::Database;
use crate::support::events;
use crate::support::record::{Body, Seen};
use crate::support::stack::{Dialect, seconds, wait};
use crate::support::world::World;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Each writes the events of one aggregate.
const LANES: u64 = 3;

/// What the topics of the events begin with; the follower of the tables' topics does not see them.
pub fn prefix(world: &World) -> String {
    format!("{}-events.", world.name())
}

/// Creates the outbox, and the book of what was sent, which is not captured.
pub async fn prepare(db: &Database) {
    let json = if db.dialect() == Dialect::Postgres { "jsonb" } else { "json" };
    db.run(format!(
        "CREATE TABLE outbox (id varchar(40) PRIMARY KEY, aggregatetype varchar(255) NOT NULL, \
         aggregateid varchar(255) NOT NULL, type varchar(255) NOT NULL, payload {json}); \
         CREATE TABLE sent (lane int NOT NULL, seq int NOT NULL, PRIMARY KEY (lane, seq))"
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
    pub fn start(db: &Database) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let lane = |lane| tokio::task::spawn_local(write(db.clone(), lane, Arc::clone(&stop)));
        Self { lanes: (0..LANES).map(lane).collect(), stop }
    }

    /// Stops them; answers how many events were sent.
    pub async fn stop(mut self, db: &Database) -> usize {
        self.stop.store(true, Relaxed);
        for lane in std::mem::take(&mut self.lanes) {
            lane.await.unwrap();
        }
        db.number("SELECT count(*) FROM sent").await as usize
    }
}

/// A test that fails must not leave writers behind.
impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
    }
}

/// Transactions of one lane: some delete what they insert, some delete what was there, some are
/// rolled back, and their numbers are used again.
async fn write(db: Database, lane: u64, stop: Arc<AtomicBool>) {
    let mut session = db.connect().await;
    let mut seq = 0;
    for turn in 0_u64.. {
        if stop.load(Relaxed) {
            return;
        }
        let last = seq + 1 + (turn * 7 + lane) % 4;
        let mut sql = vec!["BEGIN".to_owned()];
        for seq in seq + 1..=last {
            let row = format!("'{lane}-{seq}', '{}', '{lane}', 'T'", topic(lane));
            sql.push(format!("INSERT INTO outbox VALUES ({row}, '{{\"seq\": {seq}}}')"));
            if seq % 2 == 0 {
                sql.push(format!("DELETE FROM outbox WHERE id = '{lane}-{seq}'"));
            }
            sql.push(format!("INSERT INTO sent VALUES ({lane}, {seq})"));
        }
        if turn % 3 == 0 {
            sql.push(format!("DELETE FROM outbox WHERE id LIKE '{lane}-%'"));
        }
        let undone = turn % 7 == 5;
        sql.push(if undone { "ROLLBACK" } else { "COMMIT" }.to_owned());
        match session.run(sql.join("; ")).await {
            Ok(()) if undone => {}
            Ok(()) => seq = last,
            // A deadlock. Whoever has lost the connection cannot roll back, and the test fails.
            Err(e) => {
                println!("  outbox: {e}");
                session.run("ROLLBACK").await.unwrap();
            }
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// Two aggregates share a topic.
fn topic(lane: u64) -> &'static str {
    if lane.is_multiple_of(2) { "even" } else { "odd" }
}

/// Each of the `sent` events is told once, those of an aggregate in their order.
pub async fn judge(world: &World, sent: usize) {
    assert!(sent > 200, "a load of {sent} events");
    let told = wait("every event", seconds(60), async || {
        let told = events::read(prefix(world)).await;
        (told.len() >= sent).then_some(told)
    })
    .await;
    let mut newest: BTreeMap<String, u64> = BTreeMap::new();
    for event in &told {
        let id = event.header("id").unwrap();
        let (lane, seq) = id.split_once('-').unwrap();
        let seq: u64 = seq.parse().unwrap();
        assert_eq!(event.key.as_deref(), Some(lane), "{id}");
        assert_eq!(event.topic, topic(lane.parse().unwrap()), "{id}");
        assert_eq!(event.value["seq"], seq, "{id}");
        let before = newest.insert(lane.to_owned(), seq).unwrap_or(0);
        assert_eq!(seq, before + 1, "{id} behind {before}: lost, repeated or out of order");
    }
    assert_eq!(told.len(), sent);
}

/// Without the marks of transactions that have changed nothing but the outbox: their events are not
/// among the records.
pub fn without_marks(seen: Vec<Seen>) -> Vec<Seen> {
    let only = |one: &Seen| match &one.body {
        Body::Mark(mark) if !mark.tables.is_empty() => {
            mark.tables.iter().all(|(table, _)| table == "outbox").then(|| mark.id.clone())
        }
        _ => None,
    };
    let ids: HashSet<_> = seen.iter().filter_map(only).collect();
    let foreign = |one: &Seen| matches!(&one.body, Body::Mark(mark) if ids.contains(&mark.id));
    seen.into_iter().filter(|one| !foreign(one)).collect()
}
