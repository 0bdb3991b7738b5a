//! money: text in the database's locale to a decimal.

use super::{Fault, numeric};
use crate::table::Decimals;
use walbrook_core::avro::write;

/// How money is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Money {
    form: Decimals,
    /// Digits behind the point.
    digits: u8,
}

impl Money {
    pub(super) fn new(form: Decimals, digits: u8) -> Self {
        Self { form, digits }
    }

    pub(super) fn write(self, text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
        // At most 19 digits, a sign and a point.
        let mut room = [0_u8; 64];
        let mut plain = Plain { room: &mut room, length: 0 };
        self.plain(text, &mut plain)?;
        let length = plain.length;
        let text = room.get(..length).ok_or(Fault)?;
        match self.form {
            Decimals::Precise => numeric::fixed(text, u16::from(self.digits), out),
            Decimals::String => {
                write::bytes(out, text);
                Ok(())
            }
            Decimals::Double => {
                write::double(out, super::number(text)?);
                Ok(())
            }
        }
    }

    /// The number without currency and grouping, with exactly the wanted digits.
    fn plain(self, text: &[u8], out: &mut Plain<'_>) -> Result<(), Fault> {
        let point = self.point(text);
        let wanted = usize::from(self.digits);
        let (mut unscaled, mut fraction, mut digits) = (0_u128, 0_usize, 0);
        let mut up = false;
        for (at, byte) in text.iter().enumerate().filter(|(_, byte)| byte.is_ascii_digit()) {
            let digit = u128::from(byte - b'0');
            digits += 1;
            if point.is_some_and(|point| at > point) {
                fraction += 1;
                if fraction > wanted {
                    up |= fraction == wanted + 1 && digit >= 5;
                    continue;
                }
            }
            unscaled = unscaled.checked_mul(10).and_then(|n| n.checked_add(digit)).ok_or(Fault)?;
        }
        if digits == 0 {
            return Err(Fault);
        }
        for _ in fraction..wanted {
            unscaled = unscaled.checked_mul(10).ok_or(Fault)?;
        }
        unscaled += u128::from(up);
        let negative = unscaled > 0 && text.iter().any(|byte| matches!(byte, b'-' | b'('));
        out.number(unscaled, wanted, negative)
    }

    /// Where the decimal point is. A mark before three digits groups thousands, unless the
    /// currency has three digits behind the point.
    fn point(self, text: &[u8]) -> Option<usize> {
        let at = text.iter().rposition(|byte| matches!(byte, b'.' | b','))?;
        let behind = text.get(at..)?.iter().filter(|byte| byte.is_ascii_digit()).count();
        (behind != 3 || self.digits == 3).then_some(at)
    }
}

/// A short text on the stack.
struct Plain<'a> {
    room: &'a mut [u8; 64],
    length: usize,
}

impl Plain<'_> {
    fn push(&mut self, byte: u8) -> Result<(), Fault> {
        *self.room.get_mut(self.length).ok_or(Fault)? = byte;
        self.length += 1;
        Ok(())
    }

    fn number(&mut self, unscaled: u128, scale: usize, negative: bool) -> Result<(), Fault> {
        if negative {
            self.push(b'-')?;
        }
        let mut digits = [b'0'; 48];
        let (mut rest, mut count) = (unscaled, 0);
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
            count += 1;
            if rest == 0 && count > scale {
                break;
            }
        }
        let used = digits.get(digits.len() - count..).ok_or(Fault)?;
        for (at, digit) in used.iter().enumerate() {
            if at + scale == count && scale > 0 {
                self.push(b'.')?;
            }
            self.push(*digit)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str, digits: u8) -> Result<String, Fault> {
        let mut out = Vec::new();
        Money::new(Decimals::String, digits).write(value.as_bytes(), &mut out)?;
        Ok(String::from_utf8(out[1..].to_vec()).unwrap())
    }

    #[test]
    fn money_is_read_in_every_locale() {
        for (value, digits, expected) in [
            ("$12.34", 2, "12.34"),
            ("-$92,233,720,368,547,758.08", 2, "-92233720368547758.08"),
            ("$0.00", 2, "0.00"),
            ("-$0.05", 2, "-0.05"),
            ("12.345,67 €", 2, "12345.67"),
            ("(1,000.50)", 2, "-1000.50"),
            ("¥1,234", 0, "1234"),
            ("$1.25", 1, "1.3"),
            ("$1.25", 4, "1.2500"),
            ("KD 1.234", 3, "1.234"),
            ("$1,234", 2, "1234.00"),
        ] {
            assert_eq!(text(value, digits).as_deref(), Ok(expected), "{value}");
        }
        assert_eq!(text("$", 2), Err(Fault));
    }

    #[test]
    fn money_is_a_decimal_or_a_double() {
        let mut out = Vec::new();
        Money::new(Decimals::Precise, 2).write(b"$1.50", &mut out).unwrap();
        assert_eq!(out, [4, 0, 0x96]);
        out.clear();
        Money::new(Decimals::Double, 2).write(b"$12.34", &mut out).unwrap();
        assert_eq!(out, 12.34_f64.to_le_bytes());
    }
}
