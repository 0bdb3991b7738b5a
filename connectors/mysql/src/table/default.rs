//! DEFAULT clauses: the constant as if it had been selected.
//!
//! The server prints a literal as it prints the column's values; so it is read as one, made a
//! value of the binary protocol, and written by the writer of snapshot rows. What has no constant
//! value (an expression, CURRENT_TIMESTAMP in a nullable column) is not told.

use crate::structure::{Base, Column, Default};
use crate::values::{Form, Labels, Written, select, write};
use mysql_async::Value;

/// The payload of the column's default, if it is a constant other than NULL, and of a type whose
/// defaults the reference tells.
pub(super) fn payload(column: &Column, form: &Form) -> Option<Vec<u8>> {
    let value = match &column.default {
        Default::None | Default::Null | Default::Expression => return None,
        Default::Now => return (!column.nullable).then(|| epoch(form)),
        Default::Literal(text) => literal(text, column, form)?,
        Default::Bytes(bytes) => binary(bytes, form)?,
    };
    let mut out = Vec::new();
    match select::write(form, &value, &mut out).ok()? {
        Written::Value => Some(out),
        Written::ZeroDate => (!column.nullable).then(|| epoch(form)),
        Written::OutOfReach => None,
    }
}

/// 1970 stands for a moment that is no constant. As a default it has the digits of its column.
fn epoch(form: &Form) -> Vec<u8> {
    let mut out = Vec::new();
    match form {
        Form::Timestamp { digits } => write::timestamp(*digits, 0, 0, &mut out),
        _ => form.epoch(&mut out),
    }
    out
}

/// The value of a literal.
fn literal(text: &str, column: &Column, form: &Form) -> Option<Value> {
    let number = text.trim();
    Some(match form {
        Form::Bits { .. } => Value::Bytes(number.parse::<u64>().ok()?.to_be_bytes().into()),
        Form::Boolean | Form::Int16 | Form::Int32 | Form::Int64 | Form::Year => integer(number)?,
        // BIGINT UNSIGNED
        Form::Decimal { scale: 0, .. } if column.kind.base == Base::BigInt => integer(number)?,
        Form::Decimal { .. } | Form::DecimalText { .. } => Value::Bytes(number.into()),
        Form::Double if column.kind.base == Base::Decimal => Value::Bytes(number.into()),
        Form::Float => Value::Float(number.parse().ok()?),
        // FLOAT(M,D) is narrow, whatever its schema says.
        Form::Double if column.kind.base == Base::Float => Value::Float(number.parse().ok()?),
        Form::Double => Value::Double(number.parse().ok()?),
        Form::Date { .. } | Form::DateTime { .. } | Form::Timestamp { .. } => moment(number)?,
        Form::Time(_) => time(number)?,
        Form::Enum(labels) if !labels.iter().any(|label| **label == *text) => return None,
        Form::Set(labels) if !is_set(text, labels) => return None,
        Form::Text | Form::Bytes { .. } | Form::Enum(_) | Form::Set(_) => Value::Bytes(text.into()),
        // Only computed ones exist, or the reference does not tell them.
        Form::Json | Form::Geometry | Form::Point | Form::Vector => return None,
        Form::Uuid | Form::Inet4 | Form::Inet6 => return None,
    })
}

/// The value of a bit or hexadecimal literal.
fn binary(bytes: &[u8], form: &Form) -> Option<Value> {
    match form {
        Form::Boolean | Form::Int16 | Form::Int32 | Form::Int64 => {
            let significant = bytes.iter().skip_while(|byte| **byte == 0);
            if significant.clone().count() > 8 {
                return None;
            }
            let number = significant.fold(0, |number, byte| number << 8 | u64::from(*byte));
            integer_value(number.into())
        }
        Form::Bits { .. } | Form::Text | Form::Bytes { .. } => Some(Value::Bytes(bytes.into())),
        _ => None,
    }
}

/// Whether every part of a SET literal is a label.
fn is_set(text: &str, labels: &Labels) -> bool {
    text.is_empty() || text.split(',').all(|part| labels.iter().any(|label| **label == *part))
}

fn integer(text: &str) -> Option<Value> {
    integer_value(text.parse().ok()?)
}

fn integer_value(number: i128) -> Option<Value> {
    let signed = i64::try_from(number).map(Value::Int);
    signed.ok().or_else(|| u64::try_from(number).map(Value::UInt).ok())
}

/// `2024-01-02`, `2024-01-02 03:04:05.6`
fn moment(text: &str) -> Option<Value> {
    let (date, clock) = text.split_once(' ').unwrap_or((text, "00:00:00"));
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let (hours, minutes, seconds, micros) = clock_of(clock)?;
    if parts.next().is_some() || hours > 23 {
        return None;
    }
    let (year, month, day) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    Some(Value::Date(year, month, day, hours as u8, minutes, seconds, micros))
}

/// `12:34:56`, `-838:59:59.000001`
fn time(text: &str) -> Option<Value> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, text),
    };
    let (hours, minutes, seconds, micros) = clock_of(text)?;
    Some(Value::Time(negative, hours / 24, (hours % 24) as u8, minutes, seconds, micros))
}

/// Hours, minutes, seconds and microseconds of `HH:MM:SS.ffffff`.
fn clock_of(text: &str) -> Option<(u32, u8, u8, u32)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = !fraction.is_empty() && !fraction.bytes().all(|byte| byte.is_ascii_digit());
    if parts.next().is_some() || digits || fraction.len() > 6 {
        return None;
    }
    let micros = format!("{fraction:0<6}").parse().ok()?;
    let (minutes, seconds) = (minutes.parse().ok()?, seconds.parse().ok()?);
    Some((hours.parse().ok()?, minutes, seconds, micros))
}
