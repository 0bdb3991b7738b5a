//! Everything about an event's record that data decides, found before a byte of it is written:
//! where it goes, under which schemas, and whether it can be told at all.

use super::cell::Value;
use super::expand::{self, Expanded, Shape, Unfit};
use super::known::{Form, Route, Topics};
use super::recipe::Recipe;
use super::refusal::Refusal;
use super::settings::{Outbox, Place};
use crate::shape::envelope;
use crate::shape::resolved::{Handle, Need, Resolved};
use walbrook_core::avro::text;
use walbrook_core::batch::{Batch, Image};
use walbrook_core::resolve::TopicKind;
use walbrook_core::schema::Schema;

/// Largest text of a schema that data may ask for: a registry keeps it in one Kafka record.
const SCHEMA: usize = 900 << 10;
/// Kafka refuses records from further in the future.
const AHEAD_MS: i64 = 3_600_000;

/// What an event's record will be.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) handle: Handle,
    /// The partition that the row names.
    pub(super) partition: Option<i32>,
    pub(super) timestamp: Option<i64>,
    /// Wire prefix of the key; empty where it is text.
    pub(super) key: Option<[u8; 5]>,
    pub(super) value: Body,
}

/// What an event's value will be.
#[derive(Debug)]
pub(super) enum Body {
    /// There is none.
    Tombstone,
    /// The payload's own bytes.
    Raw,
    /// Avro under this prefix, the payload as it came.
    Plain([u8; 5]),
    /// Avro under this prefix, the payload as it lies in the scratch space.
    Expanded([u8; 5]),
}

/// Why there is no plan.
#[derive(Debug)]
pub(super) enum Unready {
    /// Something must be resolved first.
    Need(Vec<Need>),
    /// The event cannot be told.
    Refused(Refusal),
}

impl From<Refusal> for Unready {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What planning looks at.
pub(super) struct Planner<'a> {
    pub(super) outbox: &'a Outbox,
    pub(super) topics: &'a mut Topics,
    pub(super) resolved: &'a Resolved,
    pub(super) batch: &'a Batch,
    pub(super) image: Image,
    pub(super) now_us: i64,
    /// Takes the expanded payload.
    pub(super) scratch: &'a mut Vec<u8>,
}

impl Planner<'_> {
    /// Plans the record of the event.
    pub(super) fn plan(mut self, recipe: &mut Recipe) -> Result<Plan, Unready> {
        let layout = std::sync::Arc::clone(&recipe.layout);
        let (batch, image) = (self.batch, self.image);
        let at = |place| {
            Value::of(&layout, batch, image, place)
                .ok_or_else(|| Refusal::Value(String::new(), "is missing"))
        };
        let columns = &recipe.columns;
        let no_route = || Refusal::NoRoute(self.outbox.route_by.clone());
        let value = at(columns.route)?.text().filter(|it| !it.is_empty()).ok_or_else(no_route)?;
        let timestamp = match columns.timestamp {
            Some((place, units)) => self.timestamp(at(place)?.number(), units)?,
            None => None,
        };
        let version = columns.version.map(at).transpose()?.and_then(|version| version.number());
        let named = columns.partition.map(at).transpose()?.and_then(|named| named.number());
        let key = at(columns.key)?;
        let payload = at(columns.payload)?;
        let (shape, empty) = self.expand(&payload)?;
        let form = Form { version, shape };
        let mut needs = Vec::new();
        let route = recipe.routes.of(self.topics, self.outbox, value)?;
        let handle = self.handle(route, &mut needs);
        let key_prefix = match key.payload {
            Some(_) if !self.outbox.text_keys => self.key(route, key.schema, &mut needs),
            _ => None,
        };
        let body = if self.is_tombstone(&payload, empty, recipe.is_record()) {
            Body::Tombstone
        } else if self.outbox.raw_values {
            Body::Raw
        } else {
            self.avro(recipe, (value, payload.schema), form, &mut needs)?
        };
        let Some(handle) = handle.filter(|_| needs.is_empty()) else {
            return Err(Unready::Need(needs));
        };
        if handle.compacted && key.payload.is_none() {
            return Err(Refusal::NoKey.into());
        }
        let partition = named.map(|number| self.partition(number, handle)).transpose()?;
        Ok(Plan { handle, partition, timestamp, key: key_prefix, value: body })
    }

    /// The shape of a payload that is expanded, whose values are then in the scratch space; and
    /// whether the payload is empty text.
    fn expand(&mut self, payload: &Value<'_>) -> Result<(Option<Shape>, bool), Refusal> {
        let Some(text) = payload.text() else { return Ok((None, false)) };
        let empty = text.trim_matches(|c| c <= ' ').is_empty();
        let Some(expand) = self.outbox.expand.as_ref().filter(|_| !empty) else {
            return Ok((None, empty));
        };
        let done = expand.look(text).and_then(|expanded| match expanded {
            Expanded::Text => Ok(None),
            Expanded::Document(shape, document) => {
                self.scratch.clear();
                expand::write(self.scratch, &shape, &document)?;
                Ok(Some(shape))
            }
        });
        match done {
            Ok(shape) => Ok((shape, false)),
            Err(Unfit(_)) if self.outbox.text_if_unfit => Ok((None, false)),
            Err(Unfit(why)) => Err(Refusal::Payload(why)),
        }
    }

    /// A value that is Avro; one that no schema fits may stay text.
    fn avro(
        &self,
        recipe: &mut Recipe,
        (value, plain): (&str, &Schema),
        form: Form,
        needs: &mut Vec<Need>,
    ) -> Result<Body, Refusal> {
        if form.shape.is_none() {
            return Ok(Body::Plain(self.value(recipe, value, form, plain, needs)?));
        }
        let text = Form { version: form.version, shape: None };
        match self.value(recipe, value, form, plain, needs) {
            Ok(prefix) => Ok(Body::Expanded(prefix)),
            Err(Refusal::Payload(_)) if self.outbox.text_if_unfit => {
                Ok(Body::Plain(self.value(recipe, value, text, plain, needs)?))
            }
            Err(refusal) => Err(refusal),
        }
    }

    fn is_tombstone(&self, payload: &Value<'_>, empty: bool, record: bool) -> bool {
        match payload.payload {
            None => self.outbox.tombstones_on_empty || !record,
            Some(_) => empty && self.outbox.tombstones_on_empty,
        }
    }

    fn handle(&self, route: &mut Route, needs: &mut Vec<Need>) -> Option<Handle> {
        if route.handle.is_none() {
            route.handle = self.resolved.topic(&route.topic);
        }
        if route.handle.is_none() {
            // Whether a record without a key may go there is looked at for each of them.
            let (name, kind, keyed) = (route.topic.clone(), TopicKind::Data, true);
            needs.push(Need::Topic { name, kind, keyed });
        }
        route.handle
    }

    fn key(&self, route: &mut Route, schema: &Schema, needs: &mut Vec<Need>) -> Option<[u8; 5]> {
        if route.key.is_none() {
            let subject = format!("{}-key", route.topic);
            route.key = self.ask(subject, text::of(schema), needs);
        }
        route.key
    }

    /// The prefix of values of `form`; zeros where it is needed first.
    fn value(
        &self,
        recipe: &mut Recipe,
        value: &str,
        form: Form,
        plain: &Schema,
        needs: &mut Vec<Need>,
    ) -> Result<[u8; 5], Refusal> {
        let known = |recipe: &Recipe| recipe.routes.get(value)?.values.get(&form).copied();
        if let Some(prefix) = known(recipe) {
            return Ok(prefix);
        }
        let payload = match &form.shape {
            Some(shape) => shape.schema(Some(&self.outbox.payload)),
            None => Ok(plain.clone()),
        };
        let payload = payload.map_err(|Unfit(why)| Refusal::Payload(why))?;
        let text = text::of(&recipe.value_schema(&payload, value, form.version));
        if text.len() > SCHEMA {
            return Err(Refusal::Payload("its schema would be larger than a registry takes"));
        }
        let Some(topic) = recipe.routes.get(value).map(|route| route.topic.clone()) else {
            return Ok([0; 5]);
        };
        let size = text.len();
        let Some(prefix) = self.ask(format!("{topic}-value"), text, needs) else {
            return Ok([0; 5]);
        };
        recipe.routes.learn(value, form, prefix, size);
        Ok(prefix)
    }

    fn ask(&self, subject: String, text: String, needs: &mut Vec<Need>) -> Option<[u8; 5]> {
        match self.resolved.schema(&subject, &text) {
            Some(id) => Some(envelope::prefix(id)),
            None => {
                needs.push(Need::Schema { subject, text });
                None
            }
        }
    }

    /// The record's time. A row that says none has that of sending.
    fn timestamp(&self, number: Option<i64>, units: i64) -> Result<Option<i64>, Refusal> {
        let Some(number) = number else { return Ok(None) };
        let (ms, now_ms) = (number / units, self.now_us / 1000);
        let column = || self.outbox.timestamp.clone().unwrap_or_default();
        if number < 0 {
            return Err(Refusal::Value(column(), "is before 1970, where Kafka's time begins"));
        }
        if ms > now_ms.saturating_add(AHEAD_MS) {
            return Err(Refusal::Value(
                column(),
                "is more than an hour ahead, which Kafka refuses",
            ));
        }
        Ok(Some(ms))
    }

    fn partition(&self, number: i64, handle: Handle) -> Result<i32, Refusal> {
        let partition = i32::try_from(number).ok();
        partition.filter(|number| (0..handle.partitions).contains(number)).ok_or_else(|| {
            let mut fields = self.outbox.fields.iter();
            let placed = fields.find(|field| field.place == Place::Partition);
            let column = placed.map(|field| field.column.clone()).unwrap_or_default();
            Refusal::Value(column, "is no partition of the topic")
        })
    }
}
