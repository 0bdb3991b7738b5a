//! One chunk: its key, its end, its rows.

use super::columns::{Column, Columns};
use super::streamed::Visible;
use super::{AIM_BYTES, Chunk, Name, Own, Rows, sql};
use crate::catalog::{Catalog, Live, published_relation};
use crate::codes;
use crate::lsn::Lsn;
use crate::settings::Settings;
use crate::snapshot::export::silent;
use crate::snapshot::key::Kind;
use crate::table::Table;
use crate::transport::sql_error;
use futures_util::{StreamExt, pin_mut};
use std::time::Instant;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use walbrook_core::chunk::Key;
use walbrook_core::error::{Error, Result};

/// A chunk of more bytes is read again in halves.
pub(super) const MOST: usize = 8 << 20;

/// Why nothing comes of a chunk.
pub(super) enum Obstacle {
    /// The table is gone.
    Gone,
    /// It is too large.
    TooLarge,
    /// Something failed.
    Failed(Error),
}

impl From<Error> for Obstacle {
    fn from(error: Error) -> Self {
        Obstacle::Failed(error)
    }
}

/// What the catalog says of a table that may be read.
#[derive(Debug)]
pub(super) struct Keyed {
    pub(super) oid: u32,
    /// Replica identity.
    pub(super) identity: char,
    pub(super) rows_estimated: Option<u64>,
    pub(super) bytes: u64,
    /// Whether some rows are hidden from us.
    pub(super) hides: bool,
    pub(super) columns: Columns,
    /// Whether every key column is NOT NULL.
    pub(super) required: bool,
    /// Whether every key column is in the index that is the replica identity.
    pub(super) identified: bool,
}

/// Asks for the key of a table; nothing where it is gone. `bytewise`: whether the database's own
/// collation compares bytes.
pub(super) async fn key(client: &Client, table: &Name, bytewise: bool) -> Result<Option<Keyed>> {
    let failed = |error| sql_error(&error, &format!("asking for the key of {table}"));
    let rows = client.query(sql::KEY, &[&table.schema, &table.name]).await.map_err(failed)?;
    let Some(first) = rows.first() else { return Ok(None) };
    let tuples: f64 = first.get(2);
    let mut keyed = Keyed {
        oid: first.get(0),
        identity: char::from(first.get::<_, i8>(1) as u8),
        rows_estimated: (tuples >= 0.0).then_some(tuples as u64),
        bytes: first.get::<_, Option<i64>>(3).and_then(|it| u64::try_from(it).ok()).unwrap_or(0),
        hides: first.get(4),
        columns: Columns { table: sql::quoted(table), columns: Vec::new() },
        required: true,
        identified: true,
    };
    for row in &rows {
        let (Some(name), Some(type_name)) = (row.get(5), row.get(6)) else { continue };
        let (schema, collation): (Option<String>, Option<String>) = (row.get(9), row.get(10));
        let bytes = match collation.as_deref() {
            None | Some("C" | "POSIX" | "ucs_basic") => true,
            Some("default") => bytewise,
            Some(_) => false,
        };
        let quoted = |(schema, name): (String, String)| sql::quoted(&Name { schema, name });
        let kind = Kind::of(row.get::<_, Option<u32>>(7).unwrap_or(0));
        keyed.columns.columns.push(Column {
            name,
            type_name,
            collation: schema.zip(collation).map(quoted),
            kind: kind.filter(|kind| *kind != Kind::Text || bytes),
        });
        keyed.required &= row.get::<_, Option<bool>>(8).unwrap_or(false);
        keyed.identified &= row.get::<_, bool>(11);
    }
    Ok(Some(keyed))
}

/// Where the next chunk ends, of as many rows as are read in a short time.
pub(super) async fn bound(
    client: &Client,
    bytewise: bool,
    table: &Own,
    after: Option<&Key>,
) -> Result<(Columns, Option<Key>, u64), Obstacle> {
    let keyed = key(client, &table.name, bytewise).await?.ok_or(Obstacle::Gone)?;
    let rows = table.chunk_rows.unwrap_or_else(|| guess(&keyed)).max(1);
    let columns = keyed.columns;
    // The key is another one by now: the table is read from its beginning.
    let after = after.filter(|after| after.0.len() == columns.columns.len());
    let failed = |error| sql_error(&error, &format!("looking for a chunk of {}", table.name));
    let sql = sql::bound(&columns, after, rows);
    let found = client.query_opt(&sql, &[]).await.map_err(failed)?;
    let until = match found {
        None => None,
        Some(row) => {
            let texts = (0..row.len()).map(|place| row.try_get::<_, &str>(place));
            let texts = texts.collect::<Result<Vec<_>, _>>().map_err(failed)?;
            Some(columns.of_texts(texts).ok_or_else(|| silent("where a chunk ends"))?)
        }
    };
    Ok((columns, until, rows))
}

fn guess(keyed: &Keyed) -> u64 {
    let rows = keyed.rows_estimated.filter(|rows| *rows > 0).unwrap_or(keyed.bytes / 100);
    let width = (keyed.bytes / rows.max(1)).max(20);
    (AIM_BYTES / width).clamp(200, 20_000)
}

/// Reads the rows of a chunk in a view of its own; nothing while the view does not show what the
/// stream has told. Waiting is the caller's.
pub(super) async fn rows(
    settings: &Settings,
    client: &Client,
    live: &Live,
    chunk: &Chunk,
    filter: Option<&str>,
    shows: impl Fn(&Visible) -> bool,
) -> Result<Result<Rows, Visible>, Obstacle> {
    let failed = |error| sql_error(&error, &format!("reading {}", chunk.table));
    let begun = Instant::now();
    if let Err(error) = client.batch_execute(&sql::begin(&chunk.table)).await {
        let gone = [SqlState::UNDEFINED_TABLE, SqlState::INVALID_SCHEMA_NAME];
        if error.code().is_some_and(|code| gone.contains(code)) {
            return Err(Obstacle::Gone);
        }
        return Err(failed(error).into());
    }
    let visible = client.query_one(sql::VISIBLE, &[]).await.map_err(failed)?;
    let visible = Visible::parse(visible.try_get(0).map_err(failed)?);
    let visible = visible.ok_or_else(|| silent("which transactions are seen"))?;
    if !shows(&visible) {
        return Ok(Err(visible));
    }
    let keyed = key(client, &chunk.table, false).await?.ok_or(Obstacle::Gone)?;
    let names = |columns: &Columns| {
        columns.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>()
    };
    if names(&keyed.columns) != names(&chunk.columns) {
        let message = format!("The key of {} has changed meanwhile.", chunk.table);
        return Err(Error::transient(codes::TABLE_REWRITTEN, message).into());
    }
    let relation = published_relation(client, keyed.oid, &settings.publication).await?;
    // The lock keeps the table as it is, so that another session says the same of it.
    let structure = live.structure(&relation).await?;
    let table = Table::compile(&relation, structure.as_ref(), &settings.modes, &[])?;
    let mut rows = Rows { relation: Some(relation), structure, visible, ..Rows::default() };
    rows.select = table.select_list();
    let statement = sql::rows(chunk, &rows.select, filter);
    let lines = client.copy_out(&statement).await.map_err(failed)?;
    pin_mut!(lines);
    while let Some(line) = lines.next().await {
        let line = line.map_err(failed)?;
        rows.lines.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(&line));
        rows.ends.push(rows.lines.len());
        if rows.lines.len() > MOST && !chunk.any_size {
            return Err(Obstacle::TooLarge);
        }
    }
    client.batch_execute("COMMIT").await.map_err(failed)?;
    // A new statement, after the view: whatever the view shows was in the log before.
    let row = client.query_one(sql::END, &[]).await.map_err(failed)?;
    let high = row.try_get::<_, Option<&str>>(0).map_err(failed)?.and_then(Lsn::parse);
    rows.high = high.ok_or_else(|| silent("the end of its log"))?.0;
    rows.at_us = row.try_get(1).map_err(failed)?;
    rows.took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Ok(rows))
}
