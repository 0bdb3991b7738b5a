//! The reader: a task that reads one chunk after another into memory, each in a view of its own.

use crate::settings::Settings;
use crate::snapshot::order::{KeyColumn, parameter};
use crate::snapshot::pace::Took;
use crate::snapshot::sql;
use crate::snapshot::view::{Told, Views, read_error};
use crate::stream::coordinates::Coordinates;
use crate::table::Select;
use async_channel::{Receiver, Sender, bounded};
use mysql_async::Params;
use mysql_async::prelude::Queryable;
use std::sync::Arc;
use std::time::Instant;
use walbrook_core::batch::{Batch, Image};
use walbrook_core::chunk::{Key, Part};
use walbrook_core::error::{Class, Error, Result};
use walbrook_core::layout::Table;

/// More bytes of rows than this are not held; the chunk ends before them.
const MOST: usize = 16 * 1024 * 1024;

/// A chunk that is wanted.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) table: Table,
    pub(super) select: Arc<Select>,
    pub(super) columns: Vec<KeyColumn>,
    /// Behind this key.
    pub(super) after: Option<Key>,
    /// So many rows of the table, before the condition.
    pub(super) rows: u64,
    pub(super) predicate: Option<String>,
    /// What the view must show.
    pub(super) told: Told,
}

/// Rows of a batch of their own.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) batch: Batch,
    pub(super) images: Vec<Image>,
    /// Why rows among them cannot be told.
    pub(super) poisons: Vec<Error>,
}

impl Rows {
    /// Keeps why a row cannot be told; what is wrong with more than the row is no answer.
    fn poison(&mut self, error: Error) -> Result<()> {
        if error.class != Class::Poison {
            return Err(error);
        }
        self.poisons.push(error);
        Ok(())
    }
}

/// A chunk that was read.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) rows: Vec<Rows>,
    /// Its last key; nothing where it reaches the end of the table.
    pub(super) until: Option<Key>,
    /// Where the log ended when the view had been opened.
    pub(super) high: Coordinates,
    pub(super) took: Took,
}

/// The task. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Reader {
    orders: Sender<Order>,
    /// What was read.
    pub(super) chunks: Receiver<Result<Chunk>>,
}

impl Reader {
    /// Starts it. It connects with the first order.
    pub(super) fn start(settings: Arc<Settings>) -> Self {
        let ((orders, ordered), (told, chunks)) = (bounded(1), bounded(1));
        tokio::spawn(serve(settings, ordered, told));
        Self { orders, chunks }
    }

    /// Asks for a chunk; the one before has come.
    pub(super) fn order(&self, order: Order) -> Result<()> {
        let gone = "The reader of a table that is read again has ended.";
        let sent = self.orders.try_send(order);
        sent.map_err(|_| Error::transient(crate::codes::THREAD, gone))
    }
}

async fn serve(settings: Arc<Settings>, orders: Receiver<Order>, chunks: Sender<Result<Chunk>>) {
    let mut views = None;
    while let Ok(order) = orders.recv().await {
        let chunk = read(&settings, &mut views, &order).await;
        if chunk.is_err() {
            // Who knows what state the session is in.
            views = None;
        }
        if chunks.send(chunk).await.is_err() {
            break;
        }
    }
}

async fn read(settings: &Settings, open: &mut Option<Views>, order: &Order) -> Result<Chunk> {
    let begin = Instant::now();
    let views = match open {
        Some(views) => views,
        None => open.insert(Views::open(settings, 1).await?),
    };
    views.begin(&order.told, std::slice::from_ref(&order.table)).await?;
    let high = views.log_end().await?;
    let mut until = boundary(views, order).await?;
    let rows = rows(views, order, &mut until).await?;
    views.end().await?;
    let count = rows.iter().map(|rows| rows.images.len() as u64).sum();
    let bytes = rows.iter().map(|rows| rows.batch.bytes.len() as u64).sum();
    let whole = if order.predicate.is_some() && until.is_some() { order.rows } else { count };
    let took = Took { rows: whole, bytes, time: begin.elapsed() };
    Ok(Chunk { rows, until, high, took })
}

/// The last key of the chunk; nothing where the rest of the table is smaller.
async fn boundary(views: &mut Views, order: &Order) -> Result<Option<Key>> {
    let (table, columns) = (&order.table, &order.columns);
    let list = sql::names(columns);
    let statement = sql::boundary(table, &list, columns, order.after.as_ref(), order.rows);
    let params = Params::Positional(statement.values);
    let failed = |error| read_error(&error, table);
    let row: Option<mysql_async::Row> =
        views.first()?.exec_first(statement.sql, params).await.map_err(failed)?;
    let Some(row) = row else { return Ok(None) };
    let values = row.unwrap();
    let parts: Option<Vec<Part>> = values.iter().map(parameter).collect();
    parts.map(|parts| Some(Key(parts))).ok_or_else(|| unreadable(table))
}

/// The rows up to `until`, which comes to lie before those that are too many.
async fn rows(views: &mut Views, order: &Order, until: &mut Option<Key>) -> Result<Vec<Rows>> {
    let (table, select) = (&order.table, &order.select);
    let failed = |error| read_error(&error, table);
    let statement = sql::rows(
        table,
        &select.select_list(),
        &order.columns,
        (order.after.as_ref(), until.as_ref()),
        order.predicate.as_deref(),
    );
    let params = Params::Positional(statement.values);
    let conn = views.first()?;
    let mut found = conn.exec_iter(statement.sql, params).await.map_err(failed)?;
    let (mut all, mut bytes, mut full) = (vec![Rows::default()], 0, false);
    while let Some(row) = found.next().await.map_err(failed)? {
        if full {
            continue;
        }
        let values = row.unwrap();
        if all.last().is_none_or(|rows| rows.batch.is_full()) {
            all.push(Rows::default());
        }
        let Some(rows) = all.last_mut() else { continue };
        let (before, cells) = (rows.batch.bytes.len(), rows.batch.cells.len());
        match select.write(&mut rows.batch, &values) {
            Ok(image) => rows.images.push(image),
            Err(error) => {
                rows.batch.bytes.truncate(before);
                rows.batch.cells.truncate(cells);
                rows.poison(error.into_error(&select.layout))?;
            }
        }
        bytes += rows.batch.bytes.len() - before;
        if bytes > MOST {
            full = true;
            let key = select.layout.key.iter();
            let parts: Option<Vec<Part>> =
                key.map(|&place| values.get(place).and_then(parameter)).collect();
            *until = Some(Key(parts.ok_or_else(|| unreadable(table))?));
        }
    }
    Ok(all)
}

fn unreadable(table: &Table) -> Error {
    let message = format!("Table {table} has a key that cannot be given back to the server.");
    Error::definite(crate::codes::UNORDERED, message).fix("Report it with the type of the key.")
}
