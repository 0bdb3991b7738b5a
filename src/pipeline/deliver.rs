//! The loop of an open connector: receive → shape → sink, and receipts back to the source.
//!
//! ```text
//!  messages ─▶ shape ─▶ Deliver{records, cut} ─▶ sink
//!                          ▲                       │
//!            policy: due?  └──── tally ◀── receipt ┘ ─▶ confirm(position)
//! ```

use super::asked::{Hold, Planned};
use super::commit::Limits;
use super::jobs::Jobs;
use super::measured::{Stage, Waits};
use super::orders::{Ask, Orders, Reply};
use super::report::{Committed, Phase, Report};
use super::tally::{Promise, Tally};
use crate::codes;
use crate::shape::{Need, Output, Shaper};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use tokio::time::Instant;
use walbrook_core::checkpoint::{Checkpoint, Desired};
use walbrook_core::error::{Error, Result};
use walbrook_core::fault;
use walbrook_core::resnapshot::Job;
use walbrook_core::resolve::Resolver;
use walbrook_core::sink::{Command, Receipt, SinkHandle};
use walbrook_core::source::{Message, SourceHandle};

/// After this long without an answer of Kafka the status says that it is waited for.
const STALL: Duration = Duration::from_secs(3);
/// How long a stop may take before what is open is left to be aborted.
pub const STOP: Duration = Duration::from_secs(8);

/// How delivering ended well.
#[derive(Debug)]
pub enum Outcome {
    /// The process is to end.
    Stopped,
    /// It is stored that a person wants it to wait.
    Held(Desired),
    /// Something was asked for that is done with nothing open.
    Asked(Ask),
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
    /// It was no failure: what was being waited for was left for this.
    pub asked: Option<Box<Ask>>,
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self { error, needs: Vec::new(), asked: None }
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
    /// What is asked of the connector.
    pub orders: Orders,
    /// Jobs of reading tables again.
    pub jobs: Jobs,
    /// Wishes that the source is looking at.
    pub planned: VecDeque<Planned>,
    /// Jobs that are being given up, and who wants to know.
    pub given_up: Vec<(String, Reply<Job>)>,
    /// The connector is to be left at the next boundary.
    pub hold: Option<Hold>,
    /// What has been handed over.
    pub tally: Tally,
    /// Whether anything was committed.
    pub progressed: bool,
    /// What the source does.
    pub phase: Phase,
    /// Whether the status says that Kafka is waited for.
    pub waiting: AtomicBool,
    /// What was waited for.
    pub waits: Waits,
    /// When schemas that the registry refuses were last forgotten.
    pub refusals: Instant,
}

/// What woke the loop.
enum Wake {
    Receipt(Result<Result<Receipt>, async_channel::RecvError>),
    Message(Result<Message, async_channel::RecvError>),
    Asked(Ask),
    Planned(Option<Result<Job>>),
    Overdue,
    Due,
    Stalled,
    Heartbeat,
    Stop,
}

impl Delivery {
    /// Delivers until the source ends, something fails, or it is asked to end or to wait.
    pub async fn run(&mut self) -> Result<Outcome, Broken> {
        let mut out = Output::default();
        let mut beat = self.heartbeat.map(|every| Instant::now() + every);
        loop {
            let from = std::time::Instant::now();
            let wake = self.wake(beat).await;
            if matches!(wake, Wake::Message(_)) {
                self.waits.add(Stage::Source, from);
            }
            match wake {
                Wake::Receipt(receipt) => self.receipt(receipt)?,
                Wake::Message(Ok(Message::Batch(batch))) => self.batch(batch, &mut out).await?,
                Wake::Message(Ok(Message::Snapshotting)) => self.phase(Phase::Snapshotting),
                Wake::Message(Ok(Message::Streaming(from))) => {
                    self.phase(Phase::Streaming);
                    self.shaper.resume(from);
                }
                Wake::Message(Ok(Message::Snapshot(progress))) => {
                    self.report.snapshot(&progress);
                }
                Wake::Asked(ask) => {
                    if let Some(ask) = self.asked(ask).await {
                        return Ok(Outcome::Asked(ask));
                    }
                }
                Wake::Planned(answer) => self.planned(answer),
                Wake::Overdue => {
                    if let Some(hold) = self.hold.take() {
                        return Ok(Outcome::Asked(hold.ask()));
                    }
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
            if let Some(hold) = self.hold.take_if(|hold| hold.stored) {
                return Ok(Outcome::Held(hold.done()));
            }
            self.commit_if_due().await?;
        }
    }

    /// Says what the source does from now on.
    fn phase(&mut self, phase: Phase) {
        self.phase = phase;
        self.report.phase(phase, None);
    }

    async fn wake(&self, beat: Option<Instant>) -> Wake {
        let due = self.tally.is_whole() && self.tally.in_flight.is_empty();
        let interval =
            if self.tally.records == 0 { self.limits.idle } else { self.limits.interval };
        let deadline = self.tally.since().map(|since| since + interval);
        let oldest = self.tally.in_flight.front().filter(|_| !self.waiting.load(Relaxed));
        let stall = oldest.map(|commit| commit.asked + STALL);
        let overdue = self.hold.as_ref().map(|hold| hold.until);
        let planned = self.planned.front().map(|planned| planned.answer.clone());
        tokio::select! {
            biased;
            () = self.orders.stopped() => Wake::Stop,
            receipt = self.sink.receipts.recv() => Wake::Receipt(receipt),
            () = sleep_until(overdue), if overdue.is_some() => Wake::Overdue,
            ask = self.orders.asked(), if self.hold.is_none() => Wake::Asked(ask),
            answer = answered(planned) => Wake::Planned(answer),
            () = sleep_until(deadline), if due && deadline.is_some() => Wake::Due,
            () = sleep_until(beat), if beat.is_some() => Wake::Heartbeat,
            () = sleep_until(stall), if stall.is_some() => Wake::Stalled,
            message = self.source.messages.recv() => Wake::Message(message),
        }
    }

    /// Commits what can be committed and waits for every receipt.
    pub(super) async fn settle(&mut self) -> Result<(), Broken> {
        if self.tally.is_whole() {
            self.commit().await?;
        }
        while !self.tally.in_flight.is_empty() {
            let receipt = self.sink.receipts.recv().await;
            self.receipt(receipt)?;
        }
        Ok(())
    }

    /// Does what was promised for when the entries are stored.
    fn keep(&mut self, promises: Vec<Promise>) {
        for promise in promises {
            match promise {
                Promise::Hold => {
                    fault::point("pipeline.held");
                    if let Some(hold) = &mut self.hold {
                        hold.stored = true;
                    }
                }
                Promise::Begin(job, reply) => self.begin(*job, reply),
            }
        }
    }

    fn receipt(
        &mut self,
        receipt: Result<Result<Receipt>, async_channel::RecvError>,
    ) -> Result<(), Broken> {
        receipt.map_err(|_| ended("sink"))??;
        let Some(done) = self.tally.in_flight.pop_front() else { return Ok(()) };
        self.progressed = true;
        if self.waiting.swap(false, Relaxed) {
            self.report.phase(self.phase, None);
        }
        fault::point("pipeline.before_confirm");
        if let Some(position) = &done.position {
            (self.source.confirm)(position);
        }
        fault::point("pipeline.after_confirm");
        done.jobs.into_iter().for_each(|job| self.stored(job));
        self.keep(done.promises);
        self.report.committed(&Committed {
            position: done.position,
            records: done.records,
            bytes: done.bytes,
            transactions: done.transactions,
            took: done.asked.elapsed(),
            poisoned: done.poisoned,
            measured: done.measured,
            waits: self.waits.take(),
        });
        Ok(())
    }

    /// Says, once, that Kafka does not answer.
    fn stalled(&self) {
        if !self.waiting.swap(true, Relaxed) {
            let message = "Kafka has not answered for 3 s; the connector waits and loses nothing.";
            self.report.phase(Phase::Retrying, Some(&Error::transient(codes::STALLED, message)));
        }
    }

    /// Hands a command to the sink. A sink that has ended has said why.
    pub(super) async fn send(&self, command: Command) -> Result<(), Broken> {
        let from = std::time::Instant::now();
        let mut sending = std::pin::pin!(self.sink.commands.send(command));
        let sent = loop {
            tokio::select! {
                sent = &mut sending => break sent,
                () = tokio::time::sleep(STALL) => self.stalled(),
            }
        };
        self.waits.add(Stage::Kafka, from);
        if sent.is_ok() {
            return Ok(());
        }
        while let Ok(receipt) = self.sink.receipts.try_recv() {
            receipt?;
        }
        Err(ended("sink").into())
    }
}

/// What the source says to a wish; nothing where it could not take it.
async fn answered(planned: Option<async_channel::Receiver<Result<Job>>>) -> Option<Result<Job>> {
    match planned {
        Some(answer) => answer.recv().await.ok(),
        None => std::future::pending().await,
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
