//! numeric: text to Connect's Decimal, to VariableScaleDecimal, or as it is.

use super::Fault;
use walbrook_core::avro::write;
use walbrook_core::value::decimal::Digits;

/// Whether it is NaN or an infinity.
#[inline]
pub(super) fn is_special(text: &[u8]) -> bool {
    matches!(text, [b'N' | b'I', ..] | [b'-', b'I', ..])
}

fn digits(text: &[u8]) -> Result<Digits<'_>, Fault> {
    Digits::parse(text).ok_or(Fault)
}

/// Connect's Decimal of a known scale.
pub(super) fn fixed(text: &[u8], scale: u16, out: &mut Vec<u8>) -> Result<(), Fault> {
    digits(text)?.fixed(usize::from(scale), out).ok_or(Fault)
}

/// Debezium's VariableScaleDecimal: without zeros at the end, the scale never negative.
pub(super) fn variable(text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    let digits = digits(text)?.trimmed();
    write::long(out, digits.fraction.len() as i64);
    digits.unscaled(0, out);
    Ok(())
}

/// The text itself, with zeros up to the scale: a default may be written with fewer digits.
pub(super) fn text(text: &[u8], scale: u16, out: &mut Vec<u8>) -> Result<(), Fault> {
    if is_special(text) {
        write::bytes(out, text);
        return Ok(());
    }
    let fraction = digits(text)?.fraction.len();
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
