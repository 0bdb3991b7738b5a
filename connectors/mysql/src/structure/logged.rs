//! A structure from the log alone, which with `binlog_row_metadata=FULL` names everything, and from
//! what was known before, which supplies what the log lacks: defaults, generated columns, comments,
//! `tinyint(1)`, MariaDB's JSON.

use super::guard::{self, code};
use super::{Base, Column, Default, Structure, Type, charset};
use crate::binlog::table_map::{self, TableMap};

/// The structure that the log describes; `None` where it does not name its columns, or has a type
/// that we do not know.
pub fn from_map(map: &TableMap, known: Option<&Structure>) -> Option<Structure> {
    if !map.is_full() {
        return None;
    }
    let columns: Vec<Column> =
        map.columns.iter().map(|logged| column(logged, known)).collect::<Option<_>>()?;
    let primary_key = match &map.primary_key {
        None => Vec::new(),
        Some(places) => {
            let name = |place: &usize| columns.get(*place).map(|column| column.name.clone());
            let logged: Vec<String> = places.iter().map(name).collect::<Option<_>>()?;
            match known {
                Some(known) if guard::key_agrees(known, &logged) => known.primary_key.clone(),
                _ => logged,
            }
        }
    };
    let there = |names: &[String]| {
        names.iter().all(|name| columns.iter().any(|column| column.name == *name))
    };
    let text = columns.iter().find_map(|column| column.kind.charset.clone());
    let charset = known.map(|known| known.charset.clone()).or(text);
    Some(Structure {
        database: map.database.clone(),
        name: map.table.clone(),
        charset: charset.unwrap_or_else(|| "utf8mb4".into()),
        collation: known.and_then(|known| known.collation.clone()),
        primary_key,
        unique_keys: known.map_or_else(Vec::new, |known| {
            known.unique_keys.iter().filter(|key| there(&key.columns)).cloned().collect()
        }),
        other_keys: known.map_or_else(Vec::new, |known| {
            known.other_keys.iter().filter(|key| there(&key.columns)).cloned().collect()
        }),
        comment: known.and_then(|known| known.comment.clone()),
        columns,
    })
}

fn column(logged: &table_map::Column, known: Option<&Structure>) -> Option<Column> {
    let name = logged.name.clone()?;
    let kind = kind(logged)?;
    let known = known
        .and_then(|known| known.columns.iter().find(|column| same(&column.name, &name)))
        .filter(|column| is_kin(column.kind.base, kind.base));
    let mut column = Column {
        name,
        kind,
        nullable: logged.nullable,
        default: if logged.nullable { Default::Null } else { Default::None },
        generated: None,
        auto_increment: false,
        on_update: false,
        invisible: logged.visible == Some(false),
        implicit: false,
        comment: None,
    };
    if let Some(known) = known {
        let agrees = Column { nullable: logged.nullable, ..known.clone() };
        if guard::column_agrees(&agrees, logged).is_ok() {
            column.kind = known.kind.clone();
        } else {
            column.kind.written.clone_from(&known.kind.written);
        }
        column.default = known.default.clone();
        if !logged.nullable && column.default == Default::Null {
            column.default = Default::None;
        }
        column.generated = known.generated;
        column.auto_increment = known.auto_increment;
        column.on_update = known.on_update;
        column.invisible = logged.visible.map_or(known.invisible, |visible| !visible);
        column.implicit = known.implicit;
        column.comment.clone_from(&known.comment);
    }
    Some(column)
}

fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || a.to_lowercase() == b.to_lowercase()
}

/// Whether a known type can be what the log shows as `logged`: MariaDB's own types look like others.
fn is_kin(known: Base, logged: Base) -> bool {
    known == logged
        || (logged == Base::Binary && matches!(known, Base::Uuid | Base::Inet4 | Base::Inet6))
}

/// The type as far as the log tells.
fn kind(logged: &table_map::Column) -> Option<Type> {
    let charset = logged.collation.and_then(charset::of_number);
    let binary = charset.is_none_or(|charset| charset == "binary");
    let base = base(logged, binary)?;
    let compressed = matches!(logged.kind, code::BLOB_COMPRESSED | code::VARCHAR_COMPRESSED);
    let text = !binary && is_text(base);
    let is_label = matches!(base, Base::Enum | Base::Set);
    let charset = charset.filter(|_| text || is_label).map(str::to_owned);
    let meta = u32::from(logged.meta);
    let bytes = charset.as_deref().and_then(charset::bytes).unwrap_or(1);
    let (length, scale) = match base {
        Base::Decimal => (Some(meta >> 8), Some(meta & 0xff)),
        Base::Char | Base::VarChar => (Some(meta / bytes), None),
        Base::Binary | Base::VarBinary => (Some(meta), None),
        // The meta of BIT is whole bytes and the bits beside them.
        Base::Bit => (Some((meta >> 8) * 8 + (meta & 0xff)), None),
        Base::Time | Base::DateTime | Base::Timestamp => {
            (Some(meta).filter(|digits| (1..=6).contains(digits)), None)
        }
        _ => (None, None),
    };
    let label_charset = charset.as_deref().unwrap_or("utf8mb4");
    let labels = logged.labels.iter().flatten();
    let labels: Vec<String> =
        labels.map(|label| charset::decode(label_charset, label)).collect::<Option<_>>()?;
    let unsigned = logged.unsigned.unwrap_or(false) && base != Base::Year;
    Some(Type {
        base,
        length,
        scale,
        unsigned,
        zerofill: false,
        charset,
        collation: None,
        labels,
        compressed,
        written: None,
    })
}

fn is_text(base: Base) -> bool {
    use Base::{Char, Enum, LongText, MediumText, Set, Text, TinyText, VarChar};
    matches!(base, Char | VarChar | TinyText | Text | MediumText | LongText | Enum | Set)
}

fn base(logged: &table_map::Column, binary: bool) -> Option<Base> {
    Some(match logged.kind {
        code::TINY => Base::TinyInt,
        code::SHORT => Base::SmallInt,
        code::INT24 => Base::MediumInt,
        code::LONG => Base::Int,
        code::LONGLONG => Base::BigInt,
        code::DECIMAL => Base::Decimal,
        code::FLOAT => Base::Float,
        code::DOUBLE => Base::Double,
        code::BIT => Base::Bit,
        code::DATE | code::NEWDATE => Base::Date,
        code::TIME | code::TIME2 => Base::Time,
        code::DATETIME | code::DATETIME2 => Base::DateTime,
        code::TIMESTAMP | code::TIMESTAMP2 => Base::Timestamp,
        code::YEAR => Base::Year,
        code::STRING if binary => Base::Binary,
        code::STRING => Base::Char,
        code::VARCHAR | code::VAR_STRING | code::VARCHAR_COMPRESSED if binary => Base::VarBinary,
        code::VARCHAR | code::VAR_STRING | code::VARCHAR_COMPRESSED => Base::VarChar,
        code::BLOB | code::BLOB_COMPRESSED => match (logged.meta, binary) {
            (1, true) => Base::TinyBlob,
            (1, false) => Base::TinyText,
            (2, true) => Base::Blob,
            (2, false) => Base::Text,
            (3, true) => Base::MediumBlob,
            (3, false) => Base::MediumText,
            (4, true) => Base::LongBlob,
            (4, false) => Base::LongText,
            _ => return None,
        },
        code::ENUM => Base::Enum,
        code::SET => Base::Set,
        code::JSON => Base::Json,
        code::VECTOR => Base::Vector,
        code::GEOMETRY => match logged.geometry {
            None | Some(0) => Base::Geometry,
            Some(1) => Base::Point,
            Some(2) => Base::LineString,
            Some(3) => Base::Polygon,
            Some(4) => Base::MultiPoint,
            Some(5) => Base::MultiLineString,
            Some(6) => Base::MultiPolygon,
            Some(7) => Base::GeometryCollection,
            Some(_) => return None,
        },
        _ => return None,
    })
}
