//! The connector's life as a pure function: (state, event) → (state, action).
//!
//! ```text
//!  Starting ─▶ Running ─▶ Finished               paused or stopped, from anywhere ─▶ Held
//!     ▲ │        │                                 resumed: Held ─▶ Starting
//!     │ └──┬─────┘                                 restarted: all but Held ─▶ Starting
//!   Waiting ◀── transient        definite, poison ─▶ Failed
//!     ▲
//!   Checking ◀── fenced ──(a foreign owner)──▶ Fenced
//! ```
//!
//! An own time-out looks like a fence: [`State::Checking`] tells them apart, as often as it takes.
//! What a person wants is an event only when it is stored: from then on it outlives the process.

use std::time::Duration;
use walbrook_core::checkpoint::Desired;
use walbrook_core::error::{Class, Error};

/// First pause before trying again.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Longest pause before trying again.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Where a connector stands.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Opening its two ends.
    Starting(Attempt),
    /// Delivering.
    Running(Attempt),
    /// Pausing after a failure that may go away.
    Waiting(Attempt),
    /// Fenced: finding out by whom.
    Checking(Attempt),
    /// A person wants it to wait: [`Desired::Paused`] or [`Desired::Stopped`].
    Held(Desired),
    /// Everything that was asked for is delivered.
    Finished,
    /// The process ends.
    Stopped,
    /// Another instance owns the connector.
    Fenced(Error),
    /// Needs a person.
    Failed(Error),
}

/// How often it has been tried without anything being delivered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attempt {
    /// Failures in a row.
    pub failures: u32,
    /// Times in a row that it was fenced and found to be the owner still: own time-outs.
    pub own_fences: u32,
}

/// What happens to a connector.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Both ends are open.
    Opened,
    /// Something was committed.
    Progressed,
    /// Everything that was asked for is delivered.
    Finished,
    /// A part failed.
    Failed(Error),
    /// The owner record was read: it is ours.
    Ours,
    /// The owner record was read: it is somebody else's.
    Foreign,
    /// The pause is over.
    Rested,
    /// It is stored what a person wants.
    Wanted(Desired),
    /// What a person wants could not be stored.
    Unheard,
    /// A person wants it to begin anew.
    Restart,
    /// The log that it needs was let go.
    Lost(Error),
    /// The process is to end.
    Stop,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Nothing: go on.
    Continue,
    /// Open both ends.
    Open,
    /// Open both ends as a new start, which takes the connector over from whoever has it.
    TakeOver,
    /// Do nothing until somebody asks for something.
    Rest,
    /// Pause, then [`Event::Rested`].
    Pause(Duration),
    /// Read the owner record, then [`Event::Ours`] or [`Event::Foreign`].
    ReadOwner,
    /// End.
    End,
}

/// The state after `event`, and what to do.
pub fn next(state: State, event: Event) -> (State, Action) {
    match (state, event) {
        (State::Stopped, _) => (State::Stopped, Action::End),
        (state @ (State::Finished | State::Fenced(_) | State::Failed(_)), Event::Stop) => {
            (state, Action::End)
        }
        (_, Event::Stop) => (State::Stopped, Action::End),
        (_, Event::Lost(error)) => (State::Failed(error), Action::Rest),
        (State::Held(_), Event::Wanted(Desired::Running)) => {
            (State::Starting(Attempt::default()), Action::Open)
        }
        (state, Event::Wanted(Desired::Running) | Event::Unheard) => again(state),
        (_, Event::Wanted(desired)) => (State::Held(desired), Action::Rest),
        (state @ State::Held(_), _) => (state, Action::Rest),
        (_, Event::Restart) => (State::Starting(Attempt::default()), Action::TakeOver),
        (state @ (State::Finished | State::Fenced(_) | State::Failed(_)), _) => {
            (state, Action::Rest)
        }
        (_, Event::Finished) => (State::Finished, Action::Rest),
        (State::Starting(attempt), Event::Opened) => (State::Running(attempt), Action::Continue),
        (State::Running(_), Event::Progressed) => {
            (State::Running(Attempt::default()), Action::Continue)
        }
        (State::Starting(attempt) | State::Running(attempt), Event::Failed(error)) => {
            failed(attempt, error)
        }
        (State::Checking(attempt), Event::Failed(_)) => {
            // Kafka could not be asked: fencing is not decided, so ask again.
            let pause = pause(attempt.failures);
            (State::Waiting(grown(attempt)), Action::Pause(pause))
        }
        (State::Checking(attempt), Event::Ours) => {
            // Once is a pause of the machine, or of Kafka. Again without a commit in between
            // gets time: the same may go on.
            let before = attempt.own_fences;
            let attempt = Attempt { own_fences: before.saturating_add(1), ..attempt };
            match before.checked_sub(1) {
                None => (State::Starting(attempt), Action::Open),
                Some(again) => (State::Waiting(attempt), Action::Pause(pause(again))),
            }
        }
        (State::Checking(_), Event::Foreign) => (State::Fenced(fenced()), Action::Rest),
        (State::Waiting(attempt), Event::Rested) => (State::Starting(attempt), Action::Open),
        (state, _) => (state, Action::Continue),
    }
}

fn failed(attempt: Attempt, error: Error) -> (State, Action) {
    match error.class {
        Class::Transient => {
            let pause = pause(attempt.failures);
            (State::Waiting(grown(attempt)), Action::Pause(pause))
        }
        // Only the owner record tells a foreign owner from an own time-out.
        Class::Fenced => (State::Checking(attempt), Action::ReadOwner),
        Class::Definite | Class::Poison => (State::Failed(error), Action::Rest),
    }
}

/// Takes up what was interrupted to hear a person.
fn again(state: State) -> (State, Action) {
    match state {
        State::Starting(attempt) | State::Running(attempt) | State::Waiting(attempt) => {
            (State::Starting(attempt), Action::Open)
        }
        State::Checking(_) => (state, Action::ReadOwner),
        State::Stopped => (state, Action::End),
        State::Held(_) | State::Finished | State::Fenced(_) | State::Failed(_) => {
            (state, Action::Rest)
        }
    }
}

fn grown(attempt: Attempt) -> Attempt {
    Attempt { failures: attempt.failures.saturating_add(1), ..attempt }
}

fn pause(failures: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << failures.min(8)).min(LONGEST_PAUSE)
}

fn fenced() -> Error {
    Error::new(
        crate::codes::FENCED,
        Class::Fenced,
        "Another instance has taken this connector over; this one has stopped and writes nothing more.",
    )
    .fix("Run one instance of a connector, or give this one another name.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use walbrook_core::error::Code;

    fn error(class: Class) -> Error {
        Error::new(Code::new("WB-TST-001"), class, "It broke.")
    }

    #[test]
    fn a_transient_failure_is_retried_with_growing_pauses_until_something_is_delivered() {
        let mut state = State::Starting(Attempt::default());
        let mut pauses = Vec::new();
        for _ in 0..8 {
            let (waiting, action) = next(state, Event::Failed(error(Class::Transient)));
            let Action::Pause(pause) = action else { panic!("{action:?}") };
            pauses.push(pause);
            let (starting, action) = next(waiting, Event::Rested);
            assert_eq!(action, Action::Open);
            state = starting;
        }
        assert!(pauses.windows(2).all(|w| w[0] <= w[1]), "{pauses:?}");
        assert_eq!(pauses.last(), Some(&LONGEST_PAUSE));
        let (running, _) = next(state, Event::Opened);
        let (running, _) = next(running, Event::Progressed);
        assert_eq!(running, State::Running(Attempt::default()));
    }

    #[test]
    fn definite_and_poison_failures_halt() {
        for class in [Class::Definite, Class::Poison] {
            let state = State::Running(Attempt::default());
            let (state, action) = next(state, Event::Failed(error(class)));
            assert_eq!((state, action), (State::Failed(error(class)), Action::Rest));
        }
    }

    #[test]
    fn fenced_by_another_ends_and_by_ourselves_opens_again() {
        let fence =
            || next(State::Running(Attempt::default()), Event::Failed(error(Class::Fenced)));
        let (checking, action) = fence();
        assert_eq!(action, Action::ReadOwner);
        let (ended, action) = next(checking, Event::Foreign);
        assert!(matches!(ended, State::Fenced(_)));
        assert_eq!(action, Action::Rest);
        let (starting, action) = next(fence().0, Event::Ours);
        assert!(matches!(starting, State::Starting(_)));
        assert_eq!(action, Action::Open);
    }

    #[test]
    fn own_time_outs_in_a_row_never_end_a_connector_and_pause_longer_and_longer() {
        let mut state = State::Running(Attempt::default());
        let mut pauses = Vec::new();
        for _ in 0..10 {
            let (checking, action) = next(state, Event::Failed(error(Class::Fenced)));
            assert_eq!(action, Action::ReadOwner, "asked each time");
            let (mut after, mut action) = next(checking, Event::Ours);
            if let Action::Pause(pause) = action {
                pauses.push(pause);
                (after, action) = next(after, Event::Rested);
            }
            assert_eq!(action, Action::Open);
            state = next(after, Event::Opened).0;
        }
        assert_eq!((pauses.len(), pauses.first()), (9, Some(&FIRST_PAUSE)), "the first is at once");
        assert!(pauses.is_sorted() && pauses.last() == Some(&LONGEST_PAUSE), "{pauses:?}");
        let (checking, _) = next(state, Event::Failed(error(Class::Fenced)));
        assert!(matches!(next(checking, Event::Foreign).0, State::Fenced(_)), "still told apart");
    }

    #[test]
    fn what_has_ended_rests_until_a_person_or_the_process_says_otherwise() {
        for event in [Event::Rested, Event::Opened, Event::Progressed, Event::Unheard] {
            assert_eq!(next(State::Finished, event), (State::Finished, Action::Rest));
        }
        assert_eq!(next(State::Finished, Event::Stop), (State::Finished, Action::End));
        for event in [Event::Restart, Event::Wanted(Desired::Paused), Event::Stop] {
            assert_eq!(next(State::Stopped, event), (State::Stopped, Action::End));
        }
    }

    fn every_state() -> Vec<State> {
        let attempt = || Attempt { failures: 2, own_fences: 1 };
        vec![
            State::Starting(attempt()),
            State::Running(attempt()),
            State::Waiting(attempt()),
            State::Checking(attempt()),
            State::Held(Desired::Paused),
            State::Held(Desired::Stopped),
            State::Finished,
            State::Fenced(error(Class::Fenced)),
            State::Failed(error(Class::Definite)),
        ]
    }

    #[test]
    fn a_person_can_have_any_connector_wait_and_go_on() {
        for state in every_state() {
            for desired in [Desired::Paused, Desired::Stopped] {
                let (held, action) = next(state.clone(), Event::Wanted(desired));
                assert_eq!((&held, action), (&State::Held(desired), Action::Rest));
                let (resumed, action) = next(held, Event::Wanted(Desired::Running));
                assert_eq!(resumed, State::Starting(Attempt::default()));
                assert_eq!(action, Action::Open);
            }
        }
    }

    #[test]
    fn a_connector_whose_log_was_let_go_has_failed_paused_or_not() {
        for state in every_state() {
            let (after, action) = next(state, Event::Lost(error(Class::Definite)));
            assert_eq!((after, action), (State::Failed(error(Class::Definite)), Action::Rest));
        }
    }

    #[test]
    fn what_could_not_be_stored_changes_nothing() {
        for state in every_state() {
            let (after, action) = next(state.clone(), Event::Unheard);
            match state {
                State::Starting(a) | State::Running(a) | State::Waiting(a) => {
                    assert_eq!((after, action), (State::Starting(a), Action::Open));
                }
                State::Checking(_) => assert_eq!((after, action), (state, Action::ReadOwner)),
                _ => assert_eq!((after, action), (state, Action::Rest)),
            }
        }
    }

    #[test]
    fn a_restart_begins_anew_but_does_not_resume() {
        for state in every_state() {
            let (after, action) = next(state.clone(), Event::Restart);
            match state {
                State::Held(_) => assert_eq!((after, action), (state, Action::Rest)),
                _ => {
                    assert_eq!(after, State::Starting(Attempt::default()));
                    assert_eq!(action, Action::TakeOver);
                }
            }
        }
    }

    #[test]
    fn only_a_restart_takes_over_from_another_owner() {
        let events = [Event::Wanted(Desired::Running), Event::Unheard, Event::Rested, Event::Ours];
        for event in events {
            let (state, action) = next(State::Fenced(error(Class::Fenced)), event);
            assert!(matches!(state, State::Fenced(_)) && action == Action::Rest);
        }
    }
}
