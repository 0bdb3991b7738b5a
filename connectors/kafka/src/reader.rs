//! Reads a checkpoint topic without joining a group and without fencing anybody.

use crate::checkpoint::Log;
use crate::client::{self, Watch};
use crate::port::Entry;
use crate::settings::Settings;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};
use std::time::{Duration, Instant};
use walbrook_core::error::Result;

/// How long the end is waited at.
const MOMENT: Duration = Duration::from_millis(100);
/// How long nothing at all may come before the brokers count as away.
const SILENCE: Duration = Duration::from_secs(20);

/// A read_committed reader from the start of the checkpoint topic.
pub(crate) struct Reader {
    consumer: BaseConsumer<Watch>,
    brokers: String,
    topic: String,
    at_end: bool,
    /// The offset at which to stop, where others may go on writing.
    until: Option<i64>,
}

impl Reader {
    pub(crate) fn new(settings: &Settings) -> Result<Self> {
        let topic = settings.checkpoint_topic();
        let config = settings.reader_config();
        let consumer: BaseConsumer<Watch> =
            client::made(config.create_with_context(Watch::default()))?;
        // Knowing the leader before the assignment saves half a second of retrying.
        if let Err(error) = consumer.fetch_metadata(Some(&topic), SILENCE / 2) {
            let doing = "looking up the checkpoint topic";
            return Err(client::told(&error, consumer.context(), &settings.brokers, doing));
        }
        let mut place = TopicPartitionList::new();
        let assigned = place
            .add_partition_offset(&topic, 0, Offset::Beginning)
            .and_then(|()| consumer.assign(&place));
        client::made(assigned)?;
        let brokers = settings.brokers.clone();
        Ok(Self { consumer, brokers, topic, at_end: false, until: None })
    }

    /// The same, ending at what is there now: under somebody else's load the end never comes.
    pub(crate) fn bounded(settings: &Settings) -> Result<Self> {
        let mut reader = Self::new(settings)?;
        match reader.consumer.fetch_watermarks(&reader.topic, 0, SILENCE / 2) {
            Ok((_, high)) => reader.until = Some(high),
            Err(error) => {
                let doing = "looking up the end of the checkpoint topic";
                let context = reader.consumer.context();
                return Err(client::told(&error, context, &reader.brokers, doing));
            }
        }
        Ok(reader)
    }
}

impl Log for Reader {
    fn next(&mut self) -> Result<Option<Entry>> {
        let doing = |topic: &str| format!("reading the checkpoint topic \"{topic}\"");
        let end = Instant::now() + SILENCE;
        loop {
            match self.consumer.poll(MOMENT) {
                Some(Ok(message)) => {
                    self.at_end = false;
                    if self.until.is_some_and(|until| message.offset() >= until) {
                        return Ok(None);
                    }
                    return Ok(Some(Entry {
                        key: message.key().unwrap_or_default().to_vec(),
                        value: message.payload().map(<[u8]>::to_vec),
                    }));
                }
                Some(Err(KafkaError::PartitionEOF(_))) => {
                    self.at_end = true;
                    return Ok(None);
                }
                // Passing errors of the connection are the client's own to mend.
                Some(Err(error)) if lasting(&error) => {
                    let context = self.consumer.context();
                    return Err(client::told(&error, context, &self.brokers, &doing(&self.topic)));
                }
                _ if self.at_end => return Ok(None),
                _ if Instant::now() > end => {
                    let code = rdkafka::error::RDKafkaErrorCode::OperationTimedOut;
                    let last = self.consumer.context().last();
                    return Err(client::trouble(code, last, &self.brokers, &doing(&self.topic)));
                }
                _ => {}
            }
        }
    }
}

fn lasting(error: &KafkaError) -> bool {
    use rdkafka::error::RDKafkaErrorCode as C;
    error.rdkafka_error_code().is_some_and(|code| {
        client::denied(code)
            || matches!(code, C::UnknownTopicOrPartition | C::UnknownTopic | C::AutoOffsetReset)
    })
}
