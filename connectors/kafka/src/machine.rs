//! The transaction state machine: turns what the pipeline asks for into calls of the port.
//!
//! ```text
//!            first record after a cut          cut
//!   closed ───────────begin──────────▶ open ──────── checkpoint, commit ──▶ closed + receipt
//!      ▲                                 │
//!      └──────────── never by itself ────┴── any error: abort if that can be, and the end
//! ```
//!
//! It knows no clock, no thread and no Kafka. Every error ends it: the pipeline drops it, opens a
//! sink anew and trusts only the checkpoint that it reads back.

use crate::checkpoint::Names;
use crate::codes;
use crate::port::{ATTEMPTS, Port, PortError};
use std::collections::BTreeMap;
use std::ops::Range;
use walbrook_core::checkpoint::Updates;
use walbrook_core::error::{Class, Error, Result};
use walbrook_core::fault;
use walbrook_core::record::{Record, Records, TopicId};
use walbrook_core::sink::{Command, Cut, Deliver, Receipt};

/// One connector's transactions.
#[derive(Debug)]
pub struct Machine<P> {
    port: P,
    names: Names,
    topics: BTreeMap<TopicId, Topic>,
    /// A transaction is open.
    open: bool,
    /// Something went wrong: nothing is done any more.
    ended: bool,
    /// Records in the open transaction.
    records: u64,
    /// Cuts committed.
    cuts: u64,
}

#[derive(Debug)]
struct Topic {
    name: String,
    max_bytes: usize,
}

/// What stopped a step: the port, or a look at the records.
enum Stop {
    Port(PortError),
    Said(Error),
}

impl From<PortError> for Stop {
    fn from(error: PortError) -> Self {
        Self::Port(error)
    }
}

impl<P: Port> Machine<P> {
    /// A machine over `port`; [`Machine::init`] comes first.
    pub fn new(port: P, names: Names) -> Self {
        let topics = BTreeMap::new();
        Self { port, names, topics, open: false, ended: false, records: 0, cuts: 0 }
    }

    /// Names of the connector's entries.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Takes the transactional id; fences who had it.
    pub fn init(&mut self) -> Result<()> {
        let done = self.port.init().map_err(Stop::Port);
        done.map_err(|stop| self.end(stop))
    }

    /// Commits `updates` alone, outside of the numbered cuts.
    pub fn store(&mut self, updates: &Updates) -> Result<()> {
        let done = self.close_with(updates);
        done.map_err(|stop| self.end(stop))
    }

    /// Does what the pipeline asks; a receipt follows each cut.
    pub fn command(&mut self, command: &Command) -> Result<Option<Receipt>> {
        if self.ended {
            return Err(Error::transient(codes::PRODUCER, "The sink has ended before."));
        }
        let done = match command {
            Command::Topic { id, name, max_bytes } => self.topic(*id, name, *max_bytes),
            Command::Deliver(deliver) => self.deliver(deliver),
        };
        done.map_err(|stop| self.end(stop))
    }

    /// The pipeline is gone: aborts what is open.
    pub fn finish(&mut self) {
        if self.open && !self.ended {
            self.open = false;
            if let Err(error) = self.port.abort() {
                tracing::debug!(?error, "the last transaction was left to the broker to abort");
            }
        }
        self.ended = true;
    }

    /// Returns when every consumer sees what was committed, and that the rest was aborted.
    pub fn settle(&mut self) -> Result<()> {
        self.port.settle().map_err(explain)
    }

    fn topic(&mut self, id: TopicId, name: &str, max: usize) -> Result<Option<Receipt>, Stop> {
        self.port.topic(id, name, max)?;
        self.topics.insert(id, Topic { name: name.to_owned(), max_bytes: max });
        Ok(None)
    }

    fn deliver(&mut self, deliver: &Deliver) -> Result<Option<Receipt>, Stop> {
        let records = &deliver.records;
        let all = records.records.len();
        let Some(Cut { at, updates }) = &deliver.cut else {
            self.produce(records, 0..all)?;
            return Ok(None);
        };
        let at = (*at).min(all);
        self.produce(records, 0..at)?;
        let receipt = self.cut(updates)?;
        self.produce(records, at..all)?;
        Ok(Some(receipt))
    }

    fn cut(&mut self, updates: &Updates) -> Result<Receipt, Stop> {
        if self.open || !updates.is_empty() {
            self.close_with(updates)?;
        }
        self.cuts += 1;
        let records = std::mem::take(&mut self.records);
        Ok(Receipt { cut: self.cuts, records })
    }

    fn begin(&mut self) -> Result<(), Stop> {
        if !self.open {
            self.port.begin()?;
            self.open = true;
        }
        Ok(())
    }

    fn produce(&mut self, records: &Records, range: Range<usize>) -> Result<(), Stop> {
        if range.is_empty() {
            return Ok(());
        }
        for record in records.records.get(range.clone()).unwrap_or_default() {
            self.fits(records, record).map_err(Stop::Said)?;
        }
        self.begin()?;
        fault::point("sink.before_produce");
        self.records += range.len() as u64;
        let middle = range.start + range.len() / 2;
        self.port.produce(records, range.start..middle)?;
        fault::point("sink.mid_produce");
        self.port.produce(records, middle..range.end)?;
        Ok(())
    }

    /// A record that is too large would take its whole transaction with it: see before it is sent.
    fn fits(&self, records: &Records, record: &Record) -> Result<()> {
        let Some(topic) = self.topics.get(&record.topic) else {
            let text = format!("A record names topic number {}, which is unknown.", record.topic);
            return Err(Error::definite(codes::UNKNOWN_TOPIC, text).fix("This is a bug; tell us."));
        };
        records.fits(record, &topic.name, topic.max_bytes)
    }

    /// Puts `updates` into the transaction, which is opened where none is, and commits it.
    fn close_with(&mut self, updates: &Updates) -> Result<(), Stop> {
        self.begin()?;
        fault::point("sink.before_commit");
        self.port.produce_checkpoint(&self.names.entries(updates))?;
        fault::point("sink.after_checkpoint_produced");
        self.commit()?;
        self.open = false;
        fault::point("sink.after_commit");
        Ok(())
    }

    /// Repeats the call until the outcome is known, within bounds.
    fn commit(&mut self) -> Result<(), PortError> {
        let mut last = self.port.commit();
        for _ in 1..ATTEMPTS {
            match last {
                Err(PortError::Unclear(_) | PortError::Retriable(_)) => last = self.port.commit(),
                _ => break,
            }
        }
        last.map_err(|error| match error {
            PortError::Retriable(text) => PortError::Unclear(text),
            other => other,
        })
    }

    /// The end: aborts what can be aborted, and says what happened.
    fn end(&mut self, stop: Stop) -> Error {
        self.ended = true;
        let lost = matches!(
            stop,
            Stop::Port(PortError::Fenced(_) | PortError::Fatal(_) | PortError::Unclear(_))
        );
        if std::mem::take(&mut self.open) && !lost {
            // The broker ended the transaction: only the abort says so.
            if let Err(PortError::Fenced(text)) = self.port.abort() {
                return explain(PortError::Fenced(text));
            }
        }
        match stop {
            Stop::Said(error) => error,
            Stop::Port(error) => explain(error),
        }
    }
}

/// What the pipeline is told about a failure of the port.
pub fn explain(error: PortError) -> Error {
    match error {
        PortError::Retriable(text) => {
            Error::transient(codes::UNREACHABLE, format!("Kafka does not answer: {text}."))
        }
        PortError::Unclear(text) => Error::transient(
            codes::UNCLEAR,
            format!("A commit got no clear answer: {text}; the checkpoint will tell."),
        ),
        PortError::Abortable(text) => {
            Error::transient(codes::ABORTED, format!("A transaction was aborted: {text}."))
        }
        PortError::Fenced(text) => Error::new(
            codes::FENCED,
            Class::Fenced,
            format!(
                "Another producer took this connector's id, or its transaction ran out of time: {text}."
            ),
        ),
        PortError::Denied(text) => {
            Error::definite(codes::DENIED, format!("Kafka refuses this connector: {text}."))
                .fix("Check [kafka.client] (security.protocol, sasl.*) and the ACLs of this user.")
        }
        PortError::Fatal(text) => {
            Error::transient(codes::PRODUCER, format!("The producer cannot go on: {text}."))
        }
        PortError::TooLarge { text, .. } => Error::transient(
            codes::TOO_LARGE,
            format!("The broker refuses a record as too large: {text}."),
        ),
        PortError::Refit(text) => {
            Error::transient(codes::REFIT, format!("The producer is made anew: {text}."))
        }
    }
}
