//! Literals of DEFAULT as the server keeps and prints them, whatever way they were written.

use super::decimal::Digits;
use super::moment;
use super::spec::DefaultSpec;
use crate::structure::{Base, Default, Type, charset};

/// A literal, normalised for a column of the type. What we cannot normalise stays as written.
pub(super) fn literal(spec: &DefaultSpec, kind: &Type) -> Default {
    match kind.base {
        Base::Bit => bits(spec, kind),
        Base::Binary | Base::VarBinary => binary(spec, kind),
        Base::TinyInt | Base::SmallInt | Base::MediumInt | Base::Int | Base::BigInt => {
            number(spec, kind, 0)
        }
        Base::Decimal => number(spec, kind, kind.scale.unwrap_or(0)),
        Base::Float | Base::Double => match kind.scale {
            Some(scale) => number(spec, kind, scale),
            None => Default::Literal(floating(&numeric(spec), kind.base == Base::Float)),
        },
        Base::Date | Base::Time | Base::DateTime | Base::Timestamp => {
            let text = numeric(spec);
            Default::Literal(moment::normal(&text, kind).unwrap_or(text))
        }
        Base::Year => {
            let quoted = matches!(spec, DefaultSpec::Text(_));
            Default::Literal(year(&numeric(spec), quoted))
        }
        _ => match readable(spec, kind) {
            Some(text) => Default::Literal(of_text(text, kind)),
            None => Default::Expression,
        },
    }
}

fn of_text(text: String, kind: &Type) -> String {
    match kind.base {
        Base::Enum => label(&text, &kind.labels),
        Base::Set => labels(&text, &kind.labels),
        Base::Char => text.trim_end_matches(' ').to_owned(),
        _ => text,
    }
}

/// The text that the bytes of a literal are in the column's character set.
fn readable(spec: &DefaultSpec, kind: &Type) -> Option<String> {
    match spec {
        DefaultSpec::Hex(bytes) | DefaultSpec::Bits(bytes) => {
            charset::decode(kind.charset.as_deref().unwrap_or("utf8mb4"), bytes)
        }
        other => Some(text(other)),
    }
}

/// The text of a literal where a text is wanted.
fn text(spec: &DefaultSpec) -> String {
    match spec {
        DefaultSpec::Text(text) | DefaultSpec::Number(text) => text.clone(),
        _ => String::new(),
    }
}

/// The text of a literal where a number is wanted.
fn numeric(spec: &DefaultSpec) -> String {
    match spec {
        DefaultSpec::Hex(bytes) | DefaultSpec::Bits(bytes) => integer(bytes).to_string(),
        other => text(other),
    }
}

/// A big-endian number of up to 16 bytes.
fn integer(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte))
}

fn bits(spec: &DefaultSpec, kind: &Type) -> Default {
    let number = match spec {
        DefaultSpec::Hex(bytes) | DefaultSpec::Bits(bytes) => integer(bytes),
        // A text is its bytes, not the number that it shows.
        DefaultSpec::Text(text) => integer(text.as_bytes()),
        other => text(other).parse().unwrap_or(0),
    };
    let length = usize::try_from(kind.length.unwrap_or(1).div_ceil(8)).unwrap_or(8).clamp(1, 8);
    let bytes = number.to_be_bytes();
    Default::Bytes(bytes.get(bytes.len() - length..).unwrap_or_default().to_vec())
}

fn binary(spec: &DefaultSpec, kind: &Type) -> Default {
    let mut bytes = match spec {
        DefaultSpec::Hex(bytes) | DefaultSpec::Bits(bytes) => bytes.clone(),
        other => text(other).into_bytes(),
    };
    let length = usize::try_from(kind.length.unwrap_or(1)).unwrap_or(1).min(255);
    if kind.base == Base::Binary && bytes.len() < length {
        bytes.resize(length, 0);
    }
    Default::Bytes(bytes)
}

fn number(spec: &DefaultSpec, kind: &Type, scale: u32) -> Default {
    let text = numeric(spec);
    let Some(mut number) = Digits::parse(&text).map(|digits| digits.fixed(scale)) else {
        return Default::Literal(text);
    };
    if kind.zerofill {
        let decimal = kind.base == Base::Decimal;
        // DECIMAL counts its digits, others the places that they are shown in.
        let width = kind.length.unwrap_or(0) + u32::from(decimal && scale > 0);
        let width = usize::try_from(width).unwrap_or(0).min(255);
        number = format!("{number:0>width$}");
    }
    Default::Literal(number)
}

/// A FLOAT or DOUBLE: 6 digits of the one, as many as are needed of the other; with an exponent when
/// it is beyond 15 places.
fn floating(text: &str, single: bool) -> String {
    let Ok(number) = text.trim().parse::<f64>() else { return text.to_owned() };
    let shortest = if single {
        // Six digits, of what a FLOAT can hold.
        #[allow(clippy::cast_possible_truncation, reason = "a FLOAT is what the column holds")]
        let single = number as f32;
        format!("{single:.5e}")
    } else {
        format!("{number:e}")
    };
    match Digits::parse(&shortest) {
        Some(digits) if number.is_finite() => digits.floating(),
        _ => text.to_owned(),
    }
}

/// Years of two digits are of 1970 to 2069; 0 as a number is the year 0000.
fn year(text: &str, quoted: bool) -> String {
    match text.trim().parse::<u32>() {
        Ok(0) if !quoted || text.trim().len() == 4 => "0000".into(),
        Ok(year @ ..70) => (2000 + year).to_string(),
        Ok(year @ 70..100) => (1900 + year).to_string(),
        _ => text.trim().to_owned(),
    }
}

/// A label as declared: comparing knows no case.
fn label(text: &str, labels: &[String]) -> String {
    let wanted = text.trim_end_matches(' ').to_lowercase();
    let found = labels.iter().find(|label| **label == text);
    let found = found.or_else(|| labels.iter().find(|label| label.to_lowercase() == wanted));
    found.cloned().unwrap_or_else(|| text.to_owned())
}

/// Labels of a SET, in the order in which they are declared.
fn labels(text: &str, labels: &[String]) -> String {
    let wanted: Vec<String> = text.split(',').map(|part| label(part, labels)).collect();
    if !wanted.iter().all(|part| labels.contains(part)) {
        return text.to_owned();
    }
    let in_order: Vec<&str> =
        labels.iter().filter(|label| wanted.contains(label)).map(String::as_str).collect();
    in_order.join(",")
}
