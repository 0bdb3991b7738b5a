//! Cuts a payload of text or bytes in place.

use crate::avro::{read, write};

/// Leaves the first `units` UTF-16 units of the text at the end of `out`.
pub(super) fn text(out: &mut Vec<u8>, start: usize, units: usize) {
    let Some(value) = out.get(start..).and_then(read::sized) else { return };
    // A unit has at least one byte.
    if value.len() <= units {
        return;
    }
    let Ok(value) = std::str::from_utf8(value) else { return bytes(out, start, units) };
    let (mut left, mut kept) = (units, 0);
    for letter in value.chars() {
        if letter.len_utf16() > left {
            // Java cuts through a character of two units, and writes the half as a question mark.
            return keep(out, start, kept, left == 1);
        }
        left -= letter.len_utf16();
        kept += letter.len_utf8();
    }
}

/// Leaves the first `count` bytes of the value at the end of `out`.
pub(super) fn bytes(out: &mut Vec<u8>, start: usize, count: usize) {
    let Some(value) = out.get(start..).and_then(read::sized) else { return };
    if value.len() > count {
        keep(out, start, count, false);
    }
}

/// Leaves `kept` bytes of the value whose payload begins at `start`, and a question mark for half
/// a character.
fn keep(out: &mut Vec<u8>, start: usize, kept: usize, half: bool) {
    let Some(value) = out.get(start..).and_then(read::sized) else { return };
    let from = out.len() - value.len();
    // The new length goes behind everything, then in front: it may be shorter than the old one.
    let end = out.len();
    write::long(out, (kept + usize::from(half)) as i64);
    let prefix = out.len() - end;
    out.copy_within(end.., start);
    out.copy_within(from..from + kept, start + prefix);
    out.truncate(start + prefix + kept);
    if half {
        out.push(b'?');
    }
}
