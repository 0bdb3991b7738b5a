//! Supervises one connector: runs generations and does what the lifecycle says.

use super::deliver::{Broken, Outcome};
use super::environment::Environment;
use super::generation::{self, Settings};
use super::lifecycle::{self, Action, Attempt, Event, State};
use super::report::{Phase, Report};
use crate::codes;
use crate::shape::Need;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;
use walbrook_core::error::{Class, Error};

/// Stops a connector.
#[derive(Clone, Debug)]
pub struct Control {
    stop: watch::Sender<bool>,
}

impl Control {
    /// A control, and what the connector listens to.
    pub fn new() -> (Self, watch::Receiver<bool>) {
        let (stop, stopped) = watch::channel(false);
        (Self { stop }, stopped)
    }

    /// Asks the connector to finish what is open and end.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }
}

/// Runs a connector until it ends; answers the state in which it did.
pub async fn supervise(
    settings: Settings,
    environment: Arc<dyn Environment>,
    report: Arc<dyn Report>,
    stop: watch::Receiver<bool>,
) -> State {
    let life = Arc::new(Mutex::new(State::Starting(Attempt::default())));
    let step = |event: Event| step(&life, event);
    let mut action = Action::Open;
    let mut needs: Vec<Need> = Vec::new();
    let mut last: Option<Error> = None;
    loop {
        let event = match action {
            Action::Continue | Action::End => break,
            Action::Pause(pause) => tokio::select! {
                () = tokio::time::sleep(pause) => Event::Rested,
                () = stopped(stop.clone()) => Event::Stop,
            },
            Action::ReadOwner => tokio::select! {
                answer = environment.reopen_allowed() => match answer {
                    Ok(true) => Event::Ours,
                    Ok(false) => Event::Foreign,
                    Err(error) => Event::Failed(error),
                },
                () = stopped(stop.clone()) => Event::Stop,
            },
            Action::Open => {
                if last.is_none() {
                    report.phase(Phase::Starting, None);
                }
                let opened = || {
                    step(Event::Opened);
                };
                let asked = std::mem::take(&mut needs);
                let run =
                    generation::run(&settings, &environment, &report, asked, stop.clone(), opened);
                let (outcome, progressed) = tokio::select! {
                    done = run => done,
                    () = overdue(stop.clone()) => (Ok(Outcome::Stopped), false),
                };
                if progressed {
                    step(Event::Progressed);
                }
                match outcome {
                    Ok(Outcome::Stopped) => Event::Stop,
                    Ok(Outcome::Finished) => Event::Finished,
                    Err(Broken { error, needs: wanted }) => {
                        needs = wanted;
                        let error = twice(last.as_ref(), error, progressed);
                        last = Some(error.clone());
                        tell(&*report, &error);
                        Event::Failed(error)
                    }
                }
            }
        };
        action = step(event);
    }
    let state = life.lock().unwrap_or_else(PoisonError::into_inner).clone();
    end(&*report, &state);
    state
}

fn step(life: &Mutex<State>, event: Event) -> Action {
    let mut state = life.lock().unwrap_or_else(PoisonError::into_inner);
    let (next, action) = lifecycle::next(state.clone(), event);
    *state = next;
    action
}

/// The same delivery error at the same position twice is definite: what a topic refuses once more
/// it will always refuse. Their codes are WB-KAFKA-02x.
fn twice(last: Option<&Error>, error: Error, progressed: bool) -> Error {
    let delivery = error.code.as_str().starts_with("WB-KAFKA-02");
    if delivery && !progressed && last == Some(&error) { error.into_definite() } else { error }
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// A stop that the generation did not answer in time: it may be opening, or stuck in a server.
async fn overdue(stop: watch::Receiver<bool>) {
    stopped(stop).await;
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

fn end(report: &dyn Report, state: &State) {
    match state {
        State::Finished => report.phase(Phase::Finished, None),
        State::Stopped => report.phase(Phase::Stopped, None),
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
