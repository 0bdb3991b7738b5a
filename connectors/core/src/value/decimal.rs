//! Exact decimals: digits to an unscaled integer in two's complement, big-endian, as short as it
//! can be (Connect's Decimal).

use crate::avro::write;

/// Digits that always fit an `i128`.
const FAST: usize = 38;

/// Limbs on the stack: room for 76 digits and a sign.
const STACK: usize = 8;

/// A number as text, cut at its point; both parts are ASCII digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digits<'a> {
    /// Whether a minus sign stands in front.
    pub negative: bool,
    /// Before the point.
    pub whole: &'a [u8],
    /// After it.
    pub fraction: &'a [u8],
}

impl<'a> Digits<'a> {
    /// Cuts `-12.50`; nothing where it is not such a text.
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        let (negative, digits) = match text {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        let (whole, fraction) = match digits.iter().position(|byte| *byte == b'.') {
            Some(point) => digits.split_at_checked(point)?,
            None => (digits, b"".as_slice()),
        };
        let fraction = fraction.get(1..).unwrap_or_default();
        let valid = whole.iter().chain(fraction).all(u8::is_ascii_digit);
        let empty = whole.is_empty() && fraction.is_empty();
        (valid && !empty).then_some(Self { negative, whole, fraction })
    }

    /// Without the zeros at the end of the fraction.
    #[must_use]
    pub fn trimmed(self) -> Self {
        let last = self.fraction.iter().rposition(|digit| *digit != b'0');
        let kept = last.map_or(0, |last| last + 1);
        Self { fraction: self.fraction.get(..kept).unwrap_or_default(), ..self }
    }

    /// Appends Connect's Decimal of a known scale; nothing where digits would be lost.
    pub fn fixed(mut self, scale: usize, out: &mut Vec<u8>) -> Option<()> {
        if self.fraction.len() > scale {
            self = self.trimmed();
        }
        let zeros = scale.checked_sub(self.fraction.len())?;
        self.unscaled(zeros, out);
        Some(())
    }

    /// Appends all digits as one integer, with `zeros` more of them.
    pub fn unscaled(self, zeros: usize, out: &mut Vec<u8>) {
        let digits = self.whole.iter().chain(self.fraction);
        let digits = digits.copied().chain(std::iter::repeat_n(b'0', zeros));
        let count = self.whole.len() + self.fraction.len() + zeros;
        if count <= FAST {
            let value = digits.fold(0_i128, |value, digit| value * 10 + i128::from(digit & 15));
            integer(if self.negative { -value } else { value }, out);
        } else if count <= STACK * 9 {
            large(digits, self.negative, &mut [0; STACK], out);
        } else {
            // A limb holds more than nine digits.
            large(digits, self.negative, &mut vec![0; count / 9 + 2], out);
        }
    }
}

/// Appends an unscaled integer as Connect's Decimal.
#[inline]
pub fn integer(value: i128, out: &mut Vec<u8>) {
    write::bytes(out, shortest(&value.to_be_bytes()));
}

/// Without the bytes in front that only repeat the sign.
#[inline]
pub fn shortest(mut bytes: &[u8]) -> &[u8] {
    while let [0, second, ..] | [0xff, second, ..] = bytes {
        let (first, rest) = bytes.split_first().unwrap_or((&0, bytes));
        if first >> 7 != second >> 7 {
            break;
        }
        bytes = rest;
    }
    bytes
}

/// The same for any number of digits; `limbs`, lowest first, are zero and enough for them and a
/// sign.
fn large(digits: impl Iterator<Item = u8>, negative: bool, limbs: &mut [u32], out: &mut Vec<u8>) {
    // Nine digits at a time.
    let (mut chunk, mut size) = (0_u32, 1_u32);
    for digit in digits {
        chunk = chunk * 10 + u32::from(digit & 15);
        size *= 10;
        if size == 1_000_000_000 {
            multiply_add(limbs, size, chunk);
            (chunk, size) = (0, 1);
        }
    }
    multiply_add(limbs, size, chunk);
    if negative {
        let mut carry = true;
        for limb in limbs.iter_mut() {
            let (value, overflow) = (!*limb).overflowing_add(u32::from(carry));
            (*limb, carry) = (value, overflow);
        }
    }
    let sign = if negative { u32::MAX } else { 0 };
    // Limbs that only repeat the sign; one of them may be needed to show it.
    let kept = limbs.iter().rposition(|limb| *limb != sign).map_or(1, |last| last + 2);
    let kept = limbs.get(..kept.min(limbs.len())).unwrap_or_default();
    let bytes = kept.iter().rev().flat_map(|limb| limb.to_be_bytes());
    let repeated = repeated(bytes.clone());
    write::long(out, (kept.len() * 4 - repeated) as i64);
    out.extend(bytes.skip(repeated));
}

/// How many bytes in front only repeat the sign.
fn repeated(bytes: impl Iterator<Item = u8> + Clone) -> usize {
    let next = bytes.clone().skip(1);
    bytes.zip(next).take_while(|(a, b)| matches!(a, 0 | 0xff) && a >> 7 == b >> 7).count()
}

fn multiply_add(limbs: &mut [u32], factor: u32, add: u32) {
    let mut carry = u64::from(add);
    for limb in limbs {
        let value = u64::from(*limb) * u64::from(factor) + carry;
        *limb = value as u32;
        carry = value >> 32;
    }
}

#[cfg(test)]
mod tests;
