//! Taking fixed parts off the front of a row. Nothing here copies.

use super::Bad;

/// The next `count` bytes.
#[inline]
pub(super) fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Result<&'a [u8], Bad> {
    let (head, rest) = bytes.split_at_checked(count).ok_or(Bad::Truncated)?;
    *bytes = rest;
    Ok(head)
}

/// The next `N` bytes as an array.
#[inline]
pub(super) fn array<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Bad> {
    let (head, rest) = bytes.split_first_chunk::<N>().ok_or(Bad::Truncated)?;
    *bytes = rest;
    Ok(*head)
}

/// The next `width` (up to 8) bytes as a number, little-endian.
#[inline]
pub(super) fn little(bytes: &mut &[u8], width: usize) -> Result<u64, Bad> {
    // The common widths are one load each.
    Ok(match width {
        1 => u64::from(u8::from_le_bytes(array(bytes)?)),
        2 => u64::from(u16::from_le_bytes(array(bytes)?)),
        4 => u64::from(u32::from_le_bytes(array(bytes)?)),
        8 => u64::from_le_bytes(array(bytes)?),
        _ => {
            let part = take(bytes, width)?;
            part.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
        }
    })
}

/// The next `width` (up to 8) bytes as a number, big-endian.
#[inline]
pub(super) fn big(bytes: &mut &[u8], width: usize) -> Result<u64, Bad> {
    let part = take(bytes, width)?;
    Ok(part.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

/// A value behind its length in `width` bytes, little-endian.
#[inline]
pub(super) fn prefixed<'a>(bytes: &mut &'a [u8], width: usize) -> Result<&'a [u8], Bad> {
    let length = little(bytes, width)?;
    take(bytes, usize::try_from(length).map_err(|_| Bad::Truncated)?)
}
