//! Options of a table and of a database. Those that say something of its columns are read, every
//! other one is skipped.

use super::cursor::{Cursor, Read};
use super::spec::{Charset, Options};
use super::token::Kind;
use super::type_name;

/// `[DEFAULT] CHARACTER SET [=] x`, `[DEFAULT] COLLATE [=] x`; whether one was next.
pub(super) fn charset(cursor: &mut Cursor<'_, '_>, charset: &mut Charset) -> Read<bool> {
    let mut ahead = *cursor;
    ahead.takes(&["DEFAULT"]);
    if ahead.takes(&["CHARSET"])
        || ahead.takes(&["CHARACTER", "SET"])
        || ahead.takes(&["CHAR", "SET"])
    {
        ahead.takes_symbol(b'=');
        if ahead.takes(&["DEFAULT"]) {
            charset.of_database = true;
        } else {
            charset.name = Some(type_name::charset_name(&mut ahead)?);
        }
    } else if ahead.takes(&["COLLATE"]) {
        ahead.takes_symbol(b'=');
        if ahead.takes(&["DEFAULT"]) {
            charset.of_database = true;
        } else {
            charset.collation = Some(type_name::charset_name(&mut ahead)?);
        }
    } else {
        return Ok(false);
    }
    *cursor = ahead;
    Ok(true)
}

/// One option that matters; whether it was next.
pub(super) fn one(cursor: &mut Cursor<'_, '_>, options: &mut Options) -> Read<bool> {
    if charset(cursor, &mut options.charset)? {
        return Ok(true);
    }
    let comment = cursor.sees(&["COMMENT"])
        && cursor.ahead(1).is_some_and(|t| matches!(t.kind, Kind::Text | Kind::Symbol(b'=')));
    if comment {
        cursor.next();
        cursor.takes_symbol(b'=');
        options.comment = Some(cursor.text()?);
        return Ok(true);
    }
    if cursor.takes(&["WITH", "SYSTEM", "VERSIONING"]) {
        options.versioned = true;
        return Ok(true);
    }
    Ok(false)
}

/// What ends the options of CREATE TABLE.
pub(super) enum Tail {
    /// Nothing more that matters.
    End,
    /// A query, from which columns come.
    Query,
}

/// Reads everything behind the columns of CREATE TABLE.
pub(super) fn table(cursor: &mut Cursor<'_, '_>, options: &mut Options) -> Read<Tail> {
    while !cursor.is_end() {
        if one(cursor, options)? {
            continue;
        }
        // MySQL logs the creating half of CREATE … SELECT so; the rows follow in the transaction.
        if cursor.takes(&["START", "TRANSACTION"]) {
            continue;
        }
        if cursor.sees_any(&["SELECT", "WITH", "VALUES", "TABLE", "IGNORE", "REPLACE", "AS"]) {
            return Ok(Tail::Query);
        }
        if cursor.sees(&["PARTITION", "BY"]) {
            cursor.takes(&["PARTITION", "BY"]);
            if !partitions(cursor)? {
                return Ok(Tail::End);
            }
            continue;
        }
        if cursor.sees_symbol(b'(') {
            let query = cursor.ahead(1).is_some_and(|token| token.is("SELECT") || token.is("WITH"));
            if query {
                return Ok(Tail::Query);
            }
            cursor.skip_group()?;
            continue;
        }
        option(cursor);
    }
    Ok(Tail::End)
}

/// Skips an option's word and its value.
fn option(cursor: &mut Cursor<'_, '_>) {
    cursor.next();
    if cursor.takes_symbol(b'=') && !cursor.sees_symbol(b'(') {
        cursor.next();
    }
}

/// Skips what follows `PARTITION BY`; whether something may follow that is not of it.
fn partitions(cursor: &mut Cursor<'_, '_>) -> Read<bool> {
    while !cursor.is_end() {
        if cursor.sees_symbol(b'(') {
            cursor.skip_group()?;
        } else if cursor.sees_any(&["SELECT", "WITH", "IGNORE", "REPLACE", "AS", "START"]) {
            return Ok(true);
        } else {
            cursor.next();
        }
    }
    Ok(false)
}
