//! Takes empty batches, hands full ones on, and waits where there is none: the back-pressure.

use async_channel::{Receiver, Sender};
use walbrook_core::batch::{Batch, FULL};
use walbrook_core::source::Message;

/// A batch over this size takes the memory of all others.
const HUGE: usize = 4 * FULL;

/// The taker of batches is gone: the stream is to end.
#[derive(Clone, Copy, Debug)]
pub struct Gone;

/// The batch being filled and where it comes from and goes to.
#[derive(Debug)]
pub struct Outlet {
    messages: Sender<Message>,
    spare: Receiver<Batch>,
    batch: Option<Batch>,
    /// Empty batches collected while a huge one was on its way.
    collected: Vec<Batch>,
}

impl Outlet {
    /// An outlet with nothing in it.
    pub fn new(messages: Sender<Message>, spare: Receiver<Batch>) -> Self {
        Self { messages, spare, batch: None, collected: Vec::new() }
    }

    /// Makes sure that there is a batch, and says whether it is a new one.
    #[inline]
    pub async fn provide(&mut self) -> Result<bool, Gone> {
        if self.batch.is_some() {
            return Ok(false);
        }
        self.batch = Some(match self.collected.pop() {
            Some(batch) => batch,
            None => self.spare.recv().await.map_err(|_| Gone)?,
        });
        Ok(true)
    }

    /// The batch, if [`Outlet::provide`] has been called since the last was sent.
    #[inline]
    pub fn batch(&mut self) -> Option<&mut Batch> {
        self.batch.as_mut()
    }

    /// Sends the batch if it is full.
    #[inline]
    pub async fn send_full(&mut self) -> Result<(), Gone> {
        match &self.batch {
            Some(batch) if batch.is_full() => self.send().await,
            _ => Ok(()),
        }
    }

    /// Sends the batch if there is anything in it.
    pub async fn send(&mut self) -> Result<(), Gone> {
        let Some(batch) = self.batch.take() else { return Ok(()) };
        if batch.events.is_empty() && batch.updates.is_empty() && batch.lane.is_none() {
            self.batch = Some(batch);
            return Ok(());
        }
        let huge = batch.bytes.len() > HUGE;
        self.messages.send(Message::Batch(batch)).await.map_err(|_| Gone)?;
        if huge { self.collect().await } else { Ok(()) }
    }

    /// Waits until every batch has come back.
    async fn collect(&mut self) -> Result<(), Gone> {
        let pool = self.spare.capacity().unwrap_or(0);
        while self.collected.len() < pool {
            self.collected.push(self.spare.recv().await.map_err(|_| Gone)?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use walbrook_core::batch::Span;
    use walbrook_core::change::{Begin, Event};

    fn fill(batch: &mut Batch, bytes: usize) {
        batch.append(&vec![0; bytes]);
        batch.events.push(Event::Begin(Begin { id: Span::default(), commit_us: 0 }));
    }

    #[tokio::test]
    async fn a_huge_batch_waits_for_all_batches() {
        let (messages, received) = async_channel::unbounded();
        let (back, spare) = async_channel::bounded(2);
        back.send(Batch::default()).await.unwrap();
        back.send(Batch::default()).await.unwrap();
        let mut outlet = Outlet::new(messages, spare);
        assert!(outlet.provide().await.unwrap() && !outlet.provide().await.unwrap());
        fill(outlet.batch().unwrap(), HUGE + 1);
        {
            let sending = outlet.send();
            tokio::pin!(sending);
            assert!((&mut sending).now_or_never().is_none());
            let Message::Batch(mut batch) = received.recv().await.unwrap() else { panic!() };
            batch.clear();
            back.send(batch).await.unwrap();
            sending.await.unwrap();
        }
        assert_eq!(outlet.collected.len(), 2);
        assert!(outlet.provide().await.unwrap());
    }

    #[tokio::test]
    async fn an_empty_batch_is_kept() {
        let (messages, received) = async_channel::unbounded();
        let (back, spare) = async_channel::unbounded();
        back.send(Batch::default()).await.unwrap();
        let mut outlet = Outlet::new(messages, spare);
        outlet.provide().await.unwrap();
        outlet.send().await.unwrap();
        assert!(received.is_empty() && outlet.batch().is_some());
    }
}
