//! A declared column → what the server makes of it: synonyms, character sets, lengths, implied NOT
//! NULL.

use super::context::Context;
use super::cursor::{Failure, Read};
use super::normal;
use super::spec::{Charset, ColumnSpec, DefaultSpec, TypeSpec};
use crate::flavor::Flavor;
use crate::structure::{Base, Column, Default, Type, charset};

/// A character set and its collation, where that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resolved {
    /// Character set.
    pub(super) charset: String,
    /// Collation.
    pub(super) collation: Option<String>,
}

impl Resolved {
    /// A collation and its character set; `None` for a collation that is not known.
    pub(super) fn of_collation(collation: &str) -> Option<Self> {
        let charset = charset::of_collation(collation)?;
        let collation = Some(charset::canonical_collation(collation, &charset));
        Some(Self { charset, collation })
    }

    /// What `said` makes of `default`.
    pub(super) fn refine(&self, said: &Charset, context: &Context) -> Self {
        let charset = match (&said.name, &said.collation) {
            (Some(name), _) => charset::canonical(name),
            (None, Some(collation)) => {
                charset::of_collation(collation).unwrap_or_else(|| self.charset.clone())
            }
            (None, None) => self.charset.clone(),
        };
        let collation = if let Some(collation) = &said.collation {
            Some(charset::canonical_collation(collation, &charset))
        } else if said.binary && charset != "binary" {
            Some(format!("{charset}_bin"))
        } else if said.name.is_some() || said.of_database {
            default_collation(&charset, context)
        } else {
            self.collation.clone()
        };
        Self { charset, collation }
    }
}

fn default_collation(charset: &str, context: &Context) -> Option<String> {
    match &context.utf8mb4_collation {
        Some(collation) if charset == "utf8mb4" => Some(collation.clone()),
        _ => charset::default_collation(charset, context.flavor, context.version),
    }
}

/// The character set of a new table in a database of that character set.
pub(super) fn of_table(
    database: Option<&Resolved>,
    said: &Charset,
    context: &Context,
) -> Read<Resolved> {
    let base = match database {
        Some(database) => database.clone(),
        None if said.name.is_some() || said.collation.is_some() => {
            Resolved { charset: "utf8mb4".into(), collation: None }
        }
        None => return Err(Failure { expected: "a database whose charset is known", at: 0 }),
    };
    Ok(base.refine(said, context))
}

/// A column as the server keeps it. `table`: the character set of the table.
pub(super) fn column(spec: &ColumnSpec, table: &Resolved, context: &Context) -> Column {
    let kind = kind(&spec.kind, table, context);
    let implied = kind.base == Base::Timestamp && !context.explicit_timestamps;
    let nullable = spec.nullable.unwrap_or(!implied) && !spec.primary && !spec.auto_increment;
    let mut column = Column {
        name: spec.name.clone(),
        kind,
        nullable,
        default: Default::None,
        generated: spec.generated,
        auto_increment: spec.auto_increment,
        on_update: spec.on_update,
        invisible: spec.invisible,
        implicit: false,
        comment: spec.comment.clone(),
    };
    column.default = default(spec.default.as_ref(), &column);
    column
}

/// A DEFAULT clause, normalised for its column; without one, what nullability implies.
pub(super) fn default(spec: Option<&DefaultSpec>, column: &Column) -> Default {
    let null = || if column.nullable { Default::Null } else { Default::None };
    if column.generated.is_some() {
        return Default::None;
    }
    match spec {
        None | Some(DefaultSpec::Null) => null(),
        Some(DefaultSpec::Expression) => Default::Expression,
        Some(DefaultSpec::Now) if matches!(column.kind.base, Base::DateTime | Base::Timestamp) => {
            Default::Now
        }
        Some(DefaultSpec::Now) => Default::Expression,
        Some(literal) => normal::literal(literal, &column.kind),
    }
}

/// A type as the server keeps it.
fn kind(spec: &TypeSpec, table: &Resolved, context: &Context) -> Type {
    let mut kind = Type {
        base: spec.base,
        length: spec.length,
        scale: spec.scale,
        unsigned: spec.unsigned || spec.zerofill,
        zerofill: spec.zerofill,
        charset: None,
        collation: None,
        labels: Vec::new(),
        compressed: spec.compressed,
        written: Some(spec.word.clone()),
    };
    if kind.base == Base::Json && context.flavor == Flavor::MariaDb {
        kind.base = Base::LongText;
        kind.charset = Some("utf8mb4".into());
        kind.collation = Some("utf8mb4_bin".into());
        return kind;
    }
    if is_text(kind.base) {
        let resolved = table.refine(&spec.charset, context);
        kind.collation.clone_from(&resolved.collation);
        kind.charset = Some(resolved.charset);
        if kind.charset.as_deref() == Some("binary") {
            make_binary(&mut kind);
        }
    }
    if matches!(kind.base, Base::Enum | Base::Set) {
        let binary = kind.charset.as_deref() == Some("binary");
        kind.labels.clone_from(&spec.labels);
        if !binary {
            for label in &mut kind.labels {
                label.truncate(label.trim_end_matches(' ').len());
            }
        }
    }
    size(&mut kind, context);
    if kind.written.as_deref() == Some(name(kind.base)) {
        kind.written = None;
    }
    kind
}

/// Whether values of the type have a character set.
pub(super) fn is_text(base: Base) -> bool {
    use Base::{Char, Enum, LongText, MediumText, Set, Text, TinyText, VarChar};
    matches!(base, Char | VarChar | TinyText | Text | MediumText | LongText | Enum | Set)
}

/// A text of the character set `binary` is of the binary type; ENUM and SET stay what they are.
pub(super) fn make_binary(kind: &mut Type) {
    kind.base = match kind.base {
        Base::Char => Base::Binary,
        Base::VarChar => Base::VarBinary,
        Base::TinyText => Base::TinyBlob,
        Base::Text => Base::Blob,
        Base::MediumText => Base::MediumBlob,
        Base::LongText => Base::LongBlob,
        other => other,
    };
    if !matches!(kind.base, Base::Enum | Base::Set) {
        kind.charset = None;
        kind.collation = None;
    }
}

/// Lengths that are implied, and those that the server forgets.
fn size(kind: &mut Type, context: &Context) {
    match kind.base {
        Base::TinyInt | Base::SmallInt | Base::MediumInt | Base::Int | Base::BigInt => {
            kind.length = display_width(kind, context);
        }
        Base::Decimal => {
            kind.length = Some(kind.length.filter(|length| *length > 0).unwrap_or(10));
            kind.scale = Some(kind.scale.unwrap_or(0));
        }
        Base::Bit => kind.length = Some(kind.length.filter(|length| *length > 0).unwrap_or(1)),
        Base::Char | Base::Binary => kind.length = Some(kind.length.unwrap_or(1)),
        Base::Time | Base::DateTime | Base::Timestamp => {
            kind.length = kind.length.filter(|digits| *digits > 0);
        }
        Base::Year => kind.length = kind.length.filter(|digits| *digits == 2),
        Base::Vector => kind.length = Some(kind.length.unwrap_or(2048)),
        Base::Text | Base::Blob => {
            let bytes = kind.charset.as_deref().and_then(charset::bytes).unwrap_or(1);
            let length = kind.length.take().map(|length| u64::from(length) * u64::from(bytes));
            if let Some(length) = length.filter(|length| *length > 0) {
                kind.base = sized(kind.base == Base::Text, length);
            }
        }
        Base::TinyText
        | Base::MediumText
        | Base::LongText
        | Base::TinyBlob
        | Base::MediumBlob
        | Base::LongBlob => kind.length = None,
        _ => {}
    }
}

/// The smallest type for so many bytes.
pub(super) fn sized(text: bool, length: u64) -> Base {
    match (length, text) {
        (..=0xff, true) => Base::TinyText,
        (..=0xff, false) => Base::TinyBlob,
        (..=0xffff, true) => Base::Text,
        (..=0xffff, false) => Base::Blob,
        (..=0xff_ffff, true) => Base::MediumText,
        (..=0xff_ffff, false) => Base::MediumBlob,
        (_, true) => Base::LongText,
        (_, false) => Base::LongBlob,
    }
}

/// MySQL 8.0.19 and newer know a display width only for `tinyint(1)` and ZEROFILL; MariaDB and older
/// ones always have one.
fn display_width(kind: &Type, context: &Context) -> Option<u32> {
    let widths = match kind.base {
        Base::TinyInt => (4, 3),
        Base::SmallInt => (6, 5),
        Base::MediumInt => (9, 8),
        Base::Int => (11, 10),
        _ => (20, 20),
    };
    let implied = if kind.unsigned { widths.1 } else { widths.0 };
    let width = kind.length.filter(|width| *width > 0).unwrap_or(implied);
    let forgets = context.flavor == Flavor::MySql && context.version >= 80_019;
    let boolean = kind.base == Base::TinyInt && width == 1 && !kind.unsigned;
    (!forgets || kind.zerofill || boolean).then_some(width)
}

/// A type's name, as `information_schema` has it.
pub(super) fn name(base: Base) -> &'static str {
    match base {
        Base::TinyInt => "tinyint",
        Base::SmallInt => "smallint",
        Base::MediumInt => "mediumint",
        Base::Int => "int",
        Base::BigInt => "bigint",
        Base::Decimal => "decimal",
        Base::Float => "float",
        Base::Double => "double",
        Base::Bit => "bit",
        Base::Date => "date",
        Base::Time => "time",
        Base::DateTime => "datetime",
        Base::Timestamp => "timestamp",
        Base::Year => "year",
        Base::Char => "char",
        Base::VarChar => "varchar",
        Base::TinyText => "tinytext",
        Base::Text => "text",
        Base::MediumText => "mediumtext",
        Base::LongText => "longtext",
        Base::Binary => "binary",
        Base::VarBinary => "varbinary",
        Base::TinyBlob => "tinyblob",
        Base::Blob => "blob",
        Base::MediumBlob => "mediumblob",
        Base::LongBlob => "longblob",
        Base::Enum => "enum",
        Base::Set => "set",
        Base::Json => "json",
        Base::Geometry => "geometry",
        Base::Point => "point",
        Base::LineString => "linestring",
        Base::Polygon => "polygon",
        Base::MultiPoint => "multipoint",
        Base::MultiLineString => "multilinestring",
        Base::MultiPolygon => "multipolygon",
        Base::GeometryCollection => "geometrycollection",
        Base::Vector => "vector",
        Base::Uuid => "uuid",
        Base::Inet4 => "inet4",
        Base::Inet6 => "inet6",
    }
}
