//! A sink with a mistake, to see that the oracle finds it.

use std::ops::Range;
use std::sync::Arc;
use walbrook_core::checkpoint::Checkpoint;
use walbrook_core::error::Result as Answer;
use walbrook_core::record::{Records, TopicId};
use walbrook_kafka::checkpoint::Names;
use walbrook_kafka::machine::Machine;
use walbrook_kafka::port::{Entry, Port, PortError};
use walbrook_kafka::settings::Settings;
use walbrook_kafka::{sink, twin};

/// What is left out now and then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forgets {
    /// Records of a transaction whose checkpoint is written.
    Records,
    /// The position of a transaction whose records are written.
    Position,
}

/// A producer that forgets.
#[derive(Debug)]
pub(crate) struct Forgetful {
    producer: twin::Producer,
    forgets: Forgets,
    calls: u64,
}

/// What `twin::open` does, with a producer that forgets.
pub(crate) fn open(
    broker: &twin::Shared,
    names: Names,
    instance: &str,
    forgets: Forgets,
) -> Answer<(Machine<Forgetful>, Checkpoint)> {
    let settings = Settings::new("twin", "sim", &names.connector);
    let topic = settings.checkpoint_topic();
    twin::lock(broker).create(&topic, 1);
    let id = settings.transactional_id();
    let producer = twin::Producer::new(Arc::clone(broker), id, topic.clone());
    let mut log = twin::Log::new(Arc::clone(broker), topic);
    sink::take_over(
        Machine::new(Forgetful { producer, forgets, calls: 0 }, names),
        &mut log,
        instance,
    )
}

impl Forgetful {
    /// Whether this call is one of those that go wrong.
    fn forgets(&mut self, what: Forgets) -> bool {
        self.calls += u64::from(self.forgets == what);
        self.forgets == what && self.calls.is_multiple_of(7)
    }
}

impl Port for Forgetful {
    fn init(&mut self) -> Result<(), PortError> {
        self.producer.init()
    }

    fn topic(&mut self, id: TopicId, name: &str, max_bytes: usize) -> Result<(), PortError> {
        self.producer.topic(id, name, max_bytes)
    }

    fn begin(&mut self) -> Result<(), PortError> {
        self.producer.begin()
    }

    fn produce(&mut self, records: &Records, range: Range<usize>) -> Result<(), PortError> {
        if !range.is_empty() && self.forgets(Forgets::Records) {
            return Ok(());
        }
        self.producer.produce(records, range)
    }

    fn produce_checkpoint(&mut self, entries: &[Entry]) -> Result<(), PortError> {
        if self.forgets(Forgets::Position) {
            let kept = entries.iter().filter(|entry| !entry.key.ends_with(b"\"position\"]"));
            return self.producer.produce_checkpoint(&kept.cloned().collect::<Vec<_>>());
        }
        self.producer.produce_checkpoint(entries)
    }

    fn commit(&mut self) -> Result<(), PortError> {
        self.producer.commit()
    }

    fn abort(&mut self) -> Result<(), PortError> {
        self.producer.abort()
    }

    fn settle(&mut self) -> Result<(), PortError> {
        self.producer.settle()
    }
}
