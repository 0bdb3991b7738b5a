//! What has been handed to the sink and is not committed yet.

use super::commit::Holding;
use super::measured::Measured;
use super::orders::Reply;
use crate::shape::poison::Poisoned;
use std::collections::{BTreeSet, VecDeque};
use tokio::time::Instant;
use walbrook_core::batch::Lane;
use walbrook_core::checkpoint::{Part, Updates, put};
use walbrook_core::position::Position;
use walbrook_core::resnapshot::Job;

/// A commit that has been asked for.
#[derive(Debug)]
pub struct InFlight {
    /// The position that it stores, if it stores one.
    pub position: Option<Position>,
    /// Records in it.
    pub records: u64,
    /// Source transactions in it.
    pub transactions: u64,
    /// Bytes in it.
    pub bytes: u64,
    /// When it was asked for.
    pub asked: Instant,
    /// Changes that could not be told.
    pub poisoned: Vec<Poisoned>,
    /// What the metrics count of it.
    pub measured: Measured,
    /// What is due when it is committed.
    pub promises: Vec<Promise>,
    /// Jobs of reading tables again, as it stores them.
    pub jobs: Vec<Job>,
}

/// Something that waits until an entry is stored.
#[derive(Debug)]
pub enum Promise {
    /// The connector is to be left: it is stored that a person wants it to wait.
    Hold,
    /// The source is to begin with a job, and who asked for it is to be told.
    Begin(Box<Job>, Reply<Job>),
}

/// The open transaction, and the commits on their way.
#[derive(Debug)]
pub struct Tally {
    /// Records delivered into the open transaction.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Source transactions that ended in it.
    pub transactions: u64,
    /// Changes in it that could not be told.
    pub poisoned: Vec<Poisoned>,
    /// What the metrics count of it.
    pub measured: Measured,
    /// When the first thing to be committed came in.
    since: Option<Instant>,
    /// The boundary at the very end of what is delivered, if it ends at one.
    position: Option<Position>,
    /// Other entries to store.
    updates: Updates,
    /// What is due when they are stored.
    promises: Vec<Promise>,
    /// Readers of a snapshot that are inside something that must stay together.
    torn: BTreeSet<u32>,
    /// Whether what is delivered ends between two source transactions.
    whole: bool,
    /// Commits on their way, oldest first.
    pub in_flight: VecDeque<InFlight>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            records: 0,
            bytes: 0,
            transactions: 0,
            poisoned: Vec::new(),
            measured: Measured::default(),
            since: None,
            position: None,
            updates: Updates::new(),
            promises: Vec::new(),
            torn: BTreeSet::new(),
            whole: true,
            in_flight: VecDeque::new(),
        }
    }
}

impl Tally {
    /// What the policy wants to know; `more` says whether batches are waiting.
    pub fn holding(&self, now: Instant, more: bool) -> Holding {
        Holding {
            records: self.records,
            bytes: self.bytes,
            age: self.since.map(|since| now.duration_since(since)).unwrap_or_default(),
            only_progress: self.records == 0 && self.updates.is_empty(),
            in_flight: !self.in_flight.is_empty(),
            more,
        }
    }

    /// When the first thing to be committed came in, if there is any.
    pub fn since(&self) -> Option<Instant> {
        self.since
    }

    /// Whether everything handed over can be committed as it is.
    pub fn is_whole(&self) -> bool {
        self.whole && self.torn.is_empty() && self.since.is_some()
    }

    /// Counts records of a delivery.
    pub fn deliver(&mut self, records: usize, bytes: usize, now: Instant) {
        self.records += records as u64;
        self.bytes += bytes as u64;
        if records > 0 {
            self.since.get_or_insert(now);
            self.whole = false;
        }
    }

    /// Says that what is handed over ends between two source transactions.
    pub fn reach(&mut self, position: Option<Position>, now: Instant) {
        self.since.get_or_insert(now);
        self.whole = true;
        if position.is_some() {
            self.position = position;
        }
    }

    /// Stores more entries with the next commit.
    pub fn store(&mut self, updates: Updates, now: Instant) {
        if !updates.is_empty() {
            self.since.get_or_insert(now);
            self.updates.extend(updates);
        }
    }

    /// Stores entries with the next commit, and keeps `promise` until then.
    pub fn promise(&mut self, promise: Promise, updates: Updates, now: Instant) {
        self.store(updates, now);
        self.promises.push(promise);
    }

    /// Whether entries can be stored now: nothing is open that must go on first. Between the parts
    /// of a split transaction they can.
    pub fn can_store(&self) -> bool {
        self.torn.is_empty() && (self.whole || self.records == 0) && self.in_flight.is_empty()
    }

    /// Notes what a snapshot reader has handed over.
    pub fn lane(&mut self, lane: Lane, now: Instant) {
        if lane.torn {
            self.torn.insert(lane.number);
        } else {
            self.torn.remove(&lane.number);
        }
        self.store(lane.updates, now);
        self.reach(None, now);
    }

    /// Whether what is delivered ends between two source transactions.
    pub fn is_between(&self) -> bool {
        self.whole
    }

    /// Whether a snapshot reader is inside something that must stay together.
    pub fn is_torn(&self) -> bool {
        !self.torn.is_empty()
    }

    /// Closes the open transaction: what its checkpoint says. `export` renders a position for
    /// other tools.
    pub fn close(
        &mut self,
        position: Option<Position>,
        export: fn(&Position) -> serde_json::Value,
        now: Instant,
    ) -> Updates {
        let position = position.or_else(|| self.position.take());
        self.position = None;
        let split = position.as_ref().is_some_and(|position| position.part.is_some());
        let only_entries = self.records == 0 && position.is_none();
        let mut updates = std::mem::take(&mut self.updates);
        if let Some(position) = &position {
            updates.push(put(Part::Position, position));
            if position.part.is_none() {
                updates.push((Part::Export, Some(export(position))));
            }
        }
        let jobs = updates.iter().filter(|(part, _)| matches!(part, Part::Resnapshot(_)));
        let jobs = jobs.filter_map(|(_, job)| serde_json::from_value(job.clone()?).ok()).collect();
        self.in_flight.push_back(InFlight {
            jobs,
            position,
            records: std::mem::take(&mut self.records),
            transactions: std::mem::take(&mut self.transactions),
            bytes: std::mem::take(&mut self.bytes),
            asked: now,
            measured: std::mem::take(&mut self.measured),
            promises: std::mem::take(&mut self.promises),
            poisoned: std::mem::take(&mut self.poisoned),
        });
        self.since = None;
        // Behind a split the transaction goes on; its next records are not to be closed alone.
        self.whole = if only_entries { self.whole } else { !split };
        updates
    }
}
