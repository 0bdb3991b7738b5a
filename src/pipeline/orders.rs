//! What is asked of a connector while it runs, waits or has failed, and how it is answered.
//!
//! ```text
//!  Control ── stop ───────────▶ ┌────────┐      the process ends
//!  Desk ───── Ask{…, Reply} ──▶ │ Orders │ ──▶  supervisor, or the delivery that is open
//!    ▲                          └────────┘              │
//!    └────────────────── Ok | Refusal ◀─────────────────┘   when it is stored, not before
//! ```
//!
//! What can be done only a moment later, while a connector begins or waits for a topic, is laid
//! aside and comes first then.

use crate::codes;
use async_channel::{Receiver, Sender};
use tokio::sync::{oneshot, watch};
use walbrook_core::checkpoint::Desired;
use walbrook_core::error::{Class, Error};
use walbrook_core::resnapshot::{Job, Wish};

/// Why something is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such connector or job.
    Unknown(Error),
    /// What is asked for makes no sense.
    Invalid(Error),
    /// Not in the state that the connector is in.
    Conflict(Error),
    /// Something that is needed is away.
    Unavailable(Error),
}

impl Refusal {
    /// What is wrong, and the fix.
    pub fn error(&self) -> &Error {
        match self {
            Self::Unknown(error)
            | Self::Invalid(error)
            | Self::Conflict(error)
            | Self::Unavailable(error) => error,
        }
    }

    /// A failure of a server that was asked.
    pub fn of(error: Error) -> Self {
        match error.class {
            Class::Fenced => Self::Conflict(error),
            Class::Transient | Class::Definite | Class::Poison => Self::Unavailable(error),
        }
    }

    /// The connector waits because a person wants it to.
    pub fn held() -> Self {
        let message = "The connector is paused or stopped, and this needs it to run.";
        Self::Conflict(
            Error::definite(codes::HELD, message).fix("Resume it first, then ask again."),
        )
    }

    /// This is done to a stopped connector only.
    pub fn not_stopped() -> Self {
        let message = "This is done to a stopped connector only.";
        Self::Conflict(
            Error::definite(codes::NOT_STOPPED, message)
                .fix("Stop the connector (PUT /connectors/NAME/stop), then ask again."),
        )
    }

    /// The connector is not at the point where it can answer.
    pub fn not_now(state: &str) -> Self {
        let message = format!("The connector {state} and cannot do this now.");
        Self::Unavailable(
            Error::transient(codes::NOT_NOW, message).fix(
                "Ask again when its status says that it runs; its error says what it waits for.",
            ),
        )
    }
}

/// Takes one answer.
#[derive(Debug)]
pub struct Reply<T>(oneshot::Sender<Result<T, Refusal>>);

impl<T> Reply<T> {
    /// A reply, and where it arrives.
    pub fn new() -> (Self, oneshot::Receiver<Result<T, Refusal>>) {
        let (sender, receiver) = oneshot::channel();
        (Self(sender), receiver)
    }

    /// Answers.
    pub fn send(self, answer: Result<T, Refusal>) {
        // Who has gone does not want to know.
        drop(self.0.send(answer));
    }

    /// Whether nobody waits for the answer any more: nothing is to be done for it either.
    pub fn is_unwanted(&self) -> bool {
        self.0.is_closed()
    }
}

/// Something that is asked of a connector.
#[derive(Debug)]
pub enum Ask {
    /// Store what a person wants, and bring it about.
    Desire(Desired, Reply<()>),
    /// Begin anew, whatever state it is in.
    Restart(Reply<()>),
    /// Read tables again beside the log.
    Resnapshot(Wish, Reply<Job>),
    /// Give such a job up.
    GiveUp(String, Reply<Job>),
    /// Move a stopped connector; answers what that means.
    Place(Placing, Reply<String>),
    /// Remove what a stopped connector has on servers; answers what that was.
    Remove(Reply<Vec<String>>),
    /// Let the database forget the log that it keeps for the connector, which fails with the error.
    LetGo(Box<Error>, Reply<()>),
}

/// Where a stopped connector is to be.
#[derive(Clone, Debug)]
pub struct Placing {
    /// An offset map of Debezium's form; nothing: it begins anew.
    pub offset: Option<serde_json::Value>,
    /// Only to be said what it means.
    pub dry_run: bool,
}

impl Ask {
    /// Refuses it.
    pub fn refuse(self, refusal: Refusal) {
        match self {
            Self::Desire(_, reply) | Self::Restart(reply) => reply.send(Err(refusal)),
            Self::Resnapshot(_, reply) | Self::GiveUp(_, reply) => reply.send(Err(refusal)),
            Self::Place(_, reply) => reply.send(Err(refusal)),
            Self::Remove(reply) => reply.send(Err(refusal)),
            Self::LetGo(_, reply) => reply.send(Err(refusal)),
        }
    }

    /// Whether nobody waits for its answer any more.
    fn is_unwanted(&self) -> bool {
        match self {
            Self::Desire(_, reply) | Self::Restart(reply) => reply.is_unwanted(),
            Self::Resnapshot(_, reply) | Self::GiveUp(_, reply) => reply.is_unwanted(),
            Self::Place(_, reply) => reply.is_unwanted(),
            Self::Remove(reply) => reply.is_unwanted(),
            Self::LetGo(_, reply) => reply.is_unwanted(),
        }
    }

    /// Whether what the connector is doing is left for it.
    fn interrupts(&self) -> bool {
        matches!(self, Self::Desire(..) | Self::Restart(_) | Self::LetGo(..))
    }

    /// Whether it is for stopped connectors only.
    pub fn needs_stop(&self) -> bool {
        matches!(self, Self::Place(..) | Self::Remove(_))
    }
}

/// Ends a connector with its process.
#[derive(Clone, Debug)]
pub struct Control {
    stop: watch::Sender<bool>,
}

impl Control {
    /// A control, and what the connector listens to.
    pub fn new() -> (Self, Orders) {
        let (stop, stopped) = watch::channel(false);
        // Nobody can ask: the sender is dropped.
        let asks = async_channel::bounded(1).1;
        let later = async_channel::bounded(LATER);
        (Self { stop }, Orders { stop: stopped, asks, later })
    }

    /// Asks the connector to finish what is open and end.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }
}

/// Where a connector is asked.
#[derive(Clone, Debug)]
pub struct Desk(Sender<Ask>);

impl Desk {
    /// Hands an ask over; answers whether there is a connector to take it.
    pub fn ask(&self, ask: Ask) -> bool {
        self.0.try_send(ask).is_ok()
    }
}

/// Asks that may be laid aside; more are refused.
const LATER: usize = 32;

/// What a connector listens to.
#[derive(Clone, Debug)]
pub struct Orders {
    stop: watch::Receiver<bool>,
    asks: Receiver<Ask>,
    /// Asks that were laid aside, oldest first.
    later: (Sender<Ask>, Receiver<Ask>),
}

impl Orders {
    /// The same, with a desk where the connector can be asked.
    pub fn with_desk(self) -> (Desk, Self) {
        let (sender, asks) = async_channel::unbounded();
        (Desk(sender), Self { asks, ..self })
    }

    /// Returns when the process is to end.
    pub async fn stopped(&self) {
        // An error is the end of who could say so, which is an end too.
        let _ = self.stop.clone().wait_for(|stop| *stop).await;
    }

    /// Whether nobody can ask for anything.
    pub fn is_deaf(&self) -> bool {
        self.asks.is_closed()
    }

    /// The next ask that somebody waits for, those first that were laid aside; never where nobody
    /// can ask.
    pub async fn asked(&self) -> Ask {
        while let Ok(ask) = self.later.1.try_recv() {
            if !ask.is_unwanted() {
                return ask;
            }
        }
        self.next().await
    }

    async fn next(&self) -> Ask {
        loop {
            match self.asks.recv().await {
                Ok(ask) if ask.is_unwanted() => {}
                Ok(ask) => return ask,
                Err(_) => std::future::pending().await,
            }
        }
    }

    /// The next ask for which everything else is left. Others are laid aside, or refused where there
    /// is no room for them.
    pub async fn interrupted(&self, refusal: impl Fn() -> Refusal) -> Ask {
        loop {
            let ask = self.next().await;
            if ask.interrupts() {
                return ask;
            }
            if ask.needs_stop() {
                ask.refuse(Refusal::not_stopped());
            } else if let Err(full) = self.later.0.try_send(ask) {
                full.into_inner().refuse(refusal());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_is_done_for_whom_has_gone() {
        let (_control, orders) = Control::new();
        assert!(orders.is_deaf());
        let (desk, orders) = orders.with_desk();
        let (gone, _) = Reply::new();
        let (wish, wished) = Reply::new();
        let (wanted, _answer) = Reply::new();
        assert!(desk.ask(Ask::Desire(Desired::Paused, gone)));
        assert!(desk.ask(Ask::Resnapshot(Wish::default(), wish)));
        assert!(desk.ask(Ask::Restart(wanted)));
        assert!(matches!(orders.interrupted(Refusal::held).await, Ask::Restart(_)));
        drop(wished);
        let (last, _answer) = Reply::new();
        assert!(desk.ask(Ask::Resnapshot(Wish::default(), last)));
        let Ask::Resnapshot(_, last) = orders.asked().await else { panic!("it was laid aside") };
        assert!(!last.is_unwanted(), "the first has gone meanwhile");
        drop(orders);
        assert!(!desk.ask(Ask::Restart(Reply::new().0)));
    }

    #[tokio::test]
    async fn what_cannot_be_done_yet_is_laid_aside_and_comes_first() {
        let (desk, orders) = Control::new().1.with_desk();
        let mut answers = Vec::new();
        let mut ask = |id: &str| {
            let (reply, answer) = Reply::new();
            assert!(desk.ask(Ask::GiveUp(id.to_owned(), reply)));
            answers.push(answer);
        };
        (0..LATER).for_each(|n| ask(&n.to_string()));
        ask("too many");
        let (removal, removed) = Reply::new();
        assert!(desk.ask(Ask::Remove(removal)));
        let (restart, _restarted) = Reply::new();
        assert!(desk.ask(Ask::Restart(restart)));
        let interrupted = orders.interrupted(|| Refusal::not_now("waits")).await;
        assert!(matches!(interrupted, Ask::Restart(_)));
        let refused = answers.pop().unwrap().await.unwrap().unwrap_err();
        assert_eq!(refused.error().code, codes::NOT_NOW);
        let refused = removed.await.unwrap().unwrap_err();
        assert_eq!(refused.error().code, codes::NOT_STOPPED);
        for n in 0..LATER {
            let Ask::GiveUp(id, reply) = orders.asked().await else { panic!("not in order") };
            assert_eq!(id, n.to_string());
            drop(reply);
        }
    }

    #[test]
    fn a_fence_is_a_conflict_and_a_broken_server_is_away() {
        let error = |class| Error::new(codes::FENCED, class, "It broke.");
        assert!(matches!(Refusal::of(error(Class::Fenced)), Refusal::Conflict(_)));
        assert!(matches!(Refusal::of(error(Class::Transient)), Refusal::Unavailable(_)));
    }
}
