//! A column's definition: `name type attributes…`.

use super::context::Context;
use super::cursor::{Cursor, Read};
use super::spec::{ColumnSpec, TypeSpec};
use super::token::Kind;
use super::{default_value, type_name};
use crate::flavor::Flavor;
use crate::structure::Generated;

/// Attributes that consist of a word and another, or of a word and a value, and change nothing here.
const WITH_A_WORD: [&str; 9] = [
    "COLUMN_FORMAT",
    "STORAGE",
    "ENGINE_ATTRIBUTE",
    "SECONDARY_ENGINE_ATTRIBUTE",
    "SRID",
    "REF_SYSTEM_ID",
    "CLUSTERING",
    "MASKED",
    "MASKING",
];

/// Reads a column's name and the rest.
pub(super) fn read(cursor: &mut Cursor<'_, '_>, context: &Context) -> Read<ColumnSpec> {
    let name = cursor.name()?;
    define(cursor, name, context)
}

/// Reads what follows the name.
pub(super) fn define(
    cursor: &mut Cursor<'_, '_>,
    name: String,
    context: &Context,
) -> Read<ColumnSpec> {
    let kind = type_name::read(cursor, context)?;
    let mut column = bare(name, kind);
    while !cursor.is_end() && !cursor.sees_symbol(b',') && !cursor.sees_symbol(b')') {
        if cursor.sees_any(&["FIRST", "AFTER"]) {
            break;
        }
        if !value(cursor, &mut column, context)?
            && !nature(cursor, &mut column)?
            && !constraint(cursor)?
            && !skipped(cursor)?
        {
            return cursor.fail("an attribute of a column");
        }
    }
    Ok(column)
}

/// A column of which only name and type are known; `SERIAL` says more.
fn bare(name: String, kind: TypeSpec) -> ColumnSpec {
    let serial = kind.word == "serial";
    ColumnSpec {
        name,
        kind,
        nullable: serial.then_some(false),
        default: None,
        generated: None,
        auto_increment: serial,
        on_update: false,
        invisible: false,
        comment: None,
        primary: false,
        unique: serial,
        versioned: false,
    }
}

/// What its values can be.
fn value(cursor: &mut Cursor<'_, '_>, column: &mut ColumnSpec, context: &Context) -> Read<bool> {
    if cursor.takes(&["NOT", "NULL"]) {
        column.nullable = Some(false);
    } else if cursor.takes(&["NULL"]) {
        column.nullable = Some(true);
    } else if cursor.takes(&["SERIAL", "DEFAULT", "VALUE"]) {
        column.nullable = Some(false);
        column.auto_increment = true;
        column.unique = true;
    } else if cursor.takes(&["DEFAULT"]) {
        column.default = Some(default_value::read(cursor, context.flavor == Flavor::MariaDb)?);
    } else if cursor.takes_any(&["AUTO_INCREMENT"]) {
        column.auto_increment = true;
    } else if cursor.takes(&["ON", "UPDATE"]) {
        if !default_value::takes_now(cursor)? {
            return cursor.fail("CURRENT_TIMESTAMP");
        }
        column.on_update = true;
    } else if cursor.takes(&["COLLATE"]) {
        column.kind.charset.collation = Some(type_name::charset_name(cursor)?);
    } else if cursor.takes(&["GENERATED", "ALWAYS", "AS"]) || cursor.takes(&["AS"]) {
        column.generated = Some(generated(cursor, column)?);
    } else if cursor.takes_any(&["VIRTUAL"]) {
        column.generated = Some(Generated::Virtual);
    } else if cursor.takes_any(&["STORED", "PERSISTENT"]) {
        column.generated = Some(Generated::Stored);
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// An expression, or MariaDB's `ROW START` and `ROW END`.
fn generated(cursor: &mut Cursor<'_, '_>, column: &mut ColumnSpec) -> Read<Generated> {
    if cursor.takes(&["ROW", "START"]) || cursor.takes(&["ROW", "END"]) {
        column.nullable = Some(false);
        return Ok(Generated::Stored);
    }
    cursor.skip_group()?;
    Ok(Generated::Virtual)
}

/// What it is besides.
fn nature(cursor: &mut Cursor<'_, '_>, column: &mut ColumnSpec) -> Read<bool> {
    if cursor.takes(&["PRIMARY", "KEY"]) || cursor.takes(&["PRIMARY"]) || cursor.takes(&["KEY"]) {
        column.primary = true;
    } else if cursor.takes(&["UNIQUE"]) {
        cursor.takes_any(&["KEY", "INDEX"]);
        column.unique = true;
    } else if cursor.takes(&["COMMENT"]) {
        cursor.takes_symbol(b'=');
        column.comment = Some(cursor.text()?).filter(|comment| !comment.is_empty());
    } else if cursor.takes(&["INVISIBLE"]) {
        column.invisible = true;
    } else if cursor.takes(&["VISIBLE"]) {
        column.invisible = false;
    } else if cursor.takes(&["WITH", "SYSTEM", "VERSIONING"]) {
        column.versioned = true;
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// `CONSTRAINT c`, `CHECK (…)`, `REFERENCES …`, which say nothing of the column's values here.
fn constraint(cursor: &mut Cursor<'_, '_>) -> Read<bool> {
    if cursor.takes(&["CONSTRAINT"]) {
        if !cursor.sees_any(&["CHECK"]) {
            cursor.name()?;
        }
    } else if cursor.takes(&["CHECK"]) {
        cursor.skip_group()?;
    } else if cursor.takes(&["NOT", "ENFORCED"]) || cursor.takes(&["ENFORCED"]) {
    } else if cursor.takes(&["REFERENCES"]) {
        references(cursor)?;
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// What follows REFERENCES.
pub(super) fn references(cursor: &mut Cursor<'_, '_>) -> Read<()> {
    cursor.name()?;
    if cursor.takes_symbol(b'.') {
        cursor.name()?;
    }
    if cursor.sees_symbol(b'(') {
        cursor.skip_group()?;
    }
    loop {
        if cursor.takes(&["MATCH"]) {
            cursor.name()?;
        } else if cursor.takes(&["ON", "DELETE"]) || cursor.takes(&["ON", "UPDATE"]) {
            let two = [["SET", "NULL"], ["SET", "DEFAULT"], ["NO", "ACTION"]];
            if !two.iter().any(|words| cursor.takes(words)) {
                cursor.name()?;
            }
        } else {
            return Ok(());
        }
    }
}

/// Attributes of storage, and those that an engine of MariaDB defines (`name = value`).
fn skipped(cursor: &mut Cursor<'_, '_>) -> Read<bool> {
    if cursor.takes(&["NOT", "SECONDARY"]) || cursor.takes(&["WITHOUT", "SYSTEM", "VERSIONING"]) {
        return Ok(true);
    }
    let named = cursor.takes_any(&WITH_A_WORD);
    let assigned = !named
        && cursor.peek().is_some_and(|token| matches!(token.kind, Kind::Word | Kind::Quoted))
        && cursor.ahead(1).is_some_and(|token| token.kind == Kind::Symbol(b'='));
    if assigned {
        cursor.next();
    }
    if !named && !assigned {
        return Ok(false);
    }
    cursor.takes_symbol(b'=');
    cursor.next();
    Ok(true)
}
