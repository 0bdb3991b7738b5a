//! The contract of what shape needs from outside: schema ids and topics. Slow, so never asked for
//! inside an open Kafka transaction for longer than a second.

use crate::error::Result;
use std::future::Future;
use std::pin::Pin;

/// A future of a resolver.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// What a topic is for: decides how it is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TopicKind {
    /// Changes of tables; partitions as configured.
    Data,
    /// Transactions, heartbeats, schema changes: one partition.
    Control,
    /// Dead letters: one partition, and they stay until a person deletes them.
    DeadLetters,
}

/// What must be known of a topic before a record may be sent to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Number of partitions that the broker shows.
    pub partitions: i32,
    /// `max.message.bytes` of the topic.
    pub max_bytes: usize,
    /// Whether the topic is compacted: it must not get records without a key.
    pub compacted: bool,
}

/// Registers schemas and finds or creates topics.
pub trait Resolver: Send + Sync {
    /// The id of `text` under `subject`, registering it where it is new.
    fn schema<'a>(&'a self, subject: &'a str, text: &'a str) -> Answer<'a, u32>;

    /// The topic `name`, created where that is allowed and it does not exist.
    fn topic<'a>(&'a self, name: &'a str, kind: TopicKind) -> Answer<'a, Topic>;
}
