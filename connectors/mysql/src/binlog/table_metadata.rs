//! Optional metadata of a table map (`binlog_row_metadata`): signs and character sets in MySQL
//! always, names, keys and labels with FULL.
//!
//! ```text
//!  { number u8 │ length, length-encoded │ value } …
//! ```
//!
//! Source: `Table_map_event::Optional_metadata_field_type` in libs/mysql/binlog/event/rows_event.h.

use super::field::Fields;
use super::table_map::{Column, TableMap};
use crate::flavor::Flavor;

/// Which columns a list in the metadata is about; it has one entry for each, in table order.
type Concerned = fn(&Column) -> bool;

/// Reads all of it into the map. A number that is not known is passed over: it is optional.
pub(super) fn read(bytes: &[u8], flavor: Flavor, map: &mut TableMap) -> Option<()> {
    let is_text = match flavor {
        Flavor::MySql => is_text_of_mysql,
        Flavor::MariaDb => is_text_of_mariadb,
    };
    let mut fields = Fields::new(bytes);
    while let Some(number) = fields.u8() {
        let value = Fields::new(fields.counted()?);
        match number {
            1 => signs(value, map)?,
            2 => default_collation(value, map, is_text)?,
            3 => collations(value, map, is_text)?,
            4 => names(value, map)?,
            5 => labels(value, map, is_set)?,
            6 => labels(value, map, is_enum)?,
            7 => geometries(value, map)?,
            8 => map.primary_key = Some(key(value, map, false)?),
            9 => map.primary_key = Some(key(value, map, true)?),
            10 => default_collation(value, map, is_labelled)?,
            11 => collations(value, map, is_labelled)?,
            12 => visibilities(value, map)?,
            _ => {}
        }
    }
    Some(())
}

/// Integers, DECIMAL, FLOAT, DOUBLE and YEAR.
fn is_numeric(column: &Column) -> bool {
    matches!(column.kind, 0..=5 | 8 | 9 | 13 | 246)
}

/// CHAR, VARCHAR, TEXT, their binary forms and VECTOR; not JSON and GEOMETRY.
fn is_text_of_mysql(column: &Column) -> bool {
    matches!(column.kind, 15 | 242 | 249..=254)
}

/// CHAR, VARCHAR, TEXT, their binary and compressed forms, UUID, INET, and GEOMETRY.
fn is_text_of_mariadb(column: &Column) -> bool {
    matches!(column.kind, 15 | 140 | 141 | 249..=255)
}

fn is_enum(column: &Column) -> bool {
    column.kind == 0xf7
}

fn is_set(column: &Column) -> bool {
    column.kind == 0xf8
}

fn is_labelled(column: &Column) -> bool {
    is_enum(column) || is_set(column)
}

/// A bit for each numeric column, the first in the highest bit.
fn signs(value: Fields<'_>, map: &mut TableMap) -> Option<()> {
    let numeric = map.columns.iter_mut().filter(|column| is_numeric(column));
    for (place, column) in numeric.enumerate() {
        column.unsigned = Some(from_the_top(value.rest(), place)?);
    }
    Some(())
}

fn from_the_top(bits: &[u8], place: usize) -> Option<bool> {
    bits.get(place / 8).map(|byte| byte >> (7 - place % 8) & 1 != 0)
}

/// A collation for all, then place among the concerned columns and collation of those that differ.
fn default_collation(
    mut value: Fields<'_>,
    map: &mut TableMap,
    concerned: Concerned,
) -> Option<()> {
    let all = collation(&mut value)?;
    let mut columns: Vec<_> = map.columns.iter_mut().filter(|column| concerned(column)).collect();
    columns.iter_mut().for_each(|column| column.collation = Some(all));
    while !value.is_empty() {
        let place = usize::try_from(value.length()?).ok()?;
        columns.get_mut(place)?.collation = Some(collation(&mut value)?);
    }
    Some(())
}

fn collations(mut value: Fields<'_>, map: &mut TableMap, concerned: Concerned) -> Option<()> {
    for column in map.columns.iter_mut().filter(|column| concerned(column)) {
        column.collation = Some(collation(&mut value)?);
    }
    Some(())
}

fn collation(value: &mut Fields<'_>) -> Option<u16> {
    u16::try_from(value.length()?).ok()
}

fn names(mut value: Fields<'_>, map: &mut TableMap) -> Option<()> {
    for column in &mut map.columns {
        column.name = Some(std::str::from_utf8(value.counted()?).ok()?.to_owned());
    }
    Some(())
}

fn labels(mut value: Fields<'_>, map: &mut TableMap, concerned: Concerned) -> Option<()> {
    for column in map.columns.iter_mut().filter(|column| concerned(column)) {
        let mut labels = Vec::new();
        for _ in 0..value.length()? {
            labels.push(value.counted()?.to_vec());
        }
        column.labels = Some(labels);
    }
    Some(())
}

fn geometries(mut value: Fields<'_>, map: &mut TableMap) -> Option<()> {
    for column in map.columns.iter_mut().filter(|column| column.kind == 0xff) {
        column.geometry = Some(u8::try_from(value.length()?).ok()?);
    }
    Some(())
}

/// Places of the key's columns, with the length of a prefix behind each where there are prefixes.
fn key(mut value: Fields<'_>, map: &TableMap, prefixes: bool) -> Option<Vec<usize>> {
    let mut key = Vec::new();
    while !value.is_empty() {
        let place = usize::try_from(value.length()?).ok()?;
        map.columns.get(place)?;
        key.push(place);
        if prefixes {
            value.length()?;
        }
    }
    Some(key)
}

fn visibilities(value: Fields<'_>, map: &mut TableMap) -> Option<()> {
    for (place, column) in map.columns.iter_mut().enumerate() {
        column.visible = Some(from_the_top(value.rest(), place)?);
    }
    Some(())
}
