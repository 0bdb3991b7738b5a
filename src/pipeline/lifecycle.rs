//! The connector's life as a pure function: (state, event) → (state, action).
//!
//! ```text
//!  Starting ─▶ Running ─▶ Finished
//!     ▲ │        │
//!     │ └──┬─────┘
//!   Waiting ◀── transient        definite, poison ─▶ Failed
//!     ▲
//!   Checking ◀── fenced ──(a foreign owner)──▶ Fenced
//! ```
//!
//! An own time-out looks like a fence: [`State::Checking`] tells them apart, as often as it takes.

use std::time::Duration;
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
    /// Everything that was asked for is delivered.
    Finished,
    /// Stopped on request.
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
    /// A stop was asked for.
    Stop,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Nothing: go on.
    Continue,
    /// Open both ends.
    Open,
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
        (state @ (State::Finished | State::Stopped | State::Fenced(_) | State::Failed(_)), _) => {
            (state, Action::End)
        }
        (_, Event::Stop) => (State::Stopped, Action::End),
        (_, Event::Finished) => (State::Finished, Action::End),
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
        (State::Checking(_), Event::Foreign) => (State::Fenced(fenced()), Action::End),
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
        Class::Definite | Class::Poison => (State::Failed(error), Action::End),
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
            assert_eq!((state, action), (State::Failed(error(class)), Action::End));
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
        assert_eq!(action, Action::End);
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
    fn an_end_is_an_end() {
        for event in [Event::Rested, Event::Opened, Event::Stop] {
            assert_eq!(next(State::Finished, event).1, Action::End);
        }
    }
}
