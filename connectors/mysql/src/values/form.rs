//! The representation of a column's values, decided once from the declared type and the modes.
//!
//! ```text
//!  declared type × modes ──Form::of──▶ Form ─┬▶ schema (table)
//!                                            ├▶ Codec: bytes of the log ─▶ payload
//!                                            └▶ select: snapshot value  ─▶ payload
//! ```
//!
//! The words of a streamed statement (`bool`, `serial`, `real`, `float4`) are not looked at: a
//! table must have one schema, however it became known, and after a restart only the server's own
//! words are left.

use crate::flavor::Flavor;
use crate::structure::{Base, Type};
use crate::table::{BigUnsigned, Binary, Decimals, Modes, Temporal};
use std::sync::Arc;
use walbrook_core::avro::write;

/// Labels of an ENUM or SET in their declared order.
pub type Labels = Arc<[Box<str>]>;

/// What is written for the values of a column. The payload never has a union tag.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// Avro `boolean`: `bit(1)`, and `tinyint(1)` where the modes say so; any number but 0 is true.
    Boolean,
    /// Connect int16, Avro `int`: TINYINT, SMALLINT, TINYINT UNSIGNED.
    Int16,
    /// Connect int32, Avro `int`: SMALLINT UNSIGNED, MEDIUMINT, INT.
    Int32,
    /// Connect int64, Avro `long`: INT UNSIGNED, BIGINT. BIGINT UNSIGNED from 2^63 on is negative.
    Int64,
    /// Avro `float`: FLOAT, FLOAT(p) with p up to 24.
    Float,
    /// Avro `double`: DOUBLE, FLOAT(m,d), and DECIMAL by `decimal.handling.mode`.
    Double,
    /// Connect Decimal, Avro `bytes`: two's complement, big-endian, as short as it can be.
    Decimal {
        /// Digits in all; 20 for BIGINT UNSIGNED.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// Text of a DECIMAL with all digits of its scale: `-0.50`.
    DecimalText {
        /// Digits after the point.
        scale: u8,
    },
    /// io.debezium.time.Year, `int`: 1901–2155, and 0 for `0000`.
    Year,
    /// DATE
    Date {
        /// How it is written.
        unit: Date,
        /// Years 0–99 are moved to 1970–2069.
        adjust: bool,
    },
    /// TIME, from -838:59:59 to 838:59:59 in every unit.
    Time(Time),
    /// DATETIME, read as UTC.
    DateTime {
        /// How it is written.
        unit: DateTime,
        /// Years 0–99 are moved to 1970–2069.
        adjust: bool,
    },
    /// TIMESTAMP, io.debezium.time.ZonedTimestamp: `2024-02-29T12:34:56.780Z`.
    Timestamp {
        /// Digits of the fraction, always written in full; 0–6.
        digits: u8,
    },
    /// io.debezium.data.Bits: `length.div_ceil(8)` bytes, little-endian.
    Bits {
        /// Declared length, 2–64.
        length: u8,
    },
    /// Text in UTF-8.
    Text,
    /// BINARY, VARBINARY, BLOBs.
    Bytes {
        /// As bytes or as text.
        text: Binary,
        /// BINARY(n): zero bytes are added up to this length.
        width: u32,
    },
    /// io.debezium.data.Enum: the label; index 0 (an invalid value) is the empty text.
    Enum(Labels),
    /// io.debezium.data.EnumSet: labels joined by commas in the declared order.
    Set(Labels),
    /// io.debezium.data.Json: the text as the server prints it.
    Json,
    /// io.debezium.data.geometry.Geometry: record { wkb: bytes, srid: ["null","int"] }; SRID 0 is
    /// null.
    Geometry,
    /// io.debezium.data.geometry.Point: record { x: double, y: double, wkb: ["null","bytes"],
    /// srid: ["null","int"] }, x and y in the order of the bytes.
    Point,
    /// io.debezium.data.FloatVector: array of `float`.
    Vector,
    /// io.debezium.data.Uuid: text in lower case with dashes.
    Uuid,
    /// MariaDB's INET4 as text.
    Inet4,
    /// MariaDB's INET6 as text (RFC 5952, as the server prints it).
    Inet6,
}

/// How a DATE is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Date {
    /// io.debezium.time.Date, `int`: days since 1970.
    Days,
    /// Connect Date, `int`: the same number.
    Connect,
    /// io.debezium.time.IsoDate: `2024-02-29Z`.
    Iso,
}

/// How a TIME is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// io.debezium.time.MicroTime, `long`.
    Micros,
    /// io.debezium.time.NanoTime, `long`.
    Nanos,
    /// Connect Time, `int`: milliseconds; what is less is cut off.
    Connect,
    /// io.debezium.time.IsoTime: `12:34:56.7Z`, `-838:59:59Z`.
    Iso,
}

/// How a DATETIME is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateTime {
    /// io.debezium.time.Timestamp, `long`: milliseconds since 1970.
    Millis,
    /// io.debezium.time.MicroTimestamp, `long`.
    Micros,
    /// io.debezium.time.NanoTimestamp, `long`: reaches from 1677 to 2262.
    Nanos,
    /// Connect Timestamp, `long`: milliseconds, rounded towards the past.
    Connect,
    /// io.debezium.time.IsoTimestamp: `2024-02-29T12:34:56.7Z`.
    Iso,
}

impl Form {
    /// The representation of a declared type.
    pub fn of(declared: &Type, modes: &Modes, flavor: Flavor) -> Form {
        let unsigned = declared.unsigned || declared.zerofill;
        let digits = declared.length.unwrap_or(0).min(6) as u8;
        let adjust = modes.adjust_years;
        match declared.base {
            Base::TinyInt if modes.tinyint_boolean && declared.length == Some(1) && !unsigned => {
                Form::Boolean
            }
            Base::TinyInt => Form::Int16,
            Base::SmallInt if !unsigned => Form::Int16,
            Base::SmallInt | Base::MediumInt => Form::Int32,
            Base::Int if !unsigned => Form::Int32,
            Base::BigInt if unsigned && modes.big_unsigned == BigUnsigned::Precise => {
                Form::Decimal { precision: 20, scale: 0 }
            }
            Base::Int | Base::BigInt => Form::Int64,
            Base::Float if declared.scale.is_none() && declared.length.unwrap_or(0) <= 24 => {
                Form::Float
            }
            Base::Float | Base::Double => Form::Double,
            Base::Decimal => decimal(declared, modes),
            Base::Bit => match declared.length.unwrap_or(1).min(64) as u8 {
                0 | 1 => Form::Boolean,
                length => Form::Bits { length },
            },
            Base::Date => Form::Date { unit: date(modes), adjust },
            Base::Time => Form::Time(time(modes)),
            Base::DateTime => Form::DateTime { unit: date_time(modes, digits), adjust },
            Base::Timestamp => Form::Timestamp { digits },
            Base::Year => Form::Year,
            _ => opaque(declared, modes, flavor),
        }
    }

    /// Appends what stands for a zero or partial date in a column that cannot be null: 1970-01-01.
    pub fn epoch(&self, out: &mut Vec<u8>) {
        match self {
            Form::Date { unit: Date::Iso, .. } => write::string(out, "1970-01-01Z"),
            Form::DateTime { unit: DateTime::Iso, .. } | Form::Timestamp { .. } => {
                write::string(out, "1970-01-01T00:00:00Z");
            }
            _ => write::long(out, 0),
        }
    }
}

/// What has no numbers in it: text, bytes, labels, documents, shapes.
fn opaque(declared: &Type, modes: &Modes, flavor: Flavor) -> Form {
    match declared.base {
        Base::Binary => {
            Form::Bytes { text: modes.binary, width: declared.length.unwrap_or(1).min(255) }
        }
        Base::VarBinary | Base::TinyBlob | Base::Blob | Base::MediumBlob | Base::LongBlob => {
            Form::Bytes { text: modes.binary, width: 0 }
        }
        Base::Enum => Form::Enum(labels(declared)),
        Base::Set => Form::Set(labels(declared)),
        // In MariaDB the word is another name of LONGTEXT.
        Base::Json if flavor == Flavor::MySql => Form::Json,
        Base::Point => Form::Point,
        Base::Geometry
        | Base::LineString
        | Base::Polygon
        | Base::MultiPoint
        | Base::MultiLineString
        | Base::MultiPolygon
        | Base::GeometryCollection => Form::Geometry,
        Base::Vector => Form::Vector,
        Base::Uuid => Form::Uuid,
        Base::Inet4 => Form::Inet4,
        Base::Inet6 => Form::Inet6,
        _ => Form::Text,
    }
}

fn labels(declared: &Type) -> Labels {
    declared.labels.iter().map(|label| label.as_str().into()).collect()
}

fn decimal(declared: &Type, modes: &Modes) -> Form {
    let precision = declared.length.filter(|length| *length > 0).unwrap_or(10).min(65) as u8;
    let scale = declared.scale.unwrap_or(0).min(38) as u8;
    match modes.decimal {
        Decimals::Precise => Form::Decimal { precision, scale },
        Decimals::Double => Form::Double,
        Decimals::String => Form::DecimalText { scale },
    }
}

fn date(modes: &Modes) -> Date {
    match modes.temporal {
        Temporal::Connect => Date::Connect,
        Temporal::IsoString => Date::Iso,
        _ => Date::Days,
    }
}

fn time(modes: &Modes) -> Time {
    match modes.temporal {
        Temporal::Connect => Time::Connect,
        Temporal::IsoString => Time::Iso,
        Temporal::Nanoseconds => Time::Nanos,
        _ => Time::Micros,
    }
}

fn date_time(modes: &Modes, digits: u8) -> DateTime {
    match modes.temporal {
        Temporal::Connect => DateTime::Connect,
        Temporal::IsoString => DateTime::Iso,
        Temporal::Nanoseconds => DateTime::Nanos,
        Temporal::Adaptive | Temporal::AdaptiveTimeMicroseconds if digits <= 3 => DateTime::Millis,
        _ => DateTime::Micros,
    }
}
