//! pgvector: `[1,2.5]`.

use super::{Fault, number};
use walbrook_core::avro::write;

/// How a vector is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `vector`
    Doubles,
    /// `halfvec`
    Floats,
}

impl Form {
    #[cfg(test)]
    pub(super) const ALL: [Form; 2] = [Form::Doubles, Form::Floats];

    pub(super) fn write(self, text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
        let inside =
            text.strip_prefix(b"[").and_then(|text| text.strip_suffix(b"]")).ok_or(Fault)?;
        if !inside.is_empty() {
            let count = inside.iter().filter(|byte| **byte == b',').count() + 1;
            write::long(out, count as i64);
            for element in inside.split(|byte| *byte == b',') {
                match self {
                    Form::Doubles => write::double(out, number(element)?),
                    Form::Floats => write::float(out, number(element)?),
                }
            }
        }
        out.push(0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_arrays() {
        let mut out = Vec::new();
        Form::Floats.write(b"[1,2.5]", &mut out).unwrap();
        assert_eq!(out, b"\x04\x00\x00\x80\x3f\x00\x00\x20\x40\x00");
        out.clear();
        Form::Doubles.write(b"[]", &mut out).unwrap();
        assert_eq!(out, [0]);
        assert_eq!(Form::Doubles.write(b"[1,]", &mut Vec::new()), Err(Fault));
    }
}
