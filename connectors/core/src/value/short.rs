//! Dates and times as text, put together without an allocation.

use super::calendar::date;

/// A short text on the stack: room for every temporal text.
#[derive(Clone, Copy, Debug)]
pub struct Short {
    room: [u8; 48],
    length: usize,
}

impl Default for Short {
    fn default() -> Self {
        Self { room: [0; 48], length: 0 }
    }
}

impl Short {
    /// An empty text.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a byte of ASCII.
    #[inline]
    pub fn push(&mut self, byte: u8) {
        // The longest text has 37 bytes.
        if let Some(place) = self.room.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    /// The text so far.
    pub fn bytes(&self) -> &[u8] {
        self.room.get(..self.length).unwrap_or_default()
    }

    /// `number` with at least `width` digits.
    pub fn number(&mut self, number: u64, width: u32) {
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
    pub fn date(&mut self, days: i64) {
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
    pub fn clock(&mut self, micros: i64, digits: Option<u8>) {
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

    #[test]
    fn clocks_are_padded_or_as_short_as_they_can_be() {
        for (micros, digits, expected) in [
            (45_296_789_012, None, "12:34:56.789012"),
            (45_296_700_000, None, "12:34:56.7"),
            (45_296_700_000, Some(3), "12:34:56.700"),
            (45_296_789_012, Some(0), "12:34:56"),
            (3_020_399_000_000, None, "838:59:59"),
        ] {
            let mut text = Short::new();
            text.clock(micros, digits);
            assert_eq!(text.bytes(), expected.as_bytes());
        }
    }

    #[test]
    fn dates_are_as_java_prints_them() {
        for (days, expected) in [
            (19_782, "2024-02-29"),
            (-735_160, "-0043-03-15"),
            (2_145_042_905, "+5874897-12-31"),
            (-719_528, "0000-01-01"),
        ] {
            let mut text = Short::new();
            text.date(days);
            assert_eq!(text.bytes(), expected.as_bytes());
        }
    }
}
