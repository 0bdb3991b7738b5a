//! A table version compiled: one codec for each column, from the log's bytes straight to Avro.
//!
//! ```text
//!  Structure ─┬─ Form of each column ─▶ schema, default, key ─▶ Layout ◀─ the same for both
//!             ├─ TABLE_MAP ─▶ codecs ─▶ Table   rows of the log
//!             └──────────────────────▶ Select   rows of a snapshot
//! ```
//!
//! The schema comes from the structure alone; the TABLE_MAP only says how bytes are read. So the
//! same table has the same layout whichever way its rows come.

mod columns;
mod declared;
mod default;
mod key;
mod modes;
mod partial;
mod row_error;
mod schema;
mod select;

pub use modes::{BigUnsigned, Binary, Decimals, Modes, Temporal};
pub use row_error::RowError;
pub use select::Select;
pub(crate) use select::Taken;

use crate::binlog::Bitmap;
use crate::binlog::table_map::TableMap;
use crate::codes;
use crate::flavor::Flavor;
use crate::structure::{Base, Structure, guard};
use crate::values::{Bad, Codec, Form, json};
use columns::Cells;
use std::cell::RefCell;
use std::sync::Arc;
use walbrook_core::batch::{Batch, Image, State, Writer};
use walbrook_core::error::{Error, Result};
use walbrook_core::layout::Layout;
use walbrook_core::mask::Masking;

/// The writer of a table's logged rows.
#[derive(Debug)]
pub struct Table {
    /// How the rows are written.
    pub layout: Arc<Layout>,
    /// One for each column of the TABLE_MAP.
    columns: Vec<Column>,
    /// Places of the columns with a hidden cell, in the order of these.
    hidden: Vec<usize>,
}

/// What an image has of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Logged {
    Missing,
    Null,
    Differences,
    Value,
}

thread_local! {
    /// Where the values of hidden cells begin in the row that is being written; kept for its
    /// capacity.
    static SEEN: RefCell<Vec<(Logged, usize)>> = const { RefCell::new(Vec::new()) };
}

#[derive(Debug)]
struct Column {
    codec: Codec,
    /// Whether null may be written.
    optional: bool,
    /// Whether a value that the log left out is told by the placeholder.
    large: bool,
    /// Whether its type in the log is JSON, which can be partial.
    json: bool,
    /// How the value tells it, if it does.
    told: Option<columns::Told>,
    /// Whether it has a hidden cell.
    hidden: bool,
    /// Place of the cell with its value as it is.
    plain: usize,
}

impl Table {
    /// Compiles the table that `map` describes the rows of and `structure` the meaning.
    ///
    /// # Errors
    /// `WB-MYSQL-061` where the two do not speak of the same columns; the codes of
    /// [`crate::values::Unfit`] where a column cannot be read.
    pub fn compile(
        map: &TableMap,
        structure: &Structure,
        modes: &Modes,
        flavor: Flavor,
    ) -> Result<Self> {
        let Cells { layout, told, hidden } = columns::cells(structure, modes, flavor);
        guard::agrees(structure, map).map_err(|what| differs(&layout, &what))?;
        let mut columns = Vec::with_capacity(map.columns.len());
        let logged = map.columns.iter().zip(&structure.columns).zip(told).enumerate();
        for (number, ((logged, declared), told)) in logged {
            let form = Form::of(&declared.kind, modes, flavor);
            let codec = Codec::new(logged, &declared.kind, form, flavor)
                .map_err(|unfit| unfit.error(&layout.table, &declared.name))?;
            columns.push(Column {
                codec,
                optional: declared.nullable,
                large: columns::is_large(&declared.kind),
                json: declared.kind.base == Base::Json && flavor == Flavor::MySql,
                told,
                hidden: hidden.contains(&number),
                plain: layout.position(&declared.name).unwrap_or(usize::MAX),
            });
        }
        Ok(Table { layout: Arc::new(layout), columns, hidden })
    }

    /// Whether the values of the key columns are written as [`Modes::of_keys`] writes them.
    pub fn compares_as_told(&self, structure: &Structure, modes: &Modes, flavor: Flavor) -> bool {
        let columns = self.layout.key.iter().filter_map(|&place| structure.columns.get(place));
        columns
            .map(|column| &column.kind)
            .all(|kind| Form::of(kind, modes, flavor) == Form::of(kind, &Modes::of_keys(), flavor))
    }

    /// Reads one image of a rows event from the front of `bytes`, which is advanced, and writes it.
    ///
    /// `present` is the event's bitmap of the columns that its images have. A column that it lacks
    /// is taken from `old`, the before-image, where that has it; else it is absent, or, if it is
    /// large and there is an `old`, told by the placeholder.
    pub fn write(
        &self,
        batch: &mut Batch,
        bytes: &mut &[u8],
        present: Bitmap<'_>,
        old: Option<Image>,
    ) -> Result<Image, RowError> {
        self.write_image(batch, bytes, present, old, Bitmap::default())
    }

    /// Reads the after-image of a PARTIAL_UPDATE_ROWS event from the front of `bytes`, which is
    /// advanced. A document that is logged as differences must be in `old`.
    pub fn write_partial(
        &self,
        batch: &mut Batch,
        bytes: &mut &[u8],
        present: Bitmap<'_>,
        old: Image,
    ) -> Result<Image, RowError> {
        let partial = partial::columns(self, bytes)?;
        self.write_image(batch, bytes, present, Some(old), partial)
    }

    /// Goes past one image at the front of `bytes` without reading its values.
    pub fn pass(
        &self,
        bytes: &mut &[u8],
        present: Bitmap<'_>,
        may_differ: bool,
    ) -> Result<(), RowError> {
        let malformed = || RowError::malformed(&self.layout);
        let partial = if may_differ { partial::columns(self, bytes)? } else { Bitmap::default() };
        let nulls = take_bits(bytes, present.count()).ok_or_else(malformed)?;
        let (mut nth, mut documents) = (0, 0);
        for (place, column) in self.columns.iter().enumerate() {
            let differences = column.json && partial.get(documents);
            documents += usize::from(column.json);
            if !present.get(place) {
                continue;
            }
            let null = nulls.get(nth);
            nth += 1;
            match (null, differences) {
                (true, _) => {}
                (false, true) => partial::pass(bytes).ok_or_else(malformed)?,
                (false, false) => column.codec.skip(bytes).map_err(|_| malformed())?,
            }
        }
        Ok(())
    }

    fn write_image(
        &self,
        batch: &mut Batch,
        bytes: &mut &[u8],
        present: Bitmap<'_>,
        old: Option<Image>,
        partial: Bitmap<'_>,
    ) -> Result<Image, RowError> {
        SEEN.with_borrow_mut(|seen| {
            seen.clear();
            self.write_cells(batch, bytes, present, old, partial, seen)
        })
    }

    fn write_cells(
        &self,
        batch: &mut Batch,
        bytes: &mut &[u8],
        present: Bitmap<'_>,
        old: Option<Image>,
        partial: Bitmap<'_>,
        seen: &mut Vec<(Logged, usize)>,
    ) -> Result<Image, RowError> {
        let nulls = take_bits(bytes, present.count())
            .filter(|_| present.len() == self.columns.len())
            .ok_or_else(|| RowError::malformed(&self.layout))?;
        let mut row = batch.image(&self.layout);
        let (whole, mut place, mut nth, mut documents) = (*bytes, 0, 0, 0);
        for (number, column) in self.columns.iter().enumerate() {
            let differences = column.json && partial.get(documents);
            documents += usize::from(column.json);
            let logged = match present.get(number) {
                false => Logged::Missing,
                true if nulls.get(nth) => Logged::Null,
                true if differences => Logged::Differences,
                true => Logged::Value,
            };
            nth += usize::from(logged != Logged::Missing);
            if column.hidden {
                seen.push((logged, whole.len() - bytes.len()));
            }
            match &column.told {
                Some(told) => {
                    let masking = told.masking.as_ref();
                    self.write_cell(&mut row, column, masking, place, logged, bytes, old)?;
                    place += 1;
                }
                None => self.pass_cell(column, logged, bytes)?,
            }
        }
        // Once more from where they were.
        for (&number, &(logged, start)) in self.hidden.iter().zip(seen.iter()) {
            let Some(column) = self.columns.get(number) else { continue };
            let mut again = whole.get(start..).unwrap_or_default();
            self.write_cell(&mut row, column, None, place, logged, &mut again, old)?;
            place += 1;
        }
        Ok(row.finish())
    }

    #[inline]
    #[allow(clippy::too_many_arguments, reason = "all of them change from cell to cell")]
    fn write_cell(
        &self,
        row: &mut Writer<'_>,
        column: &Column,
        masking: Option<&Masking>,
        place: usize,
        logged: Logged,
        bytes: &mut &[u8],
        old: Option<Image>,
    ) -> Result<(), RowError> {
        if let (Some(constant), true) =
            (masking.and_then(Masking::constant), logged != Logged::Missing)
        {
            row.payload(constant);
            return self.pass_cell(column, logged, bytes);
        }
        match logged {
            Logged::Missing => missing(row, column, old),
            Logged::Null if !column.optional => {
                return Err(RowError::NullInRequired { column: place });
            }
            Logged::Null => row.null(),
            Logged::Differences => {
                let old = old.and_then(|old| row.cell(old, column.plain));
                row.value(|arena| {
                    let start = arena.len();
                    partial::write(self, place, old, bytes, arena)?;
                    masked(masking, arena, start);
                    Ok(())
                })?;
            }
            Logged::Value => self.write_value(row, column, masking, place, bytes)?,
        }
        Ok(())
    }

    /// Goes past a value that is not told.
    fn pass_cell(
        &self,
        column: &Column,
        logged: Logged,
        bytes: &mut &[u8],
    ) -> Result<(), RowError> {
        let passed = match logged {
            Logged::Missing | Logged::Null => return Ok(()),
            Logged::Differences => json::skip(bytes),
            Logged::Value => column.codec.skip(bytes),
        };
        passed.map_err(|_| RowError::malformed(&self.layout))
    }

    #[inline]
    fn write_value(
        &self,
        row: &mut Writer<'_>,
        column: &Column,
        masking: Option<&Masking>,
        place: usize,
        bytes: &mut &[u8],
    ) -> Result<(), RowError> {
        row.value_or_null(|out| {
            let start = out.len();
            let written = column.codec.write(bytes, out).map_err(|bad| self.bad(bad, place))?;
            let told = select::told(written, column.codec.form(), column.optional, out)
                .ok_or_else(|| RowError::out_of_reach(&self.layout, place))?;
            if told {
                masked(masking, out, start);
            }
            Ok(told)
        })
    }

    /// Says where, never what: a row value must not get into a message.
    #[cold]
    fn bad(&self, bad: Bad, place: usize) -> RowError {
        RowError::Bad(bad.error(&self.layout.table, row_error::name(&self.layout, place)))
    }
}

/// Masks the payload that was just written.
#[inline]
fn masked(masking: Option<&Masking>, out: &mut Vec<u8>, start: usize) {
    if let Some(masking) = masking {
        masking.apply(out, start);
    }
}

/// Takes a bitmap from the front of a row.
#[inline]
fn take_bits<'a>(bytes: &mut &'a [u8], len: usize) -> Option<Bitmap<'a>> {
    let (bits, rest) = bytes.split_at_checked(len.div_ceil(8))?;
    *bytes = rest;
    Bitmap::new(bits, len)
}

/// A column that the image does not have.
fn missing(row: &mut Writer<'_>, column: &Column, old: Option<Image>) {
    let Some(old) = old else { return row.absent() };
    let known = row.twin(old).is_some_and(|old| matches!(old.state, State::Present | State::Null));
    if known || column.large { row.unchanged(Some(old)) } else { row.absent() }
}

fn differs(layout: &Layout, what: &str) -> Error {
    let message = format!(
        "The rows of {} in the log are not of the structure that is known of it: {what}.",
        layout.table
    );
    Error::definite(codes::STRUCTURE, message).fix(
        "Set `binlog_row_metadata = FULL` on the server, and take a new snapshot of the table.",
    )
}

#[cfg(test)]
mod tests;
