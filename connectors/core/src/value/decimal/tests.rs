//! Against the slow way: two's complement back to decimal digits.

use super::*;
use proptest::prelude::*;

fn fixed(text: &str, scale: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    Digits::parse(text.as_bytes())?.fixed(scale, &mut out).map(|()| out)
}

#[test]
fn fixed_scale_pads_and_never_rounds() {
    assert_eq!(fixed("1.5", 2), Some(vec![4, 0, 0x96]));
    assert_eq!(fixed("-0.01", 2), Some(vec![2, 0xff]));
    assert_eq!(fixed("1.500", 2), Some(vec![4, 0, 0x96]));
    assert_eq!(fixed("1.505", 2), None);
    assert_eq!(fixed("0", 0), Some(vec![2, 0]));
    for text in ["", "-", ".", "1.2.3", "1e5", "NaN", " 1"] {
        assert_eq!(fixed(text, 2), None, "{text}");
    }
}

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
    fn every_integer_comes_back(text in "-?[1-9][0-9]{0,160}") {
        let out = fixed(&text, 0).unwrap();
        let skip = if out[0] & 0x80 == 0 { 1 } else { 2 };
        let bytes = &out[skip..];
        prop_assert_eq!(decimal(bytes), text);
        prop_assert_eq!(shortest(bytes), bytes);
    }

    #[test]
    fn both_ways_of_counting_agree(value in any::<i128>(), shift in 0..128_u32) {
        let value = value >> shift;
        let text = value.unsigned_abs().to_string();
        let (mut slow, mut fast) = (Vec::new(), Vec::new());
        large(text.bytes(), value < 0, &mut [0; STACK], &mut slow);
        integer(value, &mut fast);
        prop_assert_eq!(slow, fast);
    }
}
