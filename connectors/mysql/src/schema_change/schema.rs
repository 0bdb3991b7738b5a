//! Key and value schema of the topic of schema changes.

use crate::flavor::Flavor;
use crate::source_block;
use std::sync::Arc;
use walbrook_core::schema::{Field, Kind, Schema};

/// `SchemaChangeKey`: the database, so that its changes stay in order.
pub fn key_schema(flavor: Flavor) -> Schema {
    record(&own(flavor, "SchemaChangeKey"), vec![Field::new("databaseName", text())])
}

/// `SchemaChangeValue`: where it was done, the statement, and what tables look like afterwards.
pub fn value_schema(flavor: Flavor) -> Schema {
    let fields = vec![
        Field::new("source", source_block::schema(flavor)),
        Field::new("ts_ms", Schema::new(Kind::Int64)),
        Field::new("databaseName", text().optional()),
        Field::new("schemaName", text().optional()),
        Field::new("ddl", text().optional()),
        Field::new("tableChanges", list(change())),
    ];
    record(&own(flavor, "SchemaChangeValue"), fields)
}

fn change() -> Schema {
    let fields = vec![
        Field::new("type", text()),
        Field::new("id", text()),
        Field::new("table", table().optional()),
    ];
    record("io.debezium.connector.schema.Change", fields)
}

fn table() -> Schema {
    let fields = vec![
        Field::new("defaultCharsetName", text().optional()),
        Field::new("primaryKeyColumnNames", list(text()).optional()),
        Field::new("columns", list(column())),
        Field::new("comment", text().optional()),
    ];
    record("io.debezium.connector.schema.Table", fields)
}

fn column() -> Schema {
    let number = || Schema::new(Kind::Int32);
    let flag = || Schema::new(Kind::Boolean);
    let fields = vec![
        Field::new("name", text()),
        Field::new("jdbcType", number()),
        Field::new("nativeType", number().optional()),
        Field::new("typeName", text()),
        Field::new("typeExpression", text().optional()),
        Field::new("charsetName", text().optional()),
        Field::new("length", number().optional()),
        Field::new("scale", number().optional()),
        Field::new("position", number()),
        Field::new("optional", flag().optional()),
        Field::new("autoIncremented", flag().optional()),
        Field::new("generated", flag().optional()),
        Field::new("comment", text().optional()),
        Field::new("defaultValueExpression", text().optional()),
        Field::new("enumValues", list(text()).optional()),
    ];
    record("io.debezium.connector.schema.Column", fields)
}

/// A name in the connector's own package.
fn own(flavor: Flavor, name: &str) -> String {
    format!("io.debezium.connector.{}.{name}", flavor.connector())
}

fn record(name: &str, fields: Vec<Field>) -> Schema {
    Schema::record(name, fields).versioned(1)
}

fn text() -> Schema {
    Schema::new(Kind::String)
}

fn list(of: Schema) -> Schema {
    Schema::new(Kind::Array(Arc::new(of)))
}
