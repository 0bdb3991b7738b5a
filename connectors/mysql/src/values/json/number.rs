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
    let mut text = Short { room: [0; 32], length: 0 };
    if write!(text, "{value:e}").is_err() {
        return;
    }
    let text = text.room.get(..text.length).unwrap_or_default();
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let Some(place) = text.iter().position(|byte| *byte == b'e') else { return };
    let (mantissa, exponent) = text.split_at(place);
    let exponent: i32 = exponent
        .get(1..)
        .and_then(|digits| std::str::from_utf8(digits).ok())
        .and_then(|digits| digits.parse().ok())
        .unwrap_or_default();
    if negative {
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

/// Room for the longest double: 25 bytes.
struct Short {
    room: [u8; 32],
    length: usize,
}

impl Write for Short {
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
