//! The recipe of an outbox's layout: which column is what, and how its values are described.

use super::cell;
use super::known::Routes;
use super::refusal;
use super::settings::{Outbox, Place, Placed};
use crate::shape::recipe::Recipe as Table;
use crate::shape::settings::Settings;
use std::sync::Arc;
use walbrook_core::error::{Error, Result};
use walbrook_core::layout::Layout;
use walbrook_core::schema::{Field, Kind, Schema};

/// How rows of one layout become events.
#[derive(Debug)]
pub(in crate::shape) struct Recipe {
    /// The layout; kept so that its address stays its own.
    pub(super) layout: Arc<Layout>,
    /// The same table as changes: whether an update is one of its key too.
    pub(super) table: Table,
    /// Name of the table's row record, cut where the route goes in; `None`: the route alone.
    name: Option<(String, &'static str)>,
    /// Places of the columns.
    pub(super) columns: Columns,
    /// What is known of topics.
    pub(super) routes: Routes,
    /// Updates met so far.
    pub(super) updates: u64,
}

/// Places of the columns in the layout.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) id: usize,
    pub(super) key: usize,
    pub(super) payload: usize,
    pub(super) route: usize,
    pub(super) version: Option<usize>,
    /// The column, and how many of its units are a millisecond.
    pub(super) timestamp: Option<(usize, i64)>,
    pub(super) partition: Option<usize>,
    pub(super) headers: Vec<(Arc<str>, usize)>,
    pub(super) envelope: Vec<(Arc<str>, usize)>,
}

impl Recipe {
    /// Compiles the recipe of `layout`.
    pub(in crate::shape) fn compile(
        layout: &Arc<Layout>,
        settings: &Settings,
        outbox: &Outbox,
        source: &Schema,
    ) -> Result<Self> {
        let table = Table::compile(layout, settings, source)?;
        let columns = columns(layout, outbox)?;
        let name = Some((table.space(settings), ".Value"));
        let layout = Arc::clone(layout);
        Ok(Self { layout, table, name, columns, routes: Routes::default(), updates: 0 })
    }

    /// The layout.
    pub(in crate::shape) fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Compiles the recipe of events that are messages. They have no table, and nothing to name a
    /// record after but the route.
    pub(super) fn of_messages(
        layout: &Arc<Layout>,
        settings: &Settings,
        outbox: &Outbox,
        source: &Schema,
    ) -> Result<Self> {
        Ok(Self { name: None, ..Self::compile(layout, settings, outbox, source)? })
    }

    /// The same table as changes.
    pub(in crate::shape) fn table_mut(&mut self) -> &mut Table {
        &mut self.table
    }

    /// The same table as changes.
    pub(in crate::shape) fn table(&self) -> &Table {
        &self.table
    }

    /// Schema of the values for the route `route`, with `payload` as the payload's own schema: that
    /// alone, or a record where columns stand beside it.
    pub(super) fn value_schema(
        &self,
        payload: &Schema,
        route: &str,
        version: Option<i64>,
    ) -> Schema {
        if self.columns.envelope.is_empty() {
            return payload.clone();
        }
        let mut fields = vec![Field::new("payload", payload.clone())];
        for (name, place) in &self.columns.envelope {
            if let Some(field) = self.layout.fields.get(*place) {
                fields.push(Field::new(Arc::clone(name), field.schema.clone()));
            }
        }
        let route: String = route.chars().map(letter).collect();
        let name = match &self.name {
            Some((space, suffix)) => format!("{space}.{route}{suffix}"),
            None => route,
        };
        let mut schema = Schema::record(name, fields);
        schema.version = version.and_then(|version| u32::try_from(version).ok());
        schema
    }

    /// Whether columns stand beside the payload.
    pub(super) fn is_record(&self) -> bool {
        !self.columns.envelope.is_empty()
    }
}

/// A letter of a routing value as it may stand in a record's name.
fn letter(c: char) -> char {
    if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-') { c } else { '_' }
}

fn columns(layout: &Layout, outbox: &Outbox) -> Result<Columns> {
    let missing = |column: &str| refusal::column(&layout.table, column, "does not exist");
    let place = |column: &str| layout.position(column).ok_or_else(|| missing(column));
    let whole = |column: &String| number(layout, column, place(column)?);
    let mut columns = Columns {
        id: place(&outbox.id)?,
        key: place(&outbox.key)?,
        payload: place(&outbox.payload)?,
        route: text(layout, &outbox.route_by, place(&outbox.route_by)?)?,
        version: outbox.schema_version.as_ref().map(whole).transpose()?,
        timestamp: None,
        partition: None,
        headers: Vec::new(),
        envelope: Vec::new(),
    };
    if let Some(column) = &outbox.timestamp {
        columns.timestamp = Some(moment(layout, column, place(column)?)?);
    }
    for Placed { column, place: to, name } in &outbox.fields {
        let Some(place) = layout.position(column) else {
            if outbox.ignore_missing {
                continue;
            }
            return Err(missing(column));
        };
        match to {
            Place::Header => columns.headers.push((name.as_str().into(), place)),
            Place::Envelope => columns.envelope.push((name.as_str().into(), place)),
            Place::Partition => columns.partition = Some(number(layout, column, place)?),
        }
    }
    Ok(columns)
}

fn kind(layout: &Layout, place: usize) -> Option<&Kind> {
    layout.fields.get(place).map(|field| &field.schema.kind)
}

fn text(layout: &Layout, column: &str, place: usize) -> Result<usize> {
    match kind(layout, place) {
        Some(Kind::String) => Ok(place),
        _ => Err(refusal::column(&layout.table, column, "is no text, and topics are named by it")),
    }
}

fn number(layout: &Layout, column: &str, place: usize) -> Result<usize> {
    match kind(layout, place) {
        Some(Kind::Int8 | Kind::Int16 | Kind::Int32 | Kind::Int64) => Ok(place),
        _ => Err(refusal::column(&layout.table, column, "is no whole number")),
    }
}

fn moment(layout: &Layout, column: &str, place: usize) -> Result<(usize, i64)> {
    let no_moment = || -> Error {
        let why = "is no timestamp without a time zone, and records get their time from it";
        refusal::column(&layout.table, column, why)
    };
    let field = layout.fields.get(place).ok_or_else(no_moment)?;
    let units = cell::per_millisecond(&field.schema).ok_or_else(no_moment)?;
    Ok((place, units))
}
