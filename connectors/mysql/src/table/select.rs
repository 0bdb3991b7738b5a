//! Rows of a snapshot, as SELECT gives them over the binary protocol.

use super::row_error::name;
use super::{Modes, RowError, columns};
use crate::flavor::Flavor;
use crate::structure::{self, Structure};
use crate::values::{Form, Written, conform, select};
use mysql_async::Value;
use mysql_async::consts::ColumnType;
use std::sync::Arc;
use walbrook_core::batch::{Batch, Image};
use walbrook_core::layout::Layout;
use walbrook_core::mask::Masking;

/// The writer of a table's selected rows. Its layout equals that of [`super::Table`].
#[derive(Debug)]
pub struct Select {
    /// How the rows are written.
    pub layout: Arc<Layout>,
    /// One for each field.
    columns: Vec<Column>,
}

#[derive(Debug)]
struct Column {
    form: Form,
    optional: bool,
    masking: Option<Masking>,
}

/// Where a column's value is in a row of somebody's own statement, and of which type it is there;
/// nothing where the statement does not have it.
pub(crate) type Taken = Option<(usize, ColumnType)>;

impl Select {
    /// A row of somebody's own statement in the form that [`Select::write`] expects.
    pub(crate) fn fit(&self, taken: &[Taken], row: &[Value]) -> Vec<Value> {
        let fitted = self.columns.iter().zip(taken).map(|(column, taken)| {
            let (place, kind) = (*taken)?;
            row.get(place).map(|value| conform(&column.form, kind, value.clone()))
        });
        fitted.map(|value| value.unwrap_or(Value::NULL)).collect()
    }

    /// Compiles the table as it is declared.
    pub fn compile(structure: &Structure, modes: &Modes, flavor: Flavor) -> Self {
        let cells = columns::cells(structure, modes, flavor);
        let column = |column: &structure::Column, masking| Column {
            form: Form::of(&column.kind, modes, flavor),
            optional: column.nullable,
            masking,
        };
        let told = structure.columns.iter().zip(cells.told);
        let told = told.filter_map(|(it, told)| Some(column(it, told?.masking)));
        let hidden = cells.hidden.iter().filter_map(|&place| structure.columns.get(place));
        let columns = told.chain(hidden.map(|it| column(it, None))).collect();
        Self { layout: Arc::new(cells.layout), columns }
    }

    /// The columns that [`Select::write`] expects, quoted, for a select list. By name, because `*`
    /// leaves out the invisible ones.
    ///
    /// The session must have `character_set_results = utf8mb4` and `time_zone = '+00:00'`, and the
    /// statement must be prepared: as text a FLOAT is rounded.
    pub fn select_list(&self) -> String {
        let mut list = String::new();
        for field in &self.layout.fields {
            if !list.is_empty() {
                list.push_str(", ");
            }
            list.push('`');
            list.push_str(&field.name.replace('`', "``"));
            list.push('`');
        }
        // A table of which nothing is told still has rows.
        if list.is_empty() { "NULL".to_owned() } else { list }
    }

    /// Writes a row of `SELECT` [`Select::select_list`].
    pub fn write(&self, batch: &mut Batch, row: &[Value]) -> Result<Image, RowError> {
        if row.len() != self.columns.len().max(1) {
            return Err(RowError::malformed(&self.layout));
        }
        let mut image = batch.image(&self.layout);
        for (place, (column, value)) in self.columns.iter().zip(row).enumerate() {
            let masking = column.masking.as_ref();
            if let Some(constant) = masking.and_then(Masking::constant) {
                image.payload(constant);
                continue;
            }
            if *value == Value::NULL {
                if !column.optional {
                    return Err(RowError::NullInRequired { column: place });
                }
                image.null();
                continue;
            }
            image.value_or_null(|out| {
                let start = out.len();
                let written =
                    select::write(&column.form, value, out).map_err(|bad| self.bad(bad, place))?;
                let told = told(written, &column.form, column.optional, out)
                    .ok_or_else(|| RowError::out_of_reach(&self.layout, place))?;
                if let (true, Some(masking)) = (told, masking) {
                    masking.apply(out, start);
                }
                Ok(told)
            })?;
        }
        Ok(image.finish())
    }

    #[cold]
    fn bad(&self, bad: crate::values::Bad, place: usize) -> RowError {
        RowError::Bad(bad.error(&self.layout.table, name(&self.layout, place)))
    }
}

/// Whether a value was written: a zero date in a required column is 1970, in a nullable one null.
/// Nothing: the column must have a value, and there is none that the form can tell.
#[inline]
pub(super) fn told(
    written: Written,
    form: &Form,
    optional: bool,
    out: &mut Vec<u8>,
) -> Option<bool> {
    match written {
        Written::Value => Some(true),
        Written::ZeroDate | Written::OutOfReach if optional => Some(false),
        Written::ZeroDate => {
            form.epoch(out);
            Some(true)
        }
        Written::OutOfReach => None,
    }
}
