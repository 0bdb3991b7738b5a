//! Topics of Walbrook's own records: transactions and heartbeats.

use super::envelope;
use super::output::Output;
use super::recipe::Ready;
use super::resolved::{Need, Resolved};
use walbrook_core::avro::text;
use walbrook_core::resolve::TopicKind;
use walbrook_core::schema::{Field, Kind, Schema};

/// A topic of Walbrook's own records, with its two schemas.
pub(super) struct Control {
    topic: String,
    key: String,
    value: String,
    ready: Option<Ready>,
}

impl Control {
    /// The topic `topic` with its two schemas.
    pub(super) fn new(topic: String, key: &Schema, value: &Schema) -> Self {
        Self { topic, key: text::of(key), value: text::of(value), ready: None }
    }

    /// Name of the topic.
    pub(super) fn topic(&self) -> &str {
        &self.topic
    }

    /// The resolved constants, or what is needed for them.
    pub(super) fn resolve(&mut self, resolved: &Resolved) -> Result<Ready, Vec<Need>> {
        if let Some(ready) = self.ready {
            return Ok(ready);
        }
        let key_subject = format!("{}-key", self.topic);
        let value_subject = format!("{}-value", self.topic);
        let topic = resolved.topic(&self.topic);
        let key = resolved.schema(&key_subject, &self.key);
        let value = resolved.schema(&value_subject, &self.value);
        if let (Some(topic), Some(key), Some(value)) = (topic, key, value) {
            let (key, value) = (envelope::prefix(key), envelope::prefix(value));
            let ready = Ready { topic, key, value };
            self.ready = Some(ready);
            return Ok(ready);
        }
        let mut needs = Vec::new();
        if topic.is_none() {
            let (name, kind) = (self.topic.clone(), TopicKind::Control);
            needs.push(Need::Topic { name, kind, keyed: true });
        }
        if key.is_none() {
            needs.push(Need::Schema { subject: key_subject, text: self.key.clone() });
        }
        if value.is_none() {
            needs.push(Need::Schema { subject: value_subject, text: self.value.clone() });
        }
        Err(needs)
    }
}

/// Appends a record of one of Walbrook's own topics, with these headers.
pub(super) fn write(
    out: &mut Output,
    ready: Ready,
    key: impl FnOnce(&mut Vec<u8>),
    value: impl FnOnce(&mut Vec<u8>),
    headers: (u32, u32),
) {
    let key = out.append_with(|o| {
        o.extend_from_slice(&ready.key);
        key(o);
    });
    let value = out.append_with(|o| {
        o.extend_from_slice(&ready.value);
        value(o);
    });
    out.push(ready.topic.id, 0, Some(key), Some(value), headers);
}

/// A record of version 1 with one field, in the reference's common name space.
pub(super) fn one_field(name: &str, field: &str, kind: Kind) -> Schema {
    let name = format!("io.debezium.connector.common.{name}");
    Schema::record(name, vec![Field::new(field, Schema::new(kind))]).versioned(1)
}
