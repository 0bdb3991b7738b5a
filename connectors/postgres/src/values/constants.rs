//! What stands for an unchanged value.

use super::md5;
use walbrook_core::avro::{text, write};
use walbrook_core::schema::{Kind, Schema};
use walbrook_core::semantic::neutral;

/// Debezium's UUID, the only text items that must look like something.
pub(super) const UUID: &str = "io.debezium.data.Uuid";

/// The payload that says "not sent because unchanged": the configured text in the form of the
/// field. Numbers and structs have no such form and say nothing.
pub(super) fn unchanged(schema: &Schema, placeholder: &str) -> Vec<u8> {
    let mut out = Vec::new();
    match &schema.kind {
        Kind::String => write::string(&mut out, placeholder),
        Kind::Bytes if schema.name.is_none() => write::bytes(&mut out, placeholder.as_bytes()),
        Kind::Array(items) => unchanged_items(items, placeholder, &mut out),
        Kind::Map(_) => {
            write::long(&mut out, 1);
            write::string(&mut out, placeholder);
            write::optional_string(&mut out, Some(placeholder));
            out.push(0);
        }
        _ => return neutral(schema),
    }
    out
}

fn unchanged_items(items: &Schema, placeholder: &str, out: &mut Vec<u8>) {
    let tag = items.wrap().value_tag();
    match &items.kind {
        Kind::String | Kind::Bytes if items.name.as_deref() != Some(text::DECIMAL) => {
            write::long(out, 1);
            out.extend(tag);
            match items.name.as_deref() {
                Some(UUID) => write::string(out, &name_uuid(placeholder.as_bytes())),
                _ => write::string(out, placeholder),
            }
        }
        // int4, date, int8: each byte of the text is one item.
        Kind::Int32 | Kind::Int64 if !placeholder.is_empty() => {
            write::long(out, placeholder.len() as i64);
            for byte in placeholder.bytes() {
                out.extend(tag);
                write::long(out, i64::from(byte as i8));
            }
        }
        _ => {}
    }
    out.push(0);
}

/// `UUID.nameUUIDFromBytes`: version 3 without a namespace.
fn name_uuid(name: &[u8]) -> String {
    let mut value = u128::from_be_bytes(md5::digest(name));
    value = value & !(0xf << 76) | 3 << 76;
    value = value & !(3 << 62) | 2 << 62;
    let hex = format!("{value:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn list(items: Schema) -> Schema {
        Schema::new(Kind::Array(Arc::new(items.optional())))
    }

    #[test]
    fn unchanged_values_say_so_where_they_can() {
        let text = Schema::new(Kind::String);
        assert_eq!(unchanged(&text, "?NA"), b"\x06?NA");
        assert_eq!(unchanged(&Schema::new(Kind::Bytes), "?NA"), b"\x06?NA");
        assert_eq!(unchanged(&list(text), "?NA"), b"\x02\x02\x06?NA\x00");
        let numbers = list(Schema::new(Kind::Int32));
        assert_eq!(unchanged(&numbers, "?NA"), b"\x06\x02\x7e\x02\x9c\x01\x02\x82\x01\x00");
        assert_eq!(unchanged(&list(Schema::new(Kind::Float64)), "?NA"), [0]);
        let decimal = Schema::new(Kind::Bytes).semantic(text::DECIMAL);
        assert_eq!(unchanged(&decimal, "?NA"), [2, 0]);
        assert_eq!(unchanged(&list(decimal), "?NA"), [0]);
        let map = Schema::new(Kind::Map(Arc::new(Schema::new(Kind::String).optional())));
        assert_eq!(unchanged(&map, "?"), b"\x02\x02?\x02\x02?\x00");
    }

    #[test]
    fn an_unchanged_uuid_is_made_from_the_name() {
        // UUID.nameUUIDFromBytes("abc".getBytes())
        assert_eq!(name_uuid(b"abc"), "90015098-3cd2-3fb0-9696-3f7d28e17f72");
    }
}
