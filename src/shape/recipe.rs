//! A recipe: everything about the records of one layout that does not change from row to row.

use super::envelope;
use super::key::KeyRecipe;
use super::message;
use super::names;
use super::resolved::{Handle, Need, Resolved};
use super::settings::Settings;
use crate::codes;
use std::sync::Arc;
use walbrook_core::avro::text;
use walbrook_core::error::{Error, Result};
use walbrook_core::layout::Layout;
use walbrook_core::resolve::TopicKind;
use walbrook_core::schema::{Field, Schema};

/// How changes of one layout become records.
#[derive(Debug)]
pub struct Recipe {
    /// The layout; kept so that its address stays its own.
    pub layout: Arc<Layout>,
    /// Topic of the table.
    pub topic: String,
    /// How the key is made; `None` for a table without one.
    pub key: Option<KeyRecipe>,
    key_text: Option<String>,
    value_text: String,
    /// Schema of a row alone.
    pub row_text: String,
    /// What resolving has found, once it has.
    pub ready: Option<Ready>,
}

/// The resolved constants of a recipe.
#[derive(Clone, Copy, Debug)]
pub struct Ready {
    /// The topic.
    pub topic: Handle,
    /// Wire prefix of keys.
    pub key: [u8; 5],
    /// Wire prefix of values.
    pub value: [u8; 5],
}

impl Ready {
    /// The number of the value's schema.
    pub fn value_id(&self) -> u32 {
        let [_, a, b, c, d] = self.value;
        u32::from_be_bytes([a, b, c, d])
    }
}

impl Recipe {
    /// Compiles the recipe of `layout`.
    pub fn compile(layout: &Arc<Layout>, settings: &Settings, source: &Schema) -> Result<Self> {
        if layout.table.is_messages() {
            return Ok(message::recipe(layout, settings, source));
        }
        let topic = names::table_topic(&settings.topic_prefix, &layout.table);
        let full =
            format!("{}.{}.{}", settings.topic_prefix, layout.table.schema, layout.table.name);
        let schema_name = |suffix: &str| match settings.schema_names {
            names::Adjustment::None => format!("{topic}.{suffix}"),
            adjust => adjust.schema(&format!("{full}.{suffix}")),
        };
        let fields = value_fields(layout, settings)?;
        let value = envelope::value_schema(schema_name("Value"), fields);
        let whole = envelope::schema(schema_name("Envelope"), &value, source);
        let places = key_places(layout, settings)?;
        let field_name = |name: &str| settings.field_names.field(name);
        let key = KeyRecipe::new(layout, &places, schema_name("Key"), field_name);
        Ok(Self::new(layout, topic, key, (&value, &whole)))
    }

    /// The recipe of records of `topic`: how their key is made, and the schemas of a row alone and
    /// of the whole value.
    pub(super) fn new(
        layout: &Arc<Layout>,
        topic: String,
        key: Option<KeyRecipe>,
        (row, value): (&Schema, &Schema),
    ) -> Self {
        let key_text = key.as_ref().map(|key| text::of(&key.schema));
        let (row_text, value_text) = (text::of(row), text::of(value));
        let layout = Arc::clone(layout);
        Self { layout, topic, key, key_text, value_text, row_text, ready: None }
    }

    /// What the names of the table's schemas begin with.
    pub(super) fn space(&self, settings: &Settings) -> String {
        let table = &self.layout.table;
        match settings.schema_names {
            names::Adjustment::None => self.topic.clone(),
            adjust => {
                let full = format!("{}.{}.{}", settings.topic_prefix, table.schema, table.name);
                adjust.schema(&full)
            }
        }
    }

    /// Fills in what is resolved; answers what is not.
    pub fn resolve(&mut self, resolved: &Resolved) -> Result<Ready, Vec<Need>> {
        if let Some(ready) = self.ready {
            return Ok(ready);
        }
        let mut needs = Vec::new();
        let topic = resolved.topic(&self.topic);
        if topic.is_none() {
            let (name, keyed) = (self.topic.clone(), self.key.is_some());
            needs.push(Need::Topic { name, kind: TopicKind::Data, keyed });
        }
        let mut schema = |suffix: &str, text: &str| {
            let subject = format!("{}-{suffix}", self.topic);
            let id = resolved.schema(&subject, text);
            if id.is_none() {
                needs.push(Need::Schema { subject, text: text.to_owned() });
            }
            id.unwrap_or_default()
        };
        let key = self.key_text.as_ref().map(|text| schema("key", text)).unwrap_or_default();
        let value = schema("value", &self.value_text);
        match topic {
            Some(topic) if needs.is_empty() => {
                let (key, value) = (envelope::prefix(key), envelope::prefix(value));
                let ready = Ready { topic, key, value };
                self.ready = Some(ready);
                Ok(ready)
            }
            _ => Err(needs),
        }
    }
}

fn value_fields(layout: &Layout, settings: &Settings) -> Result<Vec<Field>> {
    let mut fields: Vec<Field> = Vec::with_capacity(layout.fields.len());
    for field in layout.fields.iter().filter(|field| !field.hidden) {
        let name = settings.field_names.field(&field.name);
        if fields.iter().any(|known| *known.name == *name) {
            return Err(Error::definite(
                codes::FIELD_COLLISION,
                format!(
                    "Two columns of table {} become the same field \"{name}\" in the schema.",
                    layout.table
                ),
            )
            .fix("Rename one of them, exclude it, or set `field_names = \"avro_unicode\"`."));
        }
        fields.push(Field::new(name, field.schema.clone()));
    }
    Ok(fields)
}

/// Places of the key's fields: as configured, else the table's own key.
fn key_places(layout: &Layout, settings: &Settings) -> Result<Vec<usize>> {
    let Some(columns) = (settings.message_key)(&layout.table) else {
        return Ok(layout.key.clone());
    };
    let place = |column: &String| {
        layout.position(column).ok_or_else(|| {
            Error::definite(
                codes::KEY_COLUMN_MISSING,
                format!("Table {} has no column \"{column}\" for its message key.", layout.table),
            )
            .fix("Correct `keys` of the connector.")
        })
    };
    columns.iter().map(place).collect()
}
