//! Bytes as `binary.handling.mode` wants them: as they are, or as text.

use crate::avro::write;
use crate::modes::Binary;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Appends bytes in the form that the mode wants, with their length.
#[inline]
pub fn write(form: Binary, bytes: &[u8], out: &mut Vec<u8>) {
    write_padded(form, bytes, bytes.len(), out);
}

/// The same, with zero bytes behind them up to `width`.
#[inline]
pub fn write_padded(form: Binary, bytes: &[u8], width: usize, out: &mut Vec<u8>) {
    let zeros = width.saturating_sub(bytes.len());
    write::long(out, encoded_length(form, bytes.len() + zeros) as i64);
    if form == Binary::Bytes {
        out.extend_from_slice(bytes);
        out.resize(out.len() + zeros, 0);
    } else {
        encode(form, bytes.iter().copied().chain(std::iter::repeat_n(0, zeros)), out);
    }
}

/// How long that many bytes are in this form.
pub fn encoded_length(form: Binary, bytes: usize) -> usize {
    match form {
        Binary::Bytes => bytes,
        Binary::Hex => bytes * 2,
        Binary::Base64 | Binary::Base64UrlSafe => bytes.div_ceil(3) * 4,
    }
}

/// Appends the bytes in this form, without a length.
pub fn encode(form: Binary, bytes: impl Iterator<Item = u8>, out: &mut Vec<u8>) {
    match form {
        Binary::Bytes => out.extend(bytes),
        Binary::Hex => {
            for byte in bytes {
                out.extend([digit(byte >> 4), digit(byte & 15)]);
            }
        }
        Binary::Base64 => base64(BASE64, bytes, out),
        Binary::Base64UrlSafe => base64(URL_SAFE, bytes, out),
    }
}

fn digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
}

fn base64(alphabet: &[u8; 64], mut bytes: impl Iterator<Item = u8>, out: &mut Vec<u8>) {
    while let Some(first) = bytes.next() {
        let (second, third) = (bytes.next(), bytes.next());
        let group = u32::from(first) << 16
            | u32::from(second.unwrap_or(0)) << 8
            | u32::from(third.unwrap_or(0));
        let letter =
            |shift: u32| alphabet.get((group >> shift & 63) as usize).copied().unwrap_or_default();
        out.extend([letter(18), letter(12)]);
        out.push(if second.is_some() { letter(6) } else { b'=' });
        out.push(if third.is_some() { letter(0) } else { b'=' });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_bytes_or_text() {
        for (form, bytes, expected) in [
            (Binary::Bytes, &[0, 255, 16][..], &b"\x06\x00\xff\x10"[..]),
            (Binary::Hex, &[0, 255, 0xab], b"\x0c00ffab"),
            (Binary::Base64, &[0, 255, 16], b"\x08AP8Q"),
            (Binary::Base64, &[0xfb, 255], b"\x08+/8="),
            (Binary::Base64UrlSafe, &[0xfb, 255], b"\x08-_8="),
            (Binary::Base64, &[1], b"\x08AQ=="),
            (Binary::Hex, &[], b"\x00"),
        ] {
            let mut out = Vec::new();
            write(form, bytes, &mut out);
            assert_eq!(out, expected, "{form:?}");
        }
    }

    #[test]
    fn padding_is_part_of_the_value() {
        let mut out = Vec::new();
        write_padded(Binary::Bytes, b"a", 3, &mut out);
        write_padded(Binary::Hex, b"a", 2, &mut out);
        write_padded(Binary::Bytes, b"abc", 2, &mut out);
        assert_eq!(out, b"\x06a\0\0\x086100\x06abc");
    }
}
