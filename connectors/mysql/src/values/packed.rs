//! DECIMAL as both servers pack it (strings/decimal.cc, `decimal2bin`).
//!
//! Nine digits in four bytes, big-endian; what is left over on both sides of the point in as few
//! bytes as it needs. The first bit is turned over, and all bits where the number is negative, so
//! that packed numbers sort by their bytes.
//!
//! ```text
//!  decimal(14,4)   1234567890.1234
//!  0x81 │ 0x0d 0xfb 0x38 0xd2 │ 0x04 0xd2
//!  1    │ 234567890           │ .1234
//! ```

use super::Bad;
use super::read::take;

/// Bytes for so many left-over digits.
const BYTES: [u8; 10] = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];

/// By so much a number grows with so many digits.
const POWERS: [u32; 10] =
    [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

/// The layout of one column's decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packed {
    precision: u8,
    scale: u8,
    /// Bytes in all.
    width: u8,
}

impl Packed {
    /// The layout for a precision up to 65 and a scale up to it.
    pub(super) fn new(precision: u8, scale: u8) -> Option<Packed> {
        if precision == 0 || precision > 65 || scale > precision {
            return None;
        }
        let part = |digits: u8| digits / 9 * 4 + bytes_of(usize::from(digits % 9)) as u8;
        Some(Self { precision, scale, width: part(precision - scale) + part(scale) })
    }

    /// Bytes of a value.
    pub(super) fn width(self) -> usize {
        usize::from(self.width)
    }

    /// Digits after the point.
    pub(super) fn scale(self) -> u8 {
        self.scale
    }

    /// The number without its point, where it is sure to fit; else nothing is read.
    #[inline]
    pub(super) fn integer(self, bytes: &mut &[u8]) -> Result<Option<i128>, Bad> {
        let power = |digits: usize| POWERS.get(digits).copied().unwrap_or(1);
        if self.precision <= 18 {
            let mut value = 0_i64;
            let negative = self.groups(bytes, |group, digits| {
                value = value * i64::from(power(digits)) + i64::from(group);
            })?;
            return Ok(Some(i128::from(if negative { -value } else { value })));
        }
        if self.precision <= 38 {
            let mut value = 0_i128;
            let negative = self.groups(bytes, |group, digits| {
                value = value * i128::from(power(digits)) + i128::from(group);
            })?;
            return Ok(Some(if negative { -value } else { value }));
        }
        Ok(None)
    }

    /// The number as the server prints it: `-0.50`.
    pub(super) fn text(self, bytes: &mut &[u8]) -> Result<Text, Bad> {
        let mut text = Text { room: [0; 72], length: 0 };
        if bytes.first().is_some_and(|first| first & 0x80 == 0) {
            text.push(b'-');
        }
        let mut whole = usize::from(self.precision - self.scale);
        let start = text.length;
        if whole == 0 {
            text.push(b'0');
            text.push(b'.');
        }
        self.groups(bytes, |group, digits| {
            for place in (0..digits).rev() {
                let digit = group / POWERS.get(place).copied().unwrap_or(1) % 10;
                if whole == 0 {
                    text.push(b'0' + digit as u8);
                    continue;
                }
                whole -= 1;
                // No zeros in front, but for the one before the point.
                if digit > 0 || text.length > start || whole == 0 {
                    text.push(b'0' + digit as u8);
                }
                if whole == 0 && self.scale > 0 {
                    text.push(b'.');
                }
            }
        })?;
        Ok(text)
    }

    /// Calls `each` with every group and its number of digits; returns whether it is negative.
    #[inline]
    fn groups(self, bytes: &mut &[u8], mut each: impl FnMut(u32, usize)) -> Result<bool, Bad> {
        let mut packed = take(bytes, self.width())?;
        let negative = packed.first().is_some_and(|first| first & 0x80 == 0);
        let mask = if negative { 0xff } else { 0 };
        let mut turned = true;
        let mut read = |digits: usize| {
            let width = bytes_of(digits);
            let part = take(&mut packed, width)?;
            let mut group = part.iter().fold(0, |value, byte| value << 8 | u32::from(byte ^ mask));
            if turned && width > 0 {
                group ^= 0x80 << (8 * (width - 1));
                turned = false;
            }
            if group >= POWERS.get(digits).copied().unwrap_or(1) {
                return Err(Bad::Number);
            }
            each(group, digits);
            Ok(())
        };
        let (whole, fraction) = (usize::from(self.precision - self.scale), usize::from(self.scale));
        if whole % 9 > 0 {
            read(whole % 9)?;
        }
        for _ in 0..whole / 9 + fraction / 9 {
            read(9)?;
        }
        if fraction % 9 > 0 {
            read(fraction % 9)?;
        }
        Ok(negative)
    }
}

/// Bytes of a group of up to nine digits.
#[inline]
fn bytes_of(digits: usize) -> usize {
    BYTES.get(digits).copied().map_or(4, usize::from)
}

/// A decimal as text, without an allocation: 65 digits, a sign, a point, a zero before it.
pub(super) struct Text {
    room: [u8; 72],
    length: usize,
}

impl Text {
    #[inline]
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.room.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.room.get(..self.length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Packs a text the slow way, one group of digits after the other.
    fn packed(text: &str, precision: usize, scale: usize) -> Vec<u8> {
        let (negative, digits) = (text.starts_with('-'), text.trim_start_matches('-'));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let whole = format!("{whole:0>width$}", width = precision - scale);
        let (lead, rest) = whole.split_at(whole.len() % 9);
        let mut out = Vec::new();
        let mut group = |part: &str| {
            if !part.is_empty() {
                let value: u32 = part.parse().unwrap();
                out.extend_from_slice(&value.to_be_bytes()[4 - bytes_of(part.len())..]);
            }
        };
        group(lead);
        for part in rest.as_bytes().chunks(9) {
            group(std::str::from_utf8(part).unwrap());
        }
        for part in fraction.as_bytes().chunks(9) {
            group(std::str::from_utf8(part).unwrap());
        }
        out[0] ^= 0x80;
        if negative {
            out.iter_mut().for_each(|byte| *byte = !*byte);
        }
        out
    }

    #[test]
    fn the_manual_s_example() {
        let bytes = [0x81, 0x0d, 0xfb, 0x38, 0xd2, 0x04, 0xd2];
        assert_eq!(packed("1234567890.1234", 14, 4), bytes);
        let layout = Packed::new(14, 4).unwrap();
        assert_eq!(layout.text(&mut &bytes[..]).unwrap().bytes(), b"1234567890.1234");
        assert_eq!(layout.integer(&mut &bytes[..]), Ok(Some(12_345_678_901_234)));
        assert_eq!(layout.integer(&mut &bytes[..6]), Err(Bad::Truncated));
        assert_eq!(Packed::new(2, 2).unwrap().integer(&mut &[0xff_u8][..]), Err(Bad::Number));
        for (precision, scale) in [(0, 0), (66, 0), (3, 4)] {
            assert_eq!(Packed::new(precision, scale), None);
        }
    }

    proptest! {
        #[test]
        fn every_decimal_comes_back(
            digits in prop::collection::vec(0..10_u8, 65),
            precision in 1..=65_usize,
            scale in 0..=65_usize,
            negative in any::<bool>(),
        ) {
            let scale = scale % (precision + 1);
            let text: String = digits[..precision].iter().map(|d| char::from(b'0' + d)).collect();
            let (whole, fraction) = text.split_at(precision - scale);
            let whole = whole.trim_start_matches('0');
            let sign = if negative { "-" } else { "" };
            let whole = if whole.is_empty() { "0" } else { whole };
            let point = if scale > 0 { "." } else { "" };
            let text = format!("{sign}{whole}{point}{fraction}");
            let slim = if precision == scale { text.replacen("0.", ".", 1) } else { text.clone() };
            let bytes = packed(&slim, precision, scale);
            let layout = Packed::new(precision as u8, scale as u8).unwrap();
            prop_assert_eq!(bytes.len(), layout.width());
            let mut rest = bytes.as_slice();
            let found = layout.text(&mut rest).unwrap();
            prop_assert_eq!(found.bytes(), text.as_bytes());
            prop_assert!(rest.is_empty());
            let expected = (precision <= 38).then(|| text.replace('.', "").parse().unwrap());
            prop_assert_eq!(layout.integer(&mut bytes.as_slice()), Ok(expected));
        }

        #[test]
        fn any_bytes_are_a_number_or_an_error(
            bytes in prop::collection::vec(any::<u8>(), 0..32),
            precision in 0..70_u8,
            scale in 0..70_u8,
        ) {
            if let Some(layout) = Packed::new(precision, scale) {
                let _ = layout.integer(&mut bytes.as_slice());
                let _ = layout.text(&mut bytes.as_slice());
            }
        }
    }
}
