//! Rows of a captured table: every row a change.

use super::failure::protocol;
use super::follower::Follower;
use super::tables::Compiled;
use crate::binlog::table_map::TableMap;
use crate::binlog::{Event, Rows, RowsKind, TableMapEvent};
use crate::codes;
use crate::source_block::{self, Tail};
use crate::structure::{self, Structure, guard};
use crate::table::{Modes, RowError, Table};
use std::sync::Arc;
use walbrook_core::batch::{Batch, Image};
use walbrook_core::change::{Change, Event as Told, Marker, Op, Poison, Source};
use walbrook_core::checkpoint::{Part, put};
use walbrook_core::error::{Class, Error, Result};
use walbrook_core::fault;
use walbrook_core::layout;

/// What one row of a rows event does, its images in the batch that it was read into.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) op: Op,
    pub(super) before: Option<Image>,
    pub(super) after: Option<Image>,
}

impl Follower {
    /// Takes a description of a table.
    pub(super) async fn describe(&mut self, event: &TableMapEvent<'_>) -> Result<()> {
        if self.tables.is_known(event) {
            return Ok(());
        }
        let (Ok(database), Ok(table)) =
            (std::str::from_utf8(event.database), std::str::from_utf8(event.table))
        else {
            return Err(protocol("The name of a table is not UTF-8."));
        };
        if !(self.settings.selection)(database, table) {
            self.tables.insert(event, None);
            return Ok(());
        }
        let name = layout::Table::new(database, table);
        if self.hidden.contains(&name) {
            self.tables.insert(event, None);
            return Ok(());
        }
        let compiled = match self.tables.compiled(&name, event) {
            Some(compiled) => compiled,
            None => self.compile(name, event).await?,
        };
        self.tables.insert(event, Some(compiled));
        Ok(())
    }

    async fn compile(
        &mut self,
        name: layout::Table,
        event: &TableMapEvent<'_>,
    ) -> Result<Arc<Compiled>> {
        let map = event.decode()?;
        let known = self.structures.get(&name.schema, &name.name).cloned();
        let doubted = self.doubtful.remove(&name);
        let trusted = known.clone().filter(|_| !doubted);
        let structure = match trusted.and_then(|known| fit(&map, Some(&known)).ok()) {
            Some(structure) => structure,
            None => self.ask_live(&name, &map).await?,
        };
        let structure = Arc::new(structure);
        if doubted || known.as_ref() != Some(&structure) {
            self.updates.push(put(Part::Structure(name.to_string()), &*structure));
            self.structures.insert((*structure).clone());
        }
        let (modes, flavor) = (&self.settings.modes, self.settings.flavor);
        let rows = Table::compile(&map, &structure, modes, flavor)?;
        let keys = match rows.compares_as_told(&structure, modes, flavor) {
            true => None,
            false => Some(Table::compile(&map, &structure, &Modes::of_keys(), flavor)?),
        };
        Ok(Arc::new(Compiled { name, rows, keys }))
    }

    /// Makes sure that the structure of a table is known; false if there is no such table.
    pub(crate) async fn learn(&mut self, name: &layout::Table) -> Result<bool> {
        if self.structures.get(&name.schema, &name.name).is_some() {
            return Ok(true);
        }
        let live = crate::source::structures::one(&self.settings, &self.context, name).await?;
        let known = live.map(|live| self.structures.insert(live));
        Ok(known.is_some())
    }

    /// The last resort where the history does not know a table, or no longer for certain: the live
    /// structure, if the rows of the log have its form; else what the log itself tells.
    async fn ask_live(&self, name: &layout::Table, map: &TableMap) -> Result<Structure> {
        let live = crate::source::structures::one(&self.settings, &self.context, name).await?;
        let fits = match &live {
            Some(live) => fit(map, Some(live)).or_else(|why| fit(map, None).map_err(|_| why)),
            None => fit(map, None).map_err(|_| "the table does not exist any more".to_owned()),
        };
        let structure = fits.map_err(|why| unknown(name, &why))?;
        tracing::warn!(table = %name, "the structure was not in the history");
        Ok(structure)
    }

    /// Takes the rows of an event.
    pub(super) async fn rows(&mut self, event: &Event<'_>, rows: &Rows<'_>) -> Result<()> {
        let Some(transaction) = &self.transaction else {
            return Err(protocol("Rows came outside a transaction."));
        };
        if self.muted || transaction.waits || rows.bytes.is_empty() {
            return Ok(());
        }
        let Some(compiled) = self.tables.of(rows.table_id)? else { return Ok(()) };
        let compiled = Arc::clone(compiled);
        if self.reading.watched(&compiled.name).is_some() {
            self.note(rows, &compiled)?;
        }
        if self.reading.is_empty() || self.reading.publishes(&compiled.name) {
            return self.tell(event, rows, &compiled).await;
        }
        self.weigh(event, rows, &compiled).await
    }

    /// Notes whose rows are changed, of a table that is read again.
    fn note(&mut self, rows: &Rows<'_>, compiled: &Compiled) -> Result<()> {
        let layout = &compiled.rows.layout;
        let mut scratch = Batch::default();
        let mut bytes = rows.bytes;
        while !bytes.is_empty() {
            scratch.clear();
            let row = read(&mut scratch, &compiled.rows, rows, &mut bytes)?;
            let Some(watch) = self.reading.watched(&compiled.name) else { break };
            // Nobody knows the key of a row without images: the open chunk is read once more.
            let Ok(row) = row else {
                watch.spoil();
                break;
            };
            for image in [row.before, row.after].into_iter().flatten() {
                watch.note(layout, &scratch, image);
            }
        }
        Ok(())
    }

    /// Tells every row.
    async fn tell(
        &mut self,
        event: &Event<'_>,
        rows: &Rows<'_>,
        compiled: &Compiled,
    ) -> Result<()> {
        let mut bytes = rows.bytes;
        let mut number = 0;
        while !bytes.is_empty() {
            self.begin_told().await?;
            let Some(batch) = &mut self.batch else { return Err(protocol("A batch is missing.")) };
            match read(batch, &compiled.rows, rows, &mut bytes)? {
                Ok(row) => self.change(event, compiled, row, number),
                Err(untold) => self.poison(event, compiled, &untold, number),
            }
            number += 1;
            self.send_full().await?;
        }
        Ok(())
    }

    /// Appends the change of a row whose images are in the batch.
    pub(super) fn change(&mut self, event: &Event<'_>, compiled: &Compiled, row: Row, number: u32) {
        let Some((number, source)) = self.source(event, compiled, number) else { return };
        let Some(batch) = &mut self.batch else { return };
        let layout = batch.layout(&compiled.rows.layout);
        let Row { op, before, after } = row;
        let marker = Marker::False;
        let change = Change { layout, op, number, before, after, source, marker };
        batch.events.push(Told::Change(change));
        fault::point("stream.mid_transaction");
    }

    /// Appends the change of a row that cannot be told.
    #[cold]
    pub(super) fn poison(
        &mut self,
        event: &Event<'_>,
        compiled: &Compiled,
        untold: &Untold<'_>,
        number: u32,
    ) {
        let Some((number, source)) = self.source(event, compiled, number) else { return };
        let Some(batch) = &mut self.batch else { return };
        let table = &compiled.rows;
        let original = (!table.layout.withholds()).then(|| batch.append(untold.original));
        let layout = batch.layout(&table.layout);
        let (op, error, form) = (untold.op, untold.error.clone(), "binlog");
        let poison = Poison { layout, op, number, error, original, form, source };
        batch.events.push(Told::Poison(Box::new(poison)));
        fault::point("stream.mid_transaction");
    }

    /// Number and source block of the row with this number in its event.
    fn source(
        &mut self,
        event: &Event<'_>,
        compiled: &Compiled,
        number: u32,
    ) -> Option<(u64, Source)> {
        let ts_us = self.time_of(event);
        let (Some(transaction), Some(batch)) = (&self.transaction, &mut self.batch) else {
            return None;
        };
        let settings = &self.settings;
        let head = match self.head {
            Some((at, head)) if at == ts_us => head,
            _ => batch.append_with(|out| {
                source_block::write_head(out, settings.flavor, &settings.topic_prefix, ts_us);
            }),
        };
        self.head = Some((ts_us, head));
        let tail = Tail {
            db: &compiled.name.schema,
            ts_us,
            table: Some(&compiled.name.name),
            server_id: event.server_id,
            gtid: Some(&transaction.id),
            file: event.file,
            pos: event.start,
            row: number,
            thread: transaction.thread,
            query: transaction.query.as_deref(),
        };
        let tail = batch.append_with(|out| source_block::write_tail(out, &tail));
        Some((transaction.number(number), Source { head, tail }))
    }
}

/// The next row of an event, or why it cannot be told; then `bytes` are behind it all the same.
pub(super) fn read<'a>(
    batch: &mut Batch,
    table: &Table,
    rows: &Rows<'_>,
    bytes: &mut &'a [u8],
) -> Result<Result<Row, Untold<'a>>> {
    let begin = *bytes;
    let (arena, cells) = (batch.bytes.len(), batch.cells.len());
    let error = match write(batch, table, rows, bytes) {
        Ok(_) if bytes.len() == begin.len() => {
            return Err(protocol("A row of the log has no bytes."));
        }
        Ok(row) => return Ok(Ok(row)),
        Err(error) => error.into_error(&table.layout),
    };
    if error.class != Class::Poison {
        return Err(error);
    }
    batch.bytes.truncate(arena);
    batch.cells.truncate(cells);
    *bytes = begin;
    pass(table, rows, bytes).map_err(|error| error.into_error(&table.layout))?;
    let original = begin.get(..begin.len() - bytes.len()).unwrap_or_default();
    let op = match rows.kind {
        RowsKind::Write => Op::Create,
        RowsKind::Update | RowsKind::PartialUpdate => Op::Update,
        RowsKind::Delete => Op::Delete,
    };
    Ok(Err(Untold { op, error, original }))
}

/// A row that cannot be told.
#[derive(Debug)]
pub(super) struct Untold<'a> {
    op: Op,
    error: Error,
    original: &'a [u8],
}

fn write(
    batch: &mut Batch,
    table: &Table,
    rows: &Rows<'_>,
    bytes: &mut &[u8],
) -> Result<Row, RowError> {
    let mut before = None;
    if rows.kind != RowsKind::Write {
        before = Some(table.write(batch, bytes, rows.before, None)?);
    }
    let (op, after) = match (rows.kind, before) {
        (RowsKind::Write, _) => (Op::Create, Some(table.write(batch, bytes, rows.after, None)?)),
        (RowsKind::Update, _) => (Op::Update, Some(table.write(batch, bytes, rows.after, before)?)),
        (RowsKind::PartialUpdate, Some(old)) => {
            (Op::Update, Some(table.write_partial(batch, bytes, rows.after, old)?))
        }
        (RowsKind::PartialUpdate | RowsKind::Delete, _) => (Op::Delete, None),
    };
    Ok(Row { op, before, after })
}

/// Goes past the images of a row.
fn pass(table: &Table, rows: &Rows<'_>, bytes: &mut &[u8]) -> Result<(), RowError> {
    if rows.kind != RowsKind::Write {
        table.pass(bytes, rows.before, false)?;
    }
    if rows.kind != RowsKind::Delete {
        table.pass(bytes, rows.after, rows.kind == RowsKind::PartialUpdate)?;
    }
    Ok(())
}

/// The structure of rows that lie as `map` says: as the log tells it, with what only `known` has;
/// or `known`, where the log does not tell names and nothing contradicts.
fn fit(map: &TableMap, known: Option<&Structure>) -> Result<Structure, String> {
    let structure = structure::from_map(map, known).or_else(|| known.cloned());
    let structure = structure.ok_or_else(|| "the log does not tell the names".to_owned())?;
    guard::agrees(&structure, map).map(|()| structure)
}

fn unknown(name: &layout::Table, why: &str) -> Error {
    let message = format!(
        "The structure of table {name} at this place of the log is not known, and the present one \
         does not fit: {why}."
    );
    Error::definite(codes::STRUCTURE, message).fix(
        "Run SET GLOBAL binlog_row_metadata = 'FULL'; so that the log tells it from now on, and take \
         a new snapshot under another connector name.",
    )
}
