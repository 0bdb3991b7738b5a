//! Floating-point numbers as Java prints them, which schema texts, headers and opaque types copy.
//!
//! ```text
//!  1e-3 <= |v| < 1e7    0.001    1234567.5    3.0      a digit on both sides of the point
//!  else                 1.0E-4   1.23456785E7          one digit before it, then E and the exponent
//! ```
//!
//! Source: the specification of `Double.toString` and `Float.toString`: as few digits as tell the
//! value from its neighbours of the same width, but at least two, and then the closest ones.

use std::fmt::{Debug, LowerExp, Write};

/// A binary number that Java has too: `f32` (its `float`) or `f64` (its `double`).
pub trait Binary: Copy + Into<f64> + Debug + LowerExp {}

impl Binary for f32 {}
impl Binary for f64 {}

/// Appends `value` as `Float.toString` or `Double.toString` gives it; `NaN`, `Infinity` and
/// `-Infinity` where it is no number.
pub fn number<T: Binary>(out: &mut impl Write, value: T) {
    let wide: f64 = value.into();
    let size = wide.abs();
    // What is written to grows in memory: writing does not fail.
    let _ = if wide.is_nan() {
        out.write_str("NaN")
    } else if size.is_infinite() {
        out.write_str(if wide > 0.0 { "Infinity" } else { "-Infinity" })
    } else if size == 0.0 || (1e-3..1e7).contains(&size) {
        write!(out, "{value:?}")
    } else {
        let mut text = format!("{value:e}");
        if !text.contains('.') {
            text = format!("{value:.1e}");
        }
        out.write_str(&text.replace('e', "E"))
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text<T: Binary>(value: T) -> String {
        let mut out = String::new();
        number(&mut out, value);
        out
    }

    #[test]
    fn doubles_read_as_in_java() {
        for (value, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (3.0, "3.0"),
            (0.001, "0.001"),
            (0.000_999, "9.99E-4"),
            (1e-4, "1.0E-4"),
            (9_999_999.5, "9999999.5"),
            (1e7, "1.0E7"),
            (-12_345_678.5, "-1.23456785E7"),
            (1e20, "1.0E20"),
            (1e100, "1.0E100"),
            (f64::MAX, "1.7976931348623157E308"),
            (f64::from_bits(1), "4.9E-324"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(text(value), expected);
        }
    }

    #[test]
    fn floats_have_the_digits_of_their_own_width() {
        for (value, expected) in [
            (0.1_f32, "0.1"),
            (0.001, "0.001"),
            (1e-4, "1.0E-4"),
            (16_777_216.0, "1.6777216E7"),
            (3.4e38, "3.4E38"),
            (f32::MAX, "3.4028235E38"),
            (f32::from_bits(1), "1.4E-45"),
        ] {
            assert_eq!(text(value), expected);
        }
    }

    proptest! {
        #[test]
        fn every_number_is_read_back(double in any::<f64>(), float in any::<f32>()) {
            let read: f64 = text(double).parse().unwrap();
            prop_assert!(read.to_bits() == double.to_bits() || double.is_nan());
            let read: f32 = text(float).parse().unwrap();
            prop_assert!(read.to_bits() == float.to_bits() || float.is_nan());
        }
    }
}
