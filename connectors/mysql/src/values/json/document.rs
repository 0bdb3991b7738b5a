//! The binary form.
//!
//! ```text
//!  document  kind u8 │ value
//!  object    count │ bytes │ key entries (offset, length u16) │ value entries (kind, offset or value) │ keys │ values
//!  array     count │ bytes │ value entries │ values
//! ```
//! Counts, sizes and offsets are u16 in small and u32 in large containers, all little-endian;
//! offsets count from the container's first byte. A value that fits stands in its entry.
//!
//! Each byte of a document belongs to one value, so what is printed is paid for out of the
//! document's length: offsets that lead to the same bytes again cannot blow the text up.

use super::super::Bad;
use super::super::read::{array, little, take};
use super::{DEPTH, number, opaque, quoted};

const SMALL_OBJECT: u8 = 0;
const LARGE_OBJECT: u8 = 1;
const SMALL_ARRAY: u8 = 2;
const LARGE_ARRAY: u8 = 3;
const LITERAL: u8 = 4;
const INT16: u8 = 5;
const UINT16: u8 = 6;
const INT32: u8 = 7;
const UINT32: u8 = 8;
const INT64: u8 = 9;
const UINT64: u8 = 10;
const DOUBLE: u8 = 11;
const STRING: u8 = 12;
const OPAQUE: u8 = 15;

/// Appends the text of a document.
pub(in super::super) fn print(document: &[u8], out: &mut Vec<u8>) -> Result<(), Bad> {
    let Some((kind, value)) = document.split_first() else {
        // What the server keeps where an invalid statement left nothing: the null literal.
        out.extend_from_slice(b"null");
        return Ok(());
    };
    let mut printer = Printer { left: document.len(), out };
    printer.value(*kind, value, DEPTH).map_err(|_| Bad::Json)
}

struct Printer<'a> {
    /// Bytes of the document that have not been printed yet.
    left: usize,
    out: &'a mut Vec<u8>,
}

impl Printer<'_> {
    fn pay(&mut self, bytes: usize) -> Result<(), Bad> {
        self.left = self.left.checked_sub(bytes).ok_or(Bad::Json)?;
        Ok(())
    }

    /// A value whose bytes are at the front of `bytes`.
    fn value(&mut self, kind: u8, mut bytes: &[u8], depth: usize) -> Result<(), Bad> {
        match kind {
            SMALL_OBJECT => self.container::<2>(true, bytes, depth),
            LARGE_OBJECT => self.container::<4>(true, bytes, depth),
            SMALL_ARRAY => self.container::<2>(false, bytes, depth),
            LARGE_ARRAY => self.container::<4>(false, bytes, depth),
            STRING => {
                let length = varint(&mut bytes)?;
                let text = take(&mut bytes, length)?;
                self.pay(1 + length)?;
                std::str::from_utf8(text).map_err(|_| Bad::Json)?;
                quoted::push(text, self.out);
                Ok(())
            }
            OPAQUE => {
                let [kind] = array(&mut bytes)?;
                let length = varint(&mut bytes)?;
                let data = take(&mut bytes, length)?;
                self.pay(1 + length)?;
                opaque::print(kind, data, self.out)
            }
            _ => {
                self.pay(1)?;
                self.scalar(kind, &mut bytes)
            }
        }
    }

    fn scalar(&mut self, kind: u8, bytes: &mut &[u8]) -> Result<(), Bad> {
        let out = &mut *self.out;
        match kind {
            LITERAL => out.extend_from_slice(match array(bytes)? {
                [0] => b"null".as_slice(),
                [1] => b"true",
                [2] => b"false",
                _ => return Err(Bad::Json),
            }),
            INT16 => number::integer(i16::from_le_bytes(array(bytes)?), out),
            UINT16 => number::integer(u16::from_le_bytes(array(bytes)?), out),
            INT32 => number::integer(i32::from_le_bytes(array(bytes)?), out),
            UINT32 => number::integer(u32::from_le_bytes(array(bytes)?), out),
            INT64 => number::integer(i64::from_le_bytes(array(bytes)?), out),
            UINT64 => number::integer(u64::from_le_bytes(array(bytes)?), out),
            DOUBLE => {
                let value = f64::from_le_bytes(array(bytes)?);
                // The server never keeps one that JSON cannot tell.
                if !value.is_finite() {
                    return Err(Bad::Json);
                }
                number::double(value, out);
            }
            _ => return Err(Bad::Json),
        }
        Ok(())
    }

    fn container<const W: usize>(
        &mut self,
        object: bool,
        bytes: &[u8],
        depth: usize,
    ) -> Result<(), Bad> {
        let depth = depth.checked_sub(1).ok_or(Bad::Json)?;
        let mut header = bytes;
        let count = little(&mut header, W)? as usize;
        let size = little(&mut header, W)? as usize;
        self.pay(2 * W)?;
        let bytes = bytes.get(..size).ok_or(Bad::Json)?;
        let entries = bytes.get(2 * W..).ok_or(Bad::Json)?;
        let key_size = if object { W + 2 } else { 0 };
        let (mut keys, rest) = entries
            .split_at_checked(count.checked_mul(key_size).ok_or(Bad::Json)?)
            .ok_or(Bad::Json)?;
        let mut values = rest.get(..count.checked_mul(1 + W).ok_or(Bad::Json)?).ok_or(Bad::Json)?;
        self.pay(keys.len() + values.len())?;
        self.out.push(if object { b'{' } else { b'[' });
        for place in 0..count {
            if place > 0 {
                self.out.extend_from_slice(b", ");
            }
            if object {
                self.key::<W>(&mut keys, bytes)?;
            }
            self.entry::<W>(&mut values, bytes, depth)?;
        }
        self.out.push(if object { b'}' } else { b']' });
        Ok(())
    }

    fn key<const W: usize>(&mut self, keys: &mut &[u8], container: &[u8]) -> Result<(), Bad> {
        let offset = little(keys, W)? as usize;
        let length = usize::from(u16::from_le_bytes(array(keys)?));
        let mut from = container.get(offset..).ok_or(Bad::Json)?;
        let key = take(&mut from, length)?;
        self.pay(length)?;
        std::str::from_utf8(key).map_err(|_| Bad::Json)?;
        quoted::push(key, self.out);
        self.out.extend_from_slice(b": ");
        Ok(())
    }

    fn entry<const W: usize>(
        &mut self,
        values: &mut &[u8],
        container: &[u8],
        depth: usize,
    ) -> Result<(), Bad> {
        let [kind] = array(values)?;
        let mut slot = take(values, W)?;
        let inlined =
            matches!(kind, LITERAL | INT16 | UINT16) || W == 4 && matches!(kind, INT32 | UINT32);
        if inlined {
            return self.scalar(kind, &mut slot);
        }
        let offset = little(&mut slot, W)? as usize;
        self.value(kind, container.get(offset..).ok_or(Bad::Json)?, depth)
    }
}

/// A length of seven bits a byte, lowest first, of up to 32 bits.
fn varint(bytes: &mut &[u8]) -> Result<usize, Bad> {
    let mut value = 0_u64;
    for shift in [0, 7, 14, 21, 28] {
        let [byte] = array(bytes)?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return u32::try_from(value).map(|value| value as usize).map_err(|_| Bad::Json);
        }
    }
    Err(Bad::Json)
}
