//! What there is to be read, and what is known of it.

use super::entry::TableEntry;
use super::marker::Extent;
use super::order::{self, KeyColumn};
use super::pace::Pace;
use super::rows::{self, Part};
use crate::settings::Settings;
use crate::source::tables;
use crate::stream::Stream;
use crate::table::Select;
use crate::transport::{self, sql_error};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use std::collections::BTreeMap;
use std::sync::Arc;
use walbrook_core::error::Result;
use walbrook_core::layout::Table;
use walbrook_core::resnapshot::Job;
use walbrook_core::source::{Message, Progress};
use walbrook_reader::Out;

/// A table of a snapshot.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) table: Table,
    /// What of it is read.
    pub(super) part: Part,
    /// Key columns in key order; none where the table is read in one piece.
    pub(super) columns: Vec<KeyColumn>,
    pub(super) entry: TableEntry,
    /// Estimate of its rows.
    pub(super) rows: u64,
    /// Estimate of its bytes.
    pub(super) bytes: u64,
    /// Where it stands among the others.
    pub(super) extent: Extent,
    /// How large its chunks are.
    pub(super) pace: Pace,
}

/// Rows up to which a table that cannot be cut becomes visible at once.
pub(super) const AT_ONCE: u64 = 500_000;

/// What decides whether a table is cut into chunks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// Estimate of its rows.
    pub(super) rows: u64,
    /// Whether chunks of it are published.
    pub(super) begun: bool,
}

impl Size {
    /// What a statement answers is read in one piece, in its own order, as long as that can become
    /// visible at once.
    pub(super) fn is_one_piece(self, part: &Part) -> bool {
        part.statement().is_some() && !self.begun && self.rows <= AT_ONCE
    }
}

impl Planned {
    /// The columns by which it is cut where its structure would allow `columns`.
    pub(super) fn cut(&self, columns: Vec<KeyColumn>) -> Vec<KeyColumn> {
        let size = Size { rows: self.rows, begun: self.entry.cursor.is_some() };
        if size.is_one_piece(&self.part) { Vec::new() } else { columns }
    }

    /// How far it is, for people.
    pub(super) fn progress(&self) -> Progress {
        let (rows, done) = (self.entry.rows, self.entry.done);
        let share = if done { 1.0 } else { rows as f64 / self.rows.max(rows).max(1) as f64 };
        Progress {
            table: self.table.to_string(),
            rows,
            rows_estimated: Some(self.rows.max(rows)),
            bytes: (self.bytes as f64 * share) as u64,
            bytes_total: self.bytes,
            done,
        }
    }
}

/// Every table of a snapshot, in the order of their names.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) tables: Vec<Planned>,
    /// The job that they belong to; none in a first snapshot.
    pub(super) job: Option<Job>,
}

impl Plan {
    /// Whether nothing is left to be read.
    pub(super) fn is_done(&self) -> bool {
        self.tables.iter().all(|planned| planned.entry.done)
    }

    /// The tables that are left, in the order in which they are read. Those of which a part is read
    /// come first: what the log says of their other rows before is not told.
    pub(super) fn in_turn(&self) -> impl Iterator<Item = &Planned> {
        let left = |part: bool| {
            let wanted = move |it: &&Planned| !it.entry.done && (it.part != Part::All) == part;
            self.tables.iter().filter(wanted)
        };
        left(true).chain(left(false))
    }

    /// Says what is about to be read.
    pub(super) fn announce(&self, out: &Out) -> Result<()> {
        for planned in &self.tables {
            out.tell(Message::Snapshot(planned.progress()))?;
        }
        let (tables, rows) = (self.tables.len(), self.tables.iter().map(|it| it.rows).sum::<u64>());
        let bytes = self.tables.iter().map(|it| it.bytes).sum::<u64>();
        tracing::info!(tables, rows, bytes, "snapshot begins");
        Ok(())
    }

    /// The table of this name.
    pub(super) fn find(&mut self, table: &Table) -> Option<&mut Planned> {
        self.tables.iter_mut().find(|planned| planned.table == *table)
    }
}

/// Looks at every captured table that the log knows and that is not done.
pub(super) async fn survey(
    settings: &Arc<Settings>,
    stream: &mut Stream,
    entries: &BTreeMap<String, TableEntry>,
    again: bool,
) -> Result<Plan> {
    let mut conn = transport::client(settings, "snapshot").await?;
    let listed = tables::selected(&mut conn, settings).await?;
    let mut plan = Plan::default();
    for listed in listed {
        let entry = entries.get(&listed.table.to_string()).cloned().unwrap_or_default();
        // One that the log does not know yet was made meanwhile: it comes whole through the log.
        let (space, name) = (&listed.table.schema, &listed.table.name);
        let known = stream.follower.structures.get(space, name).is_some();
        if !known || !settings.initial.reads(space, name) {
            continue;
        }
        let part = Part::of(settings, &listed.table);
        let size = Size { rows: listed.rows, begun: entry.cursor.is_some() };
        let columns = match entry.done || size.is_one_piece(&part) {
            true => Vec::new(),
            false => key_columns(settings, stream, &mut conn, &listed.table).await?,
        };
        if columns.is_empty() && !entry.done {
            tracing::info!("table {} is read in one piece", listed.table);
        }
        let is_empty = !entry.done && !rows::any(&mut conn, settings, &listed.table).await?;
        let extent = Extent { empty: is_empty, ..Extent::default() };
        let (table, rows, bytes) = (listed.table, listed.rows, listed.bytes);
        let pace = Pace::guess(bytes, rows);
        plan.tables.push(Planned { table, part, columns, entry, rows, bytes, extent, pace });
    }
    Extent::place(plan.tables.iter_mut().map(|planned| &mut planned.extent));
    for planned in plan.tables.iter().filter(|planned| !planned.entry.done) {
        let published = planned.entry.cursor.as_ref().map(|cursor| cursor.key.clone());
        let reading = &mut stream.follower.reading;
        reading.begin(planned.table.clone(), planned.columns.clone(), published, again);
    }
    drop(conn.disconnect().await);
    Ok(plan)
}

/// The columns by which a table can be read in chunks, as its structure is at this place of the log.
pub(super) async fn key_columns(
    settings: &Settings,
    stream: &Stream,
    conn: &mut Conn,
    table: &Table,
) -> Result<Vec<KeyColumn>> {
    let structures = &stream.follower.structures;
    let Some(structure) = structures.get(&table.schema, &table.name) else { return Ok(Vec::new()) };
    let layout = Select::compile(structure, &settings.modes, settings.flavor).layout;
    let names: Vec<String> = layout
        .key
        .iter()
        .filter_map(|&place| layout.fields.get(place))
        .map(|field| field.name.to_string())
        .collect();
    let sql = "SELECT COLUMN_NAME, CHARACTER_SET_NAME, COLLATION_NAME \
               FROM information_schema.COLUMNS \
               WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND COLLATION_NAME IS NOT NULL";
    let failed = |error| sql_error(&error, "asking for the collations of a table");
    let of = (table.schema.to_string(), table.name.to_string());
    let collations: Vec<(String, String, String)> = conn.exec(sql, of).await.map_err(failed)?;
    Ok(order::columns(structure, &names, &collations).unwrap_or_default())
}
