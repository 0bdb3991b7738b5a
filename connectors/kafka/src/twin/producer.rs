//! The client's side of the twin: a producer that behaves as librdkafka's does, and a reader.

use super::broker::{Broker, Fault, Stored};
use super::{Shared, lock};
use crate::checkpoint;
use crate::port::{Entry, Port, PortError};
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use walbrook_core::error::Result as Answer;
use walbrook_core::record::{Record, Records, TopicId};

/// A transactional producer on a shared broker.
#[derive(Debug)]
pub struct Producer {
    broker: Shared,
    id: String,
    checkpoint_topic: String,
    epoch: u64,
    topics: BTreeMap<TopicId, String>,
    state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Sound,
    /// The commit was done, but its answer is still to be fetched.
    Committed,
    /// Only an abort is possible.
    Spoilt(String),
    /// Nothing is possible any more.
    Dead(PortError),
}

impl Producer {
    /// A producer with the transactional id `id`.
    pub fn new(broker: Shared, id: String, checkpoint_topic: String) -> Self {
        let topics = BTreeMap::new();
        Self { broker, id, checkpoint_topic, epoch: 0, topics, state: State::Sound }
    }

    /// One call: meets its fault, and remembers what it leaves behind.
    fn call(
        &mut self,
        commit: bool,
        work: impl FnOnce(&Self, &mut Broker) -> Result<(), PortError>,
    ) -> Result<(), PortError> {
        if let State::Dead(error) = &self.state {
            return Err(error.clone());
        }
        let shared = Shared::clone(&self.broker);
        let mut broker = lock(&shared);
        let (before, after) = match broker.meet() {
            None => (None, None),
            Some(Fault::Before(error)) => (Some(error), None),
            Some(Fault::After(error)) => (None, Some(error)),
            Some(Fault::Timeout) => {
                broker.time_out(&self.id);
                (None, None)
            }
            Some(Fault::Lost { done }) => {
                let text = "the connection is gone".to_owned();
                let error = if commit { PortError::Unclear } else { PortError::Retriable }(text);
                self.state = State::Dead(error.clone());
                if done {
                    let _ = work(self, &mut broker);
                }
                return Err(error);
            }
        };
        let done = match before {
            Some(error) => Err(error),
            None => work(self, &mut broker).and(after.map_or(Ok(()), Err)),
        };
        drop(broker);
        self.remember(commit, done)
    }

    fn remember(&mut self, commit: bool, done: Result<(), PortError>) -> Result<(), PortError> {
        match &done {
            Err(error @ (PortError::Fenced(_) | PortError::Fatal(_))) => {
                self.state = State::Dead(error.clone());
            }
            Err(PortError::Abortable(text)) => self.state = State::Spoilt(text.clone()),
            _ => {}
        }
        match done {
            // Only a commit may stay unanswered; any other call just failed.
            Err(PortError::Unclear(text)) if !commit => Err(PortError::Retriable(text)),
            other => other,
        }
    }

    fn sound(&self) -> Result<(), PortError> {
        match &self.state {
            State::Spoilt(text) => Err(PortError::Abortable(text.clone())),
            _ => Ok(()),
        }
    }
}

impl Port for Producer {
    fn init(&mut self) -> Result<(), PortError> {
        let mut epoch = 0;
        let done = self.call(false, |this, broker| {
            epoch = broker.init(&this.id);
            Ok(())
        });
        self.epoch = epoch;
        done
    }

    fn topic(&mut self, id: TopicId, name: &str, _max_bytes: usize) -> Result<(), PortError> {
        self.topics.insert(id, name.to_owned());
        Ok(())
    }

    fn begin(&mut self) -> Result<(), PortError> {
        self.state = if self.state == State::Committed { State::Sound } else { self.state.clone() };
        self.sound()
    }

    fn produce(&mut self, records: &Records, range: Range<usize>) -> Result<(), PortError> {
        self.sound()?;
        self.call(false, |this, broker| {
            for record in records.records.get(range).unwrap_or_default() {
                let topic = this.topics.get(&record.topic).map_or("", String::as_str);
                let stored = stored(records, record);
                broker.append((&this.id, this.epoch), (topic, record.partition), stored)?;
            }
            Ok(())
        })
    }

    fn produce_checkpoint(&mut self, entries: &[Entry]) -> Result<(), PortError> {
        self.sound()?;
        self.call(false, |this, broker| {
            for Entry { key, value } in entries.iter().cloned() {
                let (key, headers) = (Some(key), Vec::new());
                let stored = Stored { offset: 0, key, value, headers, timestamp: None };
                broker.append((&this.id, this.epoch), (&this.checkpoint_topic, 0), stored)?;
            }
            Ok(())
        })
    }

    fn commit(&mut self) -> Result<(), PortError> {
        self.sound()?;
        if self.state == State::Committed {
            return Ok(());
        }
        let mut committed = false;
        let done = self.call(true, |this, broker| {
            broker.finish(&this.id, this.epoch, true)?;
            committed = true;
            Ok(())
        });
        if committed && self.state == State::Sound {
            self.state = State::Committed;
        }
        done
    }

    fn abort(&mut self) -> Result<(), PortError> {
        let done = self.call(false, |this, broker| broker.finish(&this.id, this.epoch, false));
        if done.is_ok() {
            self.state = State::Sound;
        }
        done
    }

    fn settle(&mut self) -> Result<(), PortError> {
        self.call(false, |this, broker| {
            broker.settle(&this.id);
            Ok(())
        })
    }
}

fn stored(records: &Records, record: &Record) -> Stored {
    let bytes = |span: walbrook_core::batch::Span| span.of(&records.bytes).to_vec();
    let from = record.headers as usize;
    let headers = records.headers.get(from..from + record.header_count as usize);
    let header = |h: &walbrook_core::record::Header| {
        (String::from_utf8_lossy(h.name.of(&records.bytes)).into_owned(), h.value.map(bytes))
    };
    Stored {
        offset: 0,
        key: record.key.map(bytes),
        value: record.value.map(bytes),
        headers: headers.unwrap_or_default().iter().map(header).collect(),
        timestamp: record.timestamp,
    }
}

/// A read_committed reader of a checkpoint topic.
#[derive(Debug)]
pub struct Log {
    broker: Shared,
    topic: String,
    from: u64,
    read: VecDeque<Stored>,
}

impl Log {
    /// A reader from the start of `topic`.
    pub fn new(broker: Shared, topic: String) -> Self {
        Self { broker, topic, from: 0, read: VecDeque::new() }
    }
}

impl checkpoint::Log for Log {
    fn next(&mut self) -> Answer<Option<Entry>> {
        if self.read.is_empty() {
            let broker = lock(&self.broker);
            self.read.extend(broker.committed(&self.topic, 0, self.from).into_iter().cloned());
        }
        let Some(next) = self.read.pop_front() else { return Ok(None) };
        self.from = next.offset + 1;
        Ok(Some(Entry { key: next.key.unwrap_or_default(), value: next.value }))
    }
}
