//! A table version compiled: one codec for each column, from the wire straight to Avro.
//!
//! The [`Relation`] decides columns and types; the [`Structure`] of the catalog enriches a column
//! whose name, type and modifier still agree. Snapshot and stream compile from the same two and so
//! have the same layout.

mod compile;
mod copy;
mod declared;
mod key;
mod modes;

pub use modes::{Binary, Decimals, Hstore, Intervals, Modes, Temporal};

use crate::catalog::Structure;
use crate::codes;
use crate::pgoutput::{Relation, Tuple, Value};
use crate::values::{Codec, Fault};
use std::sync::Arc;
use walbrook_core::batch::{Batch, Image, Writer};
use walbrook_core::error::{Error, Result};
use walbrook_core::layout::Layout;
use walbrook_core::mask::Masking;

/// The writer of a table's rows.
#[derive(Debug)]
pub struct Table {
    /// How the rows are written.
    pub layout: Arc<Layout>,
    /// One for each column of the relation; `None` is left out of the layout.
    columns: Vec<Option<Column>>,
    /// The hidden cells, behind what the value tells.
    hidden: Vec<Hidden>,
}

/// A cell beside the value: its column as it is, for keys and routing.
#[derive(Debug)]
struct Hidden {
    /// Place of the column in the relation.
    place: usize,
    column: Column,
}

/// A column that is part of the layout.
#[derive(Debug)]
struct Column {
    cell: Cell,
    /// Whether it is part of the replica identity.
    key: bool,
    /// Whether null may be written.
    optional: bool,
}

/// How the values of a column are written.
#[derive(Debug)]
struct Cell {
    codec: Codec,
    masking: Option<Masking>,
}

impl Cell {
    #[inline]
    fn write(&self, text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
        let start = out.len();
        self.codec.write(text, out)?;
        if let Some(masking) = &self.masking {
            masking.apply(out, start);
        }
        Ok(())
    }

    /// What is told whatever the value is.
    #[inline]
    fn constant(&self) -> Option<&[u8]> {
        self.masking.as_ref().and_then(Masking::constant)
    }
}

/// Why a row could not be written. The batch holds the beginning of it: truncate the arena and the
/// cells to where they were.
#[derive(Debug)]
pub enum RowError {
    /// NULL in a column thought NOT NULL: compile the table again with that column optional.
    NullInRequired {
        /// Place of the column in the layout's fields.
        column: usize,
    },
    /// The row cannot be written.
    Bad(Error),
}

impl RowError {
    /// The failure, for a caller that cannot compile the table again.
    pub fn into_error(self, layout: &Layout) -> Error {
        match self {
            RowError::Bad(error) => error,
            RowError::NullInRequired { column } => {
                let name = layout.fields.get(column).map_or("?", |field| &field.name);
                let message = format!("Column {name} of {} is null but NOT NULL.", layout.table);
                Error::poison(codes::VALUE, message)
            }
        }
    }
}

/// How an image is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// All columns.
    Row,
    /// The replica identity; every other column is absent, whatever is sent for it.
    Key,
}

impl Table {
    /// Compiles the table as the log describes it. The columns named in `optional` may be null
    /// whatever the catalog says.
    pub fn compile(
        relation: &Relation,
        structure: Option<&Structure>,
        modes: &Modes,
        optional: &[String],
    ) -> Result<Self> {
        compile::compile(relation, structure, modes, optional)
    }

    /// Writes a whole row. Where a value was not sent because it did not change, it is taken from
    /// `old`, if that has it.
    pub fn write(
        &self,
        batch: &mut Batch,
        tuple: Tuple<'_>,
        old: Option<Image>,
    ) -> Result<Image, RowError> {
        self.write_part(batch, tuple, old, Part::Row)
    }

    /// Writes the key-only row of an update or a delete.
    pub fn write_key(&self, batch: &mut Batch, tuple: Tuple<'_>) -> Result<Image, RowError> {
        self.write_part(batch, tuple, None, Part::Key)
    }

    /// Writes a row of `COPY (SELECT` [`Table::select_list`] `…) TO STDOUT`, without its line end.
    pub fn write_copy_line(&self, batch: &mut Batch, line: &[u8]) -> Result<Image, RowError> {
        copy::write(self, batch, line)
    }

    /// The columns that [`Table::write_copy_line`] expects, quoted, for a select list.
    pub fn select_list(&self) -> String {
        let mut list = String::new();
        for field in &self.layout.fields {
            if !list.is_empty() {
                list.push_str(", ");
            }
            list.push('"');
            list.push_str(&field.name.replace('"', "\"\""));
            list.push('"');
        }
        list
    }

    /// Whether something of a row may not leave the table as it is: then a row that cannot be told
    /// is not kept as it was received either.
    pub fn withholds(&self) -> bool {
        self.layout.withholds() || self.columns.iter().any(Option::is_none)
    }

    fn write_part(
        &self,
        batch: &mut Batch,
        tuple: Tuple<'_>,
        old: Option<Image>,
        part: Part,
    ) -> Result<Image, RowError> {
        if tuple.len() != self.columns.len() {
            return Err(self.count_differs(tuple.len(), self.columns.len()));
        }
        let mut row = batch.image(&self.layout);
        let mut place = 0;
        for (column, value) in self.columns.iter().zip(tuple) {
            let Some(column) = column else { continue };
            self.write_cell(&mut row, column, place, value, old, part)?;
            place += 1;
        }
        let mut hidden = self.hidden.iter().peekable();
        for (at, value) in tuple.into_iter().enumerate() {
            let Some(next) = hidden.peek() else { break };
            if next.place == at {
                self.write_cell(&mut row, &next.column, place, value, old, part)?;
                place += 1;
                hidden.next();
            }
        }
        Ok(row.finish())
    }

    #[inline]
    fn write_cell(
        &self,
        row: &mut Writer<'_>,
        column: &Column,
        place: usize,
        value: Value<'_>,
        old: Option<Image>,
        part: Part,
    ) -> Result<(), RowError> {
        match value {
            _ if part == Part::Key && !column.key => row.absent(),
            Value::Text(text) => self.write_text(row, column, place, text)?,
            Value::Null => write_null(row, column, place)?,
            Value::Unchanged => row.unchanged(old),
            Value::Binary(_) => {
                let RowError::Bad(error) = self.bad(place) else { return Err(self.bad(place)) };
                return Err(RowError::Bad(error.into_definite()));
            }
        }
        Ok(())
    }

    /// The columns of the layout's fields, hidden ones last.
    fn cells(&self) -> impl Iterator<Item = &Column> {
        let hidden = self.hidden.iter().map(|hidden| &hidden.column);
        self.columns.iter().flatten().chain(hidden)
    }

    #[inline]
    fn write_text(
        &self,
        row: &mut Writer<'_>,
        column: &Column,
        place: usize,
        text: &[u8],
    ) -> Result<(), RowError> {
        if let Some(constant) = column.cell.constant() {
            // Not even looked at: what cannot be told does no harm where it is not told.
            row.payload(constant);
            return Ok(());
        }
        if column.cell.codec.is_nothing(text) {
            return write_null(row, column, place);
        }
        row.value(|out| column.cell.write(text, out)).map_err(|_| self.bad(place))
    }

    fn count_differs(&self, found: usize, expected: usize) -> RowError {
        let message = format!(
            "A row of {} has {found} columns where its structure has {expected}.",
            self.layout.table
        );
        // That is no matter of one value: the structure is not the one of the rows.
        RowError::Bad(Error::definite(codes::ROW, message))
    }

    /// Says where, never what: a row value must not get into a message.
    #[cold]
    fn bad(&self, place: usize) -> RowError {
        let name = self.layout.fields.get(place).map_or("?", |field| &field.name);
        let message = format!(
            "A value of column {name} of {} is not in the form of its type.",
            self.layout.table
        );
        RowError::Bad(Error::poison(codes::VALUE, message))
    }
}

#[inline]
fn write_null(row: &mut Writer<'_>, column: &Column, place: usize) -> Result<(), RowError> {
    if let Some(constant) = column.cell.constant() {
        row.payload(constant);
        return Ok(());
    }
    if !column.optional {
        return Err(RowError::NullInRequired { column: place });
    }
    row.null();
    Ok(())
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod treated_tests;
