//! Dates and times.
//!
//! Years always have four digits here (0–9999), so texts are put together in arrays.

use super::super::Written;
use super::super::form;
use walbrook_core::avro::write;
use walbrook_core::value::calendar::{DAY_US, date as civil, days};
use walbrook_core::value::short::Short;

/// A date as the server keeps it: parts may be zero, and a day need not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// 0–9999
    pub year: u16,
    /// 0–12
    pub month: u8,
    /// 0–31
    pub day: u8,
}

impl Civil {
    /// Days since 1970, or what becomes of a date that is none; `adjust` moves years of two
    /// digits.
    ///
    /// # Errors
    /// [`Written::ZeroDate`] without a month or day, [`Written::OutOfReach`] where the calendar has
    /// no such day.
    #[inline]
    pub fn days(self, adjust: bool) -> Result<i64, Written> {
        if self.month == 0 || self.day == 0 {
            return Err(Written::ZeroDate);
        }
        // Two digits mean the years around 2000, as where the server reads such a year itself.
        let year = match self.year {
            0..=69 if adjust => self.year + 2000,
            70..=99 if adjust => self.year + 1900,
            year => year,
        };
        if self.day > 28 && self.day > last_day(year, self.month) || self.month > 12 {
            return Err(Written::OutOfReach);
        }
        Ok(days(i64::from(year), i64::from(self.month), i64::from(self.day)))
    }
}

fn last_day(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

fn leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// A DATE.
#[inline]
pub fn date(unit: form::Date, adjust: bool, date: Civil, out: &mut Vec<u8>) -> Written {
    let days = match date.days(adjust) {
        Ok(days) => days,
        Err(instead) => return instead,
    };
    match unit {
        form::Date::Days | form::Date::Connect => write::long(out, days),
        form::Date::Iso => {
            let [y1, y2, y3, y4, a, m1, m2, b, d1, d2] = date_text(days);
            write::bytes(out, &[y1, y2, y3, y4, a, m1, m2, b, d1, d2, b'Z']);
        }
    }
    Written::Value
}

/// A DATETIME, by its date and the microseconds of its day.
#[inline]
pub fn date_time(
    unit: form::DateTime,
    adjust: bool,
    date: Civil,
    micros: i64,
    out: &mut Vec<u8>,
) -> Written {
    let days = match date.days(adjust) {
        Ok(days) => days,
        Err(instead) => return instead,
    };
    let since = days * DAY_US + micros;
    match unit {
        // Towards the past, also before 1970.
        form::DateTime::Millis | form::DateTime::Connect => {
            write::long(out, since.div_euclid(1000));
        }
        form::DateTime::Micros => write::long(out, since),
        form::DateTime::Nanos => match since.checked_mul(1000) {
            Some(nanos) => write::long(out, nanos),
            None => return Written::OutOfReach,
        },
        form::DateTime::Iso => iso(days, micros, needed(micros), out),
    }
    Written::Value
}

/// A TIMESTAMP, by its seconds since 1970 and the microseconds of its second, with exactly
/// `digits` of them.
#[inline]
pub fn timestamp(digits: u8, seconds: i64, micros: u32, out: &mut Vec<u8>) {
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    iso(days, of_day * 1_000_000 + i64::from(micros), digits, out);
}

/// A TIME in microseconds, negative ones too.
#[inline]
pub fn time(unit: form::Time, micros: i64, out: &mut Vec<u8>) {
    match unit {
        form::Time::Micros => write::long(out, micros),
        form::Time::Nanos => write::long(out, micros.saturating_mul(1000)),
        form::Time::Connect => write::long(out, micros / 1000),
        form::Time::Iso => {
            let mut text = Short::new();
            if micros < 0 {
                text.push(b'-');
            }
            text.clock(micros, None);
            text.push(b'Z');
            write::bytes(out, text.bytes());
        }
    }
}

/// How many digits a fraction needs.
fn needed(micros: i64) -> u8 {
    let (mut fraction, mut digits) = (micros % 1_000_000, 6);
    while digits > 0 && fraction % 10 == 0 {
        fraction /= 10;
        digits -= 1;
    }
    digits
}

fn digit(value: i64) -> u8 {
    b'0' + (value % 10) as u8
}

#[inline]
fn date_text(days: i64) -> [u8; 10] {
    let (y, m, d) = civil(days);
    let (y1, y2, y3) = (digit(y / 1000), digit(y / 100), digit(y / 10));
    [y1, y2, y3, digit(y), b'-', digit(m / 10), digit(m), b'-', digit(d / 10), digit(d)]
}

/// `2024-02-29T12:34:56.780Z`
#[inline]
fn iso(days: i64, micros: i64, digits: u8, out: &mut Vec<u8>) {
    let (seconds, f) = (micros / 1_000_000, micros % 1_000_000);
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let digits = usize::from(digits.min(6));
    let fraction = if digits == 0 { 0 } else { digits + 1 };
    write::long(out, (20 + fraction) as i64);
    out.extend_from_slice(&date_text(days));
    let (h1, m1, s1) = (digit(h / 10), digit(m / 10), digit(s / 10));
    out.extend_from_slice(&[b'T', h1, digit(h), b':', m1, digit(m), b':', s1, digit(s)]);
    let (f1, f2, f3) = (digit(f / 100_000), digit(f / 10_000), digit(f / 1000));
    let text = [b'.', f1, f2, f3, digit(f / 100), digit(f / 10), digit(f)];
    out.extend_from_slice(text.get(..fraction).unwrap_or_default());
    out.push(b'Z');
}
