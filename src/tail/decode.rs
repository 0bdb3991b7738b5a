//! Avro data into values for people: decoded by apache-avro, so independent of how it was written.

use super::semantic;
use super::shown::{Cell, Row};
use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as Datum;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Reads data of one schema.
#[derive(Debug)]
pub struct Decoder {
    schema: Schema,
    /// The same schema as text has it: apache-avro keeps no `connect.name` of a primitive.
    text: Value,
    /// Records of the text by full name.
    named: BTreeMap<String, Value>,
}

impl Decoder {
    /// A decoder for the schema that `text` is; the error is one sentence.
    pub fn new(text: &str) -> Result<Self, String> {
        let schema =
            Schema::parse_str(text).map_err(|e| format!("The schema is not Avro: {e}."))?;
        let text = serde_json::from_str(text).map_err(|e| format!("It is not JSON: {e}."))?;
        let mut named = BTreeMap::new();
        collect(&text, "", &mut named);
        Ok(Self { schema, text, named })
    }

    /// The value in `data`.
    pub fn cell(&self, data: &[u8]) -> Result<Cell, String> {
        Ok(self.shown(&self.text, "", self.datum(data)?))
    }

    /// The record in `data`.
    pub fn row(&self, data: &[u8]) -> Result<Row, String> {
        match self.datum(data)? {
            Datum::Record(fields) => Ok(self.fields(&self.text, "", fields)),
            other => Ok(vec![("value".to_owned(), self.shown(&self.text, "", other))]),
        }
    }

    /// The fields of the record in `data` that are records themselves, and the others.
    pub fn parts(&self, data: &[u8]) -> Result<(BTreeMap<String, Row>, Row), String> {
        let (mut rows, mut cells) = (BTreeMap::new(), Row::new());
        let Datum::Record(fields) = self.datum(data)? else { return Ok((rows, cells)) };
        for (name, datum, node) in Self::typed(&self.text, fields) {
            let (node, datum) = branch(node, datum);
            match datum {
                Datum::Record(fields) => {
                    let space = namespace(&self.text, "");
                    rows.insert(name, self.fields(node, &space, fields));
                }
                datum => cells.push((name, self.shown(node, "", datum))),
            }
        }
        Ok((rows, cells))
    }

    fn datum(&self, mut data: &[u8]) -> Result<Datum, String> {
        let reader = GenericDatumReader::builder(&self.schema).build();
        let datum = reader.and_then(|reader| reader.read_value(&mut data));
        datum.map_err(|e| format!("The data does not fit its schema: {e}."))
    }

    fn fields(&self, node: &Value, space: &str, fields: Vec<(String, Datum)>) -> Row {
        let (node, space) = self.resolve(node, space);
        let space = namespace(node, &space);
        let typed = Self::typed(node, fields).into_iter();
        typed.map(|(name, datum, node)| (name, self.shown(node, &space, datum))).collect()
    }

    /// Fields with their types in the text.
    fn typed(node: &Value, fields: Vec<(String, Datum)>) -> Vec<(String, Datum, &Value)> {
        let types = node.get("fields").and_then(Value::as_array);
        let types = types.map(Vec::as_slice).unwrap_or_default().iter();
        let types = types.map(|field| field.get("type").unwrap_or(&Value::Null));
        let types = types.chain(std::iter::repeat(&Value::Null));
        fields.into_iter().zip(types).map(|((name, datum), node)| (name, datum, node)).collect()
    }

    /// The node that a name stands for, and the namespace there.
    fn resolve<'a>(&'a self, node: &'a Value, space: &str) -> (&'a Value, String) {
        let Some(name) = node.as_str() else { return (node, space.to_owned()) };
        let full = if name.contains('.') { name.to_owned() } else { join(space, name) };
        match self.named.get(&full) {
            Some(found) => (found, full.rsplit_once('.').map_or("", |(s, _)| s).to_owned()),
            None => (node, space.to_owned()),
        }
    }

    fn shown(&self, node: &Value, space: &str, datum: Datum) -> Cell {
        let (node, datum) = branch(node, datum);
        let item =
            |key: &str, datum| self.shown(node.get(key).unwrap_or(&Value::Null), space, datum);
        let value = match datum {
            Datum::Record(fields) => return record(self.fields(node, space, fields)),
            Datum::Array(all) => all.into_iter().map(|d| item("items", d).value).collect(),
            Datum::Map(all) => {
                // Avro gives no order; people like one.
                let all: BTreeMap<String, Datum> = all.into_iter().collect();
                let all = all.into_iter().map(|(name, d)| (name, item("values", d).value));
                Value::Object(all.collect::<Map<String, Value>>())
            }
            Datum::Decimal(number) => {
                let bytes = Vec::<u8>::try_from(&number).unwrap_or_default();
                return Cell::bare(semantic::decimal(&bytes, scale(node)));
            }
            Datum::Bytes(bytes) if name(node).is_some_and(|n| n.ends_with(".Decimal")) => {
                return Cell::bare(semantic::decimal(&bytes, scale(node)));
            }
            Datum::Bytes(bytes) | Datum::Fixed(_, bytes) => hex(&bytes).into(),
            other => return scalar(name(node), other),
        };
        Cell::plain(value)
    }
}

/// The branch of a union that is taken, and the value in it.
fn branch(node: &Value, datum: Datum) -> (&Value, Datum) {
    // A field's type may be an object whose type is an object again.
    if let Some(inner) = node.get("type").filter(|inner| !inner.is_string()) {
        return branch(inner, datum);
    }
    match datum {
        Datum::Union(place, datum) => {
            branch(node.get(place as usize).unwrap_or(&Value::Null), *datum)
        }
        datum => (node, datum),
    }
}

/// A value without parts.
fn scalar(name: Option<&str>, datum: Datum) -> Cell {
    let value = match datum {
        Datum::Boolean(flag) => flag.into(),
        Datum::Int(n) | Datum::Date(n) | Datum::TimeMillis(n) => n.into(),
        Datum::Long(n)
        | Datum::TimeMicros(n)
        | Datum::TimestampMillis(n)
        | Datum::TimestampMicros(n)
        | Datum::TimestampNanos(n)
        | Datum::LocalTimestampMillis(n)
        | Datum::LocalTimestampMicros(n)
        | Datum::LocalTimestampNanos(n) => n.into(),
        // Through its shortest text: 0.1 as a float is not 0.10000000149011612.
        Datum::Float(n) if n.is_finite() => n.to_string().parse::<f64>().unwrap_or(n.into()).into(),
        Datum::Double(n) if n.is_finite() => n.into(),
        Datum::Float(n) => return Cell::bare(n.to_string()),
        Datum::Double(n) => return Cell::bare(n.to_string()),
        Datum::String(text) | Datum::Enum(_, text) => text.into(),
        Datum::Uuid(id) => return Cell::bare(id.to_string()),
        Datum::BigDecimal(n) => return Cell::bare(n.to_string()),
        _ => Value::Null,
    };
    semantic::cell(name, value)
}

/// A record inside a row; Debezium's decimal of any scale is one too.
fn record(row: Row) -> Cell {
    if let [(a, scale), (b, unscaled)] = row.as_slice()
        && (a.as_str(), b.as_str()) == ("scale", "value")
        && let (Some(scale), Some(digits)) = (scale.value.as_i64(), unscaled.value.as_str())
        && let Some(bytes) = unhex(digits)
    {
        return Cell::bare(semantic::decimal(&bytes, scale));
    }
    Cell::plain(Value::Object(row.into_iter().map(|(name, cell)| (name, cell.value)).collect()))
}

/// Bytes as PostgreSQL shows them.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(2 + 2 * bytes.len());
    out.push_str("\\x");
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("\\x")?.as_bytes();
    let (pairs, _) = digits.as_chunks::<2>();
    let pair = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.iter().map(pair).collect()
}

fn name(node: &Value) -> Option<&str> {
    node.get("connect.name").and_then(Value::as_str)
}

fn scale(node: &Value) -> i64 {
    let parameter = || node.get("connect.parameters")?.get("scale")?.as_str()?.parse().ok();
    node.get("scale").and_then(Value::as_i64).or_else(parameter).unwrap_or(0)
}

fn namespace(node: &Value, space: &str) -> String {
    let own = node.get("namespace").and_then(Value::as_str);
    let full = node.get("name").and_then(Value::as_str).and_then(|name| name.rsplit_once('.'));
    own.or(full.map(|(space, _)| space)).unwrap_or(space).to_owned()
}

fn join(space: &str, name: &str) -> String {
    if space.is_empty() { name.to_owned() } else { format!("{space}.{name}") }
}

/// Finds every record in the text of a schema.
fn collect(node: &Value, space: &str, named: &mut BTreeMap<String, Value>) {
    match node {
        Value::Array(branches) => branches.iter().for_each(|node| collect(node, space, named)),
        Value::Object(members) => {
            let inside = namespace(node, space);
            if let (Some(name), Some(fields)) = (members.get("name"), members.get("fields")) {
                let name = name.as_str().unwrap_or_default();
                let full = if name.contains('.') { name.to_owned() } else { join(&inside, name) };
                named.insert(full, node.clone());
                let types = fields.as_array().into_iter().flatten().filter_map(|f| f.get("type"));
                types.for_each(|node| collect(node, &inside, named));
            }
            for key in ["type", "items", "values"] {
                if let Some(node) = members.get(key).filter(|node| !node.is_string()) {
                    collect(node, &inside, named);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use walbrook_core::avro::{text, write};
    use walbrook_core::schema::{Field, Kind, Schema};

    fn schema() -> Schema {
        let decimal = Schema::new(Kind::Bytes)
            .semantic(text::DECIMAL)
            .parameter("scale", "2")
            .parameter(text::PRECISION, "10");
        let any = vec![
            Field::new("scale", Schema::new(Kind::Int32)),
            Field::new("value", Schema::new(Kind::Bytes)),
        ];
        let any = Schema::record("io.debezium.data.VariableScaleDecimal", any).versioned(1);
        let row = vec![
            Field::new("id", Schema::new(Kind::Int32)),
            Field::new(
                "day",
                Schema::new(Kind::Int32).semantic("io.debezium.time.Date").optional(),
            ),
            Field::new("prices", Schema::new(Kind::Array(Arc::new(decimal)))),
            Field::new("any", any.optional()),
            Field::new("raw", Schema::new(Kind::Bytes)),
            Field::new("ratio", Schema::new(Kind::Float32)),
        ];
        let row = Schema::record("shop.public.t.Value", row).optional();
        let fields = vec![Field::new("before", row.clone()), Field::new("after", row)];
        Schema::record("shop.public.t.Envelope", fields)
    }

    fn datum(out: &mut Vec<u8>) {
        out.push(2);
        write::long(out, 7);
        out.push(2);
        write::long(out, 19_782);
        write::long(out, 2);
        write::bytes(out, &[0x04, 0xe2]);
        write::bytes(out, &[0xff]);
        write::long(out, 0);
        out.push(2);
        write::long(out, 1);
        write::bytes(out, &[0x0f]);
        write::bytes(out, &[0, 0xab]);
        write::float(out, 0.1);
    }

    #[test]
    fn the_second_use_of_a_record_is_read_like_the_first() {
        let mut data = Vec::new();
        datum(&mut data);
        datum(&mut data);
        let row = Decoder::new(&text::of(&schema())).unwrap().row(&data).unwrap();
        let expected = r#"{"id":7,"day":"2024-02-29","prices":["12.50","-0.01"],"any":"1.5","raw":"\\x00ab","ratio":0.1}"#;
        for (_, cell) in row {
            assert_eq!(cell.text(), expected);
        }
    }

    #[test]
    fn damaged_data_is_said() {
        let decoder = Decoder::new(&text::of(&schema())).unwrap();
        assert!(decoder.row(&[2, 14]).unwrap_err().starts_with("The data does not fit"));
        assert!(Decoder::new("{").is_err());
    }
}
