//! When to close the open Kafka transaction: a pure policy over what is in it.
//!
//! Soft limits close it only *between* source transactions. The hard limits alone cut one.

use std::time::Duration;

/// The limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Close at the next boundary after this long under load.
    pub interval: Duration,
    /// Close at the next boundary after this many records.
    pub records: u64,
    /// Close at the next boundary after this many bytes.
    pub bytes: u64,
    /// Store a position that no record came with after this long.
    pub idle: Duration,
    /// Split a source transaction after this many records.
    pub hard_records: u64,
    /// Split a source transaction after its Kafka transaction has been open this long.
    pub hard_age: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            interval: Duration::from_millis(100),
            records: 50_000,
            bytes: 32 << 20,
            idle: Duration::from_secs(1),
            hard_records: 1_000_000,
            hard_age: Duration::from_secs(10),
        }
    }
}

/// What the open transaction holds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Holding {
    /// Records.
    pub records: u64,
    /// Bytes of keys, values and headers.
    pub bytes: u64,
    /// How long ago the first thing to be committed came in.
    pub age: Duration,
    /// Whether only progress is waiting: nothing a consumer would see.
    pub only_progress: bool,
    /// Whether a commit has been asked for and not answered yet.
    pub in_flight: bool,
    /// Whether more batches are waiting to be shaped.
    pub more: bool,
}

impl Limits {
    /// Whether to close at a boundary.
    pub fn due(&self, holding: &Holding) -> bool {
        if holding.in_flight {
            return false;
        }
        if holding.only_progress {
            return holding.age >= self.idle;
        }
        !holding.more
            || holding.age >= self.interval
            || holding.records >= self.records
            || holding.bytes >= self.bytes
    }

    /// Whether to close inside a source transaction.
    pub fn must_split(&self, holding: &Holding) -> bool {
        !holding.in_flight
            && (holding.records >= self.hard_records
                || (holding.records > 0 && holding.age >= self.hard_age))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUSY: Holding = Holding {
        records: 10,
        bytes: 10,
        age: Duration::ZERO,
        only_progress: false,
        in_flight: false,
        more: true,
    };

    #[test]
    fn under_load_it_waits_for_time_records_or_bytes() {
        let limits = Limits::default();
        assert!(!limits.due(&BUSY));
        assert!(limits.due(&Holding { more: false, ..BUSY }));
        assert!(limits.due(&Holding { age: limits.interval, ..BUSY }));
        assert!(limits.due(&Holding { records: limits.records, ..BUSY }));
        assert!(limits.due(&Holding { bytes: limits.bytes, ..BUSY }));
        assert!(!limits.due(&Holding { more: false, in_flight: true, ..BUSY }));
    }

    #[test]
    fn progress_alone_is_stored_now_and_then() {
        let limits = Limits::default();
        let idle = Holding { only_progress: true, more: false, ..BUSY };
        assert!(!limits.due(&idle));
        assert!(limits.due(&Holding { age: limits.idle, ..idle }));
    }

    #[test]
    fn only_hard_limits_cut_a_source_transaction() {
        let limits = Limits::default();
        assert!(!limits.must_split(&Holding { records: limits.records, ..BUSY }));
        assert!(limits.must_split(&Holding { records: limits.hard_records, ..BUSY }));
        assert!(limits.must_split(&Holding { age: limits.hard_age, ..BUSY }));
    }
}
