//! bytea and bytes without a mapping, as bytes or as text.

use super::Fault;
use crate::table::Binary;
use walbrook_core::avro::write;
use walbrook_core::value::binary::{encode, encoded_length};

/// The bytes of a text.
pub(super) use walbrook_core::value::binary::write as opaque;

/// bytea in its `hex` form.
#[inline]
pub(super) fn bytea(form: Binary, text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    let Some(digits) = text.strip_prefix(b"\\x") else { return Err(Fault) };
    hex(form, digits, out)
}

/// Bytes written in hexadecimal.
pub(super) fn hex(form: Binary, digits: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    let (pairs, []) = digits.as_chunks::<2>() else { return Err(Fault) };
    let start = out.len();
    write::long(out, encoded_length(form, pairs.len()) as i64);
    let bytes = pairs.iter().map(|[high, low]| nibble(*high) << 4 | nibble(*low));
    // Checked apart, so that the loops over the bytes stay simple.
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        out.truncate(start);
        return Err(Fault);
    }
    encode(form, bytes, out);
    Ok(())
}

#[inline]
fn nibble(digit: u8) -> u8 {
    // '0'..'9' end in 0..9, 'a' and 'A' in 1.
    (digit & 15) + if digit > b'9' { 9 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(form: Binary, text: &str) -> Result<Vec<u8>, Fault> {
        let mut out = Vec::new();
        bytea(form, text.as_bytes(), &mut out)?;
        assert_eq!(usize::from(out[0]), (out.len() - 1) * 2);
        Ok(out[1..].to_vec())
    }

    #[test]
    fn bytea_is_bytes_or_text() {
        assert_eq!(written(Binary::Bytes, r"\x00ff10"), Ok(vec![0, 255, 16]));
        assert_eq!(written(Binary::Bytes, r"\x"), Ok(vec![]));
        assert_eq!(written(Binary::Hex, r"\x00FFab"), Ok(b"00ffab".to_vec()));
        assert_eq!(written(Binary::Base64, r"\x00ff10"), Ok(b"AP8Q".to_vec()));
        assert_eq!(written(Binary::Base64, r"\xfbff"), Ok(b"+/8=".to_vec()));
        assert_eq!(written(Binary::Base64, r"\x01"), Ok(b"AQ==".to_vec()));
        assert_eq!(written(Binary::Base64UrlSafe, r"\xfbff"), Ok(b"-_8=".to_vec()));
        for text in ["", "00", r"\x0", r"\x0g", r"\000"] {
            assert_eq!(written(Binary::Bytes, text), Err(Fault), "{text}");
        }
    }
}
