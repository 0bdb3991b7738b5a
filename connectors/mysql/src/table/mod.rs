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

use crate::binlog::Bitmap;
use crate::binlog::table_map::TableMap;
use crate::codes;
use crate::flavor::Flavor;
use crate::structure::{Base, Structure, guard};
use crate::values::{Bad, Codec, Form};
use std::sync::Arc;
use walbrook_core::batch::{Batch, Image, State, Writer};
use walbrook_core::error::{Error, Result};
use walbrook_core::layout::Layout;

/// The writer of a table's logged rows.
#[derive(Debug)]
pub struct Table {
    /// How the rows are written.
    pub layout: Arc<Layout>,
    /// One for each column of the TABLE_MAP and each field of the layout.
    columns: Vec<Column>,
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
        let layout = columns::layout(structure, modes, flavor);
        guard::agrees(structure, map).map_err(|what| differs(&layout, &what))?;
        let mut columns = Vec::with_capacity(map.columns.len());
        for (logged, declared) in map.columns.iter().zip(&structure.columns) {
            let form = Form::of(&declared.kind, modes, flavor);
            let codec = Codec::new(logged, &declared.kind, form, flavor)
                .map_err(|unfit| unfit.error(&layout.table, &declared.name))?;
            columns.push(Column {
                codec,
                optional: declared.nullable,
                large: columns::is_large(&declared.kind),
                json: declared.kind.base == Base::Json && flavor == Flavor::MySql,
            });
        }
        Ok(Table { layout: Arc::new(layout), columns })
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
        let nulls = take_bits(bytes, present.count())
            .filter(|_| present.len() == self.columns.len())
            .ok_or_else(|| RowError::malformed(&self.layout))?;
        let mut row = batch.image(&self.layout);
        let (mut nth, mut documents) = (0, 0);
        for (place, column) in self.columns.iter().enumerate() {
            let differences = column.json && partial.get(documents);
            documents += usize::from(column.json);
            if !present.get(place) {
                missing(&mut row, column, old);
                continue;
            }
            let null = nulls.get(nth);
            nth += 1;
            if null {
                if !column.optional {
                    return Err(RowError::NullInRequired { column: place });
                }
                row.null();
            } else if differences {
                let old = old.and_then(|old| row.twin(old));
                row.value(|arena| partial::write(self, place, old, bytes, arena))?;
            } else {
                self.write_value(&mut row, column, place, bytes)?;
            }
        }
        Ok(row.finish())
    }

    #[inline]
    fn write_value(
        &self,
        row: &mut Writer<'_>,
        column: &Column,
        place: usize,
        bytes: &mut &[u8],
    ) -> Result<(), RowError> {
        row.value_or_null(|out| {
            let written = column.codec.write(bytes, out).map_err(|bad| self.bad(bad, place))?;
            select::told(written, column.codec.form(), column.optional, out)
                .ok_or_else(|| RowError::out_of_reach(&self.layout, place))
        })
    }

    /// Says where, never what: a row value must not get into a message.
    #[cold]
    fn bad(&self, bad: Bad, place: usize) -> RowError {
        RowError::Bad(bad.error(&self.layout.table, row_error::name(&self.layout, place)))
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
