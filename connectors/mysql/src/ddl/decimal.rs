//! A number as its digits, exact whatever its size.

/// How many digits we write at most: more than any column has.
const MOST: i64 = 400;

/// `0.d₁d₂d₃… · 10^point`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Digits {
    negative: bool,
    digits: Vec<u8>,
    point: i64,
}

impl Digits {
    /// A number such as `-1.50e3`; `None` where it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = || whole.bytes().chain(fraction.bytes());
        if all().count() == 0 || !all().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits: Vec<u8> = all().map(|byte| byte - b'0').collect();
        let zeros = digits.iter().take_while(|digit| **digit == 0).count();
        let point =
            i64::try_from(whole.len()).ok()? + i64::from(exponent) - i64::try_from(zeros).ok()?;
        let mut digits = digits.get(zeros..)?.to_vec();
        while digits.last() == Some(&0) {
            digits.pop();
        }
        let point = if digits.is_empty() { 0 } else { point };
        (point.abs() <= MOST).then_some(Self { negative, digits, point })
    }

    /// With so many digits after the point, rounded half away from zero.
    pub(super) fn fixed(mut self, scale: u32) -> String {
        let scale = i64::from(scale.min(100));
        self.round(self.point + scale);
        let mut out = String::new();
        if self.negative && !self.digits.is_empty() {
            out.push('-');
        }
        if self.point <= 0 {
            out.push('0');
        }
        out.extend((0..self.point.max(0)).map(|place| self.digit(place)));
        if scale > 0 {
            out.push('.');
            out.extend((self.point..self.point + scale).map(|place| self.digit(place)));
        }
        out
    }

    /// As FLOAT and DOUBLE are printed: `1.5`, `0.0000001`, `1e20`.
    pub(super) fn floating(self) -> String {
        let fraction = i64::try_from(self.digits.len()).unwrap_or(0) - self.point;
        if (-14..=15).contains(&self.point) {
            return self.fixed(u32::try_from(fraction.max(0)).unwrap_or(0));
        }
        let exponent = self.point - 1;
        let scale = u32::try_from(self.digits.len().saturating_sub(1)).unwrap_or(0);
        format!("{}e{exponent}", Self { point: 1, ..self }.fixed(scale))
    }

    /// The digit at a place, counted from the first that is not 0.
    fn digit(&self, place: i64) -> char {
        let digit = usize::try_from(place).ok().and_then(|place| self.digits.get(place));
        char::from(b'0' + digit.copied().unwrap_or(0))
    }

    /// Keeps so many digits.
    fn round(&mut self, keep: i64) {
        let Ok(keep) = usize::try_from(keep) else {
            self.digits.clear();
            self.point = 0;
            return;
        };
        let up = self.digits.get(keep).is_some_and(|digit| *digit >= 5);
        self.digits.truncate(keep);
        if up {
            self.increase();
        }
        if self.digits.is_empty() {
            self.point = 0;
        }
    }

    /// Adds one to the last digit.
    fn increase(&mut self) {
        let mut nines = 0;
        while self.digits.last() == Some(&9) {
            self.digits.pop();
            nines += 1;
        }
        if let Some(last) = self.digits.last_mut() {
            *last += 1;
        } else {
            self.digits.push(1);
            self.point += 1;
        }
        self.digits.extend((0..nines).map(|_| 0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed(text: &str, scale: u32) -> String {
        Digits::parse(text).expect("a number").fixed(scale)
    }

    #[test]
    fn rounds_half_away_from_zero() {
        assert_eq!(fixed("1.555", 2), "1.56");
        assert_eq!(fixed("-1.6", 0), "-2");
        assert_eq!(fixed("0.5", 0), "1");
        assert_eq!(fixed("0.4", 0), "0");
        assert_eq!(fixed("99.995", 2), "100.00");
        assert_eq!(fixed("0.0049", 2), "0.00");
        assert_eq!(fixed("0.005", 2), "0.01");
    }

    #[test]
    fn keeps_the_scale() {
        assert_eq!(fixed("07", 0), "7");
        assert_eq!(fixed("1e3", 3), "1000.000");
        assert_eq!(fixed("-0.05", 2), "-0.05");
        assert_eq!(fixed(".5", 2), "0.50");
        assert_eq!(fixed("-0", 0), "0");
    }

    #[test]
    fn floating_as_the_servers_print_it() {
        let floating = |text| Digits::parse(text).expect("a number").floating();
        assert_eq!(floating("1e10"), "10000000000");
        assert_eq!(floating("1e-7"), "0.0000001");
        assert_eq!(floating("1e15"), "1e15");
        assert_eq!(floating("1.2345678901234568e17"), "1.2345678901234568e17");
        assert_eq!(floating("1.67772e7"), "16777200");
        assert_eq!(floating("0"), "0");
    }

    #[test]
    fn what_is_no_number() {
        for text in ["", "-", ".", "1x", "1e", "1e9999999999", "0x10", "1e500"] {
            assert_eq!(Digits::parse(text), None, "{text}");
        }
    }
}
