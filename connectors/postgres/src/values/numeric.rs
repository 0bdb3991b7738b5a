//! numeric: text to an unscaled integer in two's complement, big-endian, as short as it can be.

use super::Fault;
use walbrook_core::avro::write;

/// Digits that always fit an `i128`.
const FAST: usize = 38;

/// A number cut at its point.
#[derive(Clone, Copy)]
struct Parts<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
}

/// Whether it is NaN or an infinity.
#[inline]
pub(super) fn is_special(text: &[u8]) -> bool {
    matches!(text, [b'N' | b'I', ..] | [b'-', b'I', ..])
}

fn parts(text: &[u8]) -> Result<Parts<'_>, Fault> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let (whole, fraction) = match digits.iter().position(|byte| *byte == b'.') {
        Some(point) => digits.split_at_checked(point).ok_or(Fault)?,
        None => (digits, b"".as_slice()),
    };
    let fraction = fraction.get(1..).unwrap_or_default();
    let valid = whole.iter().chain(fraction).all(u8::is_ascii_digit);
    if !valid || (whole.is_empty() && fraction.is_empty()) {
        return Err(Fault);
    }
    Ok(Parts { negative, whole, fraction })
}

/// A fraction without the zeros at its end.
fn trimmed(fraction: &[u8]) -> &[u8] {
    let kept = fraction.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
    fraction.get(..kept).unwrap_or_default()
}

/// Connect's Decimal of a known scale.
pub(super) fn fixed(text: &[u8], scale: u16, out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut parts = parts(text)?;
    let scale = usize::from(scale);
    if parts.fraction.len() > scale {
        parts.fraction = trimmed(parts.fraction);
    }
    let zeros = scale.checked_sub(parts.fraction.len()).ok_or(Fault)?;
    unscaled(parts, zeros, out);
    Ok(())
}

/// Debezium's VariableScaleDecimal: without zeros at the end, the scale never negative.
pub(super) fn variable(text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut parts = parts(text)?;
    parts.fraction = trimmed(parts.fraction);
    write::long(out, parts.fraction.len() as i64);
    unscaled(parts, 0, out);
    Ok(())
}

/// The text itself, with zeros up to the scale: a default may be written with fewer digits.
pub(super) fn text(text: &[u8], scale: u16, out: &mut Vec<u8>) -> Result<(), Fault> {
    if is_special(text) {
        write::bytes(out, text);
        return Ok(());
    }
    let fraction = parts(text)?.fraction.len();
    let zeros = usize::from(scale).saturating_sub(fraction);
    let point = usize::from(zeros > 0 && fraction == 0);
    write::long(out, (text.len() + point + zeros) as i64);
    out.extend_from_slice(text);
    if point > 0 {
        out.push(b'.');
    }
    out.resize(out.len() + zeros, b'0');
    Ok(())
}

/// Writes the digits as one integer, with `zeros` more of them.
fn unscaled(parts: Parts<'_>, zeros: usize, out: &mut Vec<u8>) {
    let digits = parts.whole.iter().chain(parts.fraction);
    let digits = digits.copied().chain(std::iter::repeat_n(b'0', zeros));
    if parts.whole.len() + parts.fraction.len() + zeros <= FAST {
        let value = digits.fold(0_i128, |value, digit| value * 10 + i128::from(digit - b'0'));
        let value = if parts.negative { -value } else { value };
        write::bytes(out, shortest(&value.to_be_bytes()));
    } else {
        write::bytes(out, shortest(&large(digits, parts.negative)));
    }
}

/// Without the bytes in front that only repeat the sign.
pub(super) fn shortest(mut bytes: &[u8]) -> &[u8] {
    while let [0, second, ..] | [0xff, second, ..] = bytes {
        let (first, rest) = bytes.split_first().unwrap_or((&0, bytes));
        if first >> 7 != second >> 7 {
            break;
        }
        bytes = rest;
    }
    bytes
}

/// Two's complement, big-endian, of any number of digits.
fn large(digits: impl Iterator<Item = u8>, negative: bool) -> Vec<u8> {
    // Limbs from the lowest; nine digits at a time.
    let mut limbs = vec![0_u32];
    let (mut chunk, mut size) = (0_u32, 1_u32);
    for digit in digits {
        chunk = chunk * 10 + u32::from(digit - b'0');
        size *= 10;
        if size == 1_000_000_000 {
            multiply_add(&mut limbs, size, chunk);
            (chunk, size) = (0, 1);
        }
    }
    multiply_add(&mut limbs, size, chunk);
    // One limb more, so that the sign has room.
    limbs.push(0);
    if negative {
        let mut carry = true;
        for limb in &mut limbs {
            let (value, overflow) = (!*limb).overflowing_add(u32::from(carry));
            (*limb, carry) = (value, overflow);
        }
    }
    limbs.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect()
}

fn multiply_add(limbs: &mut Vec<u32>, factor: u32, add: u32) {
    let mut carry = u64::from(add);
    for limb in limbs.iter_mut() {
        let value = u64::from(*limb) * u64::from(factor) + carry;
        *limb = value as u32;
        carry = value >> 32;
    }
    if carry > 0 {
        limbs.push(carry as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn payload(write: impl Fn(&mut Vec<u8>) -> Result<(), Fault>) -> Result<Vec<u8>, Fault> {
        let mut out = Vec::new();
        write(&mut out).map(|()| out)
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Scale and value of the reference's captured records.
    #[test]
    fn variable_scale_is_what_the_reference_writes() {
        for (text, scale, value) in [
            ("1.50", 1, "0f"),
            ("100", 0, "64"),
            ("0.000", 0, "00"),
            ("0.00", 0, "00"),
            ("-2.000", 0, "fe"),
            ("0.00000000000000000001", 20, "01"),
            ("1000", 0, "03e8"),
            ("128", 0, "0080"),
            ("-128", 0, "80"),
            ("32767.0", 0, "7fff"),
            ("100000000000000000000", 0, "056bc75e2d63100000"),
            ("123456789012345678901234567890.0123456789", 10, "03a0c92075c0dbf3b8acbc5f968c04d515"),
            ("2.25", 2, "00e1"),
        ] {
            let out = payload(|out| variable(text.as_bytes(), out)).unwrap();
            assert_eq!(usize::from(out[0]), scale * 2, "{text}");
            assert_eq!(usize::from(out[1]), value.len(), "{text}");
            assert_eq!(hex(&out[2..]), value, "{text}");
        }
    }

    #[test]
    fn fixed_scale_pads_and_never_rounds() {
        let fixed = |text: &str, scale| payload(|out| fixed(text.as_bytes(), scale, out));
        assert_eq!(fixed("1.5", 2), Ok(vec![4, 0, 0x96]));
        assert_eq!(fixed("-0.01", 2), Ok(vec![2, 0xff]));
        assert_eq!(fixed("1.500", 2), Ok(vec![4, 0, 0x96]));
        assert_eq!(fixed("1.505", 2), Err(Fault));
        for text in ["", "-", ".", "1.2.3", "1e5", "NaN", " 1"] {
            assert_eq!(fixed(text, 2), Err(Fault), "{text}");
        }
    }

    #[test]
    fn text_keeps_what_is_special() {
        let text = |value: &str| {
            let out = payload(|out| text(value.as_bytes(), 2, out)).unwrap();
            String::from_utf8(out[1..].to_vec()).unwrap()
        };
        assert_eq!(text("1.5"), "1.50");
        assert_eq!(text("1"), "1.00");
        assert_eq!(text("-1.234"), "-1.234");
        assert_eq!(text("NaN"), "NaN");
        assert_eq!(text("-Infinity"), "-Infinity");
    }

    /// Two's complement back to decimal digits, the slow way.
    fn decimal(bytes: &[u8]) -> String {
        let negative = bytes[0] >> 7 == 1;
        let mut value = bytes.to_vec();
        if negative {
            let mut carry = true;
            for byte in value.iter_mut().rev() {
                (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
            }
        }
        let mut digits = Vec::new();
        while value.iter().any(|byte| *byte > 0) {
            let mut rest = 0_u32;
            for byte in &mut value {
                let part = rest * 256 + u32::from(*byte);
                (*byte, rest) = ((part / 10) as u8, part % 10);
            }
            digits.push(b'0' + rest as u8);
        }
        digits.reverse();
        let digits = String::from_utf8(digits).unwrap();
        match (digits.is_empty(), negative) {
            (true, _) => "0".into(),
            (_, true) => format!("-{digits}"),
            _ => digits,
        }
    }

    proptest! {
        #[test]
        fn every_integer_comes_back(text in "-?[1-9][0-9]{0,120}") {
            let out = payload(|out| fixed(text.as_bytes(), 0, out)).unwrap();
            let skip = if out[0] & 0x80 == 0 { 1 } else { 2 };
            let bytes = &out[skip..];
            prop_assert_eq!(decimal(bytes), text);
            prop_assert_eq!(shortest(bytes), bytes);
        }

        #[test]
        fn both_ways_of_counting_agree(value in any::<i128>()) {
            let text = value.unsigned_abs().to_string();
            let negative = value < 0;
            let (slow, fast) = (large(text.bytes(), negative), value.to_be_bytes());
            prop_assert_eq!(shortest(&slow), shortest(&fast));
        }
    }
}
