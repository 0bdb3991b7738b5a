//! What outlives a crash of the daemon: the database's log and its slot.

use crate::random::Random;
use std::sync::{Arc, Mutex};

/// One row change: table number, operation, id, version.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) table: usize,
    pub(crate) op: char,
    pub(crate) id: i64,
    pub(crate) new_id: i64,
    pub(crate) version: i64,
}

/// A committed transaction.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    pub(crate) xid: u64,
    pub(crate) commit: u64,
    pub(crate) end: u64,
    pub(crate) rows: Vec<Row>,
}

/// The database.
#[derive(Debug, Default)]
pub(crate) struct World {
    /// Everything ever committed, in commit order.
    pub(crate) log: Vec<Transaction>,
    /// What the slot has been told is safe.
    pub(crate) confirmed: Option<u64>,
    /// Lives of the daemon that opened a stream.
    pub(crate) starts: u64,
    /// Highest number of batches that were out at once.
    pub(crate) violations: Vec<String>,
}

/// A world that several lives share.
pub(crate) type Shared = Arc<Mutex<World>>;

/// Number of tables.
pub(crate) const TABLES: usize = 3;

impl World {
    /// A world whose whole future is decided by `seed`: `count` transactions.
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
            log.push(Transaction { xid: 700 + n, commit, end, rows });
        }
        Self { log, ..Self::default() }
    }

    /// End of the newest transaction.
    pub(crate) fn end(&self) -> u64 {
        self.log.last().map_or(0, |transaction| transaction.end)
    }
}

fn row(random: &mut Random, version: &mut i64) -> Row {
    *version += 1;
    let (table, id) = (random.below(TABLES as u64) as usize, random.below(20) as i64);
    let op = ['c', 'u', 'u', 'd', 'k'][random.below(5) as usize];
    Row { table, op, id, new_id: 100 + random.below(20) as i64, version: *version }
}
