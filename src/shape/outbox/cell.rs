//! Cells of an event as what they are used for: text, numbers, moments.

use crate::shape::text;
use walbrook_core::avro::read;
use walbrook_core::batch::{Batch, Cell, Image, State};
use walbrook_core::layout::Layout;
use walbrook_core::schema::{Kind, Schema};

/// A column of one event.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    /// Its schema.
    pub(super) schema: &'a Schema,
    /// Its payload without a tag; nothing where it is null.
    pub(super) payload: Option<&'a [u8]>,
}

impl<'a> Value<'a> {
    /// The value of column number `place`.
    pub(super) fn of(
        layout: &'a Layout,
        batch: &'a Batch,
        image: Image,
        place: usize,
    ) -> Option<Self> {
        let schema = &layout.fields.get(place)?.schema;
        let payload = match image.cell(batch, place) {
            Some(Cell { state: State::Present | State::Unchanged, payload }) => {
                Some(payload.of(&batch.bytes))
            }
            _ => None,
        };
        Some(Self { schema, payload })
    }

    /// The text of a column of text.
    pub(super) fn text(&self) -> Option<&'a str> {
        match self.schema.kind {
            Kind::String => std::str::from_utf8(read::sized(self.payload?)?).ok(),
            _ => None,
        }
    }

    /// The number of a column of whole numbers.
    pub(super) fn number(&self) -> Option<i64> {
        match self.schema.kind {
            Kind::Int8 | Kind::Int16 | Kind::Int32 | Kind::Int64 => {
                read::long(self.payload?).map(|(number, _)| number)
            }
            _ => None,
        }
    }

    /// Appends the payload as its own bytes, or as the text that Connect makes of it: that is what
    /// headers hold, and keys and values that are not Avro.
    pub(super) fn write_plain(&self, out: &mut Vec<u8>) {
        let Some(payload) = self.payload else { return };
        match self.schema.kind {
            Kind::String | Kind::Bytes if self.schema.name.as_deref() != Some(DECIMAL) => {
                out.extend_from_slice(read::sized(payload).unwrap_or_default());
            }
            _ => {
                let mut shown = String::new();
                text::value(&mut shown, self.schema, &mut { payload });
                out.extend_from_slice(shown.as_bytes());
            }
        }
    }

    /// Appends the value of a header: like [`Value::write_plain`], but bytes are Base64.
    pub(super) fn write_header(&self, out: &mut Vec<u8>) {
        match (&self.schema.kind, self.payload) {
            (Kind::Bytes, Some(payload)) if self.schema.name.as_deref() != Some(DECIMAL) => {
                let bytes = read::sized(payload).unwrap_or_default();
                out.extend_from_slice(text::base64(bytes).as_bytes());
            }
            _ => self.write_plain(out),
        }
    }

    /// Appends the payload as Confluent's serializer writes a whole value of the schema: in its
    /// union where it has one, and bytes that are the whole of it without their length.
    pub(super) fn write_whole(&self, out: &mut Vec<u8>) {
        let Some(payload) = self.payload else { return };
        match (self.schema.wrap().value_tag(), &self.schema.kind) {
            (Some(tag), _) => {
                out.push(tag);
                out.extend_from_slice(payload);
            }
            (None, Kind::Bytes) => {
                out.extend_from_slice(read::sized(payload).unwrap_or_default());
            }
            (None, _) => out.extend_from_slice(payload),
        }
    }

    /// Appends the payload as a field of a record, null included.
    pub(super) fn write_field(&self, out: &mut Vec<u8>, fallback: &[u8]) {
        let wrap = self.schema.wrap();
        match (self.payload, wrap.null_tag()) {
            (Some(payload), _) => {
                out.extend(wrap.value_tag());
                out.extend_from_slice(payload);
            }
            (None, Some(tag)) => out.push(tag),
            (None, None) => out.extend_from_slice(fallback),
        }
    }
}

use walbrook_core::avro::text::DECIMAL;

/// How many of a moment's units are a millisecond; `None` for a column that is no moment.
pub(super) fn per_millisecond(schema: &Schema) -> Option<i64> {
    if schema.kind != Kind::Int64 {
        return None;
    }
    Some(match schema.name.as_deref()? {
        "io.debezium.time.Timestamp" | "org.apache.kafka.connect.data.Timestamp" => 1,
        "io.debezium.time.MicroTimestamp" => 1_000,
        "io.debezium.time.NanoTimestamp" => 1_000_000,
        _ => return None,
    })
}
