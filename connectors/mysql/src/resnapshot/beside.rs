//! The jobs of a connector, one after another, and the steps of the one that is running.
//!
//! ```text
//!  job ▶ table ▶ Ordered ──read──▶ Landed ──the log is at `high`──▶ told, stored ─┐
//!        ▲         ▲  └─failed──▶ Pause ──┐      └─void──┐                        │
//!        └─────────┴──────────────────────┴──────────────┴────────────────────────┘
//! ```
//!
//! Everything is done between two transactions of the log, and nothing waits for the database.

use super::plan::plan;
use super::read::{Chunk, Reader};
use super::reading::{Reading, Step};
use super::tell;
use crate::settings::Settings;
use crate::stream::Follower;
use crate::stream::coordinates::Coordinates;
use async_channel::TryRecvError;
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use tokio::time::Instant;
use walbrook_core::checkpoint::{Part, put};
use walbrook_core::error::{Class, Error, Result};
use walbrook_core::fault;
use walbrook_core::resnapshot::{Job, State};
use walbrook_core::source::Request;
use walbrook_reader::Out;

/// How often the reader gets its turn while the log has no pause: every so many events.
const TURN: u32 = 64;

/// The jobs of a connector.
pub(crate) struct Beside {
    settings: Arc<Settings>,
    out: Rc<Out>,
    /// Jobs in their order; the first one is running.
    jobs: VecDeque<Job>,
    /// The table of the first job that is being read.
    reading: Option<Reading>,
    reader: Option<Reader>,
    /// What has been asked and not looked at.
    asked: VecDeque<Request>,
    /// Jobs of others that are not wanted any more.
    given_up: BTreeSet<String>,
    turn: u32,
}

impl Beside {
    /// With the jobs that are stored and not over.
    pub(crate) fn new(settings: Arc<Settings>, out: Rc<Out>, jobs: Vec<Job>) -> Self {
        let (jobs, asked) = (VecDeque::from(jobs), VecDeque::new());
        let given_up = BTreeSet::new();
        Self { settings, out, jobs, reading: None, reader: None, asked, given_up, turn: 0 }
    }

    /// Whether there is anything to do where the log is now.
    pub(crate) fn is_due(&self, at: &Coordinates) -> bool {
        if !self.asked.is_empty() || !self.out.requests.is_empty() {
            return true;
        }
        match self.reading.as_ref().map(|reading| &reading.step) {
            None => !self.jobs.is_empty(),
            Some(Step::Ordered) => {
                self.reader.as_ref().is_none_or(|reader| !reader.chunks.is_empty())
            }
            Some(Step::Landed(Ok(chunk))) => *at >= chunk.high,
            Some(Step::Landed(Err(_))) => true,
            Some(Step::Pause(until)) => Instant::now() >= *until,
        }
    }

    /// Lets the reader have its turn while the log keeps this task busy.
    pub(crate) async fn breathe(&mut self) {
        if self.reading.is_some() {
            self.turn = (self.turn + 1) % TURN;
            if self.turn == 0 {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Waits until there is something to do, wherever the log is.
    pub(crate) async fn woken(&mut self) {
        let (reading, reader) = (&mut self.reading, &self.reader);
        let chunk = async {
            match (reading.as_mut().map(|reading| &mut reading.step), reader) {
                (Some(step @ Step::Ordered), Some(reader)) => match reader.chunks.recv().await {
                    Ok(read) => *step = Step::Landed(read),
                    Err(_) => *step = Step::pause(),
                },
                (Some(Step::Pause(until)), _) => tokio::time::sleep_until(*until).await,
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            () = chunk => {}
            request = self.out.requests.recv() => match request {
                Ok(request) => self.asked.push_back(request),
                // Nobody will ask any more.
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// Does what is to be done where the log is now: between two transactions.
    pub(crate) async fn attend(&mut self, follower: &mut Follower) -> Result<()> {
        self.listen(follower).await?;
        let Some(mut reading) = self.reading.take() else { return self.begin(follower).await };
        if let (Step::Ordered, Some(reader)) = (&reading.step, &self.reader) {
            match reader.chunks.try_recv() {
                Ok(read) => reading.step = Step::Landed(read),
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Closed) => reading.step = Step::pause(),
            }
        }
        match std::mem::replace(&mut reading.step, Step::Ordered) {
            Step::Landed(Ok(chunk)) if *follower.at() >= chunk.high => {
                self.land(follower, reading, &chunk).await
            }
            Step::Landed(Err(error)) => self.failed(follower, reading, error).await,
            Step::Pause(until) if Instant::now() >= until => self.begin(follower).await,
            step => {
                reading.step = step;
                self.reading = Some(reading);
                Ok(())
            }
        }
    }

    /// Takes what is asked.
    pub(crate) async fn listen(&mut self, follower: &mut Follower) -> Result<()> {
        while let Ok(request) = self.out.requests.try_recv() {
            self.asked.push_back(request);
        }
        while let Some(request) = self.asked.pop_front() {
            match request {
                Request::Plan { wish, answer } => {
                    let settings = Arc::clone(&self.settings);
                    let captured = follower.captured();
                    tokio::spawn(async move {
                        // Who has gone does not miss the answer.
                        drop(answer.send(plan(&settings, &captured, wish).await).await);
                    });
                }
                Request::Read(job) => {
                    if !self.jobs.iter().any(|known| known.wish.id == job.wish.id) {
                        self.jobs.push_back(job);
                    }
                }
                Request::GiveUp(id) => self.give_up(follower, &id).await?,
            }
        }
        Ok(())
    }

    async fn give_up(&mut self, follower: &mut Follower, id: &str) -> Result<()> {
        let Some(place) = self.jobs.iter().position(|job| job.wish.id == id) else {
            self.given_up.insert(id.to_owned());
            return Ok(());
        };
        if place == 0 {
            self.leave(follower);
        }
        match self.jobs.remove(place) {
            Some(job) => self.over(follower, job, State::Stopped).await,
            None => Ok(()),
        }
    }

    /// Whether a job that others do has been given up.
    pub(crate) fn is_given_up(&self, id: &str) -> bool {
        self.given_up.contains(id)
    }

    /// Stops reading the table that is being read.
    fn leave(&mut self, follower: &mut Follower) {
        // A chunk that is on its way belongs to nobody any more: its reader goes with it.
        (self.reading, self.reader) = (None, None);
        follower.reading.unwatch();
    }

    /// Stores how a job has ended.
    async fn over(&self, follower: &mut Follower, mut job: Job, state: State) -> Result<()> {
        job.state = state;
        follower.flush().await?;
        self.store(&job).await
    }

    async fn store(&self, job: &Job) -> Result<()> {
        self.out.updates(vec![put(Part::Resnapshot(job.wish.id.clone()), job)]).await
    }

    /// Orders the next chunk, of the next table, of the next job.
    async fn begin(&mut self, follower: &mut Follower) -> Result<()> {
        while let Some(job) = self.jobs.front_mut() {
            if job.state == State::Waiting {
                job.state = State::Running;
                follower.flush().await?;
                self.out.updates(vec![put(Part::Resnapshot(job.wish.id.clone()), job)]).await?;
            }
            let predicate = job.wish.predicate.clone();
            let left = job.tables.iter_mut().find(|(_, table)| !table.done);
            let Some((name, progress)) = left else {
                self.leave(follower);
                if let Some(job) = self.jobs.pop_front() {
                    self.over(follower, job, State::Done).await?;
                }
                continue;
            };
            let Some(mut reading) = Reading::of(follower, name, progress) else {
                // Gone, or it has no key any more. One that was made anew came through the log.
                progress.done = true;
                follower.reading.unwatch();
                continue;
            };
            follower.reading.watch(&reading.table, &reading.select.layout);
            let settings = &self.settings;
            let reader = self.reader.get_or_insert_with(|| Reader::start(Arc::clone(settings)));
            let order = reading.order(follower, progress, predicate);
            if reader.order(order).is_err() {
                self.reader = None;
                reading.step = Step::pause();
            }
            self.reading = Some(reading);
            return Ok(());
        }
        Ok(())
    }

    /// Tells a chunk, if nothing has made it void, and goes on.
    async fn land(
        &mut self,
        follower: &mut Follower,
        mut it: Reading,
        chunk: &Chunk,
    ) -> Result<()> {
        let Some(job) = self.jobs.front_mut() else { return Ok(()) };
        let Some(progress) = job.tables.get_mut(&it.table.to_string()) else { return Ok(()) };
        follower.rest().await?;
        match follower.reading.watching() {
            Some(watch) if !watch.is_void() => {
                progress.rows += tell::tell(follower, watch, &self.out, &it.select, chunk).await?;
                fault::point("snapshot.segment_done");
                it.pace.learn(chunk.took);
            }
            _ => {
                tracing::debug!(table = %it.table, "a chunk was disturbed and is read again");
                it.pace.shrink();
                it.keep(progress);
                return self.begin(follower).await;
            }
        }
        progress.cursor = chunk.until.clone();
        progress.done = chunk.until.is_none();
        it.keep(progress);
        let table_done = progress.done;
        let job_done = job.tables.values().all(|table| table.done);
        if job_done {
            job.state = State::Done;
        }
        let job = job.clone();
        self.store(&job).await?;
        if table_done {
            fault::point("snapshot.table_done");
            follower.reading.unwatch();
        }
        if job_done {
            self.leave(follower);
            self.jobs.pop_front();
        }
        self.begin(follower).await
    }

    /// A chunk that could not be read: later again, or the job has failed.
    async fn failed(
        &mut self,
        follower: &mut Follower,
        mut it: Reading,
        error: Error,
    ) -> Result<()> {
        if error.class == Class::Transient {
            tracing::info!(table = %it.table, %error, "a chunk is read again");
            it.step = Step::pause();
            self.reading = Some(it);
            return Ok(());
        }
        tracing::warn!(table = %it.table, %error, "tables are not read again");
        self.leave(follower);
        if let Some(job) = self.jobs.pop_front() {
            let message = format!("{} {}", error.message, error.fix).trim_end().to_owned();
            let state = State::Failed { code: error.code.as_str().to_owned(), message };
            self.over(follower, job, state).await?;
        }
        self.begin(follower).await
    }
}
