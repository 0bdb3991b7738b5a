//! Codecs: one for each column, from PostgreSQL's text form to the payload of an Avro field.
//!
//! ```text
//!  type OID, modifier, modes ──map──▶ Mapping { schema, codec, constants }
//!  text ──Codec::write──▶ payload (no union tag)
//! ```
//!
//! Sessions are pinned (`datestyle` ISO, `intervalstyle` iso_8601, `timezone` UTC,
//! `bytea_output` hex), so each type has one form.
#![deny(clippy::indexing_slicing)]

mod array;
mod binary;
mod bits;
mod civil;
mod constants;
mod date;
mod geometric;
mod hstore;
mod interval;
mod json;
mod map;
mod md5;
mod money;
mod numeric;
mod oid;

mod point;
mod time;
mod timestamp;
mod vector;

pub(crate) use map::{Mapping, map};

use crate::table::{Binary, Hstore, Intervals};
use walbrook_core::avro::write;

/// The text is not in the form of the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault;

/// How the values of one column are written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Codec {
    Boolean,
    Integer,
    Float,
    Double,
    /// Unscaled, with this number of digits behind the point.
    Decimal(u16),
    /// Scale and unscaled value, without zeros at the end.
    VariableDecimal,
    /// The text of a number, filled up to this number of digits behind the point.
    DecimalText(u16),
    Money(money::Money),
    Text,
    Bit,
    Bits,
    Bytea(Binary),
    /// A type without a mapping: the bytes of its text.
    Opaque(Binary),
    /// A geometric type without a mapping: text with numbers as Java prints them.
    Geometric(Binary),
    Date(date::Form),
    Time(time::Form),
    ZonedTime,
    Timestamp(timestamp::Form),
    /// Text with this number of digits behind the point.
    ZonedTimestamp(u8),
    Interval(Intervals),
    Point,
    /// PostGIS: well-known bytes in hexadecimal.
    Geometry,
    Hstore(Hstore),
    Vector(vector::Form),
    Array(Box<array::Array>),
}

impl Codec {
    /// Appends the payload of the value whose text is `text`.
    #[inline]
    pub(crate) fn write(&self, text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
        match self {
            Codec::Integer => write::long(out, integer(text)?),
            Codec::Text => string(text, out)?,
            Codec::Boolean => write::boolean(out, boolean(text)?),
            Codec::Float => write::float(out, number(text)?),
            Codec::Double => write::double(out, number(text)?),
            Codec::Decimal(scale) => numeric::fixed(text, *scale, out)?,
            Codec::VariableDecimal => numeric::variable(text, out)?,
            Codec::DecimalText(scale) => numeric::text(text, *scale, out)?,
            Codec::Money(money) => money.write(text, out)?,
            Codec::Bit => write::boolean(out, bits::bit(text)?),
            Codec::Bits => bits::write(text, out)?,
            Codec::Bytea(form) => binary::bytea(*form, text, out)?,
            Codec::Opaque(form) => binary::opaque(*form, text, out),
            Codec::Geometric(form) => geometric::write(*form, text, out)?,
            Codec::Date(form) => form.write(text, out)?,
            Codec::Time(form) => form.write(text, out)?,
            Codec::ZonedTime => time::zoned(text, out)?,
            Codec::Timestamp(form) => form.write(text, out)?,
            Codec::ZonedTimestamp(digits) => timestamp::zoned(text, *digits, out)?,
            Codec::Interval(form) => interval::write(*form, text, out)?,
            Codec::Point => point::write(text, out)?,
            Codec::Geometry => point::geometry(text, out)?,
            Codec::Hstore(form) => hstore::write(*form, text, out)?,
            Codec::Vector(form) => form.write(text, out)?,
            Codec::Array(array) => array.write(text, out)?,
        }
        Ok(())
    }

    /// Whether the value cannot be told in the form of its field and is written as null: NaN in a
    /// decimal, a time outside the range of its unit.
    #[inline]
    pub(crate) fn is_nothing(&self, text: &[u8]) -> bool {
        match self {
            Codec::Decimal(_) | Codec::VariableDecimal => numeric::is_special(text),
            Codec::Timestamp(form) => form.is_nothing(text),
            _ => false,
        }
    }
}

#[inline]
fn integer(text: &[u8]) -> Result<i64, Fault> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return Err(Fault);
    }
    let mut value = 0_i64;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return Err(Fault);
        }
        // Counted downwards, because the smallest number has no positive twin.
        value = value
            .checked_mul(10)
            .and_then(|value| value.checked_sub(i64::from(digit)))
            .ok_or(Fault)?;
    }
    if negative { Ok(value) } else { value.checked_neg().ok_or(Fault) }
}

#[inline]
fn boolean(text: &[u8]) -> Result<bool, Fault> {
    match text {
        b"t" | b"true" => Ok(true),
        b"f" | b"false" => Ok(false),
        _ => Err(Fault),
    }
}

/// A floating number; `NaN`, `Infinity` and `-Infinity` included.
#[inline]
fn number<T: std::str::FromStr>(text: &[u8]) -> Result<T, Fault> {
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or(Fault)
}

#[inline]
fn string(text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    // Only a database encoded in SQL_ASCII can send anything else.
    let text = std::str::from_utf8(text).map_err(|_| Fault)?;
    write::string(out, text);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a codec makes of a text; for the tests of every family.
    pub(super) fn written(codec: &Codec, text: &str) -> Result<Vec<u8>, Fault> {
        let mut out = Vec::new();
        codec.write(text.as_bytes(), &mut out).map(|()| out)
    }

    fn long(value: i64) -> Vec<u8> {
        let mut out = Vec::new();
        write::long(&mut out, value);
        out
    }

    #[test]
    fn integers_have_their_whole_range() {
        for value in [0, 1, -1, 32_767, -32_768, i64::MAX, i64::MIN, 4_294_967_295] {
            assert_eq!(written(&Codec::Integer, &value.to_string()), Ok(long(value)));
        }
        for text in ["", "-", "1x", "9223372036854775808", "-9223372036854775809", "+1", "1.5"] {
            assert_eq!(written(&Codec::Integer, text), Err(Fault), "{text}");
        }
    }

    #[test]
    fn floats_keep_what_is_special() {
        for text in ["1.1", "3.4e+38", "1e-45", "-0", "NaN", "Infinity", "-Infinity"] {
            let value: f32 = text.parse().unwrap();
            assert_eq!(written(&Codec::Float, text).unwrap(), value.to_le_bytes(), "{text}");
        }
        for text in ["1.1", "1.7976931348623157e+308", "5e-324", "-0", "-Infinity"] {
            let value: f64 = text.parse().unwrap();
            assert_eq!(written(&Codec::Double, text).unwrap(), value.to_le_bytes(), "{text}");
        }
    }

    #[test]
    fn booleans_and_text_are_plain() {
        assert_eq!(written(&Codec::Boolean, "t"), Ok(vec![1]));
        assert_eq!(written(&Codec::Boolean, "f"), Ok(vec![0]));
        assert_eq!(written(&Codec::Boolean, "x"), Err(Fault));
        assert_eq!(written(&Codec::Text, "ab   "), Ok(b"\x0aab   ".to_vec()));
        let mut out = Vec::new();
        assert_eq!(Codec::Text.write(b"\xff", &mut out), Err(Fault));
    }

    fn every_codec() -> Vec<Codec> {
        use Binary::{Base64, Base64UrlSafe, Bytes, Hex};
        let mut codecs = vec![
            Codec::Boolean,
            Codec::Integer,
            Codec::Float,
            Codec::Double,
            Codec::Decimal(0),
            Codec::Decimal(7),
            Codec::VariableDecimal,
            Codec::DecimalText(3),
            Codec::Text,
            Codec::Bit,
            Codec::Bits,
            Codec::ZonedTime,
            Codec::ZonedTimestamp(0),
            Codec::ZonedTimestamp(6),
            Codec::Interval(Intervals::Numeric),
            Codec::Interval(Intervals::String),
            Codec::Point,
            Codec::Geometry,
            Codec::Hstore(Hstore::Json),
            Codec::Hstore(Hstore::Map),
        ];
        for form in [Bytes, Base64, Base64UrlSafe, Hex] {
            codecs.extend([Codec::Bytea(form), Codec::Opaque(form), Codec::Geometric(form)]);
        }
        codecs.extend(date::Form::ALL.map(Codec::Date));
        codecs.extend(time::Form::ALL.map(Codec::Time));
        codecs.extend(timestamp::Form::ALL.map(Codec::Timestamp));
        codecs.extend(vector::Form::ALL.map(Codec::Vector));
        for decimal in crate::table::Decimals::ALL {
            codecs.push(Codec::Money(money::Money::new(decimal, 2)));
        }
        let elements = codecs.clone();
        for element in elements {
            let array = array::Array::new(element, b',', array::Items::Optional);
            codecs.push(Codec::Array(Box::new(array)));
        }
        codecs
    }

    proptest! {
        #[test]
        fn no_codec_panics_on_any_bytes(
            bytes in prop::collection::vec(any::<u8>(), 0..40),
            near in "[-+0-9PTYMDHS:., eEBCn{}()<>\\[\\]\"\\\\=xaif]{0,40}",
        ) {
            for codec in every_codec() {
                for text in [bytes.as_slice(), near.as_bytes()] {
                    let mut out = Vec::new();
                    let _ = codec.is_nothing(text);
                    let _ = codec.write(text, &mut out);
                }
            }
        }
    }
}
