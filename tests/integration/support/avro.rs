//! Decoding with apache-avro: Confluent's wire format in, canonical text out.

use super::record::{Block, Body, Change, Mark, Row, UNKNOWN};
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use serde_json::Value as Json;
use std::collections::HashMap;
use std::sync::Arc;

/// A schema of the registry, ready to decode with.
pub struct Schema {
    reader: GenericDatumReader<'static>,
    /// Columns of the key, or of the row inside an envelope.
    columns: Columns,
}

/// Names of a row's columns and how each is written as text.
struct Columns {
    names: Arc<[String]>,
    kinds: Vec<Kind>,
}

/// How a decoded value becomes text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    /// Unscaled bytes with this many digits behind the point.
    Decimal(usize),
    /// ISO 8601 text, to microseconds since 1970.
    Zoned,
}

impl Schema {
    /// Reads the registered text. The schema lives as long as the test process.
    pub fn parse(text: &str) -> Result<Self, String> {
        let json: Json = serde_json::from_str(text).map_err(|e| e.to_string())?;
        let parsed = apache_avro::Schema::parse(&json).map_err(|e| e.to_string())?;
        let parsed: &'static apache_avro::Schema = Box::leak(Box::new(parsed));
        let reader = GenericDatumReader::builder(parsed).build().map_err(|e| e.to_string())?;
        let row = field(&json, "before").map_or(&json, |before| not_null(&before["type"]));
        Ok(Self { reader, columns: Columns::of(row) })
    }

    fn value(&self, mut datum: &[u8]) -> Result<Value, String> {
        let value = self.reader.read_value(&mut datum).map_err(|e| e.to_string())?;
        if datum.is_empty() { Ok(value) } else { Err(format!("{} bytes left over", datum.len())) }
    }

    /// A key, or any flat record.
    pub fn row(&self, datum: &[u8]) -> Result<Row, String> {
        self.columns.row(&self.value(datum)?).ok_or("the key is no record".into())
    }

    /// An envelope or a transaction mark.
    pub fn body(&self, datum: &[u8]) -> Result<Body, String> {
        let value = self.value(datum)?;
        let map = record(&value).ok_or("the value is no record")?;
        if map.contains_key("status") {
            mark(&map).map(Body::Mark).ok_or_else(|| format!("no transaction mark: {value:?}"))
        } else {
            self.change(&map).map(Body::Change).ok_or_else(|| format!("no envelope: {value:?}"))
        }
    }

    fn change(&self, map: &HashMap<&str, &Value>) -> Option<Change> {
        let source = record(map.get("source")?)?;
        let xid = source.get("txId").and_then(|v| number(v));
        let gtid = || source.get("gtid").and_then(|v| text(v));
        let block = map.get("transaction").and_then(|t| record(t)).and_then(|t| {
            Some(Block {
                id: text(t.get("id")?)?,
                total_order: number(t.get("total_order")?)?,
                collection_order: number(t.get("data_collection_order")?)?,
            })
        });
        Some(Change {
            op: text(map.get("op")?)?.chars().next()?,
            before: map.get("before").and_then(|v| self.columns.row(v)),
            after: map.get("after").and_then(|v| self.columns.row(v)),
            tx: xid.map(|n| n.to_string()).or_else(gtid).unwrap_or_default(),
            // MySQL's own number is not in the ledger: the oracle finds it out.
            xid: xid.unwrap_or(UNKNOWN),
            snapshot: text(source.get("snapshot")?).unwrap_or_default(),
            block,
        })
    }
}

impl Columns {
    fn of(record: &Json) -> Self {
        let fields = record["fields"].as_array().cloned().unwrap_or_default();
        let names: Vec<String> =
            fields.iter().map(|f| f["name"].as_str().unwrap_or_default().to_owned()).collect();
        Self { names: names.into(), kinds: fields.iter().map(|f| kind(&f["type"])).collect() }
    }

    fn row(&self, value: &Value) -> Option<Row> {
        let map = match inner(value) {
            Value::Record(fields) => fields,
            _ => return None,
        };
        let cells = map.iter().zip(&self.kinds).map(|((_, v), kind)| cell(inner(v), *kind));
        Some(Row { names: self.names.clone(), cells: cells.collect() })
    }
}

fn mark(map: &HashMap<&str, &Value>) -> Option<Mark> {
    let tables = match map.get("data_collections").map(|v| inner(v)) {
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(record)
            .filter_map(|t| {
                Some((text(t.get("data_collection")?)?, number(t.get("event_count")?)?))
            })
            .collect(),
        _ => Vec::new(),
    };
    Some(Mark {
        begin: text(map.get("status")?)? == "BEGIN",
        id: text(map.get("id")?)?,
        events: map.get("event_count").and_then(|v| number(v)).unwrap_or(0),
        tables,
    })
}

fn inner(value: &Value) -> &Value {
    match value {
        Value::Union(_, value) => inner(value),
        value => value,
    }
}

fn record(value: &Value) -> Option<HashMap<&str, &Value>> {
    match inner(value) {
        Value::Record(fields) => Some(fields.iter().map(|(n, v)| (n.as_str(), v)).collect()),
        _ => None,
    }
}

fn text(value: &Value) -> Option<String> {
    match inner(value) {
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

fn number(value: &Value) -> Option<i64> {
    match inner(value) {
        Value::Long(n) => Some(*n),
        Value::Int(n) => Some(i64::from(*n)),
        _ => None,
    }
}

fn cell(value: &Value, kind: Kind) -> Option<String> {
    Some(match (value, kind) {
        (Value::Null, _) => return None,
        (Value::String(s), Kind::Zoned) => {
            micros(s).map_or_else(|| format!("unreadable time {s}"), |us| us.to_string())
        }
        (Value::String(s), _) => s.clone(),
        (Value::Int(n), _) => n.to_string(),
        (Value::Long(n), _) => n.to_string(),
        (Value::Boolean(b), _) => b.to_string(),
        (Value::Float(n), _) => n.to_string(),
        (Value::Double(n), _) => n.to_string(),
        (Value::Bytes(b), Kind::Decimal(scale)) => decimal(b, scale),
        (Value::Decimal(d), Kind::Decimal(scale)) => {
            decimal(&Vec::<u8>::try_from(d).unwrap_or_default(), scale)
        }
        (Value::Bytes(b), _) => b.iter().map(|b| format!("{b:02x}")).collect(),
        (other, _) => format!("{other:?}"),
    })
}

/// Big-endian two's complement to decimal text.
pub fn decimal(bytes: &[u8], scale: usize) -> String {
    let negative = bytes.first().is_some_and(|b| b & 0x80 != 0);
    let start: i128 = if negative { -1 } else { 0 };
    let unscaled = bytes.iter().fold(start, |n, b| (n << 8) | i128::from(*b));
    let digits = format!("{:0width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let point = if scale > 0 { "." } else { "" };
    format!("{}{whole}{point}{fraction}", if negative { "-" } else { "" })
}

/// `2026-01-02T03:04:05.6Z` to microseconds since 1970. Only UTC is understood.
pub fn micros(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.split('-').map(|p| p.parse::<i64>().ok());
    let (y, m, d) = (date.next()??, date.next()??, date.next()??);
    let (clock, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut clock = clock.split(':').map(|p| p.parse::<i64>().ok());
    let (hour, minute) = (clock.next()??, clock.next()??);
    let second = clock.next().flatten().unwrap_or(0);
    let fraction: i64 = format!("{fraction:0<6}").parse().ok()?;
    // Days from civil, with years that begin in March.
    let y = if m <= 2 { y - 1 } else { y };
    let (era, of_era) = (y.div_euclid(400), y.rem_euclid(400));
    let day_of_year = (153 * ((m + 9) % 12) + 2) / 5 + d - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000 + fraction)
}

fn field<'a>(record: &'a Json, name: &str) -> Option<&'a Json> {
    record["fields"].as_array()?.iter().find(|f| f["name"] == name)
}

fn not_null(schema: &Json) -> &Json {
    match schema.as_array() {
        Some(union) => union.iter().find(|s| *s != "null").unwrap_or(schema),
        None => schema,
    }
}

fn kind(schema: &Json) -> Kind {
    let schema = not_null(schema);
    if schema["logicalType"] == "decimal"
        || schema["connect.name"] == "org.apache.kafka.connect.data.Decimal"
    {
        return Kind::Decimal(schema["scale"].as_u64().unwrap_or(0) as usize);
    }
    match schema["connect.name"].as_str() {
        Some("io.debezium.time.ZonedTimestamp") => Kind::Zoned,
        _ => Kind::Plain,
    }
}

#[test]
fn canonical_text() {
    assert_eq!(decimal(&[0x04, 0xd2], 2), "12.34");
    assert_eq!(decimal(&[0xff], 2), "-0.01");
    assert_eq!(decimal(&[0x80, 0x00], 0), "-32768");
    assert_eq!(micros("1970-01-01T00:00:00Z"), Some(0));
    assert_eq!(micros("2000-02-29T12:30:00.5Z"), Some(951_827_400_500_000));
    assert_eq!(micros("1969-12-31T23:59:59.999999Z"), Some(-1));
}
