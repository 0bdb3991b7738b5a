//! The thin port of a transactional producer: everything below it is Kafka, everything above it
//! can be tested without.

use std::ops::Range;
use walbrook_core::record::{Records, TopicId};

/// Why a call of the port did not succeed. The texts never hold a key or a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortError {
    /// Nothing happened; the same may succeed later.
    Retriable(String),
    /// The open transaction is lost and can only be aborted.
    Abortable(String),
    /// Another producer has the id, or the broker ended the transaction: they look the same.
    Fenced(String),
    /// The brokers refuse the user, or what is asked of them: the same will always be refused.
    Denied(String),
    /// The producer cannot go on.
    Fatal(String),
    /// A record is larger than the topic allows.
    TooLarge {
        /// Its place in [`Records`], where that is known.
        index: Option<usize>,
        /// What the broker or the client said.
        text: String,
    },
    /// No answer in time: it may or may not have happened. A commit is to be called again.
    Unclear(String),
    /// The producer must be made again to fit a topic or a record.
    Refit(String),
}

/// One record of the checkpoint topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Key.
    pub key: Vec<u8>,
    /// Value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
}

/// A transactional producer of one connector. Every call blocks.
pub trait Port {
    /// Takes the transactional id: fences everybody else and ends what they left open.
    fn init(&mut self) -> Result<(), PortError>;

    /// From now on `id` means the topic `name`, which allows batches of `max_bytes`.
    fn topic(&mut self, id: TopicId, name: &str, max_bytes: usize) -> Result<(), PortError>;

    /// Opens a transaction.
    fn begin(&mut self) -> Result<(), PortError>;

    /// Hands over `records[range]`. Order holds within a partition, and only there.
    fn produce(&mut self, records: &Records, range: Range<usize>) -> Result<(), PortError>;

    /// Hands over records of the checkpoint topic, in order.
    fn produce_checkpoint(&mut self, entries: &[Entry]) -> Result<(), PortError>;

    /// Commits the open transaction: one attempt of about [`ATTEMPT`]. After
    /// [`PortError::Retriable`] and [`PortError::Unclear`] the only call allowed is this one again.
    fn commit(&mut self) -> Result<(), PortError>;

    /// Aborts the open transaction.
    fn abort(&mut self) -> Result<(), PortError>;

    /// Returns when every consumer sees what was committed and aborted. A broker answers earlier: it
    /// has decided by then, and writes the markers of the decision into each partition afterwards.
    fn settle(&mut self) -> Result<(), PortError>;
}

/// Time of one attempt to commit.
pub const ATTEMPT: std::time::Duration = std::time::Duration::from_secs(5);

/// Number of attempts to commit: more than 60 s, after which the outcome is unclear.
pub const ATTEMPTS: u32 = 12;
