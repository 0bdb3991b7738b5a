//! Numbers as the server prints them in JSON.

use std::io::Write;

/// Appends an integer.
pub(super) fn integer(value: impl std::fmt::Display, out: &mut Vec<u8>) {
    // Writing into a vector cannot fail.
    let _ = write!(out, "{value}");
}

/// Appends a double with the fewest digits that read back as the same number, and a point or an
/// exponent, so that it stays a double: `1.0`, `0.00001`, `1e15`, `1.5e-16`.
///
/// Plain digits are used for exponents from -15 to 14, and for one more where all 17 digits are
/// needed and one of them stands behind the point (`my_gcvt` in strings/dtoa.cc).
pub(super) fn double(value: f64, out: &mut Vec<u8>) {
    let mut text: Short<32> = Short::new();
    if write!(text, "{:e}", value.abs()).is_err() {
        return;
    }
    to_even(value.abs(), &mut text);
    let Some((mantissa, exponent)) = parts(text.bytes()) else { return };
    if value.is_sign_negative() {
        out.push(b'-');
    }
    let digits = mantissa.iter().copied().filter(|byte| *byte != b'.');
    let count = digits.clone().count() as i32;
    if (-15..=14).contains(&exponent) || exponent == 15 && count == 17 {
        plain(digits, count, exponent, out);
    } else {
        out.extend_from_slice(mantissa);
        out.push(b'e');
        integer(exponent, out);
    }
}

/// Digits with their point, and the exponent.
fn parts(text: &[u8]) -> Option<(&[u8], i32)> {
    let (mantissa, exponent) = text.split_at(text.iter().position(|byte| *byte == b'e')?);
    let exponent = std::str::from_utf8(exponent.get(1..)?).ok()?;
    Some((mantissa, exponent.parse().ok()?))
}

/// A number that lies exactly between two shortest texts (631101259264347.25): the server takes
/// the one whose last digit is even, Rust the greater one.
fn to_even(value: f64, text: &mut Short<32>) {
    let Some((mantissa, _)) = parts(text.bytes()) else { return };
    let length = mantissa.len();
    // Up to 15 digits are told apart by a double, so that none of them is in the middle.
    if length < 16 || mantissa.last().is_none_or(|digit| digit % 2 == 0) {
        return;
    }
    let mut exact: Short<128> = Short::new();
    if write!(exact, "{value:.100e}").is_err() {
        return;
    }
    let rest = exact.bytes().get(length..).unwrap_or_default();
    let rest = rest.split(|byte| *byte == b'e').next().unwrap_or_default();
    let [b'5', zeros @ ..] = rest else { return };
    if zeros.iter().all(|digit| *digit == b'0')
        && let Some(last) = text.room.get_mut(length - 1)
    {
        *last -= 1;
    }
}

fn plain(digits: impl Iterator<Item = u8>, count: i32, exponent: i32, out: &mut Vec<u8>) {
    if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', (-1 - exponent) as usize));
        return out.extend(digits);
    }
    for (place, digit) in digits.enumerate() {
        if place as i32 == exponent + 1 {
            out.push(b'.');
        }
        out.push(digit);
    }
    if count <= exponent + 1 {
        out.extend(std::iter::repeat_n(b'0', (exponent + 1 - count) as usize));
        out.extend_from_slice(b".0");
    }
}

/// A text of at most `N` bytes on the stack: the longest double has 24.
struct Short<const N: usize> {
    room: [u8; N],
    length: usize,
}

impl<const N: usize> Short<N> {
    fn new() -> Self {
        Self { room: [0; N], length: 0 }
    }

    fn bytes(&self) -> &[u8] {
        self.room.get(..self.length).unwrap_or_default()
    }
}

impl<const N: usize> Write for Short<N> {
    fn write(&mut self, part: &[u8]) -> std::io::Result<usize> {
        let end = self.length + part.len();
        let Some(room) = self.room.get_mut(self.length..end) else {
            return Err(std::io::ErrorKind::WriteZero.into());
        };
        room.copy_from_slice(part);
        self.length = end;
        Ok(part.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
