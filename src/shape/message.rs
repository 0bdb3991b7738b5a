//! Logical messages: op `m` in the topic `<prefix>.message`, keyed by the message's prefix.

use super::key::KeyRecipe;
use super::recipe::Recipe;
use super::settings::Settings;
use super::transaction;
use std::sync::Arc;
use walbrook_core::avro::write;
use walbrook_core::change::{Marker, Op};
use walbrook_core::layout::Layout;
use walbrook_core::schema::{Field, Kind, Schema};

/// The recipe of messages, whose prefix and content `layout` has. Their schemas are of the source,
/// not of a topic.
pub(super) fn recipe(layout: &Arc<Layout>, settings: &Settings, source: &Schema) -> Recipe {
    let own = source.name.as_deref().unwrap_or_default();
    let space = own.rsplit_once('.').map_or("", |(space, _)| space);
    let name = |name: &str| settings.schema_names.schema(&format!("{space}.{name}"));
    let fields = layout.fields.iter().filter(|field| !field.hidden);
    let fields = fields.map(|field| Field::new(Arc::clone(&field.name), field.schema.clone()));
    let row = Schema::record(name("Message"), fields.collect()).versioned(1);
    let value = Schema::record(
        name("MessageValue"),
        vec![
            Field::new("op", Schema::new(Kind::String)),
            Field::new("ts_ms", Schema::new(Kind::Int64).optional()),
            Field::new("source", source.clone()),
            Field::new("transaction", transaction::block_schema().optional()),
            Field::new("message", row.clone()),
        ],
    );
    let key = KeyRecipe::new(layout, &layout.key, name("MessageKey"), str::to_owned);
    let key = key.map(|key| KeyRecipe { schema: key.schema.versioned(1), ..key });
    Recipe::new(layout, settings.message_topic(), key, (&row, &value.versioned(1)))
}

/// The pieces of one message's value, each already encoded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    /// Magic byte and schema id.
    pub(super) prefix: [u8; 5],
    /// Source block before the snapshot marker.
    pub(super) source_head: &'a [u8],
    /// Source block after it.
    pub(super) source_tail: &'a [u8],
    /// The transaction block's record.
    pub(super) transaction: Option<&'a [u8]>,
    /// Prefix and content.
    pub(super) datum: &'a [u8],
    /// When it was processed, microseconds since 1970.
    pub(super) now_us: i64,
}

impl Message<'_> {
    /// Appends the record's value.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.prefix);
        write::string(out, Op::Message.letter());
        write::optional_long(out, Some(self.now_us.div_euclid(1000)));
        out.extend_from_slice(self.source_head);
        // `snapshot` is optional with a default: the value is the first branch.
        out.push(0);
        write::string(out, Marker::False.text());
        out.extend_from_slice(self.source_tail);
        match self.transaction {
            None => out.push(0),
            Some(block) => {
                out.push(2);
                out.extend_from_slice(block);
            }
        }
        out.extend_from_slice(self.datum);
    }
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
