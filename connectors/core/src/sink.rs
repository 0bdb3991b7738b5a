//! The contract of the sink: one Kafka transaction holds records and the checkpoint after them.
//!
//! ```text
//!  pipeline ──Command──▶ sink thread ──▶ Kafka
//!     ▲                      │
//!     └──────Receipt─────────┘     in the order of the cuts; an error is the last thing said
//! ```
//!
//! A transaction is opened by the first record after a cut. A [`Cut`] closes it. After an error
//! the sink says nothing more: the pipeline drops it, opens a new one, and trusts only the
//! checkpoint that it reads back.

use crate::checkpoint::{Checkpoint, Updates};
use crate::error::Result;
use crate::record::{Records, TopicId};
use async_channel::{Receiver, Sender};

/// What the pipeline asks of the sink.
#[derive(Debug)]
pub enum Command {
    /// From now on `id` means the topic `name`; its records may have `max_bytes` at most.
    Topic {
        /// The handle.
        id: TopicId,
        /// Name of an existing topic.
        name: String,
        /// The topic's `max.message.bytes`.
        max_bytes: usize,
    },
    /// Deliver records, and perhaps commit in between.
    Deliver(Deliver),
}

/// Records to deliver in order.
#[derive(Debug, Default)]
pub struct Deliver {
    /// The records.
    pub records: Records,
    /// Where to close the open transaction.
    pub cut: Option<Cut>,
}

/// Closes a transaction: everything delivered so far and `records[..at]`, with the checkpoint.
#[derive(Clone, Debug)]
pub struct Cut {
    /// Number of records of this delivery that belong to the transaction being closed.
    pub at: usize,
    /// What the checkpoint says from then on.
    pub updates: Updates,
}

/// A transaction is committed: its records and its checkpoint are visible, or will be in a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Number of the cut, from 1, in the order in which they were asked for.
    pub cut: u64,
    /// Records in the transaction, checkpoint records not counted.
    pub records: u64,
}

/// An open sink: this instance owns the connector, and knows its checkpoint.
#[derive(Debug)]
pub struct SinkHandle {
    /// Commands; closing it ends the sink, which aborts what is open.
    pub commands: Sender<Command>,
    /// Receipts; the first error is the last message. Who closes the commands and listens on hears
    /// their end when nothing more becomes visible: a broker answers a commit somewhat earlier.
    pub receipts: Receiver<Result<Receipt>>,
    /// Emptied arenas coming back.
    pub spare: Receiver<Records>,
    /// What was stored when this instance took over.
    pub checkpoint: Checkpoint,
}
