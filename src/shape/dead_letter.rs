//! The record of a change that could not be told. Its value is JSON, so that every tool reads it
//! whatever is wrong with schemas; docs/dead-letters.md has the fields.
//!
//! ```text
//!  known: code, table, place in the log ─┐
//!  source block ─────────────────────────┼─▶ JSON without the row ─▶ room left? ─▶ + the row, cut
//!  the row: as received, or as told ─────┘                                          to the room
//! ```

use super::output::Output;
use super::poison::Stage;
use super::resolved::Limit;
use super::text;
use serde_json::{Map, Value, json};
use walbrook_core::batch::{Batch, Image, Span};
use walbrook_core::change::{Op, Source};
use walbrook_core::error::Error;
use walbrook_core::layout::Layout;
use walbrook_core::modes::Binary;
use walbrook_core::record::{Record, TopicId};
use walbrook_core::schema::Schema;
use walbrook_core::value::binary;

/// Version of the fields.
const FORMAT: u64 = 1;
/// What key, headers and the frame of the record may take beside the value, at most.
const BESIDE: usize = 2 * 1024;
/// A key that is longer is left out.
const LONGEST_KEY: usize = 64 * 1024;

/// The row of a dead letter.
pub(super) enum Original<'a> {
    /// Bytes as the source received them.
    Received(&'static str, Option<Span>),
    /// Images of the row, and how they are read: the number of their schema, or its text.
    Images { before: Option<Image>, after: Option<Image>, schema_id: Option<u32>, schema: &'a str },
    /// The records as they would have been.
    Records(&'a [Told]),
}

/// Key and value of a record that was made and not sent.
#[derive(Debug)]
pub(super) struct Told {
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
}

impl Told {
    pub(super) fn of(out: &Output, record: &Record) -> Self {
        let bytes = |span: Option<Span>| Some(span?.of(&out.records.bytes).to_vec());
        Self { key: bytes(record.key), value: bytes(record.value) }
    }
}

/// What a dead letter says.
pub(super) struct DeadLetter<'a> {
    pub(super) layout: &'a Layout,
    pub(super) batch: &'a Batch,
    pub(super) op: Op,
    /// Identity of the transaction; `None` in snapshots.
    pub(super) transaction: Option<&'a str>,
    pub(super) number: u64,
    pub(super) source: Source,
    pub(super) source_schema: &'a Schema,
    pub(super) stage: Stage,
    pub(super) error: &'a Error,
    /// Where the record would have gone, if that is known.
    pub(super) topic: Option<&'a str>,
    pub(super) original: Original<'a>,
    pub(super) now_us: i64,
}

impl DeadLetter<'_> {
    /// Appends the record for the topic `id` of dead letters.
    pub(super) fn write(&self, out: &mut Output, id: TopicId, limit: &Limit) {
        let room = limit.max_bytes.saturating_sub(BESIDE);
        let key = self.key().filter(|key| key.len() <= LONGEST_KEY.min(room / 4));
        let value = self.value(room.saturating_sub(key.map_or(0, <[u8]>::len)));
        let headers = self.headers(out);
        let key = key.map(|key| out.append(key));
        let value = out.append(&value);
        out.push(id, 0, key, Some(value), headers);
    }

    fn key(&self) -> Option<&[u8]> {
        let Original::Records(records) = self.original else { return None };
        records.first()?.key.as_deref()
    }

    fn headers(&self, out: &mut Output) -> (u32, u32) {
        let mark = out.header_mark();
        let mut header = |name: &str, value: &str| {
            out.header(&format!("walbrook.dlq.{name}"), clipped(value, 256).as_bytes());
        };
        header("code", self.error.code.as_str());
        header("stage", self.stage.as_str());
        header("table", &self.layout.table.to_string());
        header("topic", self.topic.unwrap_or_default());
        header("position", &self.position());
        out.headers_since(mark)
    }

    /// Where the change stands, in one word.
    fn position(&self) -> String {
        match self.transaction {
            Some(transaction) => format!("{transaction}#{}", self.number),
            None => "snapshot".to_owned(),
        }
    }

    fn value(&self, room: usize) -> Vec<u8> {
        let mut fields = self.known();
        let length =
            |fields: &Map<String, Value>| serde_json::to_vec(fields).map_or(0, |v| v.len());
        if self.layout.masked {
            fields.insert("withheld".to_owned(), true.into());
        } else {
            let left = room.saturating_sub(length(&fields));
            fields.insert("original".to_owned(), self.original(left));
        }
        // A map with text as keys has its JSON.
        serde_json::to_vec(&fields).unwrap_or_default()
    }

    fn known(&self) -> Map<String, Value> {
        let source = self.source();
        let known = json!({
            "format": FORMAT,
            "code": self.error.code.as_str(),
            "message": clipped(&self.error.message, 2000),
            "fix": clipped(&self.error.fix, 1000),
            "stage": self.stage.as_str(),
            "ts_ms": self.now_us.div_euclid(1000),
            "table": self.layout.table.to_string(),
            "op": self.op.letter(),
            "topic": self.topic,
            "position": self.position(),
            "transaction": self.transaction,
            "number": self.number,
            "source": source,
            "withheld": false,
            "original": null,
        });
        match known {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }

    /// The source block as JSON: server, place in the log, time of the commit.
    fn source(&self) -> Value {
        let arena = &self.batch.bytes;
        let mut block = self.source.head.of(arena).to_vec();
        // The marker of a snapshot: `false`, the schema's default.
        block.push(0);
        let marker = if self.transaction.is_some() { "false" } else { "true" };
        walbrook_core::avro::write::string(&mut block, marker);
        block.extend_from_slice(self.source.tail.of(arena));
        let mut json = String::new();
        text::value(&mut json, self.source_schema, &mut block.as_slice());
        serde_json::from_str(&json).unwrap_or(Value::Null)
    }

    /// The row in `room` bytes of JSON at most.
    fn original(&self, room: usize) -> Value {
        let arena = &self.batch.bytes;
        let mut cutter = Cutter::new(room);
        let mut out = Map::new();
        match &self.original {
            Original::Received(form, span) => {
                out.insert("form".to_owned(), (*form).into());
                out.insert("row".to_owned(), cutter.bytes(span.map(|span| span.of(arena))));
            }
            Original::Images { before, after, schema_id, schema } => {
                let datum = |image: &Option<Image>| image.map(|image| image.datum.of(arena));
                out.insert("form".to_owned(), "avro".into());
                out.insert("schema_id".to_owned(), (*schema_id).into());
                let text = schema_id.is_none().then_some(*schema);
                out.insert("schema".to_owned(), cutter.text(text));
                out.insert("before".to_owned(), cutter.bytes(datum(before)));
                out.insert("after".to_owned(), cutter.bytes(datum(after)));
            }
            Original::Records(records) => {
                out.insert("form".to_owned(), "kafka".into());
                let told = records.iter().map(|told| {
                    let key = cutter.bytes(told.key.as_deref());
                    json!({ "key": key, "value": cutter.bytes(told.value.as_deref()) })
                });
                let told: Vec<Value> = told.collect();
                out.insert("records".to_owned(), told.into());
            }
        }
        out.insert("bytes".to_owned(), cutter.seen.into());
        out.insert("cut".to_owned(), cutter.cut.into());
        out.into()
    }
}

/// Puts bytes into JSON as base64 while there is room.
struct Cutter {
    room: usize,
    seen: usize,
    cut: bool,
}

impl Cutter {
    fn new(room: usize) -> Self {
        // Names, brackets and numbers around the bytes.
        Self { room: room.saturating_sub(512), seen: 0, cut: false }
    }

    fn bytes(&mut self, bytes: Option<&[u8]>) -> Value {
        let Some(bytes) = bytes else { return Value::Null };
        self.seen += bytes.len();
        let kept = bytes.get(..bytes.len().min(self.room / 4 * 3)).unwrap_or_default();
        self.cut |= kept.len() < bytes.len();
        let mut out = Vec::with_capacity(binary::encoded_length(Binary::Base64, kept.len()));
        binary::encode(Binary::Base64, kept.iter().copied(), &mut out);
        self.room = self.room.saturating_sub(out.len() + 24);
        String::from_utf8(out).map_or(Value::Null, Value::from)
    }

    /// Text is whole or not there: the half of a schema is of no use.
    fn text(&mut self, text: Option<&str>) -> Value {
        let Some(text) = text else { return Value::Null };
        let quoted = Value::from(text);
        let length = quoted.to_string().len();
        if length > self.room {
            self.cut = true;
            return Value::Null;
        }
        self.room -= length;
        quoted
    }
}

/// The beginning of `text`, cut between two characters.
fn clipped(text: &str, most: usize) -> &str {
    let cut = (0..=most.min(text.len())).rev().find_map(|end| text.get(..end));
    cut.unwrap_or_default()
}
