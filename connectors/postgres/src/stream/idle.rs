//! When to tell that nothing happened.
//!
//! While captured tables are idle and others are written, the slot keeps the log of the others.
//! A keepalive says how far the server has looked. That place is told as progress, so that it is
//! stored in Kafka first and confirmed then; the log before it can go.

use super::Timing;
use std::time::Duration;
use tokio::time::Instant;

/// A server that waits for an answer, as one that shuts down does, is helped on this fast.
const ASKED: Duration = Duration::from_secs(1);

/// What has been told, and when.
#[derive(Debug)]
pub(super) struct Idle {
    told: u64,
    at: Instant,
    every: Duration,
    bytes: u64,
}

impl Idle {
    pub(super) fn new(told: u64, timing: &Timing) -> Self {
        Self { told, at: Instant::now(), every: timing.progress, bytes: timing.progress_bytes }
    }

    /// A transaction has ended there.
    #[inline]
    pub(super) fn ended(&mut self, lsn: u64) {
        self.told = self.told.max(lsn);
    }

    /// Whether `wal_end` of a keepalive between two transactions is to be told now. Everything
    /// told before must be confirmed: a sink that is behind has no use for more.
    pub(super) fn due(&mut self, wal_end: u64, reply: bool, confirmed: u64) -> bool {
        let since = self.at.elapsed();
        let ahead = wal_end.saturating_sub(self.told);
        let time = since >= self.every || (reply && since >= ASKED) || ahead >= self.bytes;
        let due = ahead > 0 && confirmed >= self.told && time;
        if due {
            (self.told, self.at) = (wal_end, Instant::now());
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn progress_is_told_rarely_and_only_when_all_is_confirmed() {
        let mut idle = Idle::new(100, &Timing::default());
        assert!(!idle.due(200, false, 100), "just begun");
        assert!(idle.due(100 + (16 << 20), false, 100), "far ahead");
        assert!(!idle.due(u64::MAX, false, 100), "the last is not confirmed");
        let at = idle.told;
        idle.at -= Duration::from_secs(2);
        assert!(!idle.due(at + 1, false, at) && idle.due(at + 1, true, at), "the server asks");
        idle.at -= Duration::from_secs(11);
        assert!(!idle.due(at + 1, false, at + 1), "nothing new");
        assert!(idle.due(at + 2, false, at + 1));
    }
}
