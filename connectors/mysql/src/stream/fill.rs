//! The batch that is being filled: opened when it is needed, handed on when it is full.

use super::failure::protocol;
use super::follower::Follower;
use walbrook_core::batch::Batch;
use walbrook_core::change::{self, Event as Told};
use walbrook_core::error::Result;
use walbrook_core::fault;

impl Follower {
    /// The batch that is being filled; a new one where there is none.
    pub(super) async fn batch(&mut self) -> Result<&mut Batch> {
        if self.batch.is_none() {
            self.batch = Some(self.out.empty().await?);
            self.head = None;
        }
        // There is one now.
        self.batch.as_mut().ok_or_else(|| protocol("A batch is missing."))
    }

    /// Tells the beginning of the transaction before its first change.
    pub(super) async fn begin_told(&mut self) -> Result<()> {
        self.batch().await?;
        let (Some(transaction), Some(batch)) = (&mut self.transaction, &mut self.batch) else {
            return Err(protocol("Rows came outside a transaction."));
        };
        if transaction.told {
            return Ok(());
        }
        if std::mem::take(&mut self.moved) {
            batch.events.push(Told::Progress(self.position.clone()));
        }
        let id = batch.append(transaction.id.as_bytes());
        let commit_us = transaction.commit_us.unwrap_or(transaction.logged_us);
        batch.events.push(Told::Begin(change::Begin { id, commit_us }));
        transaction.told = true;
        fault::point("stream.after_begin");
        Ok(())
    }

    /// Says how far it is where nothing else says so.
    pub(super) async fn progress(&mut self) -> Result<()> {
        let inside = self.transaction.as_ref().is_some_and(|transaction| transaction.told);
        if self.moved && !inside {
            self.moved = false;
            let position = self.position.clone();
            self.batch().await?.events.push(Told::Progress(position));
        }
        Ok(())
    }

    /// Hands on what has been collected.
    pub(crate) async fn flush(&mut self) -> Result<()> {
        self.progress().await?;
        self.send()
    }

    /// Hands the batch on where it is full.
    pub(super) async fn send_full(&mut self) -> Result<()> {
        match &self.batch {
            Some(batch) if batch.is_full() => self.send(),
            _ => Ok(()),
        }
    }

    /// Hands the batch on, if there is anything in it.
    pub(super) fn send(&mut self) -> Result<()> {
        match self.batch.take() {
            Some(batch) if batch.events.is_empty() && batch.updates.is_empty() => {
                self.batch = Some(batch);
                Ok(())
            }
            Some(batch) => {
                self.head = None;
                self.out.send(batch)
            }
            None => Ok(()),
        }
    }

    /// Gives the batch back, so that all of them are free for the readers of chunks.
    pub(crate) async fn rest(&mut self) -> Result<()> {
        self.flush().await?;
        match self.batch.take() {
            Some(batch) => self.out.send(batch),
            None => Ok(()),
        }
    }
}
