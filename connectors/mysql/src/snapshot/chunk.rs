//! Reads the rows of one chunk and tells them, each as the log says that it is at the high mark.

use super::entry::Cursor;
use super::marker::Extent;
use super::order::KeyColumn;
use super::pace::Took;
use super::rows::{self, Part};
use super::sql;
use super::survey::{AT_ONCE, Planned};
use super::view::read_error;
use crate::codes;
use crate::settings::Settings;
use crate::source_block::{self, Tail};
use crate::stream::coordinates::Coordinates;
use crate::structure::Structure;
use crate::table::{Select, Taken};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Params};
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use walbrook_core::batch::{Batch, Image, Lane};
use walbrook_core::change::{Event, Source};
use walbrook_core::chunk::{Held, Incomplete, Window};
use walbrook_core::error::{Class, Error, Result};
use walbrook_core::fault;
use walbrook_core::layout::Table;
use walbrook_reader::Out;

/// A chunk to be read.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) table: Table,
    pub(super) select: Arc<Select>,
    part: Part,
    /// Names of the table's columns, and whether each must have a value.
    known: Vec<(String, bool)>,
    columns: Vec<KeyColumn>,
    after: Option<Cursor>,
    /// Last row of the chunk; nothing for the last chunk.
    pub(super) until: Option<Cursor>,
    extent: Extent,
    /// Whether it becomes visible whole.
    whole: bool,
    /// Rows told.
    pub(super) read: u64,
    /// What it took.
    pub(super) took: Option<Took>,
}

impl Piece {
    pub(super) fn new(
        planned: &Planned,
        structure: &Structure,
        select: &Arc<Select>,
        (after, until): (Option<Cursor>, Option<Cursor>),
    ) -> Self {
        let known = structure.columns.iter().map(|it| (it.name.to_string(), !it.nullable));
        Self {
            part: planned.part.clone(),
            known: known.collect(),
            table: planned.table.clone(),
            select: Arc::clone(select),
            columns: planned.columns.clone(),
            after,
            until,
            extent: planned.extent,
            whole: !planned.columns.is_empty() || planned.rows <= AT_ONCE,
            read: 0,
            took: None,
        }
    }
}

impl Piece {
    /// What reads it.
    fn statement(&self) -> sql::Statement {
        let bound = |cursor: &Option<Cursor>| cursor.as_ref().map(|cursor| cursor.sql.clone());
        let (after, until) = (bound(&self.after), bound(&self.until));
        let bounds = (after.as_ref(), until.as_ref());
        let Some(statement) = self.part.statement() else {
            let list = self.select.select_list();
            return sql::rows(&self.table, &list, &self.columns, bounds, self.part.condition());
        };
        // As it stands it keeps its order, which MariaDB forgets inside another one.
        if self.columns.is_empty() {
            return sql::Statement { sql: statement.to_string(), values: Vec::new() };
        }
        sql::rows_of(&format!("({statement}\n) AS w"), "*", &self.columns, bounds, None)
    }

    /// Where the columns are in the rows of a statement of somebody's own.
    async fn taken(
        &self,
        conn: &mut Conn,
        sql: &str,
        params: &Params,
    ) -> Result<Option<Vec<Taken>>> {
        if self.part == Part::All {
            return Ok(None);
        }
        let own = match params {
            Params::Positional(values) => values.len(),
            _ => 0,
        };
        let prepared = rows::prepare(conn, sql, own, &self.table).await?;
        match self.part {
            Part::Select(_) => {
                let columns = prepared.columns();
                rows::taken(&self.table, &columns, &self.select, &self.known).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// Reads a chunk in the view that is open on `conn`.
pub(super) async fn read(
    settings: &Settings,
    conn: &mut Conn,
    piece: &mut Piece,
    mut window: Window,
    at: &Coordinates,
    out: &Out,
) -> Result<()> {
    let begin = Instant::now();
    let select = Arc::clone(&piece.select);
    let statement = piece.statement();
    let (table, part) = (piece.table.clone(), piece.part.clone());
    let failed = |error| match &part {
        Part::All => read_error(&error, &table),
        _ => rows::failure(&error, &table),
    };
    let params = Params::Positional(statement.values);
    let taken = piece.taken(conn, &statement.sql, &params).await?;
    let mut rows = conn.exec_iter(statement.sql, params).await.map_err(failed)?;
    let mut teller = Teller::new(settings, piece, at, out).await?;
    while let Some(row) = rows.next().await.map_err(failed)? {
        let mut row = row.unwrap();
        if let Some(taken) = &taken {
            row = select.fit(taken, &row);
        }
        let (arena, cells) = (teller.batch.bytes.len(), teller.batch.cells.len());
        let image = match select.write(&mut teller.batch, &row) {
            Ok(image) => image,
            Err(error) => {
                teller.batch.bytes.truncate(arena);
                teller.batch.cells.truncate(cells);
                teller.poison(error.into_error(&select.layout))?;
                continue;
            }
        };
        let told = match window.take(&teller.batch, image) {
            None => Some(image),
            Some(Held::Gone) => None,
            Some(Held::Row(held)) => Some(window.write(&mut teller.batch, held, None)),
            Some(Held::Over(held)) => Some(window.write(&mut teller.batch, held, Some(image))),
        };
        if let Some(image) = told {
            teller.tell(image).await?;
            fault::point("snapshot.mid_segment");
        }
    }
    drop(rows);
    let rest = window.rest().map_err(|Incomplete| disturbed(&table))?;
    for held in rest {
        let image = window.write(&mut teller.batch, held, None);
        teller.tell(image).await?;
    }
    let bytes = teller.end().await?;
    piece.took = Some(Took { rows: piece.read, bytes, time: begin.elapsed() });
    Ok(())
}

/// Tells rows, one behind, so that the last one can be marked.
struct Teller<'a> {
    settings: &'a Settings,
    piece: &'a mut Piece,
    out: &'a Out,
    at: &'a Coordinates,
    batch: Batch,
    /// The newest row, not told yet.
    pending: Option<Image>,
    /// When the chunk was opened, microseconds since 1970.
    now_us: i64,
    /// Bytes handed over.
    bytes: u64,
}

impl<'a> Teller<'a> {
    async fn new(
        settings: &'a Settings,
        piece: &'a mut Piece,
        at: &'a Coordinates,
        out: &'a Out,
    ) -> Result<Self> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now_us = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        let batch = out.empty().await?;
        Ok(Self { settings, piece, out, at, batch, pending: None, now_us, bytes: 0 })
    }

    /// Tells a row that lies in the batch, or rather the one before it.
    async fn tell(&mut self, image: Image) -> Result<()> {
        if let Some(pending) = self.pending.replace(image) {
            self.push(pending, false);
        }
        if self.batch.is_full() {
            let mut next = self.out.empty().await?;
            let layout = &self.piece.select.layout;
            self.pending = Some(next.copy(layout, &self.batch, image, None));
            let full = std::mem::replace(&mut self.batch, next);
            self.send(full)?;
        }
        Ok(())
    }

    /// Tells that a row cannot be told. Its bytes are not kept: the server's answer has no form of
    /// its own outside of the protocol.
    #[cold]
    fn poison(&mut self, error: Error) -> Result<()> {
        if error.class != Class::Poison {
            return Err(error);
        }
        let source = self.source();
        let layout = self.batch.layout(&self.piece.select.layout);
        self.batch.events.push(Event::unreadable(layout, ("select", None), source, error));
        Ok(())
    }

    /// Tells the last row; answers how many bytes there were.
    async fn end(mut self) -> Result<u64> {
        if let Some(pending) = self.pending.take() {
            let last = self.piece.until.is_none();
            self.push(pending, last);
        }
        let batch = std::mem::take(&mut self.batch);
        self.send(batch)?;
        Ok(self.bytes)
    }

    fn send(&mut self, mut batch: Batch) -> Result<()> {
        self.bytes += batch.bytes.len() as u64;
        let whole = self.piece.whole;
        // What becomes visible row by row must not untie what belongs together.
        let number = u32::from(!whole);
        batch.lane = Some(Lane { number, torn: whole, updates: Vec::new() });
        self.out.send(batch)
    }

    /// The source block of a row.
    fn source(&mut self) -> Source {
        let (settings, table) = (self.settings, &self.piece.table);
        let head = self.batch.append_with(|out| {
            let prefix = &settings.topic_prefix;
            source_block::write_head(out, settings.flavor, prefix, self.now_us);
        });
        let tail = Tail {
            db: &table.schema,
            ts_us: self.now_us,
            table: Some(&table.name),
            server_id: 0,
            gtid: None,
            file: &self.at.file,
            pos: self.at.pos,
            row: 0,
            thread: None,
            query: None,
        };
        let tail = self.batch.append_with(|out| source_block::write_tail(out, &tail));
        Source { head, tail }
    }

    fn push(&mut self, image: Image, last: bool) {
        let first = self.piece.read == 0 && self.piece.after.is_none();
        self.piece.read += 1;
        let source = self.source();
        let layout = self.batch.layout(&self.piece.select.layout);
        let marker = self.piece.extent.marker(first, last);
        self.batch.events.push(Event::read(layout, image, source, marker));
    }
}

fn disturbed(table: &Table) -> Error {
    let message =
        format!("The log does not tell enough of rows of {table} that changed meanwhile.");
    Error::transient(codes::CHANGED, message)
}
