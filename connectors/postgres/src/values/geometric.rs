//! Geometric types without a mapping: their text with numbers as Java prints them.

use super::{Fault, binary, number};
use crate::table::Binary;
use walbrook_core::avro::java;

pub(super) fn write(form: Binary, text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut printed = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        if matches!(first, b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'<' | b'>' | b',') {
            printed.push(char::from(*first));
            rest = after;
            continue;
        }
        let end = rest
            .iter()
            .position(|byte| matches!(byte, b')' | b']' | b'}' | b'>' | b','))
            .unwrap_or(rest.len());
        let (digits, after) = rest.split_at_checked(end).ok_or(Fault)?;
        java::number::<f64>(&mut printed, number(digits)?);
        rest = after;
    }
    binary::opaque(form, printed.as_bytes(), out);
    Ok(())
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
