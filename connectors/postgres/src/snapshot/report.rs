//! Tells people how far the snapshot is.

use super::desk::Desk;
use std::convert::Infallible;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::time::Instant;

/// How often the whole is logged.
const EVERY: Duration = Duration::from_secs(10);

/// Watches a desk.
pub(super) struct Report<'a> {
    desk: &'a Desk<'a>,
    begun: Instant,
    /// Bytes and rows that earlier runs have delivered.
    before: Sum,
    /// End of the log at the beginning.
    head: u64,
}

#[derive(Clone, Copy, Default)]
struct Sum {
    rows: u64,
    bytes: u64,
    total: u64,
    done: usize,
}

impl<'a> Report<'a> {
    pub(super) fn new(desk: &'a Desk<'a>) -> Self {
        let head = desk.out.gauges.head.load(Relaxed);
        Self { desk, begun: Instant::now(), before: sum(desk), head }
    }

    /// What is about to be read.
    pub(super) fn begin(&self) {
        for table in self.desk.progress() {
            let (rows, bytes) = (table.rows_estimated.unwrap_or(0), table.bytes_total);
            tracing::info!(table = table.table, rows, bytes, "to be read");
        }
        let tables = self.desk.progress().len();
        let (bytes, pieces) = (self.before.total, self.desk.pieces());
        tracing::info!(tables, pieces, bytes, "snapshot begins");
    }

    /// Logs for ever.
    pub(super) async fn run(&self) -> Infallible {
        loop {
            tokio::time::sleep(EVERY).await;
            let now = sum(self.desk);
            let seconds = self.begun.elapsed().as_secs_f64();
            let read = now.bytes.saturating_sub(self.before.bytes) as f64;
            let left = now.total.saturating_sub(now.bytes) as f64;
            let eta = if read > 0.0 { left * seconds / read } else { 0.0 };
            let head = self.desk.out.gauges.head.load(Relaxed);
            // Before the first look at the log there is nothing to extrapolate from.
            let log = if self.head == 0 { 0 } else { head.saturating_sub(self.head) };
            let (rows, bytes, bytes_total) = (now.rows, now.bytes, now.total);
            let rows_per_second = (rows - self.before.rows) as f64 / seconds;
            let wal_expected = log as f64 / seconds * eta;
            tracing::info!(
                tables_done = now.done,
                rows,
                bytes,
                bytes_total,
                rows_per_second = rows_per_second as u64,
                eta_seconds = eta as u64,
                wal_retained = self.desk.out.gauges.retained.load(Relaxed),
                wal_expected = wal_expected as u64,
                "snapshot goes on"
            );
        }
    }

    /// What has been read.
    pub(super) fn end(&self) {
        let now = sum(self.desk);
        let (rows, seconds) = (now.rows - self.before.rows, self.begun.elapsed().as_secs_f64());
        let per_second = (rows as f64 / seconds.max(0.001)) as u64;
        tracing::info!(rows, seconds, rows_per_second = per_second, "snapshot read");
    }
}

fn sum(desk: &Desk<'_>) -> Sum {
    desk.progress().iter().fold(Sum::default(), |sum, table| Sum {
        rows: sum.rows + table.rows,
        bytes: sum.bytes + table.bytes,
        total: sum.total + table.bytes_total,
        done: sum.done + usize::from(table.done),
    })
}
