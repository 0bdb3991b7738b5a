//! The keys of a table: names that the server invents, and the order in which it lists them.

use super::cursor::{Failure, Read};
use super::spec::{KeyKind, KeySpec, Part};
use crate::structure::{Base, Column, Default, Generated, OtherKey, Structure, UniqueKey, charset};

/// Whether names of columns and keys are the same: they never differ by case.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || (!a.is_ascii() && a.to_lowercase() == b.to_lowercase())
}

/// A table's column.
pub(super) fn column<'s>(structure: &'s Structure, name: &str) -> Option<&'s Column> {
    structure.columns.iter().find(|column| same(&column.name, name))
}

/// Adds a key.
pub(super) fn add(structure: &mut Structure, key: &KeySpec, period: &[String]) -> Read<()> {
    let mut columns = Vec::with_capacity(key.parts.len());
    let mut prefixed = false;
    let mut expression = false;
    for part in &key.parts {
        match part {
            Part::Expression => expression = true,
            Part::Column(name, length) => {
                let Some(column) = column(structure, name) else {
                    return Err(Failure { expected: "a key over columns that are there", at: 0 });
                };
                prefixed |= length.is_some_and(|length| is_prefix(column, length));
                columns.push(column.name.clone());
            }
        }
    }
    columns.extend(period.iter().cloned());
    let name = match (&key.name, columns.first()) {
        _ if key.kind == KeyKind::Primary => String::new(),
        (Some(name), _) if key.if_not_exists && has(structure, name) => return Ok(()),
        (Some(name), _) => name.clone(),
        (None, _) if expression => invented(structure, "functional_index"),
        (None, Some(first)) => invented(structure, first),
        (None, None) => return Err(Failure { expected: "the columns of a key", at: 0 }),
    };
    match key.kind {
        KeyKind::Primary if structure.primary_key.is_empty() => structure.primary_key = columns,
        KeyKind::Primary => {
            return Err(Failure { expected: "one primary key", at: 0 });
        }
        KeyKind::Foreign if has(structure, &name) || is_covered(structure, &columns) => {}
        KeyKind::Unique if !expression => {
            structure.unique_keys.push(UniqueKey { name, columns, prefixed });
        }
        _ => structure.other_keys.push(OtherKey { name, columns }),
    }
    Ok(())
}

/// Whether so long a part is less than the whole column.
fn is_prefix(column: &Column, length: u32) -> bool {
    let bytes = column.kind.charset.as_deref().and_then(charset::bytes);
    match column.kind.base {
        Base::Char | Base::VarChar | Base::Binary | Base::VarBinary => {
            column.kind.length.is_none_or(|whole| length < whole)
        }
        _ => bytes.is_some() || length > 0,
    }
}

/// Whether a key begins with these columns, so that a foreign key needs none.
fn is_covered(structure: &Structure, columns: &[String]) -> bool {
    let begins = |key: &[String]| {
        key.len() >= columns.len() && key.iter().zip(columns).all(|(a, b)| same(a, b))
    };
    begins(&structure.primary_key)
        || structure.unique_keys.iter().any(|key| begins(&key.columns))
        || structure.other_keys.iter().any(|key| begins(&key.columns))
}

/// Whether there is a key of the name.
pub(super) fn has(structure: &Structure, name: &str) -> bool {
    structure.unique_keys.iter().any(|key| same(&key.name, name))
        || structure.other_keys.iter().any(|key| same(&key.name, name))
}

/// The name of a key that has none: its first column's, with a number where that is taken.
fn invented(structure: &Structure, first: &str) -> String {
    if !has(structure, first) && !same(first, "PRIMARY") {
        return first.to_owned();
    }
    let numbered = (2..=structure.unique_keys.len() + structure.other_keys.len() + 2)
        .map(|number| format!("{first}_{number}"))
        .find(|name| !has(structure, name));
    numbered.unwrap_or_else(|| first.to_owned())
}

/// Removes the key of the name; whether there was one.
pub(super) fn remove(structure: &mut Structure, name: &str) -> bool {
    if same(name, "PRIMARY") {
        return !std::mem::take(&mut structure.primary_key).is_empty();
    }
    let before = structure.unique_keys.len() + structure.other_keys.len();
    structure.unique_keys.retain(|key| !same(&key.name, name));
    structure.other_keys.retain(|key| !same(&key.name, name));
    structure.unique_keys.len() + structure.other_keys.len() < before
}

/// What follows from the keys: columns of the primary key are NOT NULL; unique keys without
/// nullable columns come first, then those over columns that are stored, then those over whole ones.
pub(super) fn settle(structure: &mut Structure) {
    let Structure { columns, primary_key, unique_keys, .. } = structure;
    for column in columns.iter_mut() {
        if primary_key.iter().any(|name| same(name, &column.name)) {
            column.nullable = false;
            if column.default == Default::Null {
                column.default = Default::None;
            }
        }
    }
    let any = |key: &UniqueKey, holds: fn(&Column) -> bool| {
        let of_key = |column: &&Column| key.columns.iter().any(|name| same(name, &column.name));
        columns.iter().filter(of_key).any(holds)
    };
    unique_keys.sort_by_key(|key| {
        let computed = any(key, |column| column.generated == Some(Generated::Virtual));
        (any(key, |column| column.nullable), computed, key.prefixed)
    });
}
