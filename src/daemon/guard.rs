//! Watches the log that a database keeps for a connector, whatever the connector is doing: paused,
//! stopped, failed or waiting, it may fill the database's disk.
//!
//! ```text
//!  every 10 s: measure ─▶ board (bytes, room, time to loss)
//!                            │ over max_retained_wal
//!                            └─▶ alert: log, status, metric
//!                                drop-slot: the connector lets go of its log, and fails
//! ```

use crate::admin::board::Entry;
use crate::admin::kept::Kept;
use crate::codes;
use crate::config::choice::OnWalLimit;
use crate::pipeline::orders::{Ask, Desk, Reply};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use walbrook_core::error::Error;
use walbrook_core::idle::{Idle, Retained};
use walbrook_core::position::Position;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(10);
/// How long a look may take.
const PATIENCE: Duration = Duration::from_secs(8);

/// What to watch for.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Bytes; 0 is without a limit.
    pub bytes: u64,
    /// What is done beyond.
    pub action: OnWalLimit,
}

/// One connector's guard.
pub(super) struct Guard {
    idle: Arc<dyn Idle>,
    entry: Entry,
    desk: Desk,
    limit: Limit,
    trend: Trend,
    alerted: bool,
}

impl Guard {
    /// A guard that has not looked yet.
    pub(super) fn new(idle: Arc<dyn Idle>, entry: Entry, desk: Desk, limit: Limit) -> Self {
        Self { idle, entry, desk, limit, trend: Trend::default(), alerted: false }
    }

    /// Looks for ever.
    pub(super) async fn watch(mut self) {
        loop {
            // Not all connectors at once.
            tokio::time::sleep(EVERY).await;
            let position: Option<Position> = self.entry.stored_position();
            let looking = self.idle.measure(position.as_ref());
            match tokio::time::timeout(PATIENCE, looking).await {
                Ok(Ok(Some(retained))) => {
                    let kept = self.trend.next(&retained, position, self.limit.bytes);
                    self.entry.kept(kept);
                    self.judge(kept).await;
                }
                Ok(Ok(None)) => self.entry.kept(Kept::default()),
                Ok(Err(error)) => tracing::debug!(%error, "the kept log could not be asked for"),
                Err(_) => tracing::debug!("the database did not say in time what log it keeps"),
            }
        }
    }

    async fn judge(&mut self, kept: Kept) {
        if !kept.over_limit || kept.lost {
            self.alerted = false;
            return;
        }
        let error = too_much(&kept);
        if !std::mem::replace(&mut self.alerted, true) {
            let (code, fix) = (error.code.as_str(), &error.fix);
            tracing::warn!(connector = self.entry.name(), code, fix, "{}", error.message);
        }
        if self.limit.action == OnWalLimit::DropSlot {
            let (reply, answer) = Reply::new();
            if self.desk.ask(Ask::LetGo(Box::new(dropped(&kept)), reply)) {
                match answer.await {
                    Ok(Ok(())) => tracing::error!(
                        connector = self.entry.name(),
                        code = codes::LET_GO.as_str(),
                        "the slot was dropped, as on_wal_limit says"
                    ),
                    Ok(Err(refusal)) => {
                        tracing::warn!(error = %refusal.error(), "the slot could not be dropped");
                    }
                    Err(_) => {}
                }
            }
        }
    }
}

fn size(bytes: Option<u64>) -> String {
    format!("{:.1} MiB", bytes.unwrap_or(0) as f64 / f64::from(1 << 20))
}

fn too_much(kept: &Kept) -> Error {
    let message = format!(
        "The database keeps {} of log for the connector, more than max_retained_wal ({}).",
        size(kept.bytes),
        size(kept.limit_bytes)
    );
    Error::definite(codes::WAL_LIMIT, message)
        .fix("Resume or mend the connector; if it is not needed any more, run `walbrook drop`.")
}

fn dropped(kept: &Kept) -> Error {
    let message = format!(
        "The replication slot was dropped because it kept {} of log, more than max_retained_wal \
         ({}): the changes since the stored position are lost to the connector.",
        size(kept.bytes),
        size(kept.limit_bytes)
    );
    Error::definite(codes::LET_GO, message).fix(
        "Stop the connector, delete its offsets (DELETE /connectors/NAME/offsets) and resume it: it \
         begins with a new snapshot.",
    )
}

/// How fast the kept log grows: pure.
#[derive(Debug, Default)]
struct Trend {
    /// When it was looked, and what was kept.
    last: Option<(Instant, u64)>,
    /// Bytes per second, smoothed.
    rate: f64,
    /// The position, and since when it is that.
    position: Option<(Position, Instant)>,
}

impl Trend {
    fn next(&mut self, retained: &Retained, position: Option<Position>, limit: u64) -> Kept {
        let now = Instant::now();
        if let Some(bytes) = retained.bytes {
            if let Some((then, before)) = self.last {
                let seconds = now.duration_since(then).as_secs_f64().max(0.001);
                let grown = bytes.saturating_sub(before) as f64 / seconds;
                self.rate = if self.rate == 0.0 { grown } else { 0.7 * self.rate + 0.3 * grown };
            }
            self.last = Some((now, bytes));
        }
        if let Some(position) = position
            && self.position.as_ref().is_none_or(|(known, _)| *known != position)
        {
            self.position = Some((position, now));
        }
        let room = |room: u64| (self.rate >= 1.0).then(|| (room as f64 / self.rate) as u64);
        let still = self.position.as_ref().map(|(_, since)| now.duration_since(*since).as_secs());
        // Log is removed by its age: it gets older as long as the position stands still.
        let expires = retained
            .expires_seconds
            .filter(|_| retained.bytes.is_some_and(|bytes| bytes > 0))
            .map(|expires| expires.saturating_sub(still.unwrap_or(0)));
        Kept {
            bytes: retained.bytes,
            room_bytes: retained.room_bytes,
            loss_seconds: retained.room_bytes.and_then(room).into_iter().chain(expires).min(),
            limit_bytes: (limit > 0).then_some(limit),
            over_limit: limit > 0 && retained.bytes.is_some_and(|bytes| bytes > limit),
            lost: retained.lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use walbrook_core::position::Log;

    fn retained(bytes: u64, room: Option<u64>) -> Retained {
        Retained { bytes: Some(bytes), room_bytes: room, expires_seconds: None, lost: false }
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_to_loss_follows_from_growth_and_room() {
        let mut trend = Trend::default();
        assert_eq!(trend.next(&retained(1000, Some(5000)), None, 0).loss_seconds, None);
        tokio::time::advance(Duration::from_secs(10)).await;
        let kept = trend.next(&retained(2000, Some(4000)), None, 1500);
        assert_eq!(kept.loss_seconds, Some(40), "100 bytes a second");
        assert!(kept.over_limit && kept.limit_bytes == Some(1500));
        assert!(!trend.next(&retained(1500, None), None, 1500).over_limit, "the limit is allowed");
    }

    #[tokio::test(start_paused = true)]
    async fn log_that_is_removed_by_age_gets_older_while_the_position_stands_still() {
        let mut trend = Trend::default();
        let aged = Retained { expires_seconds: Some(3600), ..retained(10, None) };
        let at = |lsn| Some(Position::at("s", Log::Lsn(lsn)));
        assert_eq!(trend.next(&aged, at(1), 0).loss_seconds, Some(3600));
        tokio::time::advance(Duration::from_secs(600)).await;
        assert_eq!(trend.next(&aged, at(1), 0).loss_seconds, Some(3000));
        assert_eq!(trend.next(&aged, at(2), 0).loss_seconds, Some(3600));
        let idle = Retained { bytes: Some(0), ..aged };
        assert_eq!(trend.next(&idle, at(2), 0).loss_seconds, None, "nothing is needed");
    }
}
