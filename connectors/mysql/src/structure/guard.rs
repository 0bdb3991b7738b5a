//! Whether a structure is what the log describes. Never decode rows by a structure that is not.

use super::{Base, Column, Generated, Structure, Type, charset};
use crate::binlog::table_map::{self, TableMap};

/// `enum_field_types`, as TABLE_MAP numbers them.
pub(super) mod code {
    pub(crate) const TINY: u8 = 1;
    pub(crate) const SHORT: u8 = 2;
    pub(crate) const LONG: u8 = 3;
    pub(crate) const FLOAT: u8 = 4;
    pub(crate) const DOUBLE: u8 = 5;
    pub(crate) const TIMESTAMP: u8 = 7;
    pub(crate) const LONGLONG: u8 = 8;
    pub(crate) const INT24: u8 = 9;
    pub(crate) const DATE: u8 = 10;
    pub(crate) const TIME: u8 = 11;
    pub(crate) const DATETIME: u8 = 12;
    pub(crate) const YEAR: u8 = 13;
    pub(crate) const NEWDATE: u8 = 14;
    pub(crate) const VARCHAR: u8 = 15;
    pub(crate) const BIT: u8 = 16;
    pub(crate) const TIMESTAMP2: u8 = 17;
    pub(crate) const DATETIME2: u8 = 18;
    pub(crate) const TIME2: u8 = 19;
    pub(crate) const BLOB_COMPRESSED: u8 = 140;
    pub(crate) const VARCHAR_COMPRESSED: u8 = 141;
    pub(crate) const VECTOR: u8 = 242;
    pub(crate) const JSON: u8 = 245;
    pub(crate) const DECIMAL: u8 = 246;
    pub(crate) const ENUM: u8 = 247;
    pub(crate) const SET: u8 = 248;
    pub(crate) const BLOB: u8 = 252;
    pub(crate) const VAR_STRING: u8 = 253;
    pub(crate) const STRING: u8 = 254;
    pub(crate) const GEOMETRY: u8 = 255;
}

/// Compares names (where the log has them), order, types, lengths, precision, signedness,
/// nullability, character sets and labels.
///
/// # Errors
/// What differs, in a sentence without values of rows.
pub fn agrees(structure: &Structure, map: &TableMap) -> Result<(), String> {
    let (ours, theirs) = (structure.columns.len(), map.columns.len());
    if ours != theirs {
        return Err(format!("the log has {theirs} columns, the structure {ours}"));
    }
    for (column, logged) in structure.columns.iter().zip(&map.columns) {
        if let Some(name) = &logged.name
            && *name != column.name
        {
            return Err(format!("column {} is {name} in the log", column.name));
        }
        column_agrees(column, logged).map_err(|what| format!("column {}: {what}", column.name))?;
    }
    match &map.primary_key {
        Some(places) if map.is_full() => {
            let name = |place: &usize| map.columns.get(*place).and_then(|it| it.name.clone());
            let names: Option<Vec<String>> = places.iter().map(name).collect();
            let same = names.is_some_and(|names| key_agrees(structure, &names));
            if same { Ok(()) } else { Err("the log has another primary key".into()) }
        }
        _ => Ok(()),
    }
}

/// Whether `logged` is what the log calls the primary key of such a table. It calls so the first
/// unique key without NULL where no key is declared as primary, as the server does within
/// (`open_binary_frm`, `fill_columns_from_dd`); and MariaDB appends the end of a row's time to the
/// keys of tables with system versioning.
pub(super) fn key_agrees(structure: &Structure, logged: &[String]) -> bool {
    let is = |key: &[String]| match logged.strip_prefix(key) {
        Some([]) => true,
        Some([end]) => !key.is_empty() && ends_rows(structure, end),
        _ => false,
    };
    if structure.primary_key.is_empty() {
        return logged.is_empty() || structure.unique_keys.iter().any(|key| is(&key.columns));
    }
    is(&structure.primary_key)
}

/// Whether a column can be the one that says until when a row was valid.
fn ends_rows(structure: &Structure, name: &str) -> bool {
    let column = structure.columns.iter().find(|column| column.name == name);
    column.is_some_and(|column| {
        let is_time = matches!(column.kind.base, Base::Timestamp | Base::BigInt);
        is_time && !column.nullable && column.generated == Some(Generated::Stored)
    })
}

/// Compares one column, but for its name.
pub(super) fn column_agrees(column: &Column, logged: &table_map::Column) -> Result<(), String> {
    let kind = &column.kind;
    type_agrees(kind, logged)?;
    if column.nullable != logged.nullable {
        return Err("it is NOT NULL on one side only".into());
    }
    if let Some(unsigned) = logged.unsigned
        && is_number(kind.base)
        && unsigned != kind.unsigned
    {
        return Err("it is UNSIGNED on one side only".into());
    }
    if let (Some(number), Some(ours)) = (logged.collation, &kind.charset) {
        match charset::of_number(number) {
            Some(theirs) if theirs != ours => {
                return Err(format!("character set {ours} is {theirs} in the log"));
            }
            _ => {}
        }
    }
    labels_agree(kind, logged)
}

fn labels_agree(kind: &Type, logged: &table_map::Column) -> Result<(), String> {
    let Some(labels) = &logged.labels else { return Ok(()) };
    let charset = kind.charset.as_deref().unwrap_or("utf8mb4");
    let same = |(ours, theirs): (&String, &Vec<u8>)| {
        // A text that we cannot read is no evidence.
        charset::decode(charset, theirs).is_none_or(|theirs| theirs == *ours)
    };
    if labels.len() == kind.labels.len() && kind.labels.iter().zip(labels).all(same) {
        Ok(())
    } else {
        Err("its labels are others in the log".into())
    }
}

/// Whether the type has a sign.
fn is_number(base: Base) -> bool {
    use Base::{BigInt, Decimal, Double, Float, Int, MediumInt, SmallInt, TinyInt};
    matches!(base, TinyInt | SmallInt | MediumInt | Int | BigInt | Decimal | Float | Double)
}

/// Compares type and parameters.
fn type_agrees(kind: &Type, logged: &table_map::Column) -> Result<(), String> {
    let fits = codes(kind).contains(&logged.kind);
    if !fits {
        return Err(format!("{:?} is type {} in the log", kind.base, logged.kind));
    }
    let meta = u32::from(logged.meta);
    let length = kind.length.unwrap_or(0);
    let expected = match (kind.base, logged.kind) {
        (Base::Decimal, _) => Some(length << 8 | kind.scale.unwrap_or(0)),
        (_, code::TIMESTAMP2 | code::DATETIME2 | code::TIME2) => Some(length),
        (Base::Char | Base::VarChar, code::VARCHAR | code::VAR_STRING | code::STRING) => {
            kind.charset.as_deref().and_then(charset::bytes).map(|bytes| length * bytes)
        }
        (Base::Binary | Base::VarBinary, code::VARCHAR | code::VAR_STRING | code::STRING) => {
            Some(length)
        }
        (Base::Uuid | Base::Inet6, _) => Some(16),
        (Base::Inet4, _) => Some(4),
        (base, code::BLOB | code::BLOB_COMPRESSED) => pack_length(base),
        _ => None,
    };
    match expected {
        Some(expected) if expected != meta => {
            Err(format!("its length or precision is {expected}, {meta} in the log"))
        }
        _ => geometry_agrees(kind.base, logged),
    }
}

fn geometry_agrees(base: Base, logged: &table_map::Column) -> Result<(), String> {
    match (geometry(base), logged.geometry) {
        (Some(ours), Some(theirs)) if ours != theirs => {
            Err("it is another kind of geometry in the log".into())
        }
        _ => Ok(()),
    }
}

/// The number of a kind of geometry.
pub(super) fn geometry(base: Base) -> Option<u8> {
    Some(match base {
        Base::Geometry => 0,
        Base::Point => 1,
        Base::LineString => 2,
        Base::Polygon => 3,
        Base::MultiPoint => 4,
        Base::MultiLineString => 5,
        Base::MultiPolygon => 6,
        Base::GeometryCollection => 7,
        _ => return None,
    })
}

/// How many bytes tell the length of a value.
fn pack_length(base: Base) -> Option<u32> {
    match base {
        Base::TinyText | Base::TinyBlob => Some(1),
        Base::Text | Base::Blob => Some(2),
        Base::MediumText | Base::MediumBlob => Some(3),
        Base::LongText | Base::LongBlob => Some(4),
        _ => None,
    }
}

/// The types of the log that a declared type can have; those of old temporal columns are others.
fn codes(kind: &Type) -> &'static [u8] {
    match kind.base {
        Base::TinyInt => &[code::TINY],
        Base::SmallInt => &[code::SHORT],
        Base::MediumInt => &[code::INT24],
        Base::Int => &[code::LONG],
        Base::BigInt => &[code::LONGLONG],
        Base::Decimal => &[code::DECIMAL],
        Base::Float => &[code::FLOAT],
        Base::Double => &[code::DOUBLE],
        Base::Bit => &[code::BIT],
        Base::Date => &[code::DATE, code::NEWDATE],
        Base::Time => &[code::TIME2, code::TIME],
        Base::DateTime => &[code::DATETIME2, code::DATETIME],
        Base::Timestamp => &[code::TIMESTAMP2, code::TIMESTAMP],
        Base::Year => &[code::YEAR],
        Base::Char | Base::Binary | Base::Uuid | Base::Inet4 | Base::Inet6 => &[code::STRING],
        Base::VarChar | Base::VarBinary if kind.compressed => &[code::VARCHAR_COMPRESSED],
        Base::VarChar | Base::VarBinary => &[code::VARCHAR, code::VAR_STRING],
        _ if kind.compressed => &[code::BLOB_COMPRESSED],
        Base::Enum => &[code::ENUM],
        Base::Set => &[code::SET],
        Base::Json => &[code::JSON],
        Base::Vector => &[code::VECTOR],
        Base::TinyText
        | Base::Text
        | Base::MediumText
        | Base::LongText
        | Base::TinyBlob
        | Base::Blob
        | Base::MediumBlob
        | Base::LongBlob => &[code::BLOB],
        _ => &[code::GEOMETRY],
    }
}
