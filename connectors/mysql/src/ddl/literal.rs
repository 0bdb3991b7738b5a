//! What is written between quotes.

/// The text of a string or an identifier whose inside is `inside`.
pub(super) fn unescape(inside: &str, quote: char, escapes: bool) -> String {
    let mut out = String::with_capacity(inside.len());
    let mut rest = inside.chars();
    while let Some(next) = rest.next() {
        if next == quote {
            // The second of two.
            rest.next();
            out.push(quote);
        } else if next == '\\' && escapes {
            match rest.next() {
                Some('0') => out.push('\0'),
                Some('b') => out.push('\u{8}'),
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some('Z') => out.push('\u{1a}'),
                // Patterns keep their escapes.
                Some(pattern @ ('%' | '_')) => out.extend(['\\', pattern]),
                Some(other) => out.push(other),
                None => {}
            }
        } else {
            out.push(next);
        }
    }
    out
}

/// The bytes of hexadecimal digits; an odd number of them begins with a 0 that is left out.
pub(super) fn hex(digits: &str) -> Option<Vec<u8>> {
    radix(digits, 2, 16)
}

/// The bytes of binary digits, big-endian, the first byte perhaps with fewer digits than eight.
pub(super) fn bits(digits: &str) -> Option<Vec<u8>> {
    radix(digits, 8, 2)
}

fn radix(digits: &str, per_byte: usize, radix: u32) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(digits.len() / per_byte + 1);
    let mut byte = 0_u32;
    let mut left = digits.len();
    for digit in digits.chars() {
        byte = byte * radix + digit.to_digit(radix)?;
        left -= 1;
        if left.is_multiple_of(per_byte) {
            bytes.push(u8::try_from(byte).ok()?);
            byte = 0;
        }
    }
    Some(bytes)
}
