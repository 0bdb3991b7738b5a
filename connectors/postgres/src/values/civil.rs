//! The proleptic Gregorian calendar, and the parts of PostgreSQL's ISO texts.

use super::Fault;

pub(super) const DAY_US: i64 = 86_400_000_000;

/// Days since 1970 of a date; the year is astronomical (1 BC is 0).
pub(super) fn days(year: i64, month: i64, day: i64) -> i64 {
    // Counted in eras of 400 years from March (H. Hinnant, "chrono-compatible date algorithms").
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of days since 1970.
pub(super) fn date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let of_year = day_of_era - (365 * of_era + of_era / 4 - of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// Cuts off ` BC`.
pub(super) fn era(text: &[u8]) -> (&[u8], bool) {
    match text.strip_suffix(b" BC") {
        Some(text) => (text, true),
        None => (text, false),
    }
}

#[inline]
fn digits(digits: &[u8]) -> Result<i64, Fault> {
    if digits.len() > 9 {
        return Err(Fault);
    }
    digits.iter().try_fold(0_i64, |value, digit| {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 { Err(Fault) } else { Ok(value * 10 + i64::from(digit)) }
    })
}

/// Reads `YYYY-MM-DD` with any number of digits in the year; what follows is left over.
#[inline]
pub(super) fn read_date(text: &[u8], before_christ: bool) -> Result<(i64, &[u8]), Fault> {
    let dash = text.iter().position(|byte| *byte == b'-').ok_or(Fault)?;
    let (year, rest) = text.split_at_checked(dash).ok_or(Fault)?;
    let [b'-', m1, m2, b'-', d1, d2, rest @ ..] = rest else { return Err(Fault) };
    let (year, month, day) = (digits(year)?, digits(&[*m1, *m2])?, digits(&[*d1, *d2])?);
    if dash == 0 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return Err(Fault);
    }
    let year = if before_christ { 1 - year } else { year };
    Ok((days(year, month, day), rest))
}

/// Reads `HH:MM:SS` with up to six more digits, in microseconds; what follows is left over.
#[inline]
pub(super) fn read_clock(text: &[u8]) -> Result<(i64, &[u8]), Fault> {
    let [h1, h2, b':', m1, m2, b':', s1, s2, rest @ ..] = text else { return Err(Fault) };
    let (hours, minutes) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?);
    let seconds = digits(&[*s1, *s2])?;
    if hours > 24 || minutes > 59 || seconds > 60 {
        return Err(Fault);
    }
    let (fraction, rest) = read_fraction(rest)?;
    Ok((((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + fraction, rest))
}

/// Reads `.ffffff`, if it is there, in microseconds.
pub(super) fn read_fraction(text: &[u8]) -> Result<(i64, &[u8]), Fault> {
    let Some(text) = text.strip_prefix(b".") else { return Ok((0, text)) };
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (fraction, rest) = text.split_at_checked(count).ok_or(Fault)?;
    let scale = 10_i64.pow(6_u32.checked_sub(count as u32).ok_or(Fault)?);
    Ok((digits(fraction)? * scale, rest))
}

/// Reads `+HH`, `+HH:MM` or `+HH:MM:SS` to the end of the text, in seconds.
#[inline]
pub(super) fn read_offset(text: &[u8]) -> Result<i64, Fault> {
    if text == b"+00" {
        return Ok(0);
    }
    let (sign, text) = match text {
        [b'+', text @ ..] => (1, text),
        [b'-', text @ ..] => (-1, text),
        _ => return Err(Fault),
    };
    let parts = match text {
        [h1, h2] => [*h1, *h2, b'0', b'0', b'0', b'0'],
        [h1, h2, b':', m1, m2] => [*h1, *h2, *m1, *m2, b'0', b'0'],
        [h1, h2, b':', m1, m2, b':', s1, s2] => [*h1, *h2, *m1, *m2, *s1, *s2],
        _ => return Err(Fault),
    };
    let number = digits(&parts)?;
    Ok(sign * ((number / 10_000 * 60 + number / 100 % 100) * 60 + number % 100))
}

/// A short text on the stack: room for every temporal text.
#[derive(Clone, Copy)]
pub(super) struct Short {
    room: [u8; 48],
    length: usize,
}

impl Short {
    pub(super) fn new() -> Self {
        Self { room: [0; 48], length: 0 }
    }

    #[inline]
    pub(super) fn push(&mut self, byte: u8) {
        // The longest text has 37 bytes.
        if let Some(place) = self.room.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.room.get(..self.length).unwrap_or_default()
    }

    /// `number` with at least `width` digits.
    pub(super) fn number(&mut self, number: u64, width: u32) {
        let mut divisor = 10_u64.pow(width.saturating_sub(1));
        while number / divisor >= 10 {
            divisor *= 10;
        }
        while divisor > 0 {
            self.push(b'0' + (number / divisor % 10) as u8);
            divisor /= 10;
        }
    }

    /// A date as `java.time` prints it: `-0043-03-15`, `+12345-06-07`.
    pub(super) fn date(&mut self, days: i64) {
        let (year, month, day) = date(days);
        if year < 0 {
            self.push(b'-');
        } else if year > 9999 {
            self.push(b'+');
        }
        self.number(year.unsigned_abs(), 4);
        self.push(b'-');
        self.number(month.unsigned_abs(), 2);
        self.push(b'-');
        self.number(day.unsigned_abs(), 2);
    }

    /// `HH:MM:SS`, and the fraction with exactly `digits` digits, or as many as it needs.
    pub(super) fn clock(&mut self, micros: i64, digits: Option<u8>) {
        let micros = micros.unsigned_abs();
        let seconds = micros / 1_000_000;
        self.number(seconds / 3600, 2);
        self.push(b':');
        self.number(seconds / 60 % 60, 2);
        self.push(b':');
        self.number(seconds % 60, 2);
        let mut fraction = micros % 1_000_000;
        let mut left = match digits {
            Some(digits) => u32::from(digits.min(6)),
            None if fraction == 0 => 0,
            None => 6,
        };
        if left > 0 {
            self.push(b'.');
        }
        let mut divisor = 100_000;
        while left > 0 && (digits.is_some() || fraction > 0) {
            self.push(b'0' + (fraction / divisor) as u8);
            fraction %= divisor;
            divisor /= 10;
            left -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn days_are_counted_from_1970() {
        for (date, expected) in [
            ((1970, 1, 1), 0),
            ((2024, 2, 29), 19_782),
            ((1969, 12, 31), -1),
            ((1, 1, 1), -719_162),
            ((-43, 3, 15), -735_160),
            ((5_874_897, 12, 31), 2_145_042_905),
        ] {
            assert_eq!(days(date.0, date.1, date.2), expected, "{date:?}");
            assert_eq!(super::date(expected), date);
        }
    }

    #[test]
    fn offsets_have_up_to_three_parts() {
        for (text, seconds) in [
            ("+00", 0),
            ("-08", -28_800),
            ("+05:30", 19_800),
            ("+15:59", 57_540),
            ("-00:00:30", -30),
        ] {
            assert_eq!(read_offset(text.as_bytes()), Ok(seconds), "{text}");
        }
        for text in ["", "Z", "+1", "+01:", "01", "+01x00"] {
            assert_eq!(read_offset(text.as_bytes()), Err(Fault), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_day_comes_back(day in -2_000_000_000_i64..2_200_000_000) {
            let (y, m, d) = date(day);
            prop_assert_eq!(days(y, m, d), day);
        }

        #[test]
        fn clocks_come_back(micros in 0..DAY_US) {
            for digits in [None, Some(6)] {
                let mut text = Short::new();
                text.clock(micros, digits);
                prop_assert_eq!(read_clock(text.bytes()), Ok((micros, b"".as_slice())));
            }
        }
    }
}
