//! interval: microseconds, or ISO 8601 text with every part.

use super::civil::read_fraction;
use super::{Fault, integer};
use crate::table::Intervals;
use walbrook_core::avro::write;

/// 365.25 / 12, the reference's month.
const MONTH_DAYS: f64 = 30.4375;

/// The parts as the server prints them; each has its own sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Parts {
    years: i64,
    months: i64,
    days: i64,
    hours: i64,
    minutes: i64,
    /// Seconds with their fraction.
    micros: i64,
}

pub(super) fn write(form: Intervals, text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    match (text, form) {
        (b"infinity", Intervals::Numeric) => write::long(out, i64::MAX),
        (b"-infinity", Intervals::Numeric) => write::long(out, i64::MIN),
        (b"infinity" | b"-infinity", Intervals::String) => write::bytes(out, text),
        (_, Intervals::Numeric) => write::long(out, parse(text)?.micros()),
        (_, Intervals::String) => parse(text)?.iso(out),
    }
    Ok(())
}

impl Parts {
    /// As the reference counts, in floating numbers and in this order; saturates.
    fn micros(self) -> i64 {
        let days = (self.years * 12 + self.months) as f64 * MONTH_DAYS + self.days as f64;
        let hours = days * 24.0 + self.hours as f64;
        let minutes = hours * 60.0 + self.minutes as f64;
        let seconds = minutes * 60.0 + self.micros as f64 / 1e6;
        (seconds * 1e6) as i64
    }

    fn iso(self, out: &mut Vec<u8>) {
        let parts = [
            (self.years, "Y"),
            (self.months, "M"),
            (self.days, "DT"),
            (self.hours, "H"),
            (self.minutes, "M"),
        ];
        let mut text = Number::default();
        text.push(b"P");
        for (number, unit) in parts {
            text.number(number);
            text.push(unit.as_bytes());
        }
        if self.micros < 0 {
            text.push(b"-");
        }
        text.unsigned(self.micros.unsigned_abs() / 1_000_000, 1);
        let (mut fraction, mut width) = (self.micros.unsigned_abs() % 1_000_000, 6);
        while fraction > 0 && fraction % 10 == 0 {
            (fraction, width) = (fraction / 10, width - 1);
        }
        if fraction > 0 {
            text.push(b".");
            text.unsigned(fraction, width);
        }
        text.push(b"S");
        write::bytes(out, text.bytes());
    }
}

/// Text on the stack: six numbers of up to 20 bytes, seven units.
struct Number {
    room: [u8; 160],
    length: usize,
}

impl Default for Number {
    fn default() -> Self {
        Self { room: [0; 160], length: 0 }
    }
}

impl Number {
    fn push(&mut self, bytes: &[u8]) {
        if let Some(room) = self.room.get_mut(self.length..self.length + bytes.len()) {
            room.copy_from_slice(bytes);
            self.length += bytes.len();
        }
    }

    fn number(&mut self, number: i64) {
        if number < 0 {
            self.push(b"-");
        }
        self.unsigned(number.unsigned_abs(), 1);
    }

    fn unsigned(&mut self, number: u64, width: usize) {
        let mut digits = [b'0'; 20];
        let (mut rest, mut count) = (number, 0);
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            (rest, count) = (rest / 10, count + 1);
            if rest == 0 && count >= width {
                break;
            }
        }
        self.push(digits.get(digits.len() - count..).unwrap_or_default());
    }

    fn bytes(&self) -> &[u8] {
        self.room.get(..self.length).unwrap_or_default()
    }
}

fn parse(text: &[u8]) -> Result<Parts, Fault> {
    match text.strip_prefix(b"P") {
        Some(text) => iso_8601(text),
        None => postgres(text),
    }
}

/// `P1Y2M3DT4H5M6.789S`, without the P.
fn iso_8601(mut text: &[u8]) -> Result<Parts, Fault> {
    let mut parts = Parts::default();
    let mut clock = false;
    if text.is_empty() {
        return Err(Fault);
    }
    while !text.is_empty() {
        if let Some(rest) = text.strip_prefix(b"T").filter(|_| !clock) {
            (clock, text) = (true, rest);
            continue;
        }
        let unit = text.iter().position(u8::is_ascii_alphabetic).ok_or(Fault)?;
        let (number, rest) = text.split_at_checked(unit).ok_or(Fault)?;
        let (unit, rest) = rest.split_first().ok_or(Fault)?;
        match (clock, unit) {
            (false, b'Y') => parts.years = part(number)?,
            (false, b'M') => parts.months = part(number)?,
            (false, b'W') => parts.days = part(number)?.checked_mul(7).ok_or(Fault)?,
            (false, b'D') => parts.days = part(number)?,
            (true, b'H') => parts.hours = part(number)?,
            (true, b'M') => parts.minutes = part(number)?,
            (true, b'S') => parts.micros = seconds(number)?,
            _ => return Err(Fault),
        }
        text = rest;
    }
    Ok(parts)
}

/// A whole number that leaves room to be multiplied.
fn part(text: &[u8]) -> Result<i64, Fault> {
    let number = integer(text.strip_prefix(b"+").unwrap_or(text))?;
    if number.unsigned_abs() < 1 << 50 { Ok(number) } else { Err(Fault) }
}

fn seconds(text: &[u8]) -> Result<i64, Fault> {
    let (negative, text) = match text {
        [b'-', text @ ..] => (true, text),
        [b'+', text @ ..] => (false, text),
        text => (false, text),
    };
    let whole = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (whole, rest) = text.split_at_checked(whole).ok_or(Fault)?;
    let (fraction, rest) = read_fraction(rest)?;
    if !rest.is_empty() {
        return Err(Fault);
    }
    let micros = part(whole)?
        .checked_mul(1_000_000)
        .and_then(|micros| micros.checked_add(fraction))
        .ok_or(Fault)?;
    Ok(if negative { -micros } else { micros })
}

/// `1 year 2 mons -3 days +04:05:06.789`, the server's own style.
fn postgres(text: &[u8]) -> Result<Parts, Fault> {
    let mut parts = Parts::default();
    let mut words = text.split(|byte| *byte == b' ');
    let mut any = false;
    while let Some(word) = words.next() {
        any = true;
        if word.contains(&b':') {
            (parts.hours, parts.minutes, parts.micros) = clock(word)?;
            continue;
        }
        let number = part(word)?;
        match words.next().ok_or(Fault)? {
            b"year" | b"years" => parts.years = number,
            b"mon" | b"mons" => parts.months = number,
            b"day" | b"days" => parts.days = number,
            _ => return Err(Fault),
        }
    }
    if any { Ok(parts) } else { Err(Fault) }
}

/// `[-]HH:MM:SS[.ffffff]` with any number of hours; the sign is that of each part.
fn clock(text: &[u8]) -> Result<(i64, i64, i64), Fault> {
    let (sign, text) = match text {
        [b'-', text @ ..] => (-1, text),
        [b'+', text @ ..] => (1, text),
        text => (1, text),
    };
    let mut parts = text.splitn(3, |byte| *byte == b':');
    let mut next = || parts.next().ok_or(Fault);
    let (hours, minutes, micros) = (part(next()?)?, part(next()?)?, seconds(next()?)?);
    Ok((sign * hours, sign * minutes, sign * micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_numbers_or_texts() {
        for (text, micros, iso) in [
            ("P1Y2M3DT4H5M6.789012S", 37_091_106_789_012, "P1Y2M3DT4H5M6.789012S"),
            ("P1DT1S", 86_401_000_000, "P0Y0M1DT0H0M1S"),
            ("P1Y2M", 36_817_200_000_000, "P1Y2M0DT0H0M0S"),
            ("P-1M5DT-0.5S", -2_197_800_500_000, "P0Y-1M5DT0H0M-0.5S"),
            ("PT0S", 0, "P0Y0M0DT0H0M0S"),
            ("PT-25H", -90_000_000_000, "P0Y0M0DT-25H0M0S"),
            ("P178000000Y", i64::MAX, "P178000000Y0M0DT0H0M0S"),
            ("1 year 2 mons 3 days 04:05:06.789012", 37_091_106_789_012, "P1Y2M3DT4H5M6.789012S"),
            ("-1 mons +5 days -00:00:00.5", -2_197_800_500_000, "P0Y-1M5DT0H0M-0.5S"),
            ("1 day", 86_400_000_000, "P0Y0M1DT0H0M0S"),
            ("-25:00:00", -90_000_000_000, "P0Y0M0DT-25H0M0S"),
        ] {
            let parts = parse(text.as_bytes()).unwrap();
            assert_eq!(parts.micros(), micros, "{text}");
            let mut out = Vec::new();
            parts.iso(&mut out);
            assert_eq!(&out[1..], iso.as_bytes(), "{text}");
        }
        for text in ["", "P", "1", "P1X", "PT1", "1 week x", "PTT1S"] {
            assert_eq!(parse(text.as_bytes()), Err(Fault), "{text}");
        }
    }
}
