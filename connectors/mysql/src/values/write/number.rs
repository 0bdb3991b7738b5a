//! Numbers, exact and inexact, and bits.

use super::super::{Bad, Form, Written};
use walbrook_core::avro::write;
use walbrook_core::value::decimal::{Digits, integer};

/// A number with a sign: integers, and YEAR as its number of four digits.
#[inline]
pub fn signed(form: &Form, value: i64, out: &mut Vec<u8>) -> Result<Written, Bad> {
    match form {
        Form::Int16 | Form::Int32 | Form::Int64 | Form::Year => write::long(out, value),
        Form::Boolean => write::boolean(out, value != 0),
        Form::Decimal { scale: 0, .. } => integer(i128::from(value), out),
        _ => return Err(Bad::Type),
    }
    Ok(Written::Value)
}

/// A number without one: from 2^63 on a long is negative, as the reference has it.
#[inline]
pub fn unsigned(form: &Form, value: u64, out: &mut Vec<u8>) -> Result<Written, Bad> {
    match form {
        Form::Decimal { scale: 0, .. } => {
            integer(i128::from(value), out);
            Ok(Written::Value)
        }
        _ => signed(form, value as i64, out),
    }
}

/// A DECIMAL by its text, such as `-12.50`.
pub fn decimal_text(form: &Form, text: &[u8], out: &mut Vec<u8>) -> Result<Written, Bad> {
    match form {
        Form::Decimal { scale, .. } => {
            let digits = Digits::parse(text).ok_or(Bad::Number)?;
            digits.fixed(usize::from(*scale), out).ok_or(Bad::Number)?;
        }
        Form::DecimalText { scale } => padded(unfilled(text), usize::from(*scale), out)?,
        Form::Double => {
            let text = std::str::from_utf8(text).map_err(|_| Bad::Number)?;
            write::double(out, text.parse().map_err(|_| Bad::Number)?);
        }
        _ => return Err(Bad::Type),
    }
    Ok(Written::Value)
}

/// The text without the zeros of ZEROFILL before it: the log does not have them.
fn unfilled(mut text: &[u8]) -> &[u8] {
    while let [b'0', rest @ ..] = text
        && matches!(rest, [b'0'..=b'9', ..])
    {
        text = rest;
    }
    text
}

/// The text with zeros up to its scale: a default may be written with fewer digits.
fn padded(text: &[u8], scale: usize, out: &mut Vec<u8>) -> Result<(), Bad> {
    let fraction = Digits::parse(text).ok_or(Bad::Number)?.fraction.len();
    let zeros = scale.saturating_sub(fraction);
    let point = usize::from(zeros > 0 && fraction == 0);
    write::long(out, (text.len() + point + zeros) as i64);
    out.extend_from_slice(text);
    if point > 0 {
        out.push(b'.');
    }
    out.resize(out.len() + zeros, b'0');
    Ok(())
}

/// BIT(n): a boolean, or as many bytes as the declared length needs, lowest first.
#[inline]
pub fn bits(form: &Form, value: u64, out: &mut Vec<u8>) -> Result<Written, Bad> {
    match form {
        Form::Boolean => write::boolean(out, value != 0),
        Form::Bits { length } => {
            let bytes = value.to_le_bytes();
            let count = usize::from(*length).div_ceil(8);
            write::bytes(out, bytes.get(..count).unwrap_or(&bytes));
        }
        _ => return Err(Bad::Type),
    }
    Ok(Written::Value)
}
