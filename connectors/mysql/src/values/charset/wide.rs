//! UTF-16 and UTF-32 in the byte orders of the servers.

use super::super::Bad;
use super::{Charset, push};

/// What the text is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Big-endian; `ucs2` is the same without pairs.
    Utf16,
    /// Little-endian.
    Utf16le,
    /// Big-endian.
    Utf32,
}

impl Unit {
    pub(super) fn new(charset: Charset) -> Option<Unit> {
        Some(match charset {
            Charset::Utf16 | Charset::Ucs2 => Unit::Utf16,
            Charset::Utf16le => Unit::Utf16le,
            Charset::Utf32 => Unit::Utf32,
            _ => return None,
        })
    }

    pub(super) fn decode(self, text: &[u8], out: &mut Vec<u8>) -> Result<(), Bad> {
        match self {
            Unit::Utf16 => utf16(text, u16::from_be_bytes, out),
            Unit::Utf16le => utf16(text, u16::from_le_bytes, out),
            Unit::Utf32 => utf32(text, out),
        }
    }
}

fn utf16(text: &[u8], unit: fn([u8; 2]) -> u16, out: &mut Vec<u8>) -> Result<(), Bad> {
    let (units, []) = text.as_chunks::<2>() else { return Err(Bad::Text) };
    for character in char::decode_utf16(units.iter().map(|bytes| unit(*bytes))) {
        push(out, character.map_err(|_| Bad::Text)?);
    }
    Ok(())
}

fn utf32(text: &[u8], out: &mut Vec<u8>) -> Result<(), Bad> {
    let (units, []) = text.as_chunks::<4>() else { return Err(Bad::Text) };
    for unit in units {
        push(out, char::from_u32(u32::from_be_bytes(*unit)).ok_or(Bad::Text)?);
    }
    Ok(())
}
