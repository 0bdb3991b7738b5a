//! What is known of the outside: schema ids, topic handles, pinned partition counts.

use super::shaper::Stop;
use std::collections::HashMap;
use walbrook_core::error::Error;
use walbrook_core::record::TopicId;
use walbrook_core::resolve::{Topic, TopicKind};

/// Something that must be asked for before shape can go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// The id of a schema text under a subject.
    Schema {
        /// `<topic>-key` or `<topic>-value`.
        subject: String,
        /// The text to register.
        text: String,
    },
    /// A topic.
    Topic {
        /// Its name.
        name: String,
        /// What it is for.
        kind: TopicKind,
        /// Whether its records have keys.
        keyed: bool,
    },
}

/// A topic that may be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle {
    /// What the sink knows it as.
    pub id: TopicId,
    /// The pinned number of partitions.
    pub partitions: i32,
    /// Whether it is compacted: it takes no record without a key.
    pub compacted: bool,
}

/// Texts of schemas that are remembered, in bytes. Data decides how many there are where JSON
/// becomes records: beyond this all are forgotten, and asked for again when they are met again.
const TEXTS: usize = 64 << 20;

/// Answers collected so far. Grows with the number of topics only.
#[derive(Debug, Default)]
pub struct Resolved {
    schemas: HashMap<String, HashMap<String, u32>>,
    texts: usize,
    topics: HashMap<String, Handle>,
    /// Schemas that the registry refuses.
    refused: HashMap<String, HashMap<String, Error>>,
    /// What each topic takes, by its number.
    limits: Vec<Limit>,
}

/// What a topic takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Its name.
    pub name: String,
    /// Its `max.message.bytes`.
    pub max_bytes: usize,
}

impl Resolved {
    /// The id of a schema.
    pub fn schema(&self, subject: &str, text: &str) -> Option<u32> {
        self.schemas.get(subject)?.get(text).copied()
    }

    /// The handle of a topic.
    pub fn topic(&self, name: &str) -> Option<Handle> {
        self.topics.get(name).copied()
    }

    /// What the topic with this number takes.
    #[inline]
    pub fn limit(&self, id: TopicId) -> Option<&Limit> {
        self.limits.get(id as usize)
    }

    /// Why shaping stops where `needs` are missing.
    pub(super) fn stop(&self, needs: Vec<Need>) -> Stop {
        match self.refusal(&needs) {
            Some(error) => Stop::Failed(error.clone()),
            None => Stop::Need(needs),
        }
    }

    /// Why one of the needs cannot be met, if that is known.
    pub fn refusal(&self, needs: &[Need]) -> Option<&Error> {
        if self.refused.is_empty() {
            return None;
        }
        needs.iter().find_map(|need| match need {
            Need::Schema { subject, text } => self.refused.get(subject)?.get(text),
            Need::Topic { .. } => None,
        })
    }

    /// Remembers that the registry refuses a schema.
    pub fn refuse(&mut self, subject: String, text: String, error: Error) {
        self.refused.entry(subject).or_default().insert(text, error);
    }

    /// Forgets what was refused, so that it is asked for again; answers whether there was any.
    pub fn forget_refused(&mut self) -> bool {
        !std::mem::take(&mut self.refused).is_empty()
    }

    /// Remembers a schema id.
    pub fn add_schema(&mut self, subject: String, text: String, id: u32) {
        let size = subject.len() + text.len();
        if self.texts + size > TEXTS {
            self.schemas.clear();
            self.texts = 0;
        }
        self.texts += size;
        self.schemas.entry(subject).or_default().insert(text, id);
    }

    /// Remembers a topic, with the number of partitions that was pinned for it earlier, if any.
    pub fn add_topic(&mut self, name: String, topic: Topic, pinned: Option<i32>) -> Handle {
        let id = self.topics.len() as TopicId;
        if !self.topics.contains_key(&name) {
            self.limits.push(Limit { name: name.clone(), max_bytes: topic.max_bytes });
        }
        let partitions = pinned.unwrap_or(topic.partitions).max(1);
        let handle = Handle { id, partitions, compacted: topic.compacted };
        *self.topics.entry(name).or_insert(handle)
    }
}
