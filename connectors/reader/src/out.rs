//! The way out of the reader thread: batches from the pool, filled, to the pipeline.

use async_channel::{Receiver, Sender};
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;
use walbrook_core::batch::{Batch, FULL, Lane};
use walbrook_core::checkpoint::Updates;
use walbrook_core::error::{Error, Result};
use walbrook_core::source::{Gauges, Message, Request};

/// How many batches there are.
pub const POOL: usize = 8;

/// The sending half of a source.
#[derive(Debug)]
pub struct Out {
    /// To the pipeline. Without a bound: the pool is the bound.
    pub messages: Sender<Message>,
    /// Empty batches coming back.
    pub spare: Receiver<Batch>,
    /// Numbers for status and metrics.
    pub gauges: Arc<Gauges>,
    /// What the source is asked while it is open.
    pub requests: Receiver<Request>,
    /// Batches that are being filled.
    held: Cell<usize>,
    /// A batch far over its size is under way: nothing is read until it has come back.
    flood: Cell<bool>,
    /// What is said when nobody listens any more; nobody will read it either.
    stopped: fn() -> Error,
}

impl Out {
    /// The sending half; `stopped` says that nobody listens any more.
    pub fn new(
        messages: Sender<Message>,
        spare: Receiver<Batch>,
        gauges: Arc<Gauges>,
        requests: Receiver<Request>,
        stopped: fn() -> Error,
    ) -> Self {
        Self {
            messages,
            spare,
            gauges,
            requests,
            held: Cell::new(0),
            flood: Cell::new(false),
            stopped,
        }
    }

    /// An empty batch, as soon as there is one.
    pub async fn empty(&self) -> Result<Batch> {
        while self.flood.get() {
            if self.spare.len() + self.held.get() >= POOL {
                self.flood.set(false);
            } else {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        let mut batch = self.spare.recv().await.map_err(|_| (self.stopped)())?;
        batch.clear();
        self.held.set(self.held.get() + 1);
        Ok(batch)
    }

    /// Hands a batch over, at once.
    pub fn send(&self, batch: Batch) -> Result<()> {
        self.held.set(self.held.get().saturating_sub(1));
        if batch.bytes.len() > 4 * FULL {
            self.flood.set(true);
        }
        self.tell(Message::Batch(batch))
    }

    /// Says something, at once.
    pub fn tell(&self, message: Message) -> Result<()> {
        self.messages.try_send(message).map_err(|_| (self.stopped)())
    }

    /// Hands over news of the checkpoint without a row.
    pub async fn updates(&self, updates: Updates) -> Result<()> {
        let mut batch = self.empty().await?;
        batch.lane = Some(Lane { number: 0, torn: false, updates });
        self.send(batch)
    }
}
