//! A version of a table's structure, compiled: how its rows are written and read back by column.

use crate::avro::text;
use crate::schema::{self, Schema, Wrap};
use std::sync::Arc;

/// A table by its full name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Table {
    /// Schema (PostgreSQL) or database (MySQL).
    pub schema: Arc<str>,
    /// Name of the table.
    pub name: Arc<str>,
}

impl Table {
    /// A table by schema and name.
    pub fn new(schema: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> Self {
        Self { schema: schema.into(), name: name.into() }
    }

    /// What stands for the table of logical messages: no table of a database has such a name.
    pub fn messages() -> Self {
        Self::new("", "message")
    }

    /// Whether this is [`Table::messages`].
    pub fn is_messages(&self) -> bool {
        self.schema.is_empty()
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.is_messages() {
            true => f.write_str(&self.name),
            false => write!(f, "{}.{}", self.schema, self.name),
        }
    }
}

/// The structure of a table at some time, shared by all of its rows.
#[derive(Debug)]
pub struct Layout {
    /// The table.
    pub table: Table,
    /// Tells two structures of one table apart; equal structures have equal fingerprints.
    pub fingerprint: u64,
    /// Columns in their order, hidden ones last. Images have one cell for each.
    pub fields: Vec<Field>,
    /// Places in `fields` of the table's own key, in key order. Empty: the table has none. Where a
    /// column of it has a hidden cell, that is the one.
    pub key: Vec<usize>,
    /// Whether values of the table may not leave it as they are: some columns are masked, hashed or
    /// left out. Then no dead letter has the row, neither as received nor as told.
    pub masked: bool,
}

/// A column of a layout.
#[derive(Debug)]
pub struct Field {
    /// Name in the database.
    pub name: Arc<str>,
    /// Its Connect schema.
    pub schema: Schema,
    /// How a cell is tagged inside the record (derived from `schema`, kept for the hot path).
    pub wrap: Wrap,
    /// What is written where the column is missing from the image, tag included: `before` and
    /// `after` share one record type, so a key-only image cannot put null into a required field.
    pub fallback: Box<[u8]>,
    /// The payload, without a tag, that stands for "not sent because unchanged" (TOAST).
    pub unchanged: Box<[u8]>,
    /// Whether the column takes part in the value; a hidden one only feeds keys and routing.
    pub hidden: bool,
}

impl Layout {
    /// A layout with the fingerprint of its parts.
    pub fn new(table: Table, fields: Vec<Field>, key: Vec<usize>) -> Self {
        let fingerprint = fingerprint(&table, &fields, &key);
        Self { table, fingerprint, fields, key, masked: false }
    }

    /// Whether something of a row may not leave the table as it is: then a row that cannot be told
    /// is not kept as it was received either.
    pub fn withholds(&self) -> bool {
        self.masked || self.fields.iter().any(|field| field.hidden)
    }

    /// The same layout, whose rows hold less than those of the table.
    #[must_use]
    pub fn masked(mut self, masked: bool) -> Self {
        self.masked = masked;
        self
    }

    /// The place of the column called `name`, as it is in the table: its hidden cell where it has
    /// one.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.fields.iter().rposition(|field| &*field.name == name)
    }
}

/// FNV-1a over everything that a reader of the layout can see; the same in every process.
fn fingerprint(table: &Table, fields: &[Field], key: &[usize]) -> u64 {
    let record = Schema::record(
        table.to_string(),
        fields.iter().map(|f| schema::Field::new(f.name.clone(), f.schema.clone())).collect(),
    );
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for byte in bytes.iter().chain(&[0]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    add(text::of(&record).as_bytes());
    for place in key {
        add(&place.to_be_bytes());
    }
    for field in fields {
        add(&field.fallback);
        add(&field.unchanged);
        add(&[u8::from(field.hidden)]);
    }
    hash
}
