//! The way out of the reader thread: batches from the pool, filled, to the pipeline.

use crate::codes;
use async_channel::{Receiver, Sender};
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;
use walbrook_core::batch::{Batch, FULL, Lane};
use walbrook_core::checkpoint::Updates;
use walbrook_core::error::{Error, Result};
use walbrook_core::source::{Gauges, Message};

/// How many batches there are.
pub(crate) const POOL: usize = 8;

/// The sending half of a source.
#[derive(Debug)]
pub(crate) struct Out {
    /// To the pipeline. Without a bound: the pool is the bound.
    pub(crate) messages: Sender<Message>,
    /// Empty batches coming back.
    pub(crate) spare: Receiver<Batch>,
    /// Numbers for status and metrics.
    pub(crate) gauges: Arc<Gauges>,
    /// Batches that are being filled.
    held: Cell<usize>,
    /// A batch far over its size is under way: nothing is read until it has come back.
    flood: Cell<bool>,
}

impl Out {
    pub(crate) fn new(
        messages: Sender<Message>,
        spare: Receiver<Batch>,
        gauges: Arc<Gauges>,
    ) -> Self {
        Self { messages, spare, gauges, held: Cell::new(0), flood: Cell::new(false) }
    }

    /// An empty batch, as soon as there is one.
    pub(crate) async fn empty(&self) -> Result<Batch> {
        while self.flood.get() {
            if self.spare.len() + self.held.get() >= POOL {
                self.flood.set(false);
            } else {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        let mut batch = self.spare.recv().await.map_err(|_| stopped())?;
        batch.clear();
        self.held.set(self.held.get() + 1);
        Ok(batch)
    }

    /// Hands a batch over, at once.
    pub(crate) fn send(&self, batch: Batch) -> Result<()> {
        self.held.set(self.held.get().saturating_sub(1));
        if batch.bytes.len() > 4 * FULL {
            self.flood.set(true);
        }
        self.tell(Message::Batch(batch))
    }

    /// Says something, at once.
    pub(crate) fn tell(&self, message: Message) -> Result<()> {
        self.messages.try_send(message).map_err(|_| stopped())
    }

    /// Hands over news of the checkpoint without a row.
    pub(crate) async fn updates(&self, updates: Updates) -> Result<()> {
        let mut batch = self.empty().await?;
        batch.lane = Some(Lane { number: 0, torn: false, updates });
        self.send(batch)
    }
}

/// Nobody listens any more; nobody will read this either.
fn stopped() -> Error {
    Error::transient(codes::CLOSED, "The connector was stopped.")
}
