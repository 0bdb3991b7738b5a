//! Values made unreadable where they are encoded: replaced, cut, or hashed, in the payload itself.
//!
//! ```text
//!  codec ──payload──▶ out[start..] ──Masking::apply──▶ out[start..]     nothing is allocated
//! ```
//!
//! What can be masked is text; cut can also be bytes. A number stays what it is, as in the
//! reference, and its schema says `masked` all the same.

mod cut;
mod hash;

pub use hash::{Algorithm, Hash, Input};

use crate::avro::write;
use crate::schema::{Kind, Schema};
use std::sync::Arc;

/// How the values of a column are masked.
#[derive(Clone, Debug, PartialEq)]
pub enum Mask {
    /// Every value, NULL too, is this text.
    Constant(Arc<str>),
    /// At most so many characters (UTF-16 units, as Java counts) or bytes are left.
    Truncate(u32),
    /// The hexadecimal digits of a salted hash, no longer than the column.
    Hash(Hash),
}

/// A mask made for one column.
#[derive(Clone, Debug)]
pub struct Masking(Act);

#[derive(Clone, Debug)]
enum Act {
    /// The payload of the constant.
    Constant(Box<[u8]>),
    /// Text: UTF-16 units that are left.
    CutText(usize),
    /// Bytes that are left.
    CutBytes(usize),
    /// Hash, and how many of its digits are left.
    Hash(Hash, usize),
}

impl Mask {
    /// The mask of a column whose values have this schema, and of this declared length. Nothing
    /// where its values cannot be masked so.
    pub fn compile(&self, schema: &Schema, length: Option<i64>) -> Option<Masking> {
        let text = schema.kind == Kind::String;
        let plain_bytes = schema.kind == Kind::Bytes && schema.name.is_none();
        Some(Masking(match self {
            Mask::Constant(constant) if text => {
                let mut payload = Vec::new();
                write::string(&mut payload, constant);
                Act::Constant(payload.into())
            }
            Mask::Truncate(left) if self.shortens(length) => match (text, plain_bytes) {
                (true, _) => Act::CutText(*left as usize),
                (_, true) => Act::CutBytes(*left as usize),
                _ => return None,
            },
            Mask::Hash(hash) if text => {
                let length = length.filter(|length| *length > 0);
                let digits = length.and_then(|length| usize::try_from(length).ok());
                Act::Hash(hash.clone(), digits.unwrap_or(usize::MAX))
            }
            _ => return None,
        }))
    }

    /// Whether a column of this declared length can have values longer than what is left.
    fn shortens(&self, length: Option<i64>) -> bool {
        match self {
            Mask::Truncate(left) => length.is_none_or(|length| length > i64::from(*left)),
            _ => false,
        }
    }

    /// The schema of a column that is masked: it says so, whether its values can be masked or not.
    #[must_use]
    pub fn mark(&self, schema: Schema, length: Option<i64>) -> Schema {
        match self {
            Mask::Truncate(left) if self.shortens(length) => {
                schema.parameter("truncateLength", left.to_string())
            }
            Mask::Truncate(_) => schema,
            Mask::Constant(_) | Mask::Hash(_) => schema.parameter("masked", "true"),
        }
    }
}

impl Masking {
    /// The payload that every value has, NULL and missing ones too.
    #[inline]
    pub fn constant(&self) -> Option<&[u8]> {
        match &self.0 {
            Act::Constant(payload) => Some(payload),
            _ => None,
        }
    }

    /// Masks the payload that begins at `start` of `out` and is its end.
    #[inline]
    pub fn apply(&self, out: &mut Vec<u8>, start: usize) {
        match &self.0 {
            Act::Constant(payload) => {
                out.truncate(start);
                out.extend_from_slice(payload);
            }
            Act::CutText(left) => cut::text(out, start, *left),
            Act::CutBytes(left) => cut::bytes(out, start, *left),
            Act::Hash(hash, digits) => hash.replace(out, start, *digits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::avro::read;

    fn text() -> Schema {
        Schema::new(Kind::String)
    }

    fn masked(mask: &Mask, length: Option<i64>, value: &str) -> String {
        let masking = mask.compile(&text(), length).unwrap();
        let mut out = b"before".to_vec();
        write::string(&mut out, value);
        masking.apply(&mut out, 6);
        let rest = out.strip_prefix(b"before").unwrap();
        String::from_utf8(read::sized(rest).unwrap().to_vec()).unwrap()
    }

    #[test]
    fn a_constant_stands_for_everything() {
        let stars = Mask::Constant("***".into());
        assert_eq!(masked(&stars, None, "secret"), "***");
        assert_eq!(stars.compile(&text(), None).unwrap().constant(), Some(&b"\x06***"[..]));
        assert!(stars.compile(&Schema::new(Kind::Int32), None).is_none());
        let schema = stars.mark(Schema::new(Kind::Int32), None);
        assert_eq!(schema.parameters, [("masked".into(), "true".into())]);
    }

    #[test]
    fn cutting_counts_as_java_does() {
        let cut = |left, value: &str| masked(&Mask::Truncate(left), None, value);
        assert_eq!(cut(4, "abcdefgh"), "abcd");
        assert_eq!(cut(4, "é漢😀xyz"), "é漢😀");
        // A character of two units that is cut through cannot be written as UTF-8.
        assert_eq!(cut(3, "é漢😀xyz"), "é漢?");
        assert_eq!(cut(4, "abc"), "abc");
        assert_eq!(cut(100, &"x".repeat(200)), "x".repeat(100));
    }

    #[test]
    fn bytes_are_cut_and_decimals_are_not() {
        let cut = Mask::Truncate(2);
        let mut out = vec![9];
        write::bytes(&mut out, &[1, 2, 3]);
        cut.compile(&Schema::new(Kind::Bytes), None).unwrap().apply(&mut out, 1);
        assert_eq!(out, [9, 4, 1, 2]);
        assert!(cut.compile(&crate::semantic::decimal(2), None).is_none());
    }

    #[test]
    fn what_is_short_enough_is_not_touched() {
        let cut = Mask::Truncate(20);
        assert!(cut.compile(&text(), Some(20)).is_none());
        assert!(cut.mark(text(), Some(20)).parameters.is_empty());
        let marked = cut.mark(text(), Some(21));
        assert_eq!(marked.parameters, [("truncateLength".into(), "20".into())]);
    }

    /// Values of the reference's own runs.
    #[test]
    fn hashes_are_those_of_the_reference() {
        let hash = |input| Mask::Hash(Hash::new(Algorithm::Sha256, b"abc".as_slice(), input));
        assert_eq!(
            masked(&hash(Input::JavaObject), Some(100), "hash me"),
            "2cba1e2a828e017fe456faf11186f4dc346a8b9a9bf39e65c39e43ee0e68c9a5"
        );
        assert_eq!(
            masked(&hash(Input::Text), Some(100), "hash me"),
            "ff0236d2c29b3f3cc7e2fcf3dc173c9039886551f117453be900f67a6f7f8c1d"
        );
        assert_eq!(masked(&hash(Input::Text), Some(12), "hash me"), "ff0236d2c29b");
        assert_eq!(
            masked(&hash(Input::Text), None, "é"),
            "ab2b4afd2eb587b106d4831e83d3f408a44dc34a4479fa991b8dd19cc63d7208"
        );
    }

    #[test]
    fn a_salt_is_not_shown() {
        let hash = Hash::new(Algorithm::Sha256, b"s3cret".as_slice(), Input::Text);
        assert!(!format!("{:?}", Mask::Hash(hash)).contains("s3cret"));
    }
}
