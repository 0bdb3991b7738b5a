//! MariaDB's COMPRESSED columns (field_comp.cc).
//!
//! ```text
//!  head u8 │ length, big-endian │ data        head: method 4 bits │ raw 1 │ bytes of the length 3
//!  0x00    │ data as it is
//! ```

use super::Bad;
use super::read::{array, big};
use flate2::{Decompress, FlushDecompress, Status};

/// The only method: zlib.
const ZLIB: u8 = 8;

/// Growth of the result at a time: what is not there cannot make us allocate it.
const STEP: usize = 64 * 1024;

/// The value in its original form.
pub(super) fn inflate(value: &[u8]) -> Result<Vec<u8>, Bad> {
    let mut rest = value;
    // An empty value has no head.
    if rest.is_empty() {
        return Ok(Vec::new());
    }
    let [head] = array(&mut rest)?;
    if head == 0 {
        return Ok(rest.to_vec());
    }
    let (method, raw, width) = (head >> 4, head & 8 != 0, usize::from(head & 7));
    if method != ZLIB || !(1..=4).contains(&width) {
        return Err(Bad::Compressed);
    }
    let length = big(&mut rest, width)? as usize;
    let mut inflater = Decompress::new(!raw);
    let mut result = Vec::with_capacity(length.min(STEP));
    loop {
        if result.len() == result.capacity() {
            let more = (length - result.len()).clamp(1, STEP);
            result.reserve(more);
        }
        let before = (inflater.total_in(), inflater.total_out());
        let input = rest.get(before.0 as usize..).unwrap_or_default();
        let status = inflater
            .decompress_vec(input, &mut result, FlushDecompress::None)
            .map_err(|_| Bad::Compressed)?;
        let stuck = before == (inflater.total_in(), inflater.total_out());
        if result.len() > length || stuck && status != Status::StreamEnd {
            return Err(Bad::Compressed);
        }
        if status == Status::StreamEnd {
            return if result.len() == length { Ok(result) } else { Err(Bad::Compressed) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compress, Compression, FlushCompress};
    use proptest::prelude::*;

    fn compressed(data: &[u8], raw: bool) -> Vec<u8> {
        let mut out = vec![ZLIB << 4 | u8::from(raw) << 3 | 4];
        out.extend_from_slice(&(data.len() as u32).to_be_bytes());
        out.reserve(data.len() + 1000);
        let mut deflater = Compress::new(Compression::fast(), !raw);
        deflater.compress_vec(data, &mut out, FlushCompress::Finish).unwrap();
        out
    }

    #[test]
    fn a_wrong_length_is_an_error() {
        let mut value = compressed(&[7; 1000], true);
        value[4] ^= 1;
        assert_eq!(inflate(&value), Err(Bad::Compressed));
        assert_eq!(inflate(&[0x8b]), Err(Bad::Truncated));
        assert_eq!(inflate(&[0x98, 1]), Err(Bad::Compressed));
        assert_eq!(inflate(b"\0plain"), Ok(b"plain".to_vec()));
        assert_eq!(inflate(b""), Ok(vec![]));
    }

    #[test]
    fn more_than_one_step_comes_back() {
        let data: Vec<u8> = (0..300_000_u32).map(|n| (n / 7) as u8).collect();
        for raw in [true, false] {
            assert_eq!(inflate(&compressed(&data, raw)).as_deref(), Ok(data.as_slice()));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_value_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = inflate(&bytes);
        }
    }
}
