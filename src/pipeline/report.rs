//! What a pipeline tells about itself, for status and metrics.

use super::measured::Measured;
pub use super::phase::Phase;
use crate::shape::poison::Poisoned;
use std::sync::Arc;
use std::time::Duration;
use walbrook_core::error::Error;
use walbrook_core::position::Position;
use walbrook_core::resnapshot::Job;
use walbrook_core::source::{Gauges, Progress};

/// One Kafka transaction that has become visible.
#[derive(Clone, Debug)]
pub struct Committed {
    /// Position that it stores.
    pub position: Option<Position>,
    /// Records.
    pub records: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Source transactions that ended in it.
    pub transactions: u64,
    /// From asking to the receipt.
    pub took: Duration,
    /// Changes among them that could not be told, and what became of them.
    pub poisoned: Vec<Poisoned>,
    /// What the metrics count of it.
    pub measured: Measured,
    /// What was waited for since the last one, in the order of
    /// [`Stage::ALL`](super::measured::Stage::ALL).
    pub waits: [Duration; 3],
}

/// Takes the news of one connector.
pub trait Report: Send + Sync {
    /// The phase has changed; an error says why.
    fn phase(&self, phase: Phase, error: Option<&Error>);
    /// Everything up to here is delivered, says the checkpoint.
    fn stored(&self, position: &Position);
    /// Both ends are open. `generation` counts takeovers of the connector, as its owner record does.
    fn opened(&self, gauges: Arc<Gauges>, position: Option<&Position>, generation: Option<u64>);
    /// Something is committed.
    fn committed(&self, committed: &Committed);
    /// A snapshot has come further.
    fn snapshot(&self, progress: &Progress);
    /// A job of reading tables again has come further.
    fn resnapshot(&self, job: &Job);
    /// These are the jobs that are stored; others are forgotten.
    fn resnapshots(&self, jobs: Vec<Job>);
    /// The connector writes to a topic.
    fn topic(&self, name: &str);
    /// A source transaction was split.
    fn split(&self);
    /// Something outside is waited for; `None`: no longer.
    fn waiting(&self, error: Option<&Error>);
}
