//! The parts of PostgreSQL's ISO texts for dates and times.

use super::Fault;
use walbrook_core::value::calendar::days;

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use walbrook_core::value::calendar::DAY_US;
    use walbrook_core::value::short::Short;

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
        fn clocks_come_back(micros in 0..DAY_US) {
            for digits in [None, Some(6)] {
                let mut text = Short::new();
                text.clock(micros, digits);
                prop_assert_eq!(read_clock(text.bytes()), Ok((micros, b"".as_slice())));
            }
        }
    }
}
