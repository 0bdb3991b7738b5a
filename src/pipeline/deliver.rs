//! The loop of an open connector: receive → shape → sink, and receipts back to the source.
//!
//! ```text
//!  messages ─▶ shape ─▶ Deliver{records, cut} ─▶ sink
//!                          ▲                       │
//!            policy: due?  └──── tally ◀── receipt ┘ ─▶ confirm(position)
//! ```

use super::commit::Limits;
use super::report::{Committed, Phase, Report};
use super::resolving;
use super::tally::Tally;
use crate::codes;
use crate::shape::{Need, Output, Shaped, Shaper};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use walbrook_core::batch::{Batch, Lane};
use walbrook_core::checkpoint::{Checkpoint, Part, Updates};
use walbrook_core::error::{Error, Result};
use walbrook_core::fault;
use walbrook_core::record::Records;
use walbrook_core::resolve::Resolver;
use walbrook_core::sink::{Command, Cut, Deliver, Receipt, SinkHandle};
use walbrook_core::source::{Message, SourceHandle};

/// How long a question to registry or broker may hold an open Kafka transaction up.
const PATIENCE: Duration = Duration::from_secs(1);
/// After this long without an answer of Kafka the status says that it is waited for.
const STALL: Duration = Duration::from_secs(3);
/// How long a stop may take before what is open is left to be aborted.
pub const STOP: Duration = Duration::from_secs(8);

/// How delivering ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A stop was asked for.
    Stopped,
    /// The source has nothing more.
    Finished,
}

/// How delivering ended badly.
#[derive(Debug)]
pub struct Broken {
    /// Why.
    pub error: Error,
    /// What was being waited for, to be resolved before the next start.
    pub needs: Vec<Need>,
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self { error, needs: Vec::new() }
    }
}

/// An open connector.
pub struct Delivery {
    /// The way to Kafka.
    pub sink: SinkHandle,
    /// The database.
    pub source: SourceHandle,
    /// What was stored when this generation began.
    pub checkpoint: Checkpoint,
    /// Batches to records.
    pub shaper: Shaper,
    /// When to commit.
    pub limits: Limits,
    /// Heartbeat interval, if there are heartbeats.
    pub heartbeat: Option<Duration>,
    /// Schema ids and topics.
    pub resolver: Arc<dyn Resolver>,
    /// Takes the news.
    pub report: Arc<dyn Report>,
    /// Microseconds since 1970.
    pub now_us: Box<dyn Fn() -> i64 + Send + Sync>,
    /// What has been handed over.
    pub tally: Tally,
    /// Whether anything was committed.
    pub progressed: bool,
    /// Whether stream positions are arriving.
    pub streaming: bool,
    /// Whether the status says that Kafka is waited for.
    pub waiting: AtomicBool,
}

/// What woke the loop.
enum Wake {
    Receipt(Result<Result<Receipt>, async_channel::RecvError>),
    Message(Result<Message, async_channel::RecvError>),
    Due,
    Stalled,
    Heartbeat,
    Stop,
}

impl Delivery {
    /// Delivers until the source ends, something fails, or `stop` says true.
    pub async fn run(&mut self, mut stop: watch::Receiver<bool>) -> Result<Outcome, Broken> {
        let mut out = Output::default();
        let mut beat = self.heartbeat.map(|every| Instant::now() + every);
        loop {
            match self.wake(&mut stop, beat).await {
                Wake::Receipt(receipt) => self.receipt(receipt)?,
                Wake::Message(Ok(Message::Batch(batch))) => self.batch(batch, &mut out).await?,
                Wake::Message(Ok(Message::Snapshot(progress))) => {
                    self.report.snapshot(&progress);
                }
                Wake::Message(Ok(Message::Failed(error))) => {
                    self.settle().await?;
                    return Err(error.into());
                }
                Wake::Message(Ok(Message::Finished)) => {
                    self.settle().await?;
                    return Ok(Outcome::Finished);
                }
                Wake::Message(Err(_)) => return Err(ended("source").into()),
                Wake::Due => {}
                Wake::Stalled => self.stalled(),
                Wake::Heartbeat => {
                    beat = self.heartbeat.map(|every| Instant::now() + every);
                    self.beat(&mut out).await?;
                }
                Wake::Stop => {
                    fault::point("pipeline.stopping");
                    let _ = tokio::time::timeout(STOP, self.settle()).await;
                    return Ok(Outcome::Stopped);
                }
            }
            self.commit_if_due().await?;
        }
    }

    async fn wake(&self, stop: &mut watch::Receiver<bool>, beat: Option<Instant>) -> Wake {
        let due = self.tally.is_whole() && self.tally.in_flight.is_empty();
        let interval =
            if self.tally.records == 0 { self.limits.idle } else { self.limits.interval };
        let deadline = self.tally.since().map(|since| since + interval);
        let oldest = self.tally.in_flight.front().filter(|_| !self.waiting.load(Relaxed));
        let stall = oldest.map(|commit| commit.asked + STALL);
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => Wake::Stop,
            receipt = self.sink.receipts.recv() => Wake::Receipt(receipt),
            () = sleep_until(deadline), if due && deadline.is_some() => Wake::Due,
            () = sleep_until(beat), if beat.is_some() => Wake::Heartbeat,
            () = sleep_until(stall), if stall.is_some() => Wake::Stalled,
            message = self.source.messages.recv() => Wake::Message(message),
        }
    }

    /// Shapes a batch and hands its records to the sink.
    async fn batch(&mut self, mut batch: Batch, out: &mut Output) -> Result<(), Broken> {
        out.reset(self.arena());
        let mut place = 0;
        let failed = loop {
            match self.shaper.shape(&batch, place, out, (self.now_us)()) {
                Shaped::Done => break None,
                Shaped::Need(at, needs) => {
                    place = at;
                    self.resolve(needs).await?;
                }
                Shaped::Failed(_, error) => break Some(error),
            }
        };
        let now = Instant::now();
        let (lane, updates) = (batch.lane.take(), std::mem::take(&mut batch.updates));
        batch.clear();
        let _ = self.source.spare.try_send(batch);
        self.tally.store(updates, now);
        self.note_phase(lane.as_ref(), out);
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
        let cut = match boundary {
            Some(boundary) if !self.tally.is_torn() && (cut || self.limits.due(&holding)) => {
                self.tally.deliver(boundary.at, size, now);
                let updates = self.close(Some(boundary.position), now);
                self.tally.deliver(count - boundary.at, 0, now);
                Some(Cut { at: boundary.at, updates })
            }
            boundary => {
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
        if count > 0 || cut.is_some() {
            let records = std::mem::take(&mut out.records);
            self.send(Command::Deliver(Deliver { records, cut })).await?;
        }
        Ok(())
    }

    /// Cuts a source transaction that is too large for one Kafka transaction.
    fn split(
        &mut self,
        count: usize,
        holding: &super::commit::Holding,
        now: Instant,
    ) -> Option<Cut> {
        if !self.limits.must_split(holding) || self.tally.is_torn() {
            return None;
        }
        let position = self.shaper.split_position()?;
        fault::point("pipeline.split");
        self.report.split();
        let updates = self.close(Some(position), now);
        Some(Cut { at: count, updates })
    }

    async fn commit_if_due(&mut self) -> Result<(), Broken> {
        let holding = self.tally.holding(Instant::now(), !self.source.messages.is_empty());
        if self.tally.is_whole() && self.limits.due(&holding) {
            self.commit().await?;
        }
        Ok(())
    }

    /// Closes the open transaction behind everything handed over.
    async fn commit(&mut self) -> Result<(), Broken> {
        let updates = self.close(None, Instant::now());
        let cut = Some(Cut { at: 0, updates });
        self.send(Command::Deliver(Deliver { records: self.arena(), cut })).await
    }

    fn close(
        &mut self,
        position: Option<walbrook_core::position::Position>,
        now: Instant,
    ) -> Updates {
        self.tally.close(position, self.source.description.export, now)
    }

    /// Commits what can be committed and waits for every receipt.
    async fn settle(&mut self) -> Result<(), Broken> {
        if self.tally.is_whole() {
            self.commit().await?;
        }
        while !self.tally.in_flight.is_empty() {
            let receipt = self.sink.receipts.recv().await;
            self.receipt(receipt)?;
        }
        Ok(())
    }

    fn receipt(
        &mut self,
        receipt: Result<Result<Receipt>, async_channel::RecvError>,
    ) -> Result<(), Broken> {
        receipt.map_err(|_| ended("sink"))??;
        let Some(done) = self.tally.in_flight.pop_front() else { return Ok(()) };
        self.progressed = true;
        if self.waiting.swap(false, Relaxed) {
            let streaming = self.streaming;
            self.report.phase(if streaming { Phase::Streaming } else { Phase::Snapshotting }, None);
        }
        fault::point("pipeline.before_confirm");
        if let Some(position) = &done.position {
            (self.source.confirm)(position);
        }
        fault::point("pipeline.after_confirm");
        self.report.committed(&Committed {
            position: done.position,
            records: done.records,
            bytes: done.bytes,
            transactions: done.transactions,
            took: done.asked.elapsed(),
        });
        Ok(())
    }

    /// Answers needs: quickly while a Kafka transaction is open, else for as long as it takes.
    async fn resolve(&mut self, needs: Vec<Need>) -> Result<(), Broken> {
        let resolver = Arc::clone(&self.resolver);
        let report = Arc::clone(&self.report);
        let (resolved, checkpoint) = (&mut self.shaper.resolved, &self.checkpoint);
        let asking = resolving::patiently(&needs, &*resolver, resolved, checkpoint, &*report);
        let answered = if self.tally.records == 0 {
            asking.await?
        } else {
            match tokio::time::timeout(PATIENCE, asking).await {
                Ok(answered) => answered?,
                Err(_) => {
                    let error = Error::transient(
                        codes::SLOW_ANSWER,
                        "Registry or broker did not answer within 1 s inside an open Kafka transaction, which is aborted; it is asked again with none open.",
                    );
                    return Err(Broken { error, needs });
                }
            }
        };
        self.tally.store(answered.updates, Instant::now());
        for command in answered.commands {
            self.send(command).await?;
        }
        Ok(())
    }

    async fn beat(&mut self, out: &mut Output) -> Result<(), Broken> {
        out.reset(self.arena());
        while let Err(needs) = self.shaper.heartbeat(out, (self.now_us)()) {
            self.resolve(needs).await?;
        }
        let between = self.tally.is_between();
        self.hand_over(out, false).await?;
        if between {
            self.tally.reach(None, Instant::now());
        }
        Ok(())
    }

    /// A snapshot ends with the position that the stream goes on from; on an idle database that
    /// is all that comes for a long time.
    /// Tells the phase where it changes. The batch that ends a snapshot says where the stream
    /// begins, which a split of its first transaction must know.
    fn note_phase(&mut self, lane: Option<&Lane>, out: &Output) {
        let begins = lane.and_then(|lane| {
            let mut updates = lane.updates.iter();
            let position = updates.find(|(part, _)| *part == Part::Position)?;
            serde_json::from_value(position.1.clone()?).ok()
        });
        let streamed = out.boundary.is_some() || !out.records.records.is_empty();
        if !self.streaming && (begins.is_some() || (lane.is_none() && streamed)) {
            self.streaming = true;
            self.report.phase(Phase::Streaming, None);
        } else if self.streaming && lane.is_some() && begins.is_none() {
            self.streaming = false;
            self.report.phase(Phase::Snapshotting, None);
        }
        if let Some(position) = begins {
            self.shaper.resume(position);
        }
    }

    fn arena(&self) -> Records {
        self.sink.spare.try_recv().unwrap_or_default()
    }

    /// Says, once, that Kafka does not answer.
    fn stalled(&self) {
        if !self.waiting.swap(true, Relaxed) {
            let message = "Kafka has not answered for 3 s; the connector waits and loses nothing.";
            self.report.phase(Phase::Retrying, Some(&Error::transient(codes::STALLED, message)));
        }
    }

    /// Hands a command to the sink. A sink that has ended has said why.
    async fn send(&self, command: Command) -> Result<(), Broken> {
        let mut sending = std::pin::pin!(self.sink.commands.send(command));
        let sent = loop {
            tokio::select! {
                sent = &mut sending => break sent,
                () = tokio::time::sleep(STALL) => self.stalled(),
            }
        };
        if sent.is_ok() {
            return Ok(());
        }
        while let Ok(receipt) = self.sink.receipts.try_recv() {
            receipt?;
        }
        Err(ended("sink").into())
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn ended(part: &str) -> Error {
    Error::transient(codes::ENDED, format!("The {part} of the connector ended without saying why."))
}
