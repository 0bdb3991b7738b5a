//! The stored checkpoint, read by an outsider: the last visible record of each key.

use super::consumer::consumer;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Keys (JSON text) and values of a checkpoint topic.
pub type Entries = BTreeMap<String, Value>;

/// Reads the checkpoint topic of `connector` at `read_committed`. Blocks: call it in `spawn_blocking`.
pub fn read(topic: &str) -> Option<Entries> {
    let consumer: BaseConsumer = consumer(&[("enable.partition.eof", "true")]);
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, 0, Offset::Beginning).ok()?;
    consumer.assign(&list).ok()?;
    let (mut entries, end) = (Entries::new(), Instant::now() + Duration::from_secs(10));
    while Instant::now() < end {
        match consumer.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => {
                let key = String::from_utf8_lossy(message.key().unwrap_or_default()).into_owned();
                match message.payload().and_then(|v| serde_json::from_slice(v).ok()) {
                    Some(value) => entries.insert(key, value),
                    None => entries.remove(&key),
                };
            }
            Some(Err(KafkaError::PartitionEOF(_))) => return Some(entries),
            _ => {}
        }
    }
    None
}

/// The stored position as an LSN: everything whose commit ends at or before it is delivered.
pub fn position(entries: &Entries) -> Option<u64> {
    let (_, value) =
        entries.iter().find(|(k, _)| k.contains("\"walbrook\"") && k.contains("\"position\""))?;
    value.pointer("/log/lsn")?.as_u64()
}
