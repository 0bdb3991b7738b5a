//! Snapshot rows: what the server answers to a SELECT over the binary protocol.
//!
//! The session speaks utf8mb4 in UTC, so texts, labels, decimals, documents and addresses come as
//! their text, bits and shapes as the bytes that the log has too.

use super::form::Form;
use super::write::Civil;
use super::{Bad, Written, write};
use mysql_async::Value;
use walbrook_core::avro::write as avro;

/// Appends the payload of a value. SQL NULL is the caller's.
///
/// # Errors
/// [`Bad`] where the value is not of the column's type; `out` may then hold a part of it.
pub fn write(form: &Form, value: &Value, out: &mut Vec<u8>) -> Result<Written, Bad> {
    match value {
        Value::NULL => Err(Bad::Type),
        Value::Int(value) => write::signed(form, *value, out),
        Value::UInt(value) => write::unsigned(form, *value, out),
        Value::Float(value) => {
            match form {
                Form::Float => avro::float(out, *value),
                Form::Double => avro::double(out, f64::from(*value)),
                _ => return Err(Bad::Type),
            }
            Ok(Written::Value)
        }
        Value::Double(value) if *form == Form::Double => {
            avro::double(out, *value);
            Ok(Written::Value)
        }
        Value::Double(_) => Err(Bad::Type),
        Value::Bytes(bytes) => opaque(form, bytes, out),
        Value::Date(year, month, day, hour, minute, second, micros) => {
            let date = Civil { year: *year, month: *month, day: *day };
            let seconds = (i64::from(*hour) * 60 + i64::from(*minute)) * 60 + i64::from(*second);
            moment(form, date, seconds, *micros, out)
        }
        Value::Time(negative, days, hours, minutes, seconds, micros) => {
            let Form::Time(unit) = form else { return Err(Bad::Type) };
            let hours = i64::from(*days) * 24 + i64::from(*hours);
            let seconds = (hours * 60 + i64::from(*minutes)) * 60 + i64::from(*seconds);
            let micros = seconds * 1_000_000 + i64::from(*micros);
            write::time(*unit, if *negative { -micros } else { micros }, out);
            Ok(Written::Value)
        }
    }
}

fn moment(
    form: &Form,
    date: Civil,
    seconds: i64,
    micros: u32,
    out: &mut Vec<u8>,
) -> Result<Written, Bad> {
    let of_day = seconds * 1_000_000 + i64::from(micros);
    match form {
        Form::Date { unit, adjust } => Ok(write::date(*unit, *adjust, date, out)),
        Form::DateTime { unit, adjust } => Ok(write::date_time(*unit, *adjust, date, of_day, out)),
        Form::Timestamp { digits } => match date.days(false) {
            Ok(days) => {
                write::timestamp(*digits, days * 86_400 + seconds, micros, out);
                Ok(Written::Value)
            }
            Err(instead) => Ok(instead),
        },
        _ => Err(Bad::Type),
    }
}

fn opaque(form: &Form, bytes: &[u8], out: &mut Vec<u8>) -> Result<Written, Bad> {
    match form {
        Form::Text
        | Form::Json
        | Form::Enum(_)
        | Form::Set(_)
        | Form::Uuid
        | Form::Inet4
        | Form::Inet6 => {
            avro::string(out, std::str::from_utf8(bytes).map_err(|_| Bad::Text)?);
            Ok(Written::Value)
        }
        Form::Bytes { text, width } => {
            write::bytes(*text, bytes, *width as usize, out);
            Ok(Written::Value)
        }
        Form::Decimal { .. } | Form::DecimalText { .. } | Form::Double => {
            write::decimal_text(form, bytes, out)
        }
        Form::Boolean | Form::Bits { .. } if bytes.len() <= 8 => {
            let value = bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
            write::bits(form, value, out)
        }
        Form::Geometry | Form::Point => write::geometry(form, bytes, out),
        Form::Vector => write::vector(bytes, out),
        _ => Err(Bad::Type),
    }
}

#[cfg(test)]
mod tests;
