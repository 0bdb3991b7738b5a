//! Keys and constraints, as they stand in CREATE TABLE, behind ADD, and in CREATE INDEX.

use super::column;
use super::cursor::{Cursor, Read};
use super::spec::{KeyKind, KeySpec, Part, Period};
use super::token::Kind;

/// What one of these words begins.
pub(super) enum Declared {
    /// A key.
    Key(KeySpec),
    /// A period.
    Period(Period),
    /// Something of no interest, a CHECK.
    Nothing,
}

/// Reads a key, constraint or period; `None`: what is next is none of them, but a column.
pub(super) fn read(cursor: &mut Cursor<'_, '_>) -> Read<Option<Declared>> {
    if cursor.takes(&["PERIOD", "FOR"]) {
        return period(cursor).map(|period| Some(Declared::Period(period)));
    }
    let constraint = constraint(cursor)?;
    if cursor.takes(&["CHECK"]) {
        cursor.skip_group()?;
        cursor.skip_clause()?;
        return Ok(Some(Declared::Nothing));
    }
    if cursor.takes(&["FOREIGN", "KEY"]) {
        return foreign(cursor, constraint.flatten()).map(|key| Some(Declared::Key(key)));
    }
    let Some(kind) = kind(cursor) else {
        return if constraint.is_some() { cursor.fail("a constraint") } else { Ok(None) };
    };
    let mut key = rest(cursor, kind)?;
    if key.name.is_none() {
        key.name = constraint.flatten();
    }
    if kind == KeyKind::Primary {
        key.name = None;
    }
    cursor.skip_clause()?;
    Ok(Some(Declared::Key(key)))
}

/// `CONSTRAINT [name]`
fn constraint(cursor: &mut Cursor<'_, '_>) -> Read<Option<Option<String>>> {
    if !cursor.takes(&["CONSTRAINT"]) {
        return Ok(None);
    }
    cursor.if_not_exists();
    if cursor.sees_any(&["PRIMARY", "UNIQUE", "FOREIGN", "CHECK"]) {
        return Ok(Some(None));
    }
    cursor.name().map(|name| Some(Some(name)))
}

/// The words that say what kind of key it is.
fn kind(cursor: &mut Cursor<'_, '_>) -> Option<KeyKind> {
    let indexes = ["KEY", "INDEX"];
    if cursor.takes(&["PRIMARY", "KEY"]) {
        Some(KeyKind::Primary)
    } else if cursor.takes(&["UNIQUE"]) {
        cursor.takes_any(&indexes);
        Some(KeyKind::Unique)
    } else if cursor.takes_any(&["FULLTEXT", "SPATIAL"]) {
        cursor.takes_any(&indexes);
        Some(KeyKind::Other)
    } else if cursor.takes_any(&indexes)
        || cursor.takes(&["VECTOR", "INDEX"])
        || cursor.takes(&["VECTOR", "KEY"])
        || cursor.takes(&["CLUSTERING", "KEY"])
    {
        Some(KeyKind::Other)
    } else {
        None
    }
}

/// Name and parts.
fn rest(cursor: &mut Cursor<'_, '_>, kind: KeyKind) -> Read<KeySpec> {
    let if_not_exists = cursor.if_not_exists();
    let named = !cursor.sees_symbol(b'(') && !cursor.sees_any(&["USING"]);
    let name = if named { Some(cursor.name()?) } else { None };
    while !cursor.sees_symbol(b'(') {
        if cursor.next().is_none() {
            return cursor.fail("( and the columns of a key");
        }
    }
    let mut key = KeySpec { kind, name, parts: Vec::new(), if_not_exists, period: None };
    parts(cursor, &mut key)?;
    Ok(key)
}

/// `(a, b(10) DESC, (a + b))`
pub(super) fn parts(cursor: &mut Cursor<'_, '_>, key: &mut KeySpec) -> Read<()> {
    cursor.symbol(b'(', "( and the columns of a key")?;
    loop {
        if cursor.sees_symbol(b'(') {
            cursor.skip_group()?;
            key.parts.push(Part::Expression);
        } else {
            let name = cursor.name()?;
            if cursor.takes(&["WITHOUT", "OVERLAPS"]) {
                key.period = Some(name);
            } else {
                let length = length(cursor)?;
                key.parts.push(Part::Column(name, length));
            }
        }
        cursor.takes_any(&["ASC", "DESC"]);
        if !cursor.takes_symbol(b',') {
            return cursor.symbol(b')', ") after the columns of a key");
        }
    }
}

fn length(cursor: &mut Cursor<'_, '_>) -> Read<Option<u32>> {
    if !cursor.takes_symbol(b'(') {
        return Ok(None);
    }
    let length = cursor.integer()?;
    cursor.symbol(b')', ") after a length")?;
    Ok(Some(length))
}

fn foreign(cursor: &mut Cursor<'_, '_>, constraint: Option<String>) -> Read<KeySpec> {
    let mut key = rest(cursor, KeyKind::Foreign)?;
    key.name = constraint.or(key.name);
    if cursor.takes(&["REFERENCES"]) {
        column::references(cursor)?;
    }
    cursor.skip_clause()?;
    Ok(key)
}

/// What follows `PERIOD FOR`.
fn period(cursor: &mut Cursor<'_, '_>) -> Read<Period> {
    cursor.if_not_exists();
    let name = cursor.name()?;
    cursor.symbol(b'(', "( and the columns of a period")?;
    let begin = cursor.name()?;
    cursor.symbol(b',', ",")?;
    let end = cursor.name()?;
    cursor.symbol(b')', ")")?;
    Ok(Period { name, columns: [begin, end] })
}

/// `CREATE [UNIQUE] INDEX name … ON` has been read but for the parts; what is next is `(`.
pub(super) fn on_table(cursor: &mut Cursor<'_, '_>, unique: bool, name: String) -> Read<KeySpec> {
    let kind = if unique { KeyKind::Unique } else { KeyKind::Other };
    while cursor.peek().is_some_and(|token| token.kind != Kind::Symbol(b'(')) {
        cursor.next();
    }
    let mut key =
        KeySpec { kind, name: Some(name), parts: Vec::new(), if_not_exists: false, period: None };
    parts(cursor, &mut key)?;
    Ok(key)
}
