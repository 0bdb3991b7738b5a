//! Supervises one connector: runs generations, hears what is asked between them, and does what the
//! lifecycle says.

use super::deliver::{Broken, Outcome};
use super::environment::Environment;
use super::generation::{self, Settings};
use super::lifecycle::{self, Action, Attempt, Event, State};
use super::offline;
use super::orders::{Ask, Orders, Refusal, Reply};
use super::report::{Phase, Report};
use crate::codes;
use crate::shape::Need;
use std::sync::{Arc, Mutex, PoisonError};
use walbrook_core::checkpoint::{Desired, Part, put};
use walbrook_core::error::{Class, Error, Result};
use walbrook_core::fault;

/// One connector.
struct Supervisor {
    settings: Settings,
    environment: Arc<dyn Environment>,
    report: Arc<dyn Report>,
    orders: Orders,
    life: Mutex<State>,
    /// What the last generation waited for.
    needs: Vec<Need>,
    /// What it failed with.
    last: Option<Error>,
}

/// Runs a connector until the process ends; answers the state in which it was left. Where nobody
/// can ask for anything it returns as soon as the connector has ended.
pub async fn supervise(
    settings: Settings,
    environment: Arc<dyn Environment>,
    report: Arc<dyn Report>,
    orders: Orders,
) -> State {
    let life = Mutex::new(State::Starting(Attempt::default()));
    let (needs, last) = (Vec::new(), None);
    let supervisor = Supervisor { settings, environment, report, orders, life, needs, last };
    supervisor.run().await
}

impl Supervisor {
    async fn run(mut self) -> State {
        let mut action = Action::Open;
        loop {
            let event = match action {
                Action::Continue | Action::End => break,
                Action::Pause(pause) => tokio::select! {
                    () = tokio::time::sleep(pause) => Event::Rested,
                    event = self.ordered() => event,
                },
                Action::ReadOwner => tokio::select! {
                    answer = self.environment.reopen_allowed() => match answer {
                        Ok(true) => Event::Ours,
                        Ok(false) => Event::Foreign,
                        Err(error) => Event::Failed(error),
                    },
                    event = self.ordered() => event,
                },
                Action::Rest => {
                    let state = self.state();
                    tell_end(&*self.report, &state);
                    if self.orders.is_deaf() {
                        break;
                    }
                    self.last = None;
                    self.ordered().await
                }
                Action::TakeOver => {
                    self.environment.begin_anew();
                    (self.needs, self.last) = (Vec::new(), None);
                    self.open().await
                }
                Action::Open => self.open().await,
            };
            action = self.step(event);
        }
        let state = self.state();
        if matches!(state, State::Stopped) {
            self.report.phase(Phase::Stopped, None);
        }
        state
    }

    fn state(&self) -> State {
        self.life.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn step(&self, event: Event) -> Action {
        let mut state = self.life.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, action) = lifecycle::next(state.clone(), event);
        *state = next;
        action
    }

    /// Runs a generation.
    async fn open(&mut self) -> Event {
        if self.last.is_none() {
            self.report.phase(Phase::Starting, None);
        }
        let needs = std::mem::take(&mut self.needs);
        let opened = || {
            self.step(Event::Opened);
        };
        let (settings, environment) = (&self.settings, &self.environment);
        let run = generation::run(settings, environment, &self.report, needs, &self.orders, opened);
        let (outcome, progressed) = tokio::select! {
            done = run => done,
            () = overdue(&self.orders) => (Ok(Outcome::Stopped), false),
        };
        if progressed {
            self.step(Event::Progressed);
        }
        match outcome {
            Ok(Outcome::Stopped) => Event::Stop,
            Ok(Outcome::Finished) => Event::Finished,
            Ok(Outcome::Held(desired)) => Event::Wanted(desired),
            Ok(Outcome::Asked(ask)) => self.hear(ask).await.unwrap_or(Event::Unheard),
            Err(Broken { asked: Some(ask), needs, .. }) => {
                self.needs = needs;
                self.hear(*ask).await.unwrap_or(Event::Unheard)
            }
            Err(Broken { error, needs, asked: None }) => {
                self.needs = needs;
                let error = twice(self.last.as_ref(), error, progressed);
                self.last = Some(error.clone());
                tell(&*self.report, &error);
                Event::Failed(error)
            }
        }
    }

    /// What is ordered while nothing is open.
    async fn ordered(&self) -> Event {
        loop {
            let ask = tokio::select! {
                () = self.orders.stopped() => return Event::Stop,
                ask = self.orders.asked() => ask,
            };
            if let Some(event) = self.hear(ask).await {
                return event;
            }
        }
    }

    /// Does what is asked with both ends closed; answers what that is for its life, if anything.
    async fn hear(&self, ask: Ask) -> Option<Event> {
        let is_stopped = matches!(self.state(), State::Held(Desired::Stopped));
        let event = match ask {
            ask if ask.needs_stop() && !is_stopped => {
                ask.refuse(Refusal::not_stopped());
                return None;
            }
            Ask::Place(placing, reply) => {
                let placed = offline::place(&*self.environment, &placing, &reply).await;
                reply.send(placed);
                return None;
            }
            Ask::Remove(reply) => {
                reply.send(offline::remove(&*self.environment).await);
                return None;
            }
            Ask::LetGo(error, reply) => return self.let_go(*error, reply).await,
            Ask::Desire(desired, reply) => tokio::select! {
                event = self.want(desired, reply) => event,
                () = self.orders.stopped() => Event::Stop,
            },
            Ask::Restart(reply) => {
                reply.send(Ok(()));
                Event::Restart
            }
            Ask::Resnapshot(..) | Ask::GiveUp(..) => {
                ask.refuse(refusal(&self.state()));
                return None;
            }
        };
        Some(event)
    }

    /// Has the database forget the log that it keeps: then the connector cannot go on.
    async fn let_go(&self, error: Error, reply: Reply<()>) -> Option<Event> {
        match self.environment.idle().let_go().await {
            Ok(Some(_)) => {
                reply.send(Ok(()));
                Some(Event::Lost(error))
            }
            Ok(None) => {
                reply.send(Err(Refusal::not_now("keeps no log")));
                None
            }
            Err(error) => {
                reply.send(Err(Refusal::of(error)));
                None
            }
        }
    }

    /// Stores what a person wants.
    async fn want(&self, desired: Desired, reply: Reply<()>) -> Event {
        match self.store(desired, &reply).await {
            Ok(true) => {
                fault::point("pipeline.wanted");
                reply.send(Ok(()));
                Event::Wanted(desired)
            }
            Ok(false) => Event::Unheard,
            Err(error) => {
                reply.send(Err(Refusal::of(error)));
                Event::Unheard
            }
        }
    }

    /// Stores it in a Kafka transaction of its own; not, where nobody waits for it any more.
    async fn store(&self, desired: Desired, reply: &Reply<()>) -> Result<bool> {
        let sink = self.environment.open_sink().await?;
        if reply.is_unwanted() {
            return Ok(false);
        }
        generation::commit_alone(&sink, vec![put(Part::Desired, &desired)]).await?;
        Ok(true)
    }
}

/// Why a connector that is not open does not do what only an open one can.
fn refusal(state: &State) -> Refusal {
    match state {
        State::Held(_) => Refusal::held(),
        State::Finished => Refusal::not_now("has finished"),
        State::Fenced(_) => Refusal::not_now("is owned by another instance"),
        State::Failed(_) => Refusal::not_now("has failed"),
        State::Starting(_) | State::Running(_) | State::Waiting(_) | State::Checking(_) => {
            Refusal::not_now("waits")
        }
        State::Stopped => Refusal::not_now("is ending"),
    }
}

/// The same delivery error at the same position twice is definite: what a topic refuses once more
/// it will always refuse. Their codes are WB-KAFKA-02x.
fn twice(last: Option<&Error>, error: Error, progressed: bool) -> Error {
    let delivery = error.code.as_str().starts_with("WB-KAFKA-02");
    if delivery && !progressed && last == Some(&error) { error.into_definite() } else { error }
}

/// A stop that the generation did not answer in time: it may be opening, or stuck in a server.
async fn overdue(orders: &Orders) {
    orders.stopped().await;
    tokio::time::sleep(super::deliver::STOP + std::time::Duration::from_secs(1)).await;
}

fn tell(report: &dyn Report, error: &Error) {
    match error.class {
        Class::Transient | Class::Fenced => {
            tracing::warn!(code = %error.code, error = %error, "retrying");
            report.phase(Phase::Retrying, Some(error));
        }
        _ => tracing::error!(code = %error.code, error = %error, "stopped"),
    }
}

/// Says that the connector has ended, or is held, and why.
fn tell_end(report: &dyn Report, state: &State) {
    match state {
        State::Finished => report.phase(Phase::Finished, None),
        State::Held(Desired::Paused) => report.phase(Phase::Paused, None),
        State::Held(_) | State::Stopped => report.phase(Phase::Stopped, None),
        State::Fenced(error) => {
            tracing::error!(code = %error.code, error = %error, "fenced");
            report.phase(Phase::Fenced, Some(error));
        }
        State::Failed(error) => report.phase(Phase::Failed, Some(error)),
        State::Starting(_) | State::Running(_) | State::Waiting(_) | State::Checking(_) => {
            let error = Error::definite(codes::INTERNAL, "The connector ended in the middle.");
            report.phase(Phase::Failed, Some(&error));
        }
    }
}
