//! From a batch to the sink: shaped, tallied, and cut where a Kafka transaction ends.
//!
//! ```text
//!  batch ─▶ shape ─▶ records ─▶ cut? ── at the last boundary, if the policy says so
//!             │                  └───── inside a source transaction, if that is too large
//!             └ need ─▶ resolver ─▶ shape again from there
//! ```

use super::commit::Holding;
use super::deliver::{Broken, Delivery};
use super::measured::Stage;
use super::orders::Refusal;
use super::resolving;
use crate::codes;
use crate::shape::{Need, Output, Shaped};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use walbrook_core::batch::Batch;
use walbrook_core::checkpoint::Updates;
use walbrook_core::error::Error;
use walbrook_core::fault;
use walbrook_core::position::Position;
use walbrook_core::record::Records;
use walbrook_core::sink::{Command, Cut, Deliver};

/// How long a question to registry or broker may hold an open Kafka transaction up. A registry that has just
/// started may take seconds for its first answers, and what is aborted must be read again.
const PATIENCE: Duration = Duration::from_secs(5);

/// After this long a schema that was refused is asked for again: a person may have allowed it.
const AGAIN: Duration = Duration::from_secs(30);

impl Delivery {
    /// Shapes a batch and hands its records to the sink.
    pub(super) async fn batch(&mut self, mut batch: Batch, out: &mut Output) -> Result<(), Broken> {
        out.reset(self.arena());
        if self.refusals.elapsed() >= AGAIN {
            self.refusals = Instant::now();
            self.shaper.resolved.forget_refused();
        }
        let mut place = 0;
        let failed = loop {
            match self.shaper.shape(&batch, place, out, (self.now_us)()) {
                Shaped::Done => break None,
                Shaped::Need(at, needs) => {
                    place = at;
                    let from = std::time::Instant::now();
                    let resolved = self.resolve(needs).await;
                    self.waits.add(Stage::Registry, from);
                    resolved?;
                }
                Shaped::Failed(_, error) => break Some(error),
            }
        };
        let now = Instant::now();
        let (lane, updates) = (batch.lane.take(), std::mem::take(&mut batch.updates));
        batch.clear();
        let _ = self.source.spare.try_send(batch);
        self.tally.store(updates, now);
        if let Some(error) = failed {
            self.hand_over(out, true).await?;
            self.settle().await?;
            return Err(error.into());
        }
        self.hand_over(out, false).await?;
        if let Some(lane) = lane {
            self.tally.lane(lane, now);
        }
        Ok(())
    }

    /// Delivers the output, closing the transaction inside or behind it where that is due.
    /// `cut` asks for a cut at the last boundary, whatever the policy says.
    async fn hand_over(&mut self, out: &mut Output, cut: bool) -> Result<(), Broken> {
        let now = Instant::now();
        let count = out.records.records.len();
        let size = out.records.size();
        let boundary = out.boundary.take();
        let mut holding = self.tally.holding(now, !self.source.messages.is_empty());
        holding.records += count as u64;
        holding.bytes += size as u64;
        holding.only_progress &= count == 0;
        self.tally.transactions += out.transactions;
        let mut poisoned = std::mem::take(&mut out.poisoned);
        self.tally.measured.ended(out.oldest_us);
        let cut = match boundary {
            Some(boundary) if !self.tally.is_torn() && (cut || self.is_due(&holding)) => {
                self.tally.deliver(boundary.at, size, now);
                let behind = poisoned.split_off(boundary.poisoned.min(poisoned.len()));
                self.tally.poisoned.extend(std::mem::replace(&mut poisoned, behind));
                let updates = self.close(Some(boundary.position), now);
                self.tally.deliver(count - boundary.at, 0, now);
                Some(Cut { at: boundary.at, updates })
            }
            boundary => {
                self.tally.poisoned.append(&mut poisoned);
                self.tally.deliver(count, size, now);
                match boundary {
                    Some(boundary) if boundary.at == count => {
                        self.tally.reach(Some(boundary.position), now);
                        None
                    }
                    _ => self.split(count, &holding, now),
                }
            }
        };
        self.tally.poisoned.append(&mut poisoned);
        if count > 0 || cut.is_some() {
            let records = std::mem::take(&mut out.records);
            self.send(Command::Deliver(Deliver { records, cut })).await?;
        }
        Ok(())
    }

    /// Cuts a source transaction that is too large for one Kafka transaction.
    fn split(&mut self, count: usize, holding: &Holding, now: Instant) -> Option<Cut> {
        if !self.limits.must_split(holding) || self.tally.is_torn() {
            return None;
        }
        let position = self.shaper.split_position()?;
        fault::point("pipeline.split");
        self.report.split();
        let updates = self.close(Some(position), now);
        Some(Cut { at: count, updates })
    }

    pub(super) async fn commit_if_due(&mut self) -> Result<(), Broken> {
        let holding = self.tally.holding(Instant::now(), !self.source.messages.is_empty());
        let due = self.tally.is_whole() && self.is_due(&holding);
        // Who wants the connector to wait need not wait for the rest of a split transaction.
        let hold = self.hold.as_ref().is_some_and(|hold| !hold.stored) && self.tally.can_store();
        if due || hold {
            self.commit().await?;
        }
        Ok(())
    }

    /// Whether to close at a boundary: where the policy says so, or the connector is to be left.
    fn is_due(&self, holding: &Holding) -> bool {
        self.limits.due(holding) || (self.hold.is_some() && !holding.in_flight)
    }

    /// Closes the open transaction behind everything handed over.
    pub(super) async fn commit(&mut self) -> Result<(), Broken> {
        let updates = self.close(None, Instant::now());
        let cut = Some(Cut { at: 0, updates });
        self.send(Command::Deliver(Deliver { records: self.arena(), cut })).await
    }

    fn close(&mut self, position: Option<Position>, now: Instant) -> Updates {
        self.tally.measured.tables = self.shaper.take_told();
        self.tally.close(position, self.source.description.export, now)
    }

    /// Answers needs: quickly while a Kafka transaction is open, else for as long as it takes.
    async fn resolve(&mut self, needs: Vec<Need>) -> Result<(), Broken> {
        let resolver = Arc::clone(&self.resolver);
        let report = Arc::clone(&self.report);
        let (resolved, checkpoint) = (&mut self.shaper.resolved, &self.checkpoint);
        let asking = resolving::patiently(&needs, &*resolver, resolved, checkpoint, &*report);
        let answered = if self.tally.records == 0 {
            // Nothing is lost when it is left: nothing is open.
            tokio::select! {
                answered = asking => answered?,
                ask = self.orders.interrupted(|| Refusal::not_now("waits")) => {
                    let error = Error::transient(codes::NOT_NOW, "The wait was interrupted.");
                    return Err(Broken { error, needs, asked: Some(Box::new(ask)) });
                }
            }
        } else {
            match tokio::time::timeout(PATIENCE, asking).await {
                Ok(answered) => answered?,
                Err(_) => {
                    let error = Error::transient(
                        codes::SLOW_ANSWER,
                        "Registry or broker did not answer within 5 s inside an open Kafka transaction, which is aborted; it is asked again with none open.",
                    );
                    return Err(Broken { error, needs, asked: None });
                }
            }
        };
        self.tally.store(answered.updates, Instant::now());
        for command in answered.commands {
            self.send(command).await?;
        }
        Ok(())
    }

    pub(super) async fn beat(&mut self, out: &mut Output) -> Result<(), Broken> {
        out.reset(self.arena());
        while let Err(needs) = self.shaper.heartbeat(out, (self.now_us)()) {
            self.resolve(needs.clone()).await?;
            if let Some(error) = self.shaper.resolved.refusal(&needs) {
                return Err(error.clone().into_definite().into());
            }
        }
        let between = self.tally.is_between();
        self.hand_over(out, false).await?;
        if between {
            self.tally.reach(None, Instant::now());
        }
        Ok(())
    }

    fn arena(&self) -> Records {
        self.sink.spare.try_recv().unwrap_or_default()
    }
}
