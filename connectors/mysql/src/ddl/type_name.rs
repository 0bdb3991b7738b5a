//! The name of a type, by every word that either server has for it.

use super::context::{Context, SqlMode};
use super::cursor::{Cursor, Read};
use super::literal;
use super::spec::{Charset, TypeSpec};
use super::token::Kind;
use crate::structure::Base;

/// Names of one word, or of two the first of which says it all.
const WORDS: [(&str, Base); 63] = [
    ("tinyint", Base::TinyInt),
    ("int1", Base::TinyInt),
    ("bool", Base::TinyInt),
    ("boolean", Base::TinyInt),
    ("smallint", Base::SmallInt),
    ("int2", Base::SmallInt),
    ("mediumint", Base::MediumInt),
    ("middleint", Base::MediumInt),
    ("int3", Base::MediumInt),
    ("int", Base::Int),
    ("integer", Base::Int),
    ("int4", Base::Int),
    ("bigint", Base::BigInt),
    ("int8", Base::BigInt),
    ("serial", Base::BigInt),
    ("decimal", Base::Decimal),
    ("dec", Base::Decimal),
    ("numeric", Base::Decimal),
    ("fixed", Base::Decimal),
    ("float", Base::Float),
    ("float4", Base::Float),
    ("float8", Base::Double),
    ("double", Base::Double),
    ("real", Base::Double),
    ("bit", Base::Bit),
    ("date", Base::Date),
    ("time", Base::Time),
    ("datetime", Base::DateTime),
    ("timestamp", Base::Timestamp),
    ("year", Base::Year),
    ("sql_tsi_year", Base::Year),
    ("char", Base::Char),
    ("character", Base::Char),
    ("varchar", Base::VarChar),
    ("varcharacter", Base::VarChar),
    ("tinytext", Base::TinyText),
    ("text", Base::Text),
    ("mediumtext", Base::MediumText),
    ("longtext", Base::LongText),
    ("binary", Base::Binary),
    ("varbinary", Base::VarBinary),
    ("tinyblob", Base::TinyBlob),
    ("blob", Base::Blob),
    ("mediumblob", Base::MediumBlob),
    ("longblob", Base::LongBlob),
    ("enum", Base::Enum),
    ("set", Base::Set),
    ("json", Base::Json),
    ("geometry", Base::Geometry),
    ("point", Base::Point),
    ("linestring", Base::LineString),
    ("polygon", Base::Polygon),
    ("multipoint", Base::MultiPoint),
    ("multilinestring", Base::MultiLineString),
    ("multipolygon", Base::MultiPolygon),
    ("geometrycollection", Base::GeometryCollection),
    ("geomcollection", Base::GeometryCollection),
    ("vector", Base::Vector),
    ("uuid", Base::Uuid),
    ("inet4", Base::Inet4),
    ("inet6", Base::Inet6),
    ("nchar", Base::Char),
    ("nvarchar", Base::VarChar),
];

/// Reads a type with its parameters and the attributes that follow it at once.
pub(super) fn read(cursor: &mut Cursor<'_, '_>, context: &Context) -> Read<TypeSpec> {
    let mut kind = named(cursor, context)?;
    parameters(cursor, &mut kind)?;
    if kind.base == Base::Float && kind.scale.is_none() && kind.length.take() > Some(24) {
        kind.base = Base::Double;
    }
    while attribute(cursor, &mut kind)? {}
    Ok(kind)
}

fn named(cursor: &mut Cursor<'_, '_>, context: &Context) -> Read<TypeSpec> {
    let Some(token) = cursor.peek().filter(|token| token.kind == Kind::Word) else {
        return cursor.fail("a type");
    };
    let word = token.text.to_ascii_lowercase();
    if word == "national" || word == "long" {
        return several(cursor, &word);
    }
    let base = oracle(&word, context)
        .or_else(|| WORDS.iter().find(|(name, _)| *name == word).map(|(_, base)| *base));
    let Some(base) = base else { return cursor.fail("a type") };
    cursor.next();
    let mut kind = plain(base, &word);
    match word.as_str() {
        "double" if cursor.takes(&["PRECISION"]) => kind.word.push_str(" precision"),
        // Without digits it is no DECIMAL.
        "number" if !cursor.sees_symbol(b'(') => kind.base = Base::Double,
        "real" if context.sql_mode.has(SqlMode::REAL_AS_FLOAT) => kind.base = Base::Float,
        "bool" | "boolean" => kind.length = Some(1),
        "char" | "character" | "nchar"
            if cursor.takes_any(&["VARYING", "VARCHAR", "VARCHARACTER"]) =>
        {
            kind.base = Base::VarChar;
            kind.word = if word == "nchar" { "nchar varchar" } else { "varchar" }.into();
        }
        _ => {}
    }
    if matches!(word.as_str(), "nchar" | "nvarchar") {
        kind.charset.name = Some("utf8mb3".into());
    }
    Ok(kind)
}

/// Types that only MariaDB's Oracle dialect has, or has otherwise.
fn oracle(word: &str, context: &Context) -> Option<Base> {
    match word {
        "date" if context.oracle() => Some(Base::DateTime),
        "number" if context.oracle() => Some(Base::Decimal),
        "varchar2" if context.oracle() => Some(Base::VarChar),
        "blob" if context.oracle() => Some(Base::LongBlob),
        "clob" if context.oracle() => Some(Base::LongText),
        "raw" if context.oracle() => Some(Base::VarBinary),
        _ => None,
    }
}

/// `NATIONAL …` and `LONG …`.
fn several(cursor: &mut Cursor<'_, '_>, first: &str) -> Read<TypeSpec> {
    cursor.next();
    if first == "long" {
        if cursor.takes(&["VARBINARY"]) {
            return Ok(plain(Base::MediumBlob, "long varbinary"));
        }
        let varying = cursor.takes(&["CHAR", "VARYING"]) || cursor.takes(&["CHARACTER", "VARYING"]);
        let said = cursor.takes_any(&["VARCHAR", "VARCHARACTER"]) || varying;
        return Ok(plain(Base::MediumText, if said { "long varchar" } else { "long" }));
    }
    let mut kind = plain(Base::VarChar, "national varchar");
    if cursor.takes_any(&["CHAR", "CHARACTER"]) && !cursor.takes(&["VARYING"]) {
        kind = plain(Base::Char, "national char");
    } else {
        cursor.takes_any(&["VARCHAR", "VARCHARACTER"]);
    }
    kind.charset.name = Some("utf8mb3".into());
    Ok(kind)
}

fn plain(base: Base, word: &str) -> TypeSpec {
    TypeSpec {
        base,
        word: word.into(),
        length: None,
        scale: None,
        unsigned: word == "serial",
        zerofill: false,
        charset: Charset::default(),
        labels: Vec::new(),
        compressed: false,
    }
}

fn parameters(cursor: &mut Cursor<'_, '_>, kind: &mut TypeSpec) -> Read<()> {
    if !cursor.sees_symbol(b'(') {
        return Ok(());
    }
    cursor.next();
    if matches!(kind.base, Base::Enum | Base::Set) {
        loop {
            let label = label(cursor)?;
            kind.labels.push(label);
            if !cursor.takes_symbol(b',') {
                break;
            }
        }
        return cursor.symbol(b')', ") after labels");
    }
    if cursor.takes_symbol(b'*') {
        // `NUMBER(*)` of the Oracle dialect.
        return cursor.symbol(b')', ")");
    }
    kind.length = Some(cursor.integer()?);
    if cursor.takes_symbol(b',') {
        kind.scale = Some(cursor.integer()?);
    }
    cursor.takes_any(&["CHAR", "BYTE"]);
    cursor.symbol(b')', ") after a type's numbers")
}

fn label(cursor: &mut Cursor<'_, '_>) -> Read<String> {
    let Some(token) = cursor.peek() else { return cursor.fail("a label") };
    let bytes = match token.kind {
        Kind::Hex => literal::hex(&token.text),
        Kind::Bits => literal::bits(&token.text),
        _ => return cursor.text(),
    };
    let text = bytes.filter(|bytes| bytes.is_ascii()).and_then(|b| String::from_utf8(b).ok());
    cursor.next();
    text.map_or_else(|| cursor.fail("a label that can be read"), Ok)
}

/// One word behind a type that belongs to it.
fn attribute(cursor: &mut Cursor<'_, '_>, kind: &mut TypeSpec) -> Read<bool> {
    if cursor.takes(&["UNSIGNED"]) {
        kind.unsigned = true;
    } else if cursor.takes(&["ZEROFILL"]) {
        kind.zerofill = true;
    } else if cursor.takes(&["SIGNED"]) {
    } else if cursor.takes(&["BINARY"]) {
        kind.charset.binary = true;
    } else if cursor.takes(&["COMPRESSED"]) {
        if cursor.takes_symbol(b'=') {
            cursor.next();
        }
        kind.compressed = true;
    } else if cursor.takes(&["ASCII"]) {
        kind.charset.name = Some("latin1".into());
    } else if cursor.takes(&["UNICODE"]) {
        kind.charset.name = Some("ucs2".into());
    } else if cursor.takes(&["BYTE"]) {
        kind.charset.name = Some("binary".into());
    } else if cursor.takes(&["CHARSET"])
        || cursor.takes(&["CHARACTER", "SET"])
        || cursor.takes(&["CHAR", "SET"])
    {
        kind.charset.name = Some(charset_name(cursor)?);
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// The name of a character set or collation, with or without quotes, in small letters.
pub(super) fn charset_name(cursor: &mut Cursor<'_, '_>) -> Read<String> {
    let name = match cursor.peek() {
        Some(token) if token.kind == Kind::Text => cursor.text()?,
        _ => cursor.name()?,
    };
    Ok(name.to_ascii_lowercase())
}
