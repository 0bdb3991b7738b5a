//! What the connectors tell about themselves, for the admin interface and the metrics to read.
//!
//! A pipeline writes through its [`Entry`]; readers take a copy of a [`ConnectorStatus`].

use super::kept::Kept;
use super::poison::PoisonCounts;
pub use crate::pipeline::phase::Phase;
use crate::shape::poison::{Poisoned, Policy};
use crate::telemetry::{Meter, names};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use walbrook_core::error::{Class, Code, Error};
use walbrook_core::position::Position;
use walbrook_core::resnapshot::Job;
use walbrook_core::source::{Gauges, Progress};

/// What is known about one connector.
#[derive(Clone, Debug)]
pub struct ConnectorStatus {
    /// Its name.
    pub name: String,
    /// What it reads: `postgresql`, `mysql` or `mariadb`.
    pub source: &'static str,
    /// What it is doing.
    pub phase: Phase,
    /// Since when.
    pub since: SystemTime,
    /// Whether it ever streamed, snapshotted, ended or definitely failed since the process began.
    pub started: bool,
    /// What it waits for, in a few words, if it waits.
    pub waiting: Option<&'static str>,
    /// Everything up to here is delivered.
    pub position: Option<serde_json::Value>,
    /// The source's own numbers, while it is open.
    pub gauges: Option<Arc<Gauges>>,
    /// How far the snapshot of each table is.
    pub snapshot: Vec<Progress>,
    /// Jobs of reading tables again, the newest last.
    pub resnapshots: Vec<Job>,
    /// Topics that it has written to since the process began.
    pub topics: BTreeSet<String>,
    /// When the first progress of this run came, and the bytes read by then.
    pub snapshot_begun: Option<(Instant, u64)>,
    /// What the database keeps of its log for it, as its guard has last seen.
    pub kept: Option<Kept>,
    /// The failure that it retries after, or ended with.
    pub error: Option<Error>,
    /// Counts takeovers of this connector.
    pub generation: Option<u64>,
    /// Retries since the process began.
    pub retries: u64,
    /// Records delivered since the process began.
    pub records: u64,
    /// Source transactions delivered since the process began.
    pub transactions: u64,
    /// Bytes of keys and values delivered since the process began.
    pub bytes: u64,
    /// Source transactions delivered in more than one Kafka transaction since the process began.
    pub splits: u64,
    /// Changes that could not be told, and what became of them.
    pub poison: PoisonCounts,
    /// Commit time of the newest transaction delivered, microseconds since 1970.
    pub commit_us: i64,
    /// Its settings, secrets hidden.
    pub settings: BTreeMap<String, String>,
}

impl ConnectorStatus {
    fn new(name: &str, source: &'static str, settings: BTreeMap<String, String>) -> Self {
        Self {
            name: name.to_owned(),
            source,
            phase: Phase::Starting,
            since: SystemTime::now(),
            started: false,
            waiting: None,
            position: None,
            gauges: None,
            snapshot: Vec::new(),
            resnapshots: Vec::new(),
            kept: None,
            topics: BTreeSet::new(),
            snapshot_begun: None,
            error: None,
            generation: None,
            retries: 0,
            records: 0,
            transactions: 0,
            bytes: 0,
            splits: 0,
            poison: PoisonCounts::default(),
            commit_us: 0,
            settings,
        }
    }

    fn set_phase(&mut self, phase: Phase) {
        if phase != self.phase {
            self.phase = phase;
            self.since = SystemTime::now();
        }
        self.started |= !matches!(phase, Phase::Starting | Phase::Retrying);
    }
}

/// What one Kafka transaction has delivered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Delivered {
    /// Records, checkpoint records not counted.
    pub records: u64,
    /// Source transactions that are now delivered whole.
    pub transactions: u64,
    /// Bytes of keys and values.
    pub bytes: u64,
    /// Commit time of the newest of them, microseconds since 1970.
    pub commit_us: Option<i64>,
}

type Statuses = RwLock<BTreeMap<String, ConnectorStatus>>;

/// The state of all connectors, shared by everyone who writes or shows it.
#[derive(Clone, Debug, Default)]
pub struct Board {
    statuses: Arc<Statuses>,
    kafka_cluster: Arc<OnceLock<String>>,
}

impl Board {
    /// An empty board.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a connector to a `source` (`postgresql`, `mysql`, `mariadb`), which is starting, with
    /// its settings as people may see them.
    pub fn add(
        &self,
        name: &str,
        source: &'static str,
        settings: BTreeMap<String, String>,
    ) -> Entry {
        let meter = Meter::new(name, source);
        // A counter that has not moved yet is 0, not absent: alerts can tell.
        for counter in [names::RECORDS, names::BYTES, names::TRANSACTIONS, names::SPLITS] {
            meter.counter(counter, &[]).increment(0);
        }
        let status = ConnectorStatus::new(name, source, settings);
        let mut statuses = self.statuses.write().unwrap_or_else(PoisonError::into_inner);
        statuses.insert(name.to_owned(), status);
        Entry { name: name.to_owned(), meter, statuses: Arc::clone(&self.statuses) }
    }

    /// Remembers the Kafka cluster's own id.
    pub fn set_kafka_cluster(&self, id: &str) {
        let _ = self.kafka_cluster.set(id.to_owned());
    }

    /// The Kafka cluster's own id, once it is known.
    pub fn kafka_cluster(&self) -> Option<&str> {
        self.kafka_cluster.get().map(String::as_str)
    }

    /// The names of all connectors.
    pub fn names(&self) -> Vec<String> {
        self.read().keys().cloned().collect()
    }

    /// What is known about the connector called `name`.
    pub fn get(&self, name: &str) -> Option<ConnectorStatus> {
        self.read().get(name).cloned()
    }

    /// What is known about all connectors.
    pub fn all(&self) -> Vec<ConnectorStatus> {
        self.read().values().cloned().collect()
    }

    /// Whether every connector has started or has definitely failed.
    pub fn is_ready(&self) -> bool {
        self.read().values().all(|status| status.started)
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<String, ConnectorStatus>> {
        self.statuses.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one connector on the board, for its pipeline to write.
#[derive(Clone, Debug)]
pub struct Entry {
    name: String,
    meter: Meter,
    statuses: Arc<Statuses>,
}

impl Entry {
    /// The metrics of the connector.
    pub fn meter(&self) -> Meter {
        self.meter.clone()
    }

    fn write(&self, change: impl FnOnce(&mut ConnectorStatus)) {
        let mut statuses = self.statuses.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(status) = statuses.get_mut(&self.name) {
            change(status);
        }
    }

    /// The connector goes on normally: what failed before is forgotten.
    pub fn phase(&self, phase: Phase) {
        self.write(|status| {
            status.set_phase(phase);
            if !matches!(phase, Phase::Starting | Phase::Retrying) {
                status.error = None;
                status.waiting = None;
            }
            if matches!(phase, Phase::Paused | Phase::Stopped | Phase::Finished) {
                status.gauges = None;
            }
        });
    }

    /// The connector will try again after `error`.
    pub fn retrying(&self, error: &Error) {
        self.meter.counter(names::RETRIES, &[("code", error.code.as_str())]).increment(1);
        self.write(|status| {
            status.set_phase(Phase::Retrying);
            status.retries += 1;
            status.waiting = Some(reason(error));
            status.error = Some(error.clone());
        });
    }

    /// The connector has ended because of `error`.
    pub fn ended(&self, phase: Phase, error: &Error) {
        if error.class == Class::Poison {
            self.count_poison(Policy::Halt, error.code);
        }
        self.write(|status| {
            status.set_phase(phase);
            status.error = Some(error.clone());
            status.waiting = None;
            status.gauges = None;
        });
    }

    /// Everything up to `position` is delivered.
    pub fn position(&self, position: &Position) {
        // Positions have string keys and no failing `Serialize`.
        self.write(|status| status.position = serde_json::to_value(position).ok());
    }

    /// The open source's own numbers.
    pub fn gauges(&self, gauges: Arc<Gauges>) {
        self.write(|status| status.gauges = Some(gauges));
    }

    /// The number of this takeover.
    pub fn generation(&self, generation: u64) {
        self.write(|status| status.generation = Some(generation));
    }

    /// How far the snapshot of a table is.
    pub fn progress(&self, progress: Progress) {
        self.write(|status| {
            match status.snapshot.iter_mut().find(|known| known.table == progress.table) {
                Some(known) => *known = progress,
                None => status.snapshot.push(progress),
            }
            let read = status.snapshot.iter().map(|table| table.bytes).sum();
            status.snapshot_begun.get_or_insert_with(|| (Instant::now(), read));
        });
    }

    /// How a job of reading tables again stands.
    pub fn resnapshot(&self, job: Job) {
        self.write(|status| {
            match status.resnapshots.iter_mut().find(|known| known.wish.id == job.wish.id) {
                Some(known) => *known = job,
                None => status.resnapshots.push(job),
            }
        });
    }

    /// The connector's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The position that is stored, as far as is known.
    pub fn stored_position(&self) -> Option<Position> {
        let statuses = self.statuses.read().unwrap_or_else(PoisonError::into_inner);
        let position = statuses.get(&self.name)?.position.clone()?;
        serde_json::from_value(position).ok()
    }

    /// What the database keeps of its log.
    pub fn kept(&self, kept: Kept) {
        self.write(|status| status.kept = Some(kept));
    }

    /// These are the jobs that there are; others are forgotten.
    pub fn resnapshots(&self, jobs: Vec<Job>) {
        self.write(|status| status.resnapshots = jobs);
    }

    /// The connector writes to a topic.
    pub fn topic(&self, name: &str) {
        self.write(|status| {
            if !status.topics.contains(name) {
                status.topics.insert(name.to_owned());
            }
        });
    }

    /// A Kafka transaction is committed.
    pub fn delivered(&self, delivered: Delivered) {
        let count = |name: &'static str, by: u64| self.meter.counter(name, &[]).increment(by);
        count(names::RECORDS, delivered.records);
        count(names::BYTES, delivered.bytes);
        count(names::TRANSACTIONS, delivered.transactions);
        self.write(|status| {
            status.records += delivered.records;
            status.transactions += delivered.transactions;
            status.bytes += delivered.bytes;
            status.commit_us = delivered.commit_us.unwrap_or(status.commit_us);
        });
    }

    /// A Kafka transaction took this long from its first record to the end of its commit.
    pub fn commit_latency(&self, elapsed: std::time::Duration) {
        self.meter.histogram(names::COMMIT_LATENCY).record(elapsed.as_secs_f64());
    }

    /// Changes could not be told, and what became of them is committed.
    pub fn poisoned(&self, changes: &[Poisoned]) {
        for change in changes {
            self.count_poison(change.policy, change.code);
        }
        if changes.is_empty() {
            return;
        }
        self.write(|status| {
            for change in changes {
                let Some(changes) = status.poison.add(change, Instant::now()) else { continue };
                let (table, policy, code) = (&change.table, change.policy.as_str(), change.code);
                tracing::warn!(%table, policy, %code, changes, "changes could not be told");
            }
        });
    }

    fn count_poison(&self, policy: Policy, code: Code) {
        let labels = [("policy", policy.as_str()), ("code", code.as_str())];
        self.meter.counter(names::POISON, &labels).increment(1);
    }

    /// A source transaction is larger than a Kafka transaction may be.
    pub fn split(&self) {
        self.meter.counter(names::SPLITS, &[]).increment(1);
        self.write(|status| status.splits += 1);
    }
}

/// What has to come back before a connector can go on: one of [`names::REASONS`].
fn reason(error: &Error) -> &'static str {
    let area = error.code.as_str().split('-').nth(1).unwrap_or_default();
    match area {
        "PG" => "source",
        "KAFKA" => "broker",
        "REG" => "registry",
        _ => "other",
    }
}

/// Microseconds since 1970.
pub(crate) fn now_us() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(table: &str, bytes: u64) -> Progress {
        let table = table.to_owned();
        Progress { table, rows: 1, rows_estimated: None, bytes, bytes_total: 10, done: false }
    }

    #[test]
    fn ready_is_when_every_connector_has_started_or_failed_for_good() {
        let board = Board::new();
        let (a, b) =
            (board.add("a", "mysql", BTreeMap::new()), board.add("b", "mysql", BTreeMap::new()));
        let error = Error::transient(Code::new("WB-X-001"), "It is away.");
        a.phase(Phase::Streaming);
        b.retrying(&error);
        assert!(!board.is_ready());
        b.ended(Phase::Failed, &error);
        assert!(board.is_ready());
        a.retrying(&error);
        assert!(board.is_ready(), "a connector that once ran does not make the process unready");
    }

    #[test]
    fn going_on_forgets_the_error_and_keeps_the_counts() {
        let board = Board::new();
        let entry = board.add("a", "mysql", BTreeMap::new());
        entry.retrying(&Error::transient(Code::new("WB-X-001"), "It is away."));
        entry.phase(Phase::Starting);
        assert!(board.get("a").unwrap().error.is_some(), "until it works again");
        entry.retrying(&Error::transient(Code::new("WB-KAFKA-001"), "It is away."));
        assert_eq!(board.get("a").unwrap().waiting, Some("broker"));
        entry.phase(Phase::Streaming);
        let status = board.get("a").unwrap();
        assert!(status.error.is_none() && status.retries == 2 && status.waiting.is_none());
    }

    #[test]
    fn progress_is_kept_by_table() {
        let board = Board::new();
        let entry = board.add("a", "mysql", BTreeMap::new());
        for (table, bytes) in [("s.a", 1), ("s.b", 2), ("s.a", 5)] {
            entry.progress(progress(table, bytes));
        }
        let status = board.get("a").unwrap();
        assert_eq!(status.snapshot.iter().map(|p| p.bytes).collect::<Vec<_>>(), [5, 2]);
        assert_eq!(status.snapshot_begun.unwrap().1, 1);
    }
}
