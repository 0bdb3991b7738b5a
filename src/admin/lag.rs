//! How far a connector is behind its database.

use super::board::ConnectorStatus;
use std::sync::atomic::Ordering::Relaxed;

/// How far behind, in three measures.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lag {
    /// Bytes of log between the newest position heard of and the last one confirmed; `None` before
    /// the first position, as in a first snapshot.
    pub bytes: Option<u64>,
    /// Age of the newest transaction that is received and not yet delivered; 0 if there is none.
    pub seconds: f64,
    /// Bytes of log that the database keeps for the connector.
    pub retained: u64,
}

impl Lag {
    /// The lag of a connector at `now_us`, microseconds since 1970.
    pub fn of(status: &ConnectorStatus, now_us: i64) -> Self {
        let kept = status.kept.and_then(|kept| kept.bytes).unwrap_or(0);
        let Some(gauges) = &status.gauges else {
            return Self { retained: kept, ..Self::default() };
        };
        let (head, confirmed) = (gauges.head.load(Relaxed), gauges.confirmed.load(Relaxed));
        let received_us = gauges.commit_us.load(Relaxed);
        // Everything received is delivered: the log may be ahead, but with nothing of ours in it.
        let behind = received_us > status.commit_us;
        let age = if behind { now_us.saturating_sub(received_us).max(0) } else { 0 };
        Self {
            bytes: (confirmed > 0).then(|| head.saturating_sub(confirmed)),
            seconds: age as f64 / 1e6,
            retained: match gauges.retained.load(Relaxed) {
                0 => kept,
                bytes => bytes,
            },
        }
    }
}
