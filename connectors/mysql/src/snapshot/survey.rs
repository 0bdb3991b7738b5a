//! What there is to be read, and what is known of it.

use super::entry::TableEntry;
use super::marker::Extent;
use super::order::{self, KeyColumn};
use super::pace::Pace;
use super::view::read_error;
use crate::settings::Settings;
use crate::source::tables::{self, quoted};
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

impl Planned {
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
        if stream.follower.structures.get(&listed.table.schema, &listed.table.name).is_none() {
            continue;
        }
        let columns = match entry.done {
            true => Vec::new(),
            false => key_columns(settings, stream, &mut conn, &listed.table).await?,
        };
        if columns.is_empty() && !entry.done {
            tracing::info!("table {} in one piece: its key cannot be ordered", listed.table);
        }
        let is_empty = !entry.done && is_empty(&mut conn, &listed.table).await?;
        let extent = Extent { empty: is_empty, ..Extent::default() };
        let (table, rows, bytes) = (listed.table, listed.rows, listed.bytes);
        let pace = Pace::guess(bytes, rows);
        plan.tables.push(Planned { table, columns, entry, rows, bytes, extent, pace });
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

async fn is_empty(conn: &mut Conn, table: &Table) -> Result<bool> {
    let sql = format!("SELECT 1 FROM {} LIMIT 1", quoted(table));
    match conn.query_first::<u8, _>(sql).await {
        Ok(row) => Ok(row.is_none()),
        Err(error) => Err(read_error(&error, table)),
    }
}
