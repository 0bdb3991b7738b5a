//! The contract of a source: encoded batches come out, confirmed positions go in.
//!
//! ```text
//!  spare ──empty Batch──▶ source ──Message::Batch──▶ pipeline
//!                           ▲                           │
//!                           └────── confirm(Position) ──┘
//! ```
//!
//! Opening takes two steps, because what is about to be created on the server must be on record
//! first: [`Source::prepare`] looks, checks and answers what the checkpoint must say; when that is
//! committed, [`Source::start`] acts.
//!
//! The number of batches in the pool bounds the memory; a source waits for an empty batch before
//! it reads on, and after a batch far over its size until all others have come back.

use crate::batch::Batch;
use crate::checkpoint::{Checkpoint, Updates};
use crate::error::{Error, Result};
use crate::position::Position;
use crate::resnapshot::{Job, Wish};
use crate::resolve::Answer;
use crate::schema::Schema;
use async_channel::{Receiver, Sender};
use std::sync::Arc;

/// A database that can be captured.
pub trait Source: Send {
    /// Connects, checks, and decides from the stored checkpoint whether to resume or to begin.
    /// Answers what must be committed to the checkpoint before [`Source::start`]; often nothing.
    fn prepare<'a>(&'a mut self, checkpoint: &'a Checkpoint) -> Answer<'a, Updates>;

    /// Starts reading from where `prepare` decided.
    fn start<'a>(self: Box<Self>) -> Answer<'a, SourceHandle>
    where
        Self: 'a;
}

/// What a source sends.
#[derive(Debug)]
pub enum Message {
    /// Encoded changes.
    Batch(Batch),
    /// How far a snapshot is, for people; nothing depends on it.
    Snapshot(Progress),
    /// From now on tables are read; the log may be followed meanwhile.
    Snapshotting,
    /// The tables are read: from now on only the log is followed, from this position.
    Streaming(Position),
    /// The source has ended and sends nothing more.
    Failed(Error),
    /// Everything that was asked for is told (`snapshot = "initial_only"`).
    Finished,
}

/// How far the snapshot of one table is.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Progress {
    /// The table, `schema.name`.
    pub table: String,
    /// Rows read so far by all runs of the daemon.
    pub rows: u64,
    /// Estimated rows of the whole table, if known.
    pub rows_estimated: Option<u64>,
    /// Table bytes covered so far.
    pub bytes: u64,
    /// Size of the whole table in bytes.
    pub bytes_total: u64,
    /// Whether the table is finished.
    pub done: bool,
}

/// What never changes about a source while it is open.
#[derive(Clone, Debug)]
pub struct Description {
    /// Name of the connector as in `source.connector` and headers: `postgresql`.
    pub connector: &'static str,
    /// Schema of the `source` block.
    pub source_schema: Arc<Schema>,
    /// Kafka Connect's offset map of a position, written beside our own entry for other tools.
    pub export: fn(&Position) -> serde_json::Value,
}

/// Told to the source: everything up to the position is committed in Kafka.
pub type Confirm = Arc<dyn Fn(&Position) + Send + Sync>;

/// What a source measures about itself, read by status and metrics at any time.
#[derive(Debug, Default)]
pub struct Gauges {
    /// Newest position in the database's log that the source has heard of, as a log offset.
    pub head: std::sync::atomic::AtomicU64,
    /// Newest position received.
    pub received: std::sync::atomic::AtomicU64,
    /// Newest position confirmed to the database.
    pub confirmed: std::sync::atomic::AtomicU64,
    /// Bytes of log that the database keeps for us.
    pub retained: std::sync::atomic::AtomicU64,
    /// Commit time of the newest transaction received, microseconds since 1970.
    pub commit_us: std::sync::atomic::AtomicI64,
}

/// What a source can be asked while it is open. A source that cannot take it says so to `answer`,
/// or drops the sender: then it is to be asked again later.
#[derive(Debug)]
pub enum Request {
    /// Checks a wish and names its tables, without doing anything: a job that is waiting. Refused
    /// where a pattern means no captured table, or a table cannot be read by key.
    Plan {
        /// What is wanted.
        wish: Wish,
        /// Takes the job or the refusal.
        answer: Sender<Result<Job>>,
    },
    /// Reads the tables of a job. It is in the checkpoint by now, where it is found after a restart.
    Read(Job),
    /// Gives a job up; what is published stays, and the checkpoint says that it is stopped.
    GiveUp(String),
}

/// An open source.
pub struct SourceHandle {
    /// What it is.
    pub description: Description,
    /// Batches and news, in log order.
    pub messages: Receiver<Message>,
    /// Empty batches going back.
    pub spare: Sender<Batch>,
    /// The only arrow back.
    pub confirm: Confirm,
    /// Numbers for status and metrics.
    pub gauges: Arc<Gauges>,
    /// What can be asked of it meanwhile.
    pub requests: Sender<Request>,
}

impl std::fmt::Debug for SourceHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceHandle").field("description", &self.description).finish()
    }
}
