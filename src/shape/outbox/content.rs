//! Content of a logical message as a row of an outbox: a JSON object whose members are the columns.
//!
//! ```text
//!  {"id": "7", "aggregatetype": "order", "payload": {…}} ─▶ columns that the settings name ─▶ row
//! ```
//!
//! No table says of what type a member is, so its use does: times, versions and partitions are whole
//! numbers, everything else is text. A member that is no text is told as its JSON.

use super::refusal::Refusal;
use super::settings::{Outbox, Place};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;
use walbrook_core::avro::write;
use walbrook_core::batch::{Batch, Image, Writer};
use walbrook_core::layout::{Field, Layout, Table};
use walbrook_core::schema::{Kind, Schema};

/// The columns of an outbox whose rows are messages.
#[derive(Debug)]
pub(in crate::shape) struct Content {
    layout: Arc<Layout>,
    /// Whether each column may be missing.
    may_miss: Vec<bool>,
}

/// What a column is used for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Text,
    Number,
    /// Milliseconds since 1970.
    Time,
}

impl Use {
    fn schema(self) -> Schema {
        let schema = match self {
            Use::Text => Schema::new(Kind::String),
            Use::Number => Schema::new(Kind::Int64),
            Use::Time => Schema::new(Kind::Int64).semantic("io.debezium.time.Timestamp"),
        };
        schema.optional()
    }
}

impl Content {
    /// The columns that `outbox` names.
    pub(in crate::shape) fn new(outbox: &Outbox) -> Self {
        let mut columns: Vec<(&str, Use, bool)> = Vec::new();
        let mut add = |name, usage, may_miss| match columns.iter_mut().find(|it| it.0 == name) {
            // A column may have two uses; the first that is no text decides.
            Some(known) if known.1 == Use::Text => known.1 = usage,
            Some(_) => {}
            None => columns.push((name, usage, may_miss)),
        };
        for name in [&outbox.id, &outbox.key, &outbox.payload, &outbox.route_by] {
            add(name.as_str(), Use::Text, false);
        }
        if let Some(name) = &outbox.timestamp {
            add(name, Use::Time, false);
        }
        if let Some(name) = &outbox.schema_version {
            add(name, Use::Number, false);
        }
        for field in &outbox.fields {
            let usage = match field.place {
                Place::Partition => Use::Number,
                Place::Header | Place::Envelope => Use::Text,
            };
            add(&field.column, usage, outbox.ignore_missing);
        }
        let field = |(name, usage, _): &(&str, Use, bool)| {
            let schema = usage.schema();
            let (wrap, fallback, unchanged) = (schema.wrap(), Box::from([0]), Box::from([0]));
            Field { name: (*name).into(), schema, wrap, fallback, unchanged, hidden: false }
        };
        let fields = columns.iter().map(field).collect();
        let layout = Arc::new(Layout::new(Table::messages(), fields, Vec::new()));
        Self { layout, may_miss: columns.iter().map(|it| it.2).collect() }
    }

    /// The columns as a layout.
    pub(in crate::shape) fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Writes the row that `content` tells into `batch`.
    pub(super) fn row(&self, batch: &mut Batch, content: &[u8]) -> Result<Image, Refusal> {
        let members: Members<'_> = serde_json::from_slice(content).map_err(|_| Refusal::Content)?;
        let mut row = batch.image(&self.layout);
        for (field, may_miss) in self.layout.fields.iter().zip(&self.may_miss) {
            let wrong = |why| Refusal::Value(field.name.to_string(), why);
            match members.of(&field.name) {
                None if !may_miss => return Err(wrong("is missing")),
                None | Some("null") => row.null(),
                Some(json) => write(&mut row, &field.schema.kind, json).map_err(wrong)?,
            }
        }
        Ok(row.finish())
    }
}

/// Writes the value of a member; an error says why it is not what its use asks for.
fn write(row: &mut Writer<'_>, kind: &Kind, json: &str) -> Result<(), &'static str> {
    let written: Result<(), Infallible> = match kind {
        Kind::Int64 => {
            let number: i64 = json.parse().map_err(|_| "is no whole number")?;
            row.value(|out| {
                write::long(out, number);
                Ok(())
            })
        }
        _ => {
            let text = text(json).ok_or("is no text")?;
            row.value(|out| {
                write::string(out, &text);
                Ok(())
            })
        }
    };
    written.map_err(|never| match never {})
}

/// The text of a string, or the JSON of anything else.
fn text(json: &str) -> Option<Cow<'_, str>> {
    match json.starts_with('"') {
        true => serde_json::from_str(json).ok().map(Cow::Owned),
        false => Some(Cow::Borrowed(json)),
    }
}

/// The members of an object, their values as they are written.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// The value of the last member of this name.
    fn of(&self, name: &str) -> Option<&'a str> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.get())
    }
}

impl<'de: 'a, 'a> serde::Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    members.push((Cow::Owned(name), value));
                }
                Ok(members)
            }
        }

        from.deserialize_map(Object).map(Members)
    }
}
