//! The stored checkpoint, read by an outsider: the last visible record of each key.

use super::consumer::consumer;
use super::record::transaction;
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

/// A stored position, in its server's own terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// PostgreSQL: everything whose commit ends at or before it is delivered.
    Lsn(u64),
    /// MySQL's set of GTIDs, or MariaDB's newest of each domain, as text.
    Gtids(String),
}

/// The stored position, if there is one.
pub fn position(entries: &Entries) -> Option<Stored> {
    let (_, value) =
        entries.iter().find(|(k, _)| k.contains("\"walbrook\"") && k.contains("\"position\""))?;
    if let Some(lsn) = value.pointer("/log/lsn") {
        return lsn.as_u64().map(Stored::Lsn);
    }
    let set = value.pointer("/log/gtids/set").or_else(|| value.pointer("/log/domains/newest"))?;
    set.as_str().map(|set| Stored::Gtids(set.to_owned()))
}

impl Stored {
    /// Whether the transaction `id` of the transaction topic lies before it.
    pub fn covers(&self, id: &str) -> bool {
        match (self, transaction(id)) {
            (Self::Lsn(lsn), Some((_, end))) => end as u64 <= *lsn,
            (Self::Gtids(set), Some((gtid, n))) => {
                let set: String = set.split_whitespace().collect();
                set.split(',').any(|part| match gtid.rsplit_once(':') {
                    Some((server, _)) => part
                        .strip_prefix(server)
                        .is_some_and(|ranges| ranges.split(':').any(|range| contains(range, n))),
                    None => {
                        domain(part).is_some_and(|d| domain(gtid) == Some(d)) && newest(part) >= n
                    }
                })
            }
            (_, None) => false,
        }
    }
}

/// Whether `5` or `1-7` contains `n`.
fn contains(range: &str, n: i64) -> bool {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let (first, last) = (first.parse::<i64>(), last.parse::<i64>());
    matches!((first, last), (Ok(first), Ok(last)) if (first..=last).contains(&n))
}

fn domain(gtid: &str) -> Option<&str> {
    gtid.split('-').next()
}

fn newest(gtid: &str) -> i64 {
    gtid.rsplit('-').next().and_then(|n| n.parse().ok()).unwrap_or(-1)
}

#[test]
fn what_a_stored_position_covers() {
    assert!(Stored::Lsn(9).covers("700:9") && !Stored::Lsn(8).covers("700:9"));
    let a = "2174b383-5441-11e8-b90a-c80aa9429562";
    let b = a.replace("21", "31");
    let set = Stored::Gtids(format!("{a}:1-5:9,\n{b}:4"));
    for (id, covered) in [("1", true), ("5", true), ("6", false), ("9", true), ("10", false)] {
        assert_eq!(set.covers(&format!("{a}:{id}")), covered, "{id}");
    }
    assert!(set.covers(&format!("{b}:4")) && !set.covers(&format!("{b}:5")));
    let domains = Stored::Gtids("0-1-7,3-1-20".into());
    assert!(domains.covers("0-2-7") && domains.covers("3-1-8"));
    assert!(!domains.covers("0-1-8") && !domains.covers("5-1-1"));
}
