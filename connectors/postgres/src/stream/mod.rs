//! The change stream: from `START_REPLICATION` on, messages become batches.
//!
//! ```text
//!            ┌─────────────── reader ───────────────┐
//!  socket ──▶│ frames ──▶ decoder ──▶ batch ──▶ outlet ├──▶ messages
//!            │               ▲ tables, catalog     ▲   │
//!            └── keepalive ──┼─────────────────────┼───┘
//!                  │ asked   │                     └──── spare
//!  socket ◀── feedback ◀─────┴── confirmed (what Kafka has committed)
//! ```
//!
//! Reader and feedback are two futures of one task, so that nothing which the reader waits for, an
//! empty batch or the catalog, keeps feedback from being sent. Both end with [`run`].

mod chunks;
mod decoder;
mod feedback;
mod idle;
mod pace;
mod reader;
mod tables;
mod telling;
mod transaction;
mod wire;

use crate::catalog::{Catalog, Structure};
use crate::pgoutput::{Relation, Tuple};
use crate::resnapshot::Ends;
use crate::settings::{Prefixes, Selection};
use crate::table::Modes;
use crate::transport::{CopyBoth, WAL_SENDER_TIMEOUT};
use async_channel::{Receiver, Sender};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, watch};
use walbrook_core::batch::Batch;
use walbrook_core::error::Result;
use walbrook_core::position::Position;
use walbrook_core::source::{Gauges, Message};

/// Which changes are left out because snapshot rows contain them.
pub trait Covered: Send + Sync {
    /// Whether the snapshot has read this row's place after the transaction whose commit record
    /// starts at `commit_lsn`. Such a change is counted and left out.
    ///
    /// `row` is the new row, or the old one of a delete, or nothing for a truncate; a value that
    /// it lacks because it did not change is in `old`. Of an update with an old row both are asked
    /// for; when only one of them is contained, the change is told as what it means for the other:
    /// the insert of the new or the delete of the old row. The old row may be the key alone.
    fn covers(
        &self,
        relation: &Relation,
        commit_lsn: u64,
        row: Option<Tuple<'_>>,
        old: Option<Tuple<'_>>,
    ) -> bool;

    /// Whether nothing is left out from this commit on: then `covers` is not asked.
    fn passed(&self, commit_lsn: u64) -> bool;
}

/// Where the stream begins and what it needs to know.
pub struct Start {
    /// Up to where everything is delivered; the stream was asked for from here.
    pub position: Position,
    /// Name of the database, for the source block.
    pub database: String,
    /// `source.name`
    pub topic_prefix: String,
    /// Which tables are captured.
    pub selection: Selection,
    /// How values are represented.
    pub modes: Modes,
    /// Which logical messages are told, where the server is asked for them.
    pub messages: Option<Prefixes>,
    /// Structures resolved before, by [`crate::pgoutput::Relation::hash`].
    pub structures: HashMap<u64, Structure>,
    /// Asked for the others.
    pub catalog: Arc<dyn Catalog>,
    /// What the snapshot has read already.
    pub covered: Option<Arc<dyn Covered>>,
    /// Where tables can be read beside the log.
    pub resnapshot: Option<Ends>,
    /// Intervals and clock.
    pub timing: Timing,
}

impl std::fmt::Debug for Start {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Start").field("position", &self.position).finish_non_exhaustive()
    }
}

/// The channels of the stream.
#[derive(Debug)]
pub struct Wires {
    /// Full batches.
    pub messages: Sender<Message>,
    /// Empty batches. Its capacity, if it is bounded, is the number of batches that there are.
    pub spare: Receiver<Batch>,
    /// Up to which LSN Kafka has everything; what lies before the start position counts as that.
    pub confirmed: watch::Receiver<u64>,
    /// What is measured.
    pub gauges: Arc<Gauges>,
}

/// Intervals and clock.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// The server hears from us at least this often, and is asked how far it has looked: while others
    /// write it says so late by itself, and nothing else shows that the log has grown.
    pub feedback: Duration,
    /// No byte for so long, while one is waited for, means that the server is gone.
    pub silence: Duration,
    /// Idle progress is told at most this often…
    pub progress: Duration,
    /// …or when the log has grown by so much.
    pub progress_bytes: u64,
    /// Pauses the thread for read coalescing; nothing where time is simulated.
    pub pause: Option<fn(Duration)>,
    /// Microseconds since 1970, told to the server.
    pub now_us: fn() -> i64,
    /// Largest message received.
    pub max_row: usize,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            feedback: crate::settings::FEEDBACK.min(WAL_SENDER_TIMEOUT / 3),
            silence: WAL_SENDER_TIMEOUT,
            progress: Duration::from_secs(10),
            progress_bytes: 16 << 20,
            pause: Some(std::thread::sleep),
            now_us: wall_clock_us,
            max_row: crate::transport::MAX_FRAME,
        }
    }
}

fn wall_clock_us() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// Reads the stream until it fails, or until nobody takes its batches any more: then feedback is
/// sent once more, the stream is ended in order, and the result is `Ok`.
pub async fn run<S>(io: CopyBoth<S>, start: Start, wires: Wires) -> Result<()>
where
    S: AsyncRead + AsyncWrite,
{
    let CopyBoth { read, write, mut frames } = io;
    let (asked, timing) = (Notify::new(), start.timing);
    frames.set_limit(timing.max_row);
    let messages = wires.messages.clone();
    let taker = wires.messages.clone();
    let begun = start.position.lsn();
    let (confirmed, gauges) = (wires.confirmed.clone(), Arc::clone(&wires.gauges));
    gauges.confirmed.fetch_max(begun, std::sync::atomic::Ordering::Relaxed);
    let mut feedback = feedback::Feedback::new(write, begun, confirmed, gauges, timing);
    let mut reader = reader::Reader::new(read, frames, start, wires, &asked);
    let result = tokio::select! {
        biased;
        result = reader.run() => result,
        result = feedback.run(&asked) => result,
        // An idle stream has nothing to send that would show it.
        () = taker.closed() => Ok(()),
        () = messages.closed() => Ok(()),
    };
    match result {
        Ok(()) => feedback.end().await,
        // What came before the failure is whole and worth delivering.
        Err(_) => reader.deliver().await,
    }
    result
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
