//! Schemas of Connect and Debezium that are more than a name.

use walbrook_core::avro::text::DECIMAL;
use walbrook_core::schema::{Field, Kind, Schema};

/// Connect's Decimal, without a precision.
pub(super) fn decimal(scale: u16) -> Schema {
    Schema::new(Kind::Bytes).semantic(DECIMAL).parameter("scale", scale.to_string())
}

fn documented(mut schema: Schema, doc: &str) -> Schema {
    schema.doc = Some(doc.into());
    schema
}

/// A decimal that tells its scale with each value.
pub(super) fn variable_scale_decimal() -> Schema {
    let fields = vec![
        Field::new("scale", Schema::new(Kind::Int32)),
        Field::new("value", Schema::new(Kind::Bytes)),
    ];
    let schema = Schema::record("io.debezium.data.VariableScaleDecimal", fields).versioned(1);
    documented(schema, "Variable scaled decimal")
}

/// A point with its well-known bytes.
pub(super) fn point() -> Schema {
    let fields = vec![
        Field::new("x", Schema::new(Kind::Float64)),
        Field::new("y", Schema::new(Kind::Float64)),
        Field::new("wkb", Schema::new(Kind::Bytes).optional()),
        Field::new("srid", Schema::new(Kind::Int32).optional()),
    ];
    let schema = Schema::record("io.debezium.data.geometry.Point", fields).versioned(1);
    documented(schema, "Geometry (POINT)")
}

/// PostGIS's `geometry` or `geography`.
pub(super) fn geometry(name: &str) -> Schema {
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
