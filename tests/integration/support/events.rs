//! A reader of the topics of an outbox, whose records are plain text: everything that is committed now.

use super::consumer::consumer;
use super::stack::seconds;
use rdkafka::consumer::Consumer;
use rdkafka::error::KafkaError;
use rdkafka::message::{Headers, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde_json::Value;
use std::time::Instant;

/// An event's record.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The topic behind the prefix.
    pub topic: String,
    /// The key.
    pub key: Option<String>,
    /// All headers, in order.
    pub headers: Vec<(String, Option<String>)>,
    /// The value as JSON; null also where there is none.
    pub value: Value,
}

impl Event {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name)?.1.as_deref()
    }
}

/// Every record of the topics that begin with `prefix`, to the end of what is committed.
pub async fn read(prefix: String) -> Vec<Event> {
    tokio::task::spawn_blocking(move || read_here(&prefix)).await.unwrap()
}

fn read_here(prefix: &str) -> Vec<Event> {
    let consumer = consumer(&[("enable.partition.eof", "true")]);
    let metadata = consumer.fetch_metadata(None, seconds(10)).unwrap();
    let mut places = TopicPartitionList::new();
    for topic in metadata.topics().iter().filter(|topic| topic.name().starts_with(prefix)) {
        for partition in topic.partitions() {
            places.add_partition_offset(topic.name(), partition.id(), Offset::Beginning).unwrap();
        }
    }
    consumer.assign(&places).unwrap();
    let (mut events, mut open, begin) = (Vec::new(), places.count(), Instant::now());
    while open > 0 {
        assert!(begin.elapsed() < seconds(30), "the end of {open} partitions of {prefix}");
        match consumer.poll(seconds(1)) {
            Some(Ok(message)) => events.push(event(&message, prefix)),
            Some(Err(KafkaError::PartitionEOF(_))) => open -= 1,
            Some(Err(_)) | None => {}
        }
    }
    events
}

fn event(message: &impl Message, prefix: &str) -> Event {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let headers = message
        .headers()
        .map(|headers| headers.iter().map(|it| (it.key.to_owned(), it.value.map(text))).collect());
    Event {
        topic: message.topic().trim_start_matches(prefix).to_owned(),
        key: message.key().map(text),
        headers: headers.unwrap_or_default(),
        value: message
            .payload()
            .map_or(Value::Null, |value| serde_json::from_slice(value).unwrap()),
    }
}
