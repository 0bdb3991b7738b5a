//! What stands between the parentheses of CREATE TABLE and of `ADD (…)`.

use super::column;
use super::context::Context;
use super::cursor::{Cursor, Read};
use super::key::{self, Declared};
use super::spec::{ColumnSpec, Elements, KeyKind, KeySpec, Part};

/// Reads columns, keys and periods, from behind `(` to behind `)`.
pub(super) fn read(cursor: &mut Cursor<'_, '_>, context: &Context) -> Read<Elements> {
    let mut elements = Elements::default();
    loop {
        match key::read(cursor)? {
            Some(Declared::Key(key)) => elements.keys.push(key),
            Some(Declared::Period(period)) => elements.periods.push(period),
            Some(Declared::Nothing) => {}
            None => {
                cursor.if_not_exists();
                elements.column(column::read(cursor, context)?);
            }
        }
        if !cursor.takes_symbol(b',') {
            cursor.symbol(b')', ") after the columns of a table")?;
            return Ok(elements);
        }
    }
}

impl Elements {
    /// Adds a column, and the keys that its definition declares.
    pub(super) fn column(&mut self, column: ColumnSpec) {
        self.keys.extend(keys_of(&column));
        self.columns.push(column);
    }
}

/// The keys that a column's definition declares.
pub(super) fn keys_of(column: &ColumnSpec) -> Vec<KeySpec> {
    let key = |kind| KeySpec {
        kind,
        name: None,
        parts: vec![Part::Column(column.name.clone(), None)],
        if_not_exists: false,
        period: None,
    };
    let primary = column.primary.then(|| key(KeyKind::Primary));
    primary.into_iter().chain(column.unique.then(|| key(KeyKind::Unique))).collect()
}
