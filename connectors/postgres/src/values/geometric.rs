//! Geometric types without a mapping: their text with numbers as Java prints them.

use super::{Fault, binary, number};
use crate::table::Binary;
use std::io::Write;

pub(super) fn write(form: Binary, text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut java = Vec::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        if matches!(first, b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'<' | b'>' | b',') {
            java.push(*first);
            rest = after;
            continue;
        }
        let end = rest
            .iter()
            .position(|byte| matches!(byte, b')' | b']' | b'}' | b'>' | b','))
            .unwrap_or(rest.len());
        let (digits, after) = rest.split_at_checked(end).ok_or(Fault)?;
        double(number(digits)?, &mut java);
        rest = after;
    }
    binary::opaque(form, &java, out);
    Ok(())
}

/// `Double.toString`
fn double(value: f64, out: &mut Vec<u8>) {
    let size = value.abs();
    // Writing to a vector does not fail.
    let _ = if value.is_nan() {
        out.write_all(b"NaN")
    } else if size.is_infinite() {
        out.write_all(if value > 0.0 { b"Infinity" } else { b"-Infinity" })
    } else if size == 0.0 || (1e-3..1e7).contains(&size) {
        write!(out, "{value:?}")
    } else {
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let point = if mantissa.contains('.') { "" } else { ".0" };
        write!(out, "{mantissa}{point}E{exponent}")
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_printed_as_java_does() {
        for (text, expected) in [
            ("{1,2,3}", "{1.0,2.0,3.0}"),
            ("[(0,0),(1,1)]", "[(0.0,0.0),(1.0,1.0)]"),
            ("(1,1),(0,0)", "(1.0,1.0),(0.0,0.0)"),
            ("((0,0),(1,0),(1,1))", "((0.0,0.0),(1.0,0.0),(1.0,1.0))"),
            ("<(1,2),3>", "<(1.0,2.0),3.0>"),
            ("(1e+20,-0)", "(1.0E20,-0.0)"),
            ("(0.0001,12345678.5)", "(1.0E-4,1.23456785E7)"),
            ("(Infinity,NaN)", "(Infinity,NaN)"),
        ] {
            let mut out = Vec::new();
            write(Binary::Bytes, text.as_bytes(), &mut out).unwrap();
            assert_eq!(&out[1..], expected.as_bytes(), "{text}");
        }
    }
}
