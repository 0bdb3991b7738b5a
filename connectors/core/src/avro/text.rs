//! The registered text of a schema: what Confluent's AvroConverter writes, byte for byte.
//!
//! Rules (AvroData of the converter, captured in `conformance/`): member order inside a type is
//! `type, name, namespace, fields | scale, precision | items | values`, then `connect.doc`,
//! `connect.version`, `connect.parameters`, `connect.default`, `connect.name`, `connect.type`,
//! `logicalType`. A type without members is its bare name; the second use of a record is its name.

use super::java;
use crate::schema::{Field, Kind, Literal, Schema, Wrap};
use std::fmt::Write;

/// Connect's decimal, the one logical type with parameters of its own.
pub const DECIMAL: &str = "org.apache.kafka.connect.data.Decimal";
/// The parameter that carries a decimal's precision.
pub const PRECISION: &str = "connect.decimal.precision";
const DEFAULT_RECORD: &str = "io.confluent.connect.avro.ConnectDefault";

/// The Avro text of a top-level schema.
pub fn of(schema: &Schema) -> String {
    let mut text = Text { out: String::with_capacity(1024), seen: Vec::new() };
    text.union(schema, "");
    text.out
}

struct Text {
    out: String,
    seen: Vec<String>,
}

impl Text {
    /// The schema inside its union, if it is optional.
    fn union(&mut self, schema: &Schema, namespace: &str) {
        match schema.wrap() {
            Wrap::Required => self.schema(schema, namespace),
            Wrap::NullFirst => {
                self.out.push_str(r#"["null","#);
                self.schema(schema, namespace);
                self.out.push(']');
            }
            Wrap::NullLast => {
                self.out.push('[');
                self.schema(schema, namespace);
                self.out.push_str(r#","null"]"#);
            }
        }
    }

    fn schema(&mut self, schema: &Schema, namespace: &str) {
        match &schema.kind {
            Kind::Struct(fields) => self.record(schema, fields, namespace),
            Kind::Array(items) => {
                self.out.push_str(r#"{"type":"array","items":"#);
                self.union(items, namespace);
                self.members(schema);
                self.out.push('}');
            }
            Kind::Map(values) => {
                self.out.push_str(r#"{"type":"map","values":"#);
                self.union(values, namespace);
                self.members(schema);
                self.out.push('}');
            }
            kind => self.primitive(schema, primitive_name(kind)),
        }
    }

    fn record(&mut self, schema: &Schema, fields: &[Field], namespace: &str) {
        let full = schema.name.as_deref().unwrap_or(DEFAULT_RECORD);
        let (space, name) = full.rsplit_once('.').unwrap_or(("", full));
        if self.seen.iter().any(|seen| seen == full) {
            json_string(&mut self.out, if space == namespace { name } else { full });
            return;
        }
        self.seen.push(full.to_owned());
        self.out.push_str(r#"{"type":"record","name":"#);
        json_string(&mut self.out, name);
        if space != namespace {
            self.out.push_str(r#","namespace":"#);
            json_string(&mut self.out, space);
        }
        self.out.push_str(r#","fields":["#);
        for (i, field) in fields.iter().enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            self.field(field, space);
        }
        self.out.push(']');
        self.members(schema);
        self.out.push('}');
    }

    fn field(&mut self, field: &Field, namespace: &str) {
        self.out.push_str(r#"{"name":"#);
        json_string(&mut self.out, &field.name);
        self.out.push_str(r#","type":"#);
        self.union(&field.schema, namespace);
        match (&field.schema.default, field.schema.optional) {
            (Some(default), _) => {
                self.out.push_str(r#","default":"#);
                field_default(&mut self.out, &field.schema.kind, default);
            }
            (None, true) => self.out.push_str(r#","default":null"#),
            (None, false) => {}
        }
        self.out.push('}');
    }

    fn primitive(&mut self, schema: &Schema, name: &str) {
        let start = self.out.len();
        let _ = write!(self.out, r#"{{"type":"{name}""#);
        let bare = self.out.len();
        self.decimal(schema);
        self.members(schema);
        if self.out.len() == bare {
            self.out.truncate(start);
            let _ = write!(self.out, r#""{name}""#);
        } else {
            self.out.push('}');
        }
    }

    fn decimal(&mut self, schema: &Schema) {
        if schema.name.as_deref() != Some(DECIMAL) {
            return;
        }
        let scale = parameter(schema, "scale").unwrap_or("0");
        let precision = parameter(schema, PRECISION).unwrap_or("64");
        let _ = write!(self.out, r#","scale":{scale},"precision":{precision}"#);
    }

    /// The `connect.*` members and the logical type, each after a comma.
    fn members(&mut self, schema: &Schema) {
        if let Some(doc) = &schema.doc {
            self.member("connect.doc", doc);
        }
        if let Some(version) = schema.version {
            let _ = write!(self.out, r#","connect.version":{version}"#);
        }
        if !schema.parameters.is_empty() {
            self.out.push_str(r#","connect.parameters":{"#);
            for (i, (name, value)) in schema.parameters.iter().enumerate() {
                if i > 0 {
                    self.out.push(',');
                }
                json_string(&mut self.out, name);
                self.out.push(':');
                json_string(&mut self.out, value);
            }
            self.out.push('}');
        }
        if let Some(default) = &schema.default {
            self.out.push_str(r#","connect.default":"#);
            literal(&mut self.out, default);
        }
        if let Some(name) = &schema.name {
            self.member("connect.name", name);
        }
        match schema.kind {
            Kind::Int8 => self.member("connect.type", "int8"),
            Kind::Int16 => self.member("connect.type", "int16"),
            _ => {}
        }
        if let Some(logical) = schema.name.as_deref().and_then(logical_type) {
            self.member("logicalType", logical);
        }
    }

    fn member(&mut self, name: &str, value: &str) {
        let _ = write!(self.out, r#","{name}":"#);
        json_string(&mut self.out, value);
    }
}

fn primitive_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Boolean => "boolean",
        Kind::Int8 | Kind::Int16 | Kind::Int32 => "int",
        Kind::Int64 => "long",
        Kind::Float32 => "float",
        Kind::Float64 => "double",
        Kind::String => "string",
        // Containers are written by their own functions and never get here.
        Kind::Bytes | Kind::Array(_) | Kind::Map(_) | Kind::Struct(_) => "bytes",
    }
}

fn logical_type(name: &str) -> Option<&'static str> {
    Some(match name.strip_prefix("org.apache.kafka.connect.data.")? {
        "Decimal" => "decimal",
        "Date" => "date",
        "Time" => "time-millis",
        "Timestamp" => "timestamp-millis",
        _ => return None,
    })
}

fn parameter<'a>(schema: &'a Schema, name: &str) -> Option<&'a str> {
    schema.parameters.iter().find(|(n, _)| &**n == name).map(|(_, v)| &**v)
}

fn literal(out: &mut String, value: &Literal) {
    match value {
        Literal::Boolean(value) => {
            let _ = write!(out, "{value}");
        }
        Literal::Integer(value) => {
            let _ = write!(out, "{value}");
        }
        Literal::Float(value) => float(out, *value),
        Literal::Text(value) => json_string(out, value),
        // Avro writes the default of bytes as text, each byte one ISO-8859-1 character.
        Literal::Bytes(value) => {
            json_string(out, &value.iter().map(|&b| char::from(b)).collect::<String>());
        }
    }
}

/// A default as a field tells it. Avro's library keeps every number as a double, so a narrow one is
/// told with all the digits of its wide twin; `connect.default` has its own few.
fn field_default(out: &mut String, kind: &Kind, value: &Literal) {
    match value {
        Literal::Float(value) if *kind == Kind::Float32 => float(out, f64::from(*value as f32)),
        value => literal(out, value),
    }
}

/// A floating default in Java's notation.
fn float(out: &mut String, value: f64) {
    if value.is_finite() {
        java::number(out, value);
    } else {
        let mut name = String::new();
        java::number(&mut name, value);
        json_string(out, &name);
    }
}

/// Text in JSON quotes, escaped as Jackson does: control characters as `\u00XX` in upper case.
fn json_string(out: &mut String, value: &str) {
    out.push('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x20 => {
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn key_and_value_read_as_the_reference_writes_them() {
        let id =
            Field::new("id", Schema::new(Kind::Int32).default_value(Some(Literal::Integer(0))));
        let score = Field::new(
            "score",
            Schema::new(Kind::Int32).optional().default_value(Some(Literal::Integer(7))),
        );
        let note = Field::new("note", Schema::new(Kind::String).optional());
        let small = Field::new("small", Schema::new(Kind::Int16));
        assert_eq!(
            of(&Schema::record("p.public.t.Value", vec![id, score, note, small])),
            concat!(
                r#"{"type":"record","name":"Value","namespace":"p.public.t","fields":["#,
                r#"{"name":"id","type":{"type":"int","connect.default":0},"default":0},"#,
                r#"{"name":"score","type":[{"type":"int","connect.default":7},"null"],"default":7},"#,
                r#"{"name":"note","type":["null","string"],"default":null},"#,
                r#"{"name":"small","type":{"type":"int","connect.type":"int16"}}],"#,
                r#""connect.name":"p.public.t.Value"}"#
            )
        );
    }

    #[test]
    fn the_default_of_a_float_is_told_twice() {
        let tenth = || Some(Literal::Float(0.1));
        let narrow = Field::new("f", Schema::new(Kind::Float32).default_value(tenth()));
        let wide = Field::new("d", Schema::new(Kind::Float64).default_value(tenth()));
        assert_eq!(
            of(&Schema::record("R", vec![narrow, wide])),
            concat!(
                r#"{"type":"record","name":"R","fields":["#,
                r#"{"name":"f","type":{"type":"float","connect.default":0.1},"#,
                r#""default":0.10000000149011612},"#,
                r#"{"name":"d","type":{"type":"double","connect.default":0.1},"default":0.1}],"#,
                r#""connect.name":"R"}"#
            )
        );
    }

    #[test]
    fn a_record_is_written_once_and_then_named() {
        let value = Schema::record("a.Value", vec![]).optional();
        let text = of(&Schema::record(
            "a.Envelope",
            vec![Field::new("before", value.clone()), Field::new("after", value)],
        ));
        assert!(text.contains(r#""after","type":["null","Value"],"default":null"#), "{text}");
    }

    #[test]
    fn decimals_and_arrays_carry_their_members() {
        let decimal = Schema::new(Kind::Bytes)
            .semantic(DECIMAL)
            .parameter("scale", "2")
            .parameter(PRECISION, "8");
        assert_eq!(
            of(&decimal),
            concat!(
                r#"{"type":"bytes","scale":2,"precision":8,"connect.version":1,"connect.parameters":"#,
                r#"{"scale":"2","connect.decimal.precision":"8"},"connect.name":"#,
                r#""org.apache.kafka.connect.data.Decimal","logicalType":"decimal"}"#
            )
        );
        let array = Schema::new(Kind::Array(Arc::new(Schema::new(Kind::String).optional())));
        assert_eq!(of(&array), r#"{"type":"array","items":["null","string"]}"#);
    }
}
