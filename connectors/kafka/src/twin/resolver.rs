//! Schema ids and topics of the twin.

use super::{Shared, lock};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use walbrook_core::resolve::{self, Answer, Topic, TopicKind};

/// A registry that numbers texts as they come, and topics on a shared broker.
#[derive(Debug)]
pub struct Resolver {
    broker: Shared,
    partitions: usize,
    max_bytes: usize,
    ids: Mutex<BTreeMap<String, u32>>,
}

impl Resolver {
    /// Creates data topics with `partitions`; every topic allows `max_bytes`.
    pub fn new(broker: Shared, partitions: usize, max_bytes: usize) -> Self {
        Self { broker, partitions, max_bytes, ids: Mutex::default() }
    }

    /// The registered texts with their ids, in the order of the texts.
    pub fn texts(&self) -> Vec<(String, u32)> {
        let ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        ids.iter().map(|(text, id)| (text.clone(), *id)).collect()
    }
}

impl resolve::Resolver for Resolver {
    fn schema<'a>(&'a self, _subject: &'a str, text: &'a str) -> Answer<'a, u32> {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let next = ids.len() as u32 + 1;
        let id = *ids.entry(text.to_owned()).or_insert(next);
        Box::pin(async move { Ok(id) })
    }

    fn topic<'a>(&'a self, name: &'a str, kind: TopicKind) -> Answer<'a, Topic> {
        let partitions = if kind == TopicKind::Data { self.partitions } else { 1 };
        let mut broker = lock(&self.broker);
        broker.create(name, partitions);
        let partitions = broker.partitions(name).unwrap_or(partitions) as i32;
        let topic = Topic { partitions, max_bytes: self.max_bytes, compacted: false };
        Box::pin(async move { Ok(topic) })
    }
}
