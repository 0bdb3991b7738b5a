//! What outlives a crash of the daemon: the database's log, its slot, the registry.

use crate::random::Random;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use walbrook_core::position::{Log, Position};
use walbrook_kafka::twin;

/// Identity of the server.
pub(crate) const SERVER: &str = "sim";

/// One row change: table number, operation (`c`, `u`, `d`, `k` for a change of key, `t` for a
/// truncate), id, versions. A version is used once in the whole world.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) table: usize,
    pub(crate) op: char,
    pub(crate) id: i64,
    pub(crate) new_id: i64,
    pub(crate) version: i64,
    pub(crate) old_version: i64,
}

/// A committed transaction.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    pub(crate) xid: u64,
    /// Place of its first row; the others follow 16 bytes apart.
    pub(crate) first: u64,
    /// Where its commit record starts.
    pub(crate) commit: u64,
    /// Where its commit record ends.
    pub(crate) end: u64,
    /// Nothing of interest is written for a long time before it.
    pub(crate) idle: bool,
    pub(crate) rows: Vec<Row>,
}

/// The database.
#[derive(Debug, Default)]
pub(crate) struct World {
    /// Everything that is ever committed, in commit order.
    pub(crate) log: Vec<Transaction>,
    /// How many of them are committed by now.
    pub(crate) head: usize,
    /// What the slot has been told is safe; nothing while there is no slot.
    pub(crate) confirmed: Option<u64>,
    /// Everything is delivered when this is confirmed.
    pub(crate) goal: u64,
    /// Whether somebody reads the slot.
    pub(crate) active: bool,
    /// Lives of the daemon that opened a stream.
    pub(crate) starts: u64,
    /// Registered schemas by id.
    pub(crate) schemas: BTreeMap<u32, String>,
    /// From here on the table t1 has one column more.
    pub(crate) altered: u64,
    /// What nobody may ever do.
    pub(crate) violations: Vec<String>,
    /// What is to be counted.
    pub(crate) counts: BTreeMap<&'static str, u64>,
}

/// A world that several lives share.
pub(crate) type Shared = Arc<Mutex<World>>;

/// Number of tables of the scripted world.
pub(crate) const TABLES: usize = 3;

/// Looks at a shared world. A power cut may poison the lock; the world is none the worse.
pub(crate) fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// A world whose whole future is decided by `seed`: `count` transactions of rows that need not
    /// fit together.
    pub(crate) fn new(seed: u64, count: u64, large: bool) -> Self {
        let mut random = Random::new(seed);
        let (mut lsn, mut version) = (1000, 0);
        let mut log = Vec::new();
        for n in 0..count {
            let size = match random.below(10) {
                0 => 0,
                1 if large => 40 + random.below(60),
                _ => 1 + random.below(5),
            };
            let rows = (0..size).map(|_| row(&mut random, &mut version)).collect();
            let commit = lsn + 10 + random.below(50);
            let end = commit + 8;
            lsn = end;
            log.push(Transaction { xid: 700 + n, first: 0, commit, end, idle: false, rows });
        }
        Self { goal: lsn, head: log.len(), log, ..Self::default() }
    }

    /// End of the newest transaction.
    pub(crate) fn end(&self) -> u64 {
        self.log.last().map_or(0, |transaction| transaction.end)
    }

    /// Where the database is when nothing is committed yet.
    pub(crate) fn origin(&self) -> u64 {
        self.log.first().map_or(0, |transaction| transaction.first - 4)
    }

    /// Somebody else commits up to `most` transactions.
    pub(crate) fn advance(&mut self, most: u64) {
        self.head = (self.head + most as usize).min(self.log.len());
    }

    /// A consistent point of now. Behind the newest commit, or, where `late`, exactly where the
    /// commit record of a transaction starts whose rows are written already: it is not contained.
    pub(crate) fn consistent_point(&self, late: bool) -> u64 {
        match (late, self.log.get(self.head)) {
            (true, Some(next)) => next.commit,
            _ => self.head.checked_sub(1).map_or(self.origin(), |last| self.log[last].end),
        }
    }

    /// Counts something.
    pub(crate) fn count(&mut self, what: &'static str, more: u64) {
        *self.counts.entry(what).or_default() += more;
    }
}

/// The slot learns that everything up to `lsn` is safe: it must be.
pub(crate) fn confirm(world: &Shared, broker: &twin::Shared, lsn: u64) {
    let held = twin::load(broker, "sim", "c").ok().and_then(|held| held.position().ok().flatten());
    let mut world = lock(world);
    if world.confirmed.is_some_and(|confirmed| lsn <= confirmed) {
        return;
    }
    let position = Position::at(SERVER, Log::Lsn(lsn));
    if !held.as_ref().is_some_and(|held| held.covers(&position)) {
        world.violations.push(format!("confirmed {lsn}, but Kafka holds {held:?}"));
    }
    if world.confirmed.is_some() {
        world.confirmed = Some(lsn);
    }
}

fn row(random: &mut Random, version: &mut i64) -> Row {
    *version += 1;
    let (table, id) = (random.below(TABLES as u64) as usize, random.below(20) as i64);
    let op = ['c', 'u', 'u', 'd', 'k'][random.below(5) as usize];
    let new_id = 100 + random.below(20) as i64;
    Row { table, op, id, new_id, version: *version, old_version: 0 }
}
