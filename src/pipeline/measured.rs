//! What is measured about one Kafka transaction, for the metrics.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// A stage that the pipeline can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The database, for the next batch.
    Source,
    /// Kafka, to take what is made.
    Kafka,
    /// Registry or broker, for a schema id or a topic.
    Registry,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Stage; 3] = [Stage::Source, Stage::Kafka, Stage::Registry];

    /// The word in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Source => "source",
            Stage::Kafka => "kafka",
            Stage::Registry => "registry",
        }
    }
}

/// How long each stage was waited for since this was last taken.
#[derive(Debug, Default)]
pub struct Waits([AtomicU64; 3]);

impl Waits {
    /// Adds what has gone by since `from`.
    pub fn add(&self, stage: Stage, from: Instant) {
        let micros = u64::try_from(from.elapsed().as_micros()).unwrap_or(u64::MAX);
        if let Some(sum) = self.0.get(stage as usize) {
            sum.fetch_add(micros, Relaxed);
        }
    }

    /// The sums, in the order of [`Stage::ALL`], which begin anew.
    pub fn take(&self) -> [Duration; 3] {
        let [source, kafka, registry] = &self.0;
        [source, kafka, registry].map(|sum| Duration::from_micros(sum.swap(0, Relaxed)))
    }
}

/// What a Kafka transaction holds, as the metrics count it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// Commit time of the oldest source transaction that ended in it, microseconds since 1970.
    pub oldest_us: Option<i64>,
    /// Records by table.
    pub tables: Vec<(String, u64)>,
}

impl Measured {
    /// Notes a source transaction that ended.
    pub fn ended(&mut self, commit_us: Option<i64>) {
        self.oldest_us = match (self.oldest_us, commit_us) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_transaction_counts() {
        let mut measured = Measured::default();
        for commit_us in [None, Some(7), Some(3), Some(5), None] {
            measured.ended(commit_us);
        }
        assert_eq!(measured.oldest_us, Some(3));
    }

    #[test]
    fn waits_are_told_once() {
        let waits = Waits::default();
        let from = Instant::now() - Duration::from_millis(20);
        waits.add(Stage::Kafka, from);
        let [source, kafka, _] = waits.take();
        assert!(source.is_zero() && kafka >= Duration::from_millis(20));
        assert_eq!(waits.take(), [Duration::ZERO; 3]);
        for (place, stage) in Stage::ALL.into_iter().enumerate() {
            assert_eq!(stage as usize, place);
        }
    }
}
