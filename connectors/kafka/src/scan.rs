//! Reads a topic of one partition from a place to its present end: read_committed, no group.

use crate::client::{self, Watch};
use crate::consumer::{Incoming, incoming};
use crate::settings::Settings;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};
use std::time::{Duration, Instant};
use walbrook_core::error::Result;

/// How long a record is waited for at once.
const MOMENT: Duration = Duration::from_millis(100);
/// How long nothing at all may come before the brokers count as away.
const SILENCE: Duration = Duration::from_secs(20);

/// Hands every record of partition 0 of `topic` from offset `from` on to `each`, until the end or
/// until it answers false. Blocks.
pub fn scan(
    settings: &Settings,
    topic: &str,
    from: i64,
    mut each: impl FnMut(Incoming) -> bool,
) -> Result<()> {
    let config = settings.reader_config();
    let consumer: BaseConsumer<Watch> = client::made(config.create_with_context(Watch::default()))?;
    let doing = format!("reading the topic \"{topic}\"");
    let told =
        |error: &KafkaError| client::told(error, consumer.context(), &settings.brokers, &doing);
    let (low, high) =
        consumer.fetch_watermarks(topic, 0, SILENCE / 2).map_err(|error| told(&error))?;
    if from >= high {
        return Ok(());
    }
    let mut place = TopicPartitionList::new();
    let assigned = place
        .add_partition_offset(topic, 0, Offset::Offset(from.max(low)))
        .and_then(|()| consumer.assign(&place));
    client::made(assigned)?;
    let mut end = Instant::now() + SILENCE;
    loop {
        match consumer.poll(MOMENT) {
            Some(Ok(message)) => {
                end = Instant::now() + SILENCE;
                let last = message.offset() + 1 >= high;
                if message.offset() >= high || !each(incoming(&message)) || last {
                    return Ok(());
                }
            }
            // What is open is no record yet: the last stable record is the end.
            Some(Err(KafkaError::PartitionEOF(_))) => return Ok(()),
            Some(Err(error)) if error.rdkafka_error_code().is_some_and(client::denied) => {
                return Err(told(&error));
            }
            _ if Instant::now() > end => {
                let code = rdkafka::error::RDKafkaErrorCode::OperationTimedOut;
                let last = consumer.context().last();
                return Err(client::trouble(code, last, &settings.brokers, &doing));
            }
            _ => {}
        }
    }
}
