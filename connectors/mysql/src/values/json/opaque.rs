//! Values that JSON has no word for: decimals, dates and times, bytes.

use super::super::Bad;
use super::super::packed::Packed;
use super::super::temporal::{self, Moment};
use super::{number, quoted};
use walbrook_core::modes::Binary;
use walbrook_core::value::binary::encode;
use walbrook_core::value::short::Short;

/// After so many characters of base64 the server begins a new line.
const LINE: usize = 76;

/// Appends the text of an opaque value, by the type of the column that it came from.
pub(super) fn print(kind: u8, data: &[u8], out: &mut Vec<u8>) -> Result<(), Bad> {
    match kind {
        246 => decimal(data, out),
        10 => moment(data, false, out),
        7 | 12 => moment(data, true, out),
        11 => time(data, out),
        _ => {
            bytes(kind, data, out);
            Ok(())
        }
    }
}

/// Precision u8, scale u8, then the digits as in a row.
fn decimal(data: &[u8], out: &mut Vec<u8>) -> Result<(), Bad> {
    let [precision, scale, rest @ ..] = data else { return Err(Bad::Json) };
    let packed = Packed::new(*precision, *scale).ok_or(Bad::Json)?;
    let mut rest = rest;
    out.extend_from_slice(packed.text(&mut rest)?.bytes());
    if rest.is_empty() { Ok(()) } else { Err(Bad::Json) }
}

fn packed(data: &[u8]) -> Result<i64, Bad> {
    Ok(i64::from_le_bytes(data.try_into().map_err(|_| Bad::Json)?))
}

/// `"2024-02-29"`, `"2024-02-29 12:34:56.789000"`
fn moment(data: &[u8], with_clock: bool, out: &mut Vec<u8>) -> Result<(), Bad> {
    let Moment { date, micros } = temporal::moment(packed(data)?, 24)?;
    let mut text = Short::new();
    text.number(u64::from(date.year), 4);
    text.push(b'-');
    text.number(u64::from(date.month), 2);
    text.push(b'-');
    text.number(u64::from(date.day), 2);
    if with_clock {
        text.push(b' ');
        text.clock(micros, Some(6));
    }
    quoted::push(text.bytes(), out);
    Ok(())
}

/// `"-12:34:56.100000"`
fn time(data: &[u8], out: &mut Vec<u8>) -> Result<(), Bad> {
    let micros = temporal::duration(packed(data)?, 24)?;
    let mut text = Short::new();
    if micros < 0 {
        text.push(b'-');
    }
    text.clock(micros, Some(6));
    quoted::push(text.bytes(), out);
    Ok(())
}

/// `"base64:type15:AP8="`, in lines.
fn bytes(kind: u8, data: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"\"base64:type");
    number::integer(kind, out);
    out.push(b':');
    for (place, line) in data.chunks(LINE / 4 * 3).enumerate() {
        if place > 0 {
            out.extend_from_slice(b"\\n");
        }
        encode(Binary::Base64, line.iter().copied(), out);
    }
    out.push(b'"');
}
