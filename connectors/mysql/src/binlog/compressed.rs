//! MariaDB's compressed statements and rows (`log_bin_compress`).

use super::body::Flaw;
use super::field::Fields;
use flate2::bufread::ZlibDecoder;
use std::io::Read;

/// Inflates `bytes` into `out`, whose former content goes:
///
/// ```text
///  0x80 │ algorithm << 4 │ length of length │ length, big-endian │ zlib stream
/// ```
///
/// `out` grows as the data come, never by what the length says.
pub(super) fn inflate(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Flaw> {
    let mut fields = Fields::new(bytes);
    let head = fields.u8().ok_or(Flaw::Malformed)?;
    let (algorithm, digits) = (head >> 4, head & 0x07);
    if algorithm != 0x08 || !(1..=4).contains(&digits) {
        return Err(Flaw::Compressed("it is compressed in a way that is not known"));
    }
    let digits = fields.bytes(usize::from(digits)).ok_or(Flaw::Malformed)?;
    let length = digits.iter().fold(0_u64, |length, digit| length << 8 | u64::from(*digit));
    out.clear();
    let read = ZlibDecoder::new(fields.rest()).take(length + 1).read_to_end(out);
    if read.is_err() {
        return Err(Flaw::Compressed("its compressed part is damaged"));
    }
    if out.len() as u64 != length {
        return Err(Flaw::Compressed("it inflates to another length than it says"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn compressed(content: &[u8], length: u16) -> Vec<u8> {
        let mut out = vec![0x82];
        out.extend_from_slice(&length.to_be_bytes());
        let mut encoder = flate2::write::ZlibEncoder::new(out, flate2::Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn content_comes_back_and_only_at_its_length() {
        let mut out = vec![1];
        inflate(&compressed(b"abcabcabc", 9), &mut out).unwrap();
        assert_eq!(out, b"abcabcabc");
        for length in [8, 10] {
            assert!(inflate(&compressed(b"abcabcabc", length), &mut out).is_err());
        }
        let whole = compressed(b"abcabcabc", 9);
        for end in 0..whole.len() {
            assert!(inflate(&whole[..end], &mut out).is_err(), "{end}");
        }
    }

    #[test]
    fn a_bomb_stops_at_the_length_it_says() {
        let mut out = Vec::new();
        assert!(inflate(&compressed(&vec![0; 10_000_000], 100), &mut out).is_err());
        assert!(out.capacity() < 10_000);
    }
}
