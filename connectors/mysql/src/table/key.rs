//! Which columns are the key of a table.

use crate::structure::{Column, Structure};

/// Places of the key's columns, in key order: the primary key, else the first unique key all of
/// whose columns are NOT NULL. None: the table has no key.
pub(super) fn places(structure: &Structure) -> Vec<usize> {
    if !structure.primary_key.is_empty() {
        return all(structure, &structure.primary_key, |_| true).unwrap_or_default();
    }
    let keys = structure.unique_keys.iter();
    keys.filter_map(|key| all(structure, &key.columns, |column| !column.nullable))
        .find(|places| !places.is_empty())
        .unwrap_or_default()
}

fn all(
    structure: &Structure,
    names: &[String],
    fits: impl Fn(&Column) -> bool,
) -> Option<Vec<usize>> {
    names.iter().map(|name| place(structure, name, &fits)).collect()
}

fn place(structure: &Structure, name: &str, fits: impl Fn(&Column) -> bool) -> Option<usize> {
    let columns = || structure.columns.iter();
    let place = columns().position(|column| column.name == name).or_else(|| {
        // Names of columns have no case, and a statement may spell one in its own way.
        let lower = name.to_lowercase();
        columns().position(|column| column.name.to_lowercase() == lower)
    })?;
    structure.columns.get(place).filter(|column| fits(column)).map(|_| place)
}
