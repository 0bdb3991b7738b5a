//! bit and varbit: a text of zeros and ones to bytes, lowest first, without empty ones at the end.

use super::Fault;
use walbrook_core::avro::write;

/// A single bit as a boolean; more than one is true when any is set.
pub(super) fn bit(text: &[u8]) -> Result<bool, Fault> {
    if text.iter().all(|bit| matches!(bit, b'0' | b'1')) {
        Ok(text.contains(&b'1'))
    } else {
        Err(Fault)
    }
}

pub(super) fn write(text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    bit(text)?;
    let first = text.iter().position(|bit| *bit == b'1').unwrap_or(text.len());
    let text = text.get(first..).unwrap_or_default();
    write::long(out, text.len().div_ceil(8) as i64);
    for byte in text.rchunks(8) {
        out.push(byte.iter().fold(0, |byte, bit| byte << 1 | (bit & 1)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_little_endian_without_empty_bytes() {
        for (text, expected) in [
            ("10110", vec![0x16]),
            ("00000001", vec![0x01]),
            ("10000000", vec![0x80]),
            ("100000000001", vec![0x01, 0x08]),
            ("000000000000", vec![]),
            ("", vec![]),
            ("101", vec![0x05]),
            (&"01".repeat(32), vec![0x55; 8]),
        ] {
            let mut out = Vec::new();
            write(text.as_bytes(), &mut out).unwrap();
            assert_eq!(out[1..], expected, "{text}");
            assert_eq!(usize::from(out[0]), expected.len() * 2, "{text}");
        }
        assert_eq!(write(b"102", &mut Vec::new()), Err(Fault));
        assert_eq!((bit(b"1"), bit(b"0")), (Ok(true), Ok(false)));
    }
}
