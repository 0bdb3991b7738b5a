//! Connect's and Debezium's types that are more than a name, and the values of each that say
//! nothing.

use crate::avro::text::DECIMAL;
use crate::avro::write;
use crate::schema::{Field, Kind, Schema};

/// An empty collection of geometries in well-known bytes.
const EMPTY_GEOMETRY: [u8; 9] = [1, 7, 0, 0, 0, 0, 0, 0, 0];
/// The name of a point's record.
const POINT: &str = "io.debezium.data.geometry.Point";
/// The name of the record of a decimal with its scale.
const VARIABLE_DECIMAL: &str = "io.debezium.data.VariableScaleDecimal";

/// Connect's Decimal, without a precision.
pub fn decimal(scale: u16) -> Schema {
    Schema::new(Kind::Bytes).semantic(DECIMAL).parameter("scale", scale.to_string())
}

fn documented(mut schema: Schema, doc: &str) -> Schema {
    schema.doc = Some(doc.into());
    schema
}

/// A decimal that tells its scale with each value.
pub fn variable_scale_decimal() -> Schema {
    let fields = vec![
        Field::new("scale", Schema::new(Kind::Int32)),
        Field::new("value", Schema::new(Kind::Bytes)),
    ];
    documented(Schema::record(VARIABLE_DECIMAL, fields).versioned(1), "Variable scaled decimal")
}

/// A point with its well-known bytes.
pub fn point() -> Schema {
    let fields = vec![
        Field::new("x", Schema::new(Kind::Float64)),
        Field::new("y", Schema::new(Kind::Float64)),
        Field::new("wkb", Schema::new(Kind::Bytes).optional()),
        Field::new("srid", Schema::new(Kind::Int32).optional()),
    ];
    documented(Schema::record(POINT, fields).versioned(1), "Geometry (POINT)")
}

/// A geometry as well-known bytes; with `name` "geography" the type of that name.
pub fn geometry(name: &str) -> Schema {
    let (name, doc) = match name {
        "geography" => ("io.debezium.data.geometry.Geography", "Geography"),
        _ => ("io.debezium.data.geometry.Geometry", "Geometry"),
    };
    let fields = vec![
        Field::new("wkb", Schema::new(Kind::Bytes)),
        Field::new("srid", Schema::new(Kind::Int32).optional()),
    ];
    documented(Schema::record(name, fields).versioned(1), doc)
}

/// A Point of these coordinates: both, then well-known bytes, then no SRID.
pub fn write_point(x: f64, y: f64, out: &mut Vec<u8>) {
    write::double(out, x);
    write::double(out, y);
    // wkb: present, 21 bytes, little-endian, a point
    out.extend_from_slice(&[2, 42, 1, 1, 0, 0, 0]);
    write::double(out, x);
    write::double(out, y);
    out.push(0);
}

/// The payload that fills a required field of `schema` when its column is not in the image.
pub fn neutral(schema: &Schema) -> Vec<u8> {
    let mut out = Vec::new();
    let name = schema.name.as_deref().unwrap_or_default();
    match &schema.kind {
        Kind::Boolean | Kind::Int8 | Kind::Int16 | Kind::Int32 | Kind::Int64 => out.push(0),
        Kind::Float32 => write::float(&mut out, 0.0),
        Kind::Float64 => write::double(&mut out, 0.0),
        Kind::String => write::string(&mut out, neutral_text(name)),
        Kind::Bytes if name == DECIMAL => write::bytes(&mut out, &[0]),
        // No bytes, no items.
        Kind::Bytes | Kind::Array(_) | Kind::Map(_) => out.push(0),
        Kind::Struct(_) => match name {
            VARIABLE_DECIMAL => out.extend_from_slice(&[0, 2, 0]),
            POINT => write_point(0.0, 0.0, &mut out),
            _ => {
                write::bytes(&mut out, &EMPTY_GEOMETRY);
                out.push(0);
            }
        },
    }
    out
}

fn neutral_text(name: &str) -> &'static str {
    match name {
        "io.debezium.time.IsoDate" => "1970-01-01Z",
        "io.debezium.time.IsoTime" | "io.debezium.time.ZonedTime" => "00:00:00Z",
        "io.debezium.time.IsoTimestamp" | "io.debezium.time.ZonedTimestamp" => {
            "1970-01-01T00:00:00Z"
        }
        "io.debezium.time.Interval" => "P0Y0M0DT0H0M0S",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_nothing_is_zero_or_empty() {
        let zoned = Schema::new(Kind::String).semantic("io.debezium.time.ZonedTimestamp");
        assert_eq!(neutral(&zoned).get(1..), Some(&b"1970-01-01T00:00:00Z"[..]));
        assert_eq!(neutral(&Schema::new(Kind::Int64)), [0]);
        assert_eq!(neutral(&Schema::new(Kind::Float64)), [0; 8]);
        assert_eq!(neutral(&decimal(3)), [2, 0]);
        assert_eq!(neutral(&geometry("geometry")), [18, 1, 7, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(neutral(&point()).len(), 8 + 8 + 2 + 21 + 1);
    }
}
