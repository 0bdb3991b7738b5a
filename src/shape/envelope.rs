//! The change envelope: Debezium's record around before and after.

use walbrook_core::avro::write;
use walbrook_core::change::{Marker, Op};
use walbrook_core::schema::{Field, Kind, Schema};

/// The row schema of a topic's envelopes: an optional record of the layout's fields.
pub fn value_schema(name: String, fields: Vec<Field>) -> Schema {
    Schema::record(name, fields).optional()
}

/// The envelope schema around `value`.
pub fn schema(name: String, value: &Schema, source: &Schema) -> Schema {
    let optional_long = || Schema::new(Kind::Int64).optional();
    let fields = vec![
        Field::new("before", value.clone()),
        Field::new("after", value.clone()),
        Field::new("source", source.clone()),
        Field::new("transaction", super::transaction::block_schema().optional()),
        Field::new("op", Schema::new(Kind::String)),
        Field::new("ts_ms", optional_long()),
        Field::new("ts_us", optional_long()),
        Field::new("ts_ns", optional_long()),
    ];
    Schema::record(name, fields).versioned(2)
}

/// The pieces of one envelope, each already encoded.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// Magic byte and schema id.
    pub prefix: [u8; 5],
    /// The old row's record.
    pub before: Option<&'a [u8]>,
    /// The new row's record.
    pub after: Option<&'a [u8]>,
    /// Source block before the snapshot marker.
    pub source_head: &'a [u8],
    /// The marker.
    pub marker: Marker,
    /// Source block after it.
    pub source_tail: &'a [u8],
    /// The transaction block's record.
    pub transaction: Option<&'a [u8]>,
    /// What happened.
    pub op: Op,
    /// When it was processed, microseconds since 1970.
    pub now_us: i64,
}

impl Envelope<'_> {
    /// Appends the record's value.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.prefix);
        optional(out, self.before);
        optional(out, self.after);
        out.extend_from_slice(self.source_head);
        // `snapshot` is optional with a default: the value is the first branch.
        out.push(0);
        write::string(out, self.marker.text());
        out.extend_from_slice(self.source_tail);
        optional(out, self.transaction);
        write::string(out, self.op.letter());
        write::optional_long(out, Some(self.now_us.div_euclid(1000)));
        write::optional_long(out, Some(self.now_us));
        write::optional_long(out, Some(self.now_us.saturating_mul(1000)));
    }
}

fn optional(out: &mut Vec<u8>, record: Option<&[u8]>) {
    match record {
        None => out.push(0),
        Some(record) => {
            out.push(2);
            out.extend_from_slice(record);
        }
    }
}

/// Confluent's wire prefix: a zero byte and the schema id, big-endian.
pub fn prefix(id: u32) -> [u8; 5] {
    let [a, b, c, d] = id.to_be_bytes();
    [0, a, b, c, d]
}
