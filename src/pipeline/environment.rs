//! What a pipeline is given: ways to open both ends, and the time. The simulator gives its own.

use std::sync::Arc;
use walbrook_core::checkpoint::Checkpoint;
use walbrook_core::idle::Idle;
use walbrook_core::resolve::{Answer, Resolver};
use walbrook_core::sink::SinkHandle;
use walbrook_core::source::Source;

/// The outside of one connector's pipeline.
pub trait Environment: Send + Sync {
    /// Takes the connector over in Kafka and reads its checkpoint.
    fn open_sink(&self) -> Answer<'_, SinkHandle>;

    /// The checkpoint as it is visible now. Takes nothing over.
    fn load(&self) -> Answer<'_, Checkpoint>;

    /// Deletes the checkpoint; answers what that was, or nothing where there is none.
    fn remove_checkpoint(&self) -> Answer<'_, Option<String>>;

    /// The database while it is not being read.
    fn idle(&self) -> Arc<dyn Idle>;

    /// From now on it is a new start: it may take over again, from whoever has the connector.
    fn begin_anew(&self);

    /// After having been fenced: whether it was our own time-out, so that opening again is right.
    fn reopen_allowed(&self) -> Answer<'_, bool>;

    /// A source that has not been prepared yet.
    fn source(&self) -> Box<dyn Source>;

    /// Schema ids and topics.
    fn resolver(&self) -> Arc<dyn Resolver>;

    /// Microseconds since 1970.
    fn now_us(&self) -> i64;
}
