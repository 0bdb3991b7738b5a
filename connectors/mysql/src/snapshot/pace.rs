//! How many rows the next chunk has: as many as half a second or 4 MiB take, by what the last took.

use std::time::Duration;

/// How long the rows of a chunk may take to be read and handed over: the log waits meanwhile.
const TIME: Duration = Duration::from_millis(500);

/// How large the rows of a chunk may be.
const BYTES: u64 = 4 * 1024 * 1024;

/// Fewer rows cost more statements than they save time, more rows more memory beside them.
const FEWEST: u64 = 100;
const MOST: u64 = 200_000;

/// What a chunk took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Took {
    /// Rows read.
    pub(crate) rows: u64,
    /// Their bytes as they are told.
    pub(crate) bytes: u64,
    /// From the statement to the last row handed over.
    pub(crate) time: Duration,
}

/// The size of a table's chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    rows: u64,
}

impl Pace {
    /// The first guess, by the server's estimate of a table.
    pub(crate) fn guess(bytes: u64, rows: u64) -> Self {
        let row = bytes / rows.max(1);
        Self { rows: (BYTES / row.max(64)).clamp(FEWEST, 60_000) }
    }

    /// So many rows.
    pub(crate) fn of(rows: u64) -> Self {
        Self { rows: rows.clamp(FEWEST, MOST) }
    }

    /// A chunk was too large for what happened beside it.
    pub(crate) fn shrink(&mut self) {
        *self = Self::of(self.rows / 2);
    }

    /// Rows of the next chunk.
    pub(crate) fn rows(self) -> u64 {
        self.rows
    }

    /// Learns from a chunk. The last one of a table, which is short, says little; and no chunk
    /// changes the size by more than four.
    pub(crate) fn learn(&mut self, took: Took) {
        if took.rows < self.rows / 2 {
            return;
        }
        let by = |aim: u64, spent: u64| {
            u128::from(took.rows) * u128::from(aim) / u128::from(spent.max(1))
        };
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let wanted = by(BYTES, took.bytes).min(by(micros(TIME), micros(took.time)));
        let wanted = u64::try_from(wanted).unwrap_or(u64::MAX);
        self.rows = wanted.clamp(self.rows / 4, self.rows * 4).clamp(FEWEST, MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn took(rows: u64, bytes: u64, millis: u64) -> Took {
        Took { rows, bytes, time: Duration::from_millis(millis) }
    }

    /// The size after chunks that each had as many rows as was wanted.
    fn after(mut pace: Pace, row: u64, rows_per_second: u64) -> u64 {
        for _ in 0..10 {
            let rows = pace.rows();
            pace.learn(took(rows, rows * row, rows * 1_000 / rows_per_second));
        }
        pace.rows()
    }

    #[test]
    fn a_chunk_takes_half_a_second_or_four_mebibytes() {
        let begin = Pace::guess(1_000_000, 10_000);
        assert!(after(begin, 100, 20_000).abs_diff(10_000) < 10);
        assert_eq!(after(begin, 4_096, 1_000_000), 1_024);
        assert_eq!(after(begin, 1_000_000, 100_000), FEWEST);
        assert_eq!(after(begin, 1, 10_000_000), MOST);
    }

    #[test]
    fn a_wrong_estimate_is_made_good_step_by_step() {
        // An empty table of the statistics, rows of 64 KiB in truth.
        let mut pace = Pace::guess(0, 0);
        assert_eq!(pace.rows(), 60_000);
        pace.learn(took(60_000, 60_000 * 65_536, 4_000));
        assert_eq!(pace.rows(), 15_000);
        assert_eq!(after(pace, 65_536, 100_000), FEWEST.max(BYTES / 65_536));
    }

    #[test]
    fn a_short_last_chunk_says_nothing() {
        let mut pace = Pace::guess(1_000_000, 10_000);
        let before = pace.rows();
        pace.learn(took(1, 100, 200));
        assert_eq!(pace.rows(), before);
    }
}
