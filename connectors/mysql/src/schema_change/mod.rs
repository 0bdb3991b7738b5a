//! The topic of schema changes: what statements did to captured tables, for people and consumers.
//!
//! ```text
//!  statement in the log ─▶ ddl ─▶ effects ─▶ of_statement ─┐
//!                                                          ├─▶ Told ─▶ record ─▶ key, value
//!  SHOW CREATE TABLE ─▶ structures ─────────▶ of_snapshot ─┘
//! ```
//!
//! Everything here is pure; the source says where a statement stands in the log.

pub(crate) mod column;
mod schema;
mod snapshot;
mod statement;
#[cfg(test)]
mod tests;

pub use schema::{key_schema, value_schema};
pub use snapshot::{Database, Found, of_snapshot};
pub use statement::of_statement;

use crate::flavor::Flavor;
use crate::source_block::{self, Tail};
use crate::structure::Structure;
use std::sync::Arc;
use walbrook_core::avro::write;
use walbrook_core::change::Marker;

/// One record of the topic: a statement, or the part of one that is about one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Name of the database; empty where the statement is about none.
    pub database: String,
    /// `source.table`: the statement's tables, separated by commas; empty where it has none.
    pub tables: Option<String>,
    /// The statement.
    pub ddl: String,
    /// What it does to a table, if it does.
    pub change: Option<Change>,
}

/// What became of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Create(Arc<Structure>),
    /// It looks otherwise, or has another name.
    Alter(Arc<Structure>),
    /// It is gone.
    Drop {
        /// Database that it was in.
        database: String,
        /// Name that it had.
        table: String,
    },
}

/// Where a statement stands, and how it is told.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The kind of server.
    pub flavor: Flavor,
    /// `source.name`
    pub topic_prefix: &'a str,
    /// Place in a snapshot; [`Marker::False`] for statements of the log.
    pub marker: Marker,
    /// Place in the log. Its database and table are those of the [`Told`], whatever stands here.
    pub tail: Tail<'a>,
    /// Time at which the record is made, milliseconds since 1970.
    pub ts_ms: i64,
    /// Whether comments of tables and columns are told (`include.schema.comments`).
    pub comments: bool,
}

/// Key and value of a record in Avro, without the schema's number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// For [`key_schema`].
    pub key: Vec<u8>,
    /// For [`value_schema`].
    pub value: Vec<u8>,
}

/// The record that tells `told`.
pub fn record(told: &Told, setting: &Setting<'_>) -> Record {
    let (mut key, mut value) = (Vec::new(), Vec::with_capacity(1024));
    write::string(&mut key, &told.database);
    let out = &mut value;
    source_block::write_head(out, setting.flavor, setting.topic_prefix, setting.tail.ts_us);
    out.push(0);
    write::string(out, setting.marker.text());
    let tables = told.tables.as_deref();
    source_block::write_tail(out, &Tail { db: &told.database, table: tables, ..setting.tail });
    write::long(out, setting.ts_ms);
    write::optional_string(out, Some(&told.database));
    // schemaName: these servers have none.
    out.push(0);
    write::optional_string(out, Some(&told.ddl));
    if let Some(change) = &told.change {
        out.push(2);
        write_change(out, change, setting.comments);
    }
    out.push(0);
    Record { key, value }
}

fn write_change(out: &mut Vec<u8>, change: &Change, comments: bool) {
    let id = |database: &str, table: &str| format!("\"{database}\".\"{table}\"");
    let (word, table) = match change {
        Change::Create(table) => ("CREATE", table),
        Change::Alter(table) => ("ALTER", table),
        Change::Drop { database, table } => {
            write::string(out, "DROP");
            write::string(out, &id(database, table));
            out.push(0);
            return;
        }
    };
    write::string(out, word);
    write::string(out, &id(&table.database, &table.name));
    out.push(2);
    write_table(out, table, comments);
}

fn write_table(out: &mut Vec<u8>, table: &Structure, comments: bool) {
    write::optional_string(out, Some(&table.charset));
    out.push(2);
    column::write_texts(out, key(table).iter());
    let columns: Vec<_> = table.columns.iter().filter(|column| !column.implicit).collect();
    if !columns.is_empty() {
        write::long(out, columns.len() as i64);
    }
    for (number, one) in columns.iter().enumerate() {
        column::write_column(out, one, number + 1, comments);
    }
    out.push(0);
    write::optional_string(out, table.comment.as_deref().filter(|_| comments));
}

/// The primary key, or else the first unique key in which nothing can be NULL.
fn key(table: &Structure) -> &[String] {
    if !table.primary_key.is_empty() {
        return &table.primary_key;
    }
    let required =
        |name: &String| table.columns.iter().any(|column| column.name == *name && !column.nullable);
    let unique = table.unique_keys.iter().find(|key| key.columns.iter().all(required));
    unique.map_or(&[], |key| &key.columns)
}
