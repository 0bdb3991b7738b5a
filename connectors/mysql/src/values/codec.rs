//! One column: from the bytes of a row in the log to the payload of its field.

use super::form::Form;
use super::physical::Physical;
use super::read::{array, big, little, prefixed, take};
use super::temporal;
use super::{Bad, Unfit, Written, compressed, json, length, write};
use crate::binlog::table_map::Column;
use crate::flavor::Flavor;
use crate::structure::Type;
use walbrook_core::avro::write as avro;
use walbrook_core::value::decimal::integer;

/// How the values of one column are read and written; made once for each version of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Codec {
    physical: Physical,
    form: Form,
}

impl Codec {
    /// The codec of a column, by what the log says of it, what is declared, and what is wanted.
    ///
    /// # Errors
    /// [`Unfit`] where the log and the declaration do not speak of the same type, or the text
    /// cannot be converted.
    pub fn new(
        column: &Column,
        declared: &Type,
        form: Form,
        _flavor: Flavor,
    ) -> Result<Codec, Unfit> {
        Ok(Self { physical: Physical::new(column, declared, &form)?, form })
    }

    /// What is written.
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// Reads the value at the front of `bytes`, which is advanced, and appends its payload.
    ///
    /// # Errors
    /// [`Bad`] where the bytes are no such value; `out` may then hold a part of it.
    #[inline]
    pub fn write(&self, bytes: &mut &[u8], out: &mut Vec<u8>) -> Result<Written, Bad> {
        match &self.physical {
            Physical::Integer { width, unsigned: true } => {
                write::unsigned(&self.form, little(bytes, usize::from(*width))?, out)
            }
            Physical::Integer { width, unsigned: false } => {
                write::signed(&self.form, signed(bytes, *width)?, out)
            }
            Physical::Text { prefix, decoder } => {
                decoder.write(prefixed(bytes, usize::from(*prefix))?, out)?;
                Ok(Written::Value)
            }
            Physical::Bytes { prefix } => {
                opaque(&self.form, prefixed(bytes, usize::from(*prefix))?, out)
            }
            Physical::Float => {
                let value = f32::from_le_bytes(array(bytes)?);
                match self.form {
                    Form::Float => avro::float(out, value),
                    _ => avro::double(out, f64::from(value)),
                }
                Ok(Written::Value)
            }
            Physical::Double => {
                avro::double(out, f64::from_le_bytes(array(bytes)?));
                Ok(Written::Value)
            }
            Physical::Enum { width } => {
                let index = little(bytes, usize::from(*width))? as usize;
                let Form::Enum(labels) = &self.form else { return Err(Bad::Type) };
                write::enum_index(labels, index, out)
            }
            Physical::Set { width } => {
                let mask = little(bytes, usize::from(*width))?;
                let Form::Set(labels) = &self.form else { return Err(Bad::Type) };
                write::set_mask(labels, mask, out)
            }
            Physical::Bit { width } => {
                write::bits(&self.form, big(bytes, usize::from(*width))?, out)
            }
            Physical::Decimal(_) => self.decimal(bytes, out),
            Physical::Compressed { prefix, decoder } => {
                let value = compressed::inflate(prefixed(bytes, usize::from(*prefix))?)?;
                match decoder {
                    Some(decoder) => decoder.write(&value, out)?,
                    None => return opaque(&self.form, &value, out),
                }
                Ok(Written::Value)
            }
            _ => self.temporal(bytes, out),
        }
    }

    fn decimal(&self, bytes: &mut &[u8], out: &mut Vec<u8>) -> Result<Written, Bad> {
        let Physical::Decimal(packed) = &self.physical else { return Err(Bad::Type) };
        if matches!(self.form, Form::Decimal { .. })
            && let Some(value) = packed.integer(bytes)?
        {
            integer(value, out);
            return Ok(Written::Value);
        }
        write::decimal_text(&self.form, packed.text(bytes)?.bytes(), out)
    }

    fn temporal(&self, bytes: &mut &[u8], out: &mut Vec<u8>) -> Result<Written, Bad> {
        match (&self.physical, &self.form) {
            (Physical::DateTime { fraction }, Form::DateTime { unit, adjust }) => {
                let moment = temporal::read_moment(bytes, usize::from(*fraction))?;
                Ok(write::date_time(*unit, *adjust, moment.date, moment.micros, out))
            }
            (Physical::Timestamp { fraction }, Form::Timestamp { digits }) => {
                let (seconds, micros) = temporal::read_timestamp(bytes, usize::from(*fraction))?;
                Ok(timestamp(*digits, seconds, micros, out))
            }
            (Physical::Date, Form::Date { unit, adjust }) => {
                Ok(write::date(*unit, *adjust, temporal::read_date(bytes)?, out))
            }
            (Physical::Time { fraction }, Form::Time(unit)) => {
                write::time(*unit, temporal::read_duration(bytes, usize::from(*fraction))?, out);
                Ok(Written::Value)
            }
            (Physical::Year, Form::Year) => {
                let [year] = array(bytes)?;
                let year = if year == 0 { 0 } else { 1900 + i64::from(year) };
                write::signed(&self.form, year, out)
            }
            (Physical::OldTime, Form::Time(unit)) => {
                write::time(*unit, temporal::read_old_duration(bytes)?, out);
                Ok(Written::Value)
            }
            (Physical::OldDateTime, Form::DateTime { unit, adjust }) => {
                let moment = temporal::read_old_moment(bytes)?;
                Ok(write::date_time(*unit, *adjust, moment.date, moment.micros, out))
            }
            (Physical::OldTimestamp, Form::Timestamp { digits }) => {
                Ok(timestamp(*digits, little(bytes, 4)? as u32, 0, out))
            }
            _ => Err(Bad::Type),
        }
    }

    /// Goes past the value at the front of `bytes`.
    ///
    /// # Errors
    /// [`Bad::Truncated`] where the row ends before it.
    pub fn skip(&self, bytes: &mut &[u8]) -> Result<(), Bad> {
        let width = match &self.physical {
            Physical::Integer { width, .. }
            | Physical::Enum { width }
            | Physical::Set { width }
            | Physical::Bit { width } => usize::from(*width),
            Physical::Year => 1,
            Physical::Date | Physical::OldTime => 3,
            Physical::Float | Physical::OldTimestamp => 4,
            Physical::Double | Physical::OldDateTime => 8,
            Physical::Decimal(packed) => packed.width(),
            Physical::Time { fraction } => 3 + usize::from(*fraction),
            Physical::Timestamp { fraction } => 4 + usize::from(*fraction),
            Physical::DateTime { fraction } => 5 + usize::from(*fraction),
            Physical::Text { prefix, .. }
            | Physical::Bytes { prefix }
            | Physical::Compressed { prefix, .. } => {
                return prefixed(bytes, usize::from(*prefix)).map(|_| ());
            }
        };
        take(bytes, width).map(|_| ())
    }
}

#[inline]
fn signed(bytes: &mut &[u8], width: u8) -> Result<i64, Bad> {
    Ok(match width {
        1 => i64::from(i8::from_le_bytes(array(bytes)?)),
        2 => i64::from(i16::from_le_bytes(array(bytes)?)),
        4 => i64::from(i32::from_le_bytes(array(bytes)?)),
        8 => i64::from_le_bytes(array(bytes)?),
        // The sign is the highest bit of three bytes.
        _ => (little(bytes, 3)? as i64) << 40 >> 40,
    })
}

fn timestamp(digits: u8, seconds: u32, micros: u32, out: &mut Vec<u8>) -> Written {
    if (seconds, micros) == (0, 0) {
        return Written::ZeroDate;
    }
    write::timestamp(digits, i64::from(seconds), micros, out);
    Written::Value
}

/// A value of bytes.
#[inline]
fn opaque(form: &Form, value: &[u8], out: &mut Vec<u8>) -> Result<Written, Bad> {
    match form {
        Form::Bytes { text, width } => write::bytes(*text, value, *width as usize, out),
        Form::Json => length::prefixed(out, |out| json::print(value, out))?,
        Form::Geometry | Form::Point => return write::geometry(form, value, out),
        Form::Vector => return write::vector(value, out),
        Form::Uuid => write::uuid(padded(value)?, out),
        Form::Inet4 => write::inet4(padded(value)?, out),
        Form::Inet6 => write::inet6(padded(value)?, out),
        _ => return Err(Bad::Type),
    }
    Ok(Written::Value)
}

/// The log leaves out zero bytes at the end of a fixed binary.
fn padded<const N: usize>(value: &[u8]) -> Result<[u8; N], Bad> {
    let mut whole = [0; N];
    whole.get_mut(..value.len()).ok_or(Bad::Shape)?.copy_from_slice(value);
    Ok(whole)
}

#[cfg(test)]
mod tests;
