//! DEFAULT: a literal, the current time, or an expression, whose value nobody knows here.

use super::cursor::{Cursor, Read};
use super::literal;
use super::spec::DefaultSpec;
use super::token::Kind;
use crate::structure::charset;

const NOW: [&str; 4] = ["CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "LOCALTIMESTAMP"];

/// Reads what follows DEFAULT. `unwraps`: a literal in parentheses is a literal.
pub(super) fn read(cursor: &mut Cursor<'_, '_>, unwraps: bool) -> Read<DefaultSpec> {
    if let Some((literal, behind)) = constant(cursor).filter(|_| unwraps) {
        *cursor = behind;
        return Ok(literal);
    }
    let Some(token) = cursor.peek() else { return cursor.fail("a default") };
    let spec = match token.kind {
        Kind::Text => DefaultSpec::Text(cursor.text()?),
        Kind::Number => {
            cursor.next();
            DefaultSpec::Number(token.text.to_string())
        }
        Kind::Symbol(b'-' | b'+') => signed(cursor)?,
        Kind::Hex | Kind::Bits => binary(cursor)?,
        Kind::Symbol(b'(') => {
            cursor.skip_group()?;
            DefaultSpec::Expression
        }
        Kind::Symbol(b'{') => temporal(cursor)?,
        Kind::Word => word(cursor)?,
        _ => return cursor.fail("a default"),
    };
    // What goes on is more than a literal: `1 + 2` without parentheses is MariaDB's.
    if cursor.peek().is_some_and(|next| {
        matches!(next.kind, Kind::Symbol(b'+' | b'-' | b'*' | b'/' | b'%' | b'|' | b'&' | b'.'))
    }) {
        return cursor.fail("the end of a default");
    }
    Ok(spec)
}

/// A literal in parentheses, and what is behind it.
fn constant<'t, 'a>(cursor: &Cursor<'t, 'a>) -> Option<(DefaultSpec, Cursor<'t, 'a>)> {
    let mut ahead = *cursor;
    if !ahead.takes_symbol(b'(') || ahead.sees_symbol(b'(') {
        return None;
    }
    let literal = read(&mut ahead, false).ok()?;
    let plain = !matches!(literal, DefaultSpec::Expression | DefaultSpec::Now);
    (plain && ahead.takes_symbol(b')')).then_some((literal, ahead))
}

fn signed(cursor: &mut Cursor<'_, '_>) -> Read<DefaultSpec> {
    let minus = cursor.sees_symbol(b'-');
    cursor.next();
    match cursor.next() {
        Some(number) if number.kind == Kind::Number => Ok(DefaultSpec::Number(if minus {
            format!("-{}", number.text)
        } else {
            number.text.to_string()
        })),
        _ => cursor.fail("a number"),
    }
}

fn binary(cursor: &mut Cursor<'_, '_>) -> Read<DefaultSpec> {
    let spec = match cursor.next() {
        Some(token) if token.kind == Kind::Hex => literal::hex(&token.text).map(DefaultSpec::Hex),
        Some(token) => literal::bits(&token.text).map(DefaultSpec::Bits),
        None => None,
    };
    spec.map_or_else(|| cursor.fail("digits"), Ok)
}

/// `{d '2024-01-01'}`
fn temporal(cursor: &mut Cursor<'_, '_>) -> Read<DefaultSpec> {
    cursor.next();
    if !cursor.takes_any(&["D", "T", "TS"]) {
        return cursor.fail("d, t or ts");
    }
    let text = cursor.text()?;
    cursor.symbol(b'}', "}")?;
    Ok(DefaultSpec::Text(text))
}

fn word(cursor: &mut Cursor<'_, '_>) -> Read<DefaultSpec> {
    if cursor.takes(&["NULL"]) {
        return Ok(DefaultSpec::Null);
    }
    if cursor.takes(&["TRUE"]) {
        return Ok(DefaultSpec::Number("1".into()));
    }
    if cursor.takes(&["FALSE"]) {
        return Ok(DefaultSpec::Number("0".into()));
    }
    if takes_now(cursor)? {
        return Ok(DefaultSpec::Now);
    }
    if let Some(spec) = introduced(cursor)? {
        return Ok(spec);
    }
    let literal = cursor.ahead(1).is_some_and(|next| next.kind == Kind::Text);
    if literal && cursor.takes_any(&["DATE", "TIME", "TIMESTAMP"]) {
        return Ok(DefaultSpec::Text(cursor.text()?));
    }
    if cursor.takes(&["NEXT", "VALUE", "FOR"]) {
        cursor.name()?;
        if cursor.takes_symbol(b'.') {
            cursor.name()?;
        }
        return Ok(DefaultSpec::Expression);
    }
    if literal && cursor.takes_any(&["INTERVAL"]) {
        return cursor.fail("a default");
    }
    // MariaDB: a function without parentheses around it.
    let function = cursor.ahead(1).is_some_and(|next| next.kind == Kind::Symbol(b'('));
    if function || cursor.sees_any(&WITHOUT_PARENTHESES) {
        cursor.next();
        if function {
            cursor.skip_group()?;
        }
        return Ok(DefaultSpec::Expression);
    }
    cursor.fail("a default")
}

const WITHOUT_PARENTHESES: [&str; 8] = [
    "CURRENT_USER",
    "CURRENT_DATE",
    "CURRENT_TIME",
    "CURRENT_ROLE",
    "UTC_DATE",
    "UTC_TIME",
    "UTC_TIMESTAMP",
    "SYSDATE",
];

/// `CURRENT_TIMESTAMP`, `NOW(3)` and their kind.
pub(super) fn takes_now(cursor: &mut Cursor<'_, '_>) -> Read<bool> {
    if !cursor.takes_any(&NOW) {
        return Ok(false);
    }
    if cursor.sees_symbol(b'(') {
        cursor.skip_group()?;
    }
    Ok(true)
}

/// `_latin1'…'`, `_utf8mb4 x'…'`: a text in a character set of its own.
fn introduced(cursor: &mut Cursor<'_, '_>) -> Read<Option<DefaultSpec>> {
    let (Some(name), Some(next)) = (cursor.peek(), cursor.ahead(1)) else { return Ok(None) };
    let Some(name) = name.text.strip_prefix('_') else { return Ok(None) };
    if !matches!(next.kind, Kind::Text | Kind::Hex | Kind::Bits) {
        return Ok(None);
    }
    let name = charset::canonical(name);
    cursor.next();
    let bytes = match next.kind {
        Kind::Text => cursor.text()?.into_bytes(),
        _ => match binary(cursor)? {
            DefaultSpec::Hex(bytes) | DefaultSpec::Bits(bytes) => bytes,
            _ => Vec::new(),
        },
    };
    if name == "binary" {
        return Ok(Some(DefaultSpec::Hex(bytes)));
    }
    match charset::decode(&name, &bytes) {
        Some(text) => Ok(Some(DefaultSpec::Text(text))),
        None => cursor.fail("a text that can be read"),
    }
}
