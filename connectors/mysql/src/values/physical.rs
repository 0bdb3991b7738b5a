//! How a column's values lie in a row of the log: what TABLE_MAP says of it.

use super::Unfit;
use super::charset::{Charset, Decoder};
use super::form::Form;
use super::packed::Packed;
use crate::binlog::table_map::Column;
use crate::structure::{Base, Type};

/// The type codes of both servers (`enum_field_types`), as TABLE_MAP has them.
pub(super) mod kind {
    pub(in super::super) const TINY: u8 = 1;
    pub(in super::super) const SHORT: u8 = 2;
    pub(in super::super) const LONG: u8 = 3;
    pub(in super::super) const FLOAT: u8 = 4;
    pub(in super::super) const DOUBLE: u8 = 5;
    pub(in super::super) const TIMESTAMP: u8 = 7;
    pub(in super::super) const LONGLONG: u8 = 8;
    pub(in super::super) const INT24: u8 = 9;
    pub(in super::super) const DATE: u8 = 10;
    pub(in super::super) const TIME: u8 = 11;
    pub(in super::super) const DATETIME: u8 = 12;
    pub(in super::super) const YEAR: u8 = 13;
    pub(in super::super) const NEWDATE: u8 = 14;
    pub(in super::super) const VARCHAR: u8 = 15;
    pub(in super::super) const BIT: u8 = 16;
    pub(in super::super) const TIMESTAMP2: u8 = 17;
    pub(in super::super) const DATETIME2: u8 = 18;
    pub(in super::super) const TIME2: u8 = 19;
    /// MariaDB's COMPRESSED columns.
    pub(in super::super) const BLOB_COMPRESSED: u8 = 140;
    pub(in super::super) const VARCHAR_COMPRESSED: u8 = 141;
    pub(in super::super) const VECTOR: u8 = 242;
    pub(in super::super) const JSON: u8 = 245;
    pub(in super::super) const NEWDECIMAL: u8 = 246;
    pub(in super::super) const ENUM: u8 = 247;
    pub(in super::super) const SET: u8 = 248;
    pub(in super::super) const TINY_BLOB: u8 = 249;
    pub(in super::super) const BLOB: u8 = 252;
    pub(in super::super) const VAR_STRING: u8 = 253;
    pub(in super::super) const STRING: u8 = 254;
    pub(in super::super) const GEOMETRY: u8 = 255;
}

/// How a value lies in a row; widths are in bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Physical {
    /// 1, 2, 3, 4 or 8, little-endian.
    Integer {
        width: u8,
        unsigned: bool,
    },
    Float,
    Double,
    Decimal(Packed),
    /// Years since 1900; 0 is the year 0000.
    Year,
    Date,
    OldTime,
    OldDateTime,
    /// With a fraction of so many bytes, as the two below.
    Time {
        fraction: u8,
    },
    DateTime {
        fraction: u8,
    },
    /// Without one it is little-endian in the old form.
    OldTimestamp,
    Timestamp {
        fraction: u8,
    },
    /// Big-endian.
    Bit {
        width: u8,
    },
    Enum {
        width: u8,
    },
    Set {
        width: u8,
    },
    /// Text behind its length.
    Text {
        prefix: u8,
        decoder: Decoder,
    },
    /// Bytes behind their length: binaries, geometries, vectors, documents, addresses.
    Bytes {
        prefix: u8,
    },
    /// MariaDB's compressed text, and without a decoder bytes.
    Compressed {
        prefix: u8,
        decoder: Option<Decoder>,
    },
}

impl Physical {
    /// The layout of a column, where it fits what is to be written of it.
    pub(super) fn new(column: &Column, declared: &Type, form: &Form) -> Result<Physical, Unfit> {
        let unfit = Unfit::Kind(column.kind);
        let fraction = (column.meta.min(6) as u8).div_ceil(2);
        let integer = |width| Physical::Integer {
            width,
            unsigned: column.unsigned.unwrap_or(declared.unsigned || declared.zerofill),
        };
        let physical = match column.kind {
            kind::TINY => integer(1),
            kind::SHORT => integer(2),
            kind::INT24 => integer(3),
            kind::LONG => integer(4),
            kind::LONGLONG => integer(8),
            kind::FLOAT => Physical::Float,
            kind::DOUBLE => Physical::Double,
            kind::NEWDECIMAL => {
                let [precision, scale] = column.meta.to_be_bytes();
                Physical::Decimal(Packed::new(precision, scale).ok_or(unfit.clone())?)
            }
            kind::YEAR => Physical::Year,
            kind::DATE | kind::NEWDATE => Physical::Date,
            // The old forms have no fraction but in old tables of MariaDB, where nothing in the
            // log says how many bytes it has.
            kind::TIME if digits(declared) == 0 => Physical::OldTime,
            kind::DATETIME if digits(declared) == 0 => Physical::OldDateTime,
            kind::TIMESTAMP if digits(declared) == 0 => Physical::OldTimestamp,
            kind::TIME2 => Physical::Time { fraction },
            kind::DATETIME2 => Physical::DateTime { fraction },
            kind::TIMESTAMP2 => Physical::Timestamp { fraction },
            kind::BIT => {
                let [bytes, bits] = column.meta.to_be_bytes();
                let width = bytes.saturating_add(u8::from(bits > 0));
                Physical::Bit { width: if width <= 8 { width } else { return Err(unfit) } }
            }
            kind::ENUM => Physical::Enum { width: pack(column, 2)? },
            kind::SET => Physical::Set { width: pack(column, 8)? },
            _ => behind_length(column, declared, form)?,
        };
        if physical.fits(form, declared) { Ok(physical) } else { Err(unfit) }
    }

    /// Whether values that lie so can be written so: the log and the declaration speak of the same
    /// type.
    fn fits(&self, form: &Form, declared: &Type) -> bool {
        match (self, form) {
            (Physical::Integer { width, .. }, _) => *width == integer_width(declared.base),
            (
                Physical::Decimal(packed),
                Form::Decimal { scale, .. } | Form::DecimalText { scale },
            ) => packed.scale() == *scale && declared.base == Base::Decimal,
            (Physical::Decimal(_), Form::Double) => declared.base == Base::Decimal,
            (Physical::Float, Form::Float | Form::Double) => declared.base == Base::Float,
            (Physical::Double, Form::Double) => declared.base != Base::Decimal,
            (Physical::Year, Form::Year)
            | (Physical::Date, Form::Date { .. })
            | (Physical::OldTime | Physical::Time { .. }, Form::Time(_))
            | (Physical::OldDateTime | Physical::DateTime { .. }, Form::DateTime { .. })
            | (Physical::OldTimestamp | Physical::Timestamp { .. }, Form::Timestamp { .. })
            | (Physical::Bit { .. }, Form::Bits { .. })
            | (Physical::Enum { .. }, Form::Enum(_))
            | (Physical::Set { .. }, Form::Set(_))
            | (Physical::Text { .. }, Form::Text)
            | (Physical::Compressed { decoder: Some(_), .. }, Form::Text)
            | (Physical::Compressed { decoder: None, .. }, Form::Bytes { .. }) => true,
            (Physical::Bit { .. }, Form::Boolean) => declared.base == Base::Bit,
            (Physical::Bytes { .. }, form) => matches!(
                form,
                Form::Bytes { .. }
                    | Form::Json
                    | Form::Geometry
                    | Form::Point
                    | Form::Vector
                    | Form::Uuid
                    | Form::Inet4
                    | Form::Inet6
            ),
            _ => false,
        }
    }
}

/// Everything of a length of its own.
fn behind_length(column: &Column, declared: &Type, form: &Form) -> Result<Physical, Unfit> {
    let short = if column.meta < 256 { 1 } else { 2 };
    let compressed = matches!(column.kind, kind::BLOB_COMPRESSED | kind::VARCHAR_COMPRESSED);
    let (prefix, fits) = match column.kind {
        kind::VARCHAR_COMPRESSED => (short, true),
        kind::BLOB_COMPRESSED => (pack(column, 4)?, true),
        kind::VARCHAR | kind::VAR_STRING | kind::STRING => {
            (short, !matches!(form, Form::Json | Form::Geometry | Form::Point))
        }
        kind::TINY_BLOB..=kind::BLOB => {
            (pack(column, 4)?, matches!(form, Form::Text | Form::Bytes { .. }))
        }
        kind::JSON => (pack(column, 4)?, *form == Form::Json),
        kind::VECTOR => (pack(column, 4)?, *form == Form::Vector),
        kind::GEOMETRY => (pack(column, 4)?, matches!(form, Form::Geometry | Form::Point)),
        _ => (0, false),
    };
    if !fits {
        return Err(Unfit::Kind(column.kind));
    }
    let decoder = match form {
        Form::Text => Some(decoder(column, declared)?),
        _ => None,
    };
    Ok(match (compressed, decoder) {
        (true, decoder) => Physical::Compressed { prefix, decoder },
        (false, Some(decoder)) => Physical::Text { prefix, decoder },
        (false, None) => Physical::Bytes { prefix },
    })
}

/// The log's own word on the character set wins: rows lie as they did when they were written.
fn decoder(column: &Column, declared: &Type) -> Result<Decoder, Unfit> {
    let charset = match (column.collation, declared.charset.as_deref()) {
        (Some(id), _) => Charset::of_collation(id).ok_or(Unfit::Collation(id))?,
        (None, Some(name)) => {
            Charset::named(name).ok_or_else(|| Unfit::Charset(name.to_owned()))?
        }
        (None, None) => return Err(Unfit::Charset(String::new())),
    };
    Decoder::new(charset).ok_or_else(|| Unfit::Charset(charset.name().to_owned()))
}

/// The number of bytes that the column's metadata gives.
fn pack(column: &Column, most: u16) -> Result<u8, Unfit> {
    match column.meta {
        width if (1..=most).contains(&width) => Ok(width as u8),
        _ => Err(Unfit::Kind(column.kind)),
    }
}

fn digits(declared: &Type) -> u32 {
    declared.length.unwrap_or(0)
}

fn integer_width(base: Base) -> u8 {
    match base {
        Base::TinyInt => 1,
        Base::SmallInt => 2,
        Base::MediumInt => 3,
        Base::Int => 4,
        Base::BigInt => 8,
        _ => 0,
    }
}
