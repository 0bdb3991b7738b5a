//! What is remembered of topics that data names: bounded, whatever data says.

use super::expand::Shape;
use super::refusal::Refusal;
use super::settings::Outbox;
use crate::shape::resolved::Handle;
use std::collections::{HashMap, HashSet};

/// Bytes of schemas whose forms are remembered; beyond it they are looked up once more.
const FORMS: usize = 16 << 20;
/// Values of the routing column that are remembered: several may mean one topic.
const VALUES: usize = 4096;

/// The topics that data has named so far.
#[derive(Debug, Default)]
pub(in crate::shape) struct Topics {
    names: HashSet<String>,
}

impl Topics {
    /// The topic for a value of the routing column, if it may be written to.
    pub(super) fn admit(&mut self, outbox: &Outbox, value: &str) -> Result<String, Refusal> {
        let topic = (outbox.route)(value);
        if !is_topic(&topic) {
            return Err(Refusal::TopicName);
        }
        if !(outbox.allowed)(&topic) {
            return Err(Refusal::Topic);
        }
        if !self.names.contains(&topic) {
            if self.names.len() >= outbox.max_topics {
                return Err(Refusal::TooManyTopics(outbox.max_topics));
            }
            self.names.insert(topic.clone());
        }
        Ok(topic)
    }
}

/// Whether Kafka takes a topic of this name.
fn is_topic(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !name.is_empty() && name.len() <= 249 && name != "." && name != ".." && name.chars().all(legal)
}

/// What is known of one value of the routing column.
#[derive(Debug)]
pub(super) struct Route {
    /// The topic.
    pub(super) topic: String,
    /// The topic's handle, once it is resolved.
    pub(super) handle: Option<Handle>,
    /// Wire prefix of keys.
    pub(super) key: Option<[u8; 5]>,
    /// Wire prefixes of values, by their form.
    pub(super) values: HashMap<Form, [u8; 5]>,
}

/// What decides on the schema of a value besides layout and topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Form {
    /// The version that the row names.
    pub(super) version: Option<i64>,
    /// The shape of an expanded payload.
    pub(super) shape: Option<Shape>,
}

/// The routes of one recipe.
#[derive(Debug, Default)]
pub(super) struct Routes {
    known: HashMap<String, Route>,
    /// Bytes of the schemas whose forms are remembered.
    weight: usize,
}

impl Routes {
    /// The route for a value of the routing column.
    pub(super) fn of(
        &mut self,
        topics: &mut Topics,
        outbox: &Outbox,
        value: &str,
    ) -> Result<&mut Route, Refusal> {
        if !self.known.contains_key(value) {
            let topic = topics.admit(outbox, value)?;
            if self.known.len() >= VALUES {
                self.known.clear();
                self.weight = 0;
            }
            let route = Route { topic, handle: None, key: None, values: HashMap::new() };
            self.known.insert(value.to_owned(), route);
        }
        // It is there: the refusal is never seen.
        self.known.get_mut(value).ok_or(Refusal::Topic)
    }

    /// What is known of the route for `value`.
    pub(super) fn get(&self, value: &str) -> Option<&Route> {
        self.known.get(value)
    }

    /// Remembers the prefix of values of `form`, whose schema has `size` bytes.
    pub(super) fn learn(&mut self, value: &str, form: Form, prefix: [u8; 5], size: usize) {
        if self.weight + size > FORMS {
            self.known.values_mut().for_each(|route| route.values.clear());
            self.weight = 0;
        }
        self.weight += size;
        if let Some(route) = self.known.get_mut(value) {
            route.values.insert(form, prefix);
        }
    }
}
