//! What an open connector does when something is asked of it.
//!
//! ```text
//!  pause    ─▶ stored with the commit at the next boundary ─▶ both ends are closed
//!  wish     ─▶ source: plan ─▶ job ─▶ stored with the next commit ─▶ source: read ─▶ answered
//!  give up  ─▶ source ─▶ the job is over ─▶ stored ─▶ answered
//! ```
//!
//! Of a job is said what is stored, and when it is.

use super::deliver::Delivery;
use super::orders::{Ask, Refusal, Reply};
use super::tally::Promise;
use std::time::Duration;
use tokio::time::Instant;
use walbrook_core::checkpoint::{Desired, Part, put};
use walbrook_core::error::{Class, Result};
use walbrook_core::resnapshot::{Job, Wish};
use walbrook_core::source::Request;

/// How long a boundary is waited for before what is open is left to be aborted.
const BOUNDARY: Duration = Duration::from_secs(4);

/// The connector is to be left.
#[derive(Debug)]
pub struct Hold {
    desired: Desired,
    reply: Reply<()>,
    /// Until when a boundary is waited for.
    pub until: Instant,
    /// Whether it is stored.
    pub stored: bool,
}

impl Hold {
    /// It is stored: says so, and what.
    pub(super) fn done(self) -> Desired {
        self.reply.send(Ok(()));
        self.desired
    }

    /// It could not be stored here.
    pub(super) fn ask(self) -> Ask {
        Ask::Desire(self.desired, self.reply)
    }
}

/// A wish that the source is looking at.
#[derive(Debug)]
pub struct Planned {
    wish: Wish,
    reply: Reply<Job>,
    /// What the source says.
    pub answer: async_channel::Receiver<Result<Job>>,
}

impl Delivery {
    /// Does what is asked, or hands it back where everything has to be closed first.
    pub(super) async fn asked(&mut self, ask: Ask) -> Option<Ask> {
        match ask {
            Ask::Desire(Desired::Running, reply) => reply.send(Ok(())),
            Ask::Desire(desired, reply) => {
                let now = Instant::now();
                self.tally.promise(Promise::Hold, vec![put(Part::Desired, &desired)], now);
                self.hold = Some(Hold { desired, reply, until: now + BOUNDARY, stored: false });
            }
            Ask::Restart(_) => {
                // What is open and whole need not be read again; if Kafka is away, it is.
                let _ = tokio::time::timeout(BOUNDARY, self.settle()).await;
                return Some(ask);
            }
            Ask::LetGo(..) => return Some(ask),
            Ask::Place(..) | Ask::Remove(_) => ask.refuse(Refusal::not_stopped()),
            Ask::Resnapshot(wish, reply) => self.wish(wish, reply),
            Ask::GiveUp(id, reply) => self.give_up(id, reply),
        }
        None
    }

    fn wish(&mut self, wish: Wish, reply: Reply<Job>) {
        match self.jobs.same(&wish) {
            Ok(Some(job)) => return reply.send(Ok(job)),
            Err(refusal) => return reply.send(Err(refusal)),
            Ok(None) => {}
        }
        let (sender, answer) = async_channel::bounded(1);
        let plan = Request::Plan { wish: wish.clone(), answer: sender };
        match self.source.requests.try_send(plan) {
            Ok(()) => self.planned.push_back(Planned { wish, reply, answer }),
            Err(_) => reply.send(Err(Refusal::not_now("is closing"))),
        }
    }

    /// The source has looked at the oldest wish.
    pub(super) fn planned(&mut self, answer: Option<Result<Job>>) {
        let Some(Planned { wish, reply, .. }) = self.planned.pop_front() else { return };
        let job = match (answer, self.jobs.same(&wish)) {
            (None, _) => return reply.send(Err(Refusal::not_now("reads its tables"))),
            (Some(Err(error)), _) if error.class == Class::Transient => {
                return reply.send(Err(Refusal::Unavailable(error)));
            }
            (Some(Err(error)), _) => return reply.send(Err(Refusal::Invalid(error))),
            // Another wish of this id was quicker.
            (_, Ok(Some(job))) => return reply.send(Ok(job)),
            (_, Err(refusal)) => return reply.send(Err(refusal)),
            (Some(Ok(job)), Ok(None)) => job,
        };
        let mut updates = vec![put(Part::Resnapshot(job.wish.id.clone()), &job)];
        self.jobs.put(job.clone());
        updates.extend(self.jobs.forget());
        self.tally.promise(Promise::Begin(Box::new(job), reply), updates, Instant::now());
    }

    /// A job is stored: the source begins with it.
    pub(super) fn begin(&mut self, job: Job, reply: Reply<Job>) {
        // A source that is gone finds the job in the checkpoint when it comes back.
        let _ = self.source.requests.try_send(Request::Read(job.clone()));
        reply.send(Ok(job));
    }

    fn give_up(&mut self, id: String, reply: Reply<Job>) {
        match self.jobs.known(&id) {
            Ok(job) if job.state.is_over() => reply.send(Ok(job)),
            Ok(_) => match self.source.requests.try_send(Request::GiveUp(id.clone())) {
                Ok(()) => self.given_up.push((id, reply)),
                Err(_) => reply.send(Err(Refusal::not_now("is closing"))),
            },
            Err(refusal) => reply.send(Err(refusal)),
        }
    }

    /// A job stands so, says the checkpoint.
    pub(super) fn stored(&mut self, job: Job) {
        self.report.resnapshot(&job);
        if job.state.is_over() {
            let over = self.given_up.extract_if(.., |(id, _)| *id == job.wish.id);
            over.for_each(|(_, reply)| reply.send(Ok(job.clone())));
        }
        self.jobs.put(job);
    }
}
