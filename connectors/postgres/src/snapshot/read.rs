//! Reads one piece of a table: lock, COPY, rows into batches.

use super::close::{Closer, Together};
use super::desk::Desk;
use super::plan::Piece;
use super::queue::Unit;
use super::rows::Part;
use super::sql::Range;
use super::survey::range;
use super::{lock, sql};
use crate::catalog::TableInfo;
use crate::source_block::{Tail, write_head, write_tail};
use crate::table::{RowError, Table};
use crate::transport::sql_error;
use futures_util::{StreamExt, pin_mut};
use std::rc::Rc;
use tokio_postgres::Client;
use walbrook_core::batch::{Batch, Image};
use walbrook_core::change::{Event, Marker, Source};
use walbrook_core::error::{Class, Error, Result};
use walbrook_core::fault;

/// Reads `unit` and hands it over.
pub(super) async fn read(desk: &Desk<'_>, client: &Client, lane: u32, unit: Unit) -> Result<()> {
    let look = |job: &super::survey::Job| {
        let piece = job.ledger.piece(unit.piece).cloned();
        piece.map(|piece| (range(job, &piece), piece, job.info.clone(), job.part.clone()))
    };
    let Some((range, piece, info, part)) = desk.job(unit, look).flatten() else { return Ok(()) };
    desk.may_begin(&piece).await;
    let failed = |error| sql_error(&error, &format!("reading {}.{}", info.schema, info.name));
    client.batch_execute(&sql::begin(desk.snapshot)).await.map_err(failed)?;
    lock::lock(client, &desk.control, &info).await?;
    let Some(table) = desk.table(unit, None).await? else { return Ok(()) };
    part.fills(&table.layout)?;
    fault::point("snapshot.table_begun");
    let together = match piece {
        Piece::Whole => Together::All,
        Piece::Keys(_) => Together::Groups,
        Piece::Blocks(..) => Together::Nothing,
    };
    let fill = Fill {
        desk,
        unit,
        lane,
        info: &info,
        part: &part,
        table,
        keyed: range.key.is_some(),
        closer: Closer::new(together),
        open: None,
    };
    copy(fill, client, &range).await?;
    client.batch_execute("COMMIT").await.map_err(failed)
}

async fn copy(mut fill: Fill<'_>, client: &Client, range: &Range) -> Result<()> {
    let (info, part) = (fill.info, fill.part);
    let failed = |error| part.failure(&error, info, "reading");
    let statement = range.copy(info, &fill.table.select_list());
    let rows = client.copy_out(&statement).await.map_err(failed)?;
    pin_mut!(rows);
    while let Some(row) = rows.next().await {
        fill.row(&row.map_err(failed)?).await?;
    }
    fill.end().await
}

/// Fills batches with rows.
struct Fill<'a> {
    desk: &'a Desk<'a>,
    unit: Unit,
    lane: u32,
    info: &'a TableInfo,
    part: &'a Part,
    table: Rc<Table>,
    /// Whether each row begins with its leading key value.
    keyed: bool,
    closer: Closer,
    open: Option<Open>,
}

/// A batch that is being filled.
struct Open {
    batch: Batch,
    layout: u32,
    source: Source,
    bytes: u64,
}

impl Fill<'_> {
    /// Takes one row as COPY sends it.
    async fn row(&mut self, line: &[u8]) -> Result<()> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let (key, columns) = if self.keyed { split(line) } else { (&line[..0], line) };
        let close = match &self.open {
            Some(open) => self.closer.before(&open.batch, key),
            None => self.closer.before(&Batch::default(), key),
        };
        if let Some(close) = close
            && let Some(Open { batch, bytes, .. }) = self.open.take()
        {
            self.desk.pass(self.lane, self.unit, bytes, batch, close).await?;
        }
        if self.open.is_none() {
            let batch = self.desk.out.empty().await?;
            self.open = Some(self.begin(batch));
        }
        self.write(columns).await
    }

    /// Writes a row; where it holds a null that the catalog excludes, the table is compiled again.
    async fn write(&mut self, columns: &[u8]) -> Result<()> {
        loop {
            let Some(open) = &mut self.open else { return Ok(()) };
            match write(open, &self.table, columns) {
                Ok(()) => return Ok(()),
                Err(RowError::NullInRequired { column }) => {
                    let field = self.table.layout.fields.get(column);
                    let field = field.filter(|field| !field.schema.optional);
                    let Some(name) = field.map(|field| field.name.to_string()) else {
                        return Err(
                            RowError::NullInRequired { column }.into_error(&self.table.layout)
                        );
                    };
                    let Some(table) = self.desk.table(self.unit, Some(name)).await? else {
                        return Ok(());
                    };
                    open.layout = open.batch.layout(&table.layout);
                    self.table = table;
                }
                Err(bad) => {
                    let error = bad.into_error(&self.table.layout);
                    if error.class != Class::Poison {
                        return Err(error);
                    }
                    poison(open, &self.table, columns, error);
                    return Ok(());
                }
            }
        }
    }

    /// Hands over what is left.
    async fn end(self) -> Result<()> {
        let (batch, bytes) = match self.open {
            Some(open) => (open.batch, open.bytes),
            None => (self.desk.out.empty().await?, 0),
        };
        self.desk.end(self.lane, self.unit, bytes, batch).await
    }

    /// Begins a batch: all of its rows share one source block.
    fn begin(&self, mut batch: Batch) -> Open {
        let (snapshot, settings) = (self.desk.snapshot, self.desk.settings);
        let layout = batch.layout(&self.table.layout);
        let ts_ms = snapshot.ts_us.div_euclid(1000);
        let head = batch.append_with(|out| write_head(out, &settings.topic_prefix, ts_ms));
        let tail = Tail {
            db: &settings.dbname,
            sequence: Some((None, snapshot.lsn)),
            ts_us: snapshot.ts_us,
            schema: &self.info.schema,
            table: &self.info.name,
            tx_id: Some(snapshot.xid),
            lsn: Some(snapshot.lsn),
        };
        let tail = batch.append_with(|out| write_tail(out, &tail));
        Open { batch, layout, source: Source { head, tail }, bytes: 0 }
    }
}

/// The leading key value and the columns.
fn split(line: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b'\t', line) {
        Some(place) => (&line[..place], &line[place + 1..]),
        None => (line, &line[..0]),
    }
}

/// Appends a row that cannot be told.
#[cold]
fn poison(open: &mut Open, table: &Table, columns: &[u8], error: Error) {
    let Open { batch, layout, source, bytes } = open;
    let original = (!table.withholds()).then(|| batch.append(columns));
    *bytes += columns.len() as u64 + 1;
    batch.events.push(Event::unreadable(*layout, ("copy", original), *source, error));
}

/// Writes a row; a failed one leaves no trace.
fn write(open: &mut Open, table: &Table, columns: &[u8]) -> Result<(), RowError> {
    let Open { batch, layout, source, bytes } = open;
    let (arena, cells) = (batch.bytes.len(), batch.cells.len());
    let image: Image = match table.write_copy_line(batch, columns) {
        Ok(image) => image,
        Err(error) => {
            batch.bytes.truncate(arena);
            batch.cells.truncate(cells);
            return Err(error);
        }
    };
    *bytes += columns.len() as u64 + 1;
    batch.events.push(Event::read(*layout, image, *source, Marker::True));
    Ok(())
}
