//! Rows of COPY in its text format.

use super::{RowError, Table, write_null};
use std::cell::RefCell;
use walbrook_core::batch::{Batch, Image};

thread_local! {
    /// Where escaped fields are written out; kept for its capacity.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Capacity that is kept from row to row.
const KEPT: usize = 1 << 20;

pub(super) fn write(table: &Table, batch: &mut Batch, line: &[u8]) -> Result<Image, RowError> {
    SCRATCH.with_borrow_mut(|scratch| {
        let image = write_line(table, batch, line, scratch);
        if scratch.capacity() > KEPT {
            *scratch = Vec::new();
        }
        image
    })
}

fn write_line(
    table: &Table,
    batch: &mut Batch,
    line: &[u8],
    scratch: &mut Vec<u8>,
) -> Result<Image, RowError> {
    let expected = table.layout.fields.len();
    let mut row = batch.image(&table.layout);
    let mut fields = Fields { rest: Some(line).filter(|_| expected > 0 || !line.is_empty()) };
    for (place, column) in table.cells().enumerate() {
        let Some(field) = fields.next() else {
            return Err(table.count_differs(place, expected));
        };
        if field == b"\\N" {
            write_null(&mut row, column, place)?;
        } else if memchr::memchr(b'\\', field).is_none() {
            table.write_text(&mut row, column, place, field)?;
        } else {
            unescape(field, scratch);
            table.write_text(&mut row, column, place, scratch)?;
        }
    }
    match fields.next() {
        None => Ok(row.finish()),
        Some(_) => Err(table.count_differs(expected + 1 + fields.count(), expected)),
    }
}

/// Fields between tabs; a tab inside a value is escaped and never stands for itself.
struct Fields<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        let line = self.rest?;
        let Some((field, rest)) =
            memchr::memchr(b'\t', line).and_then(|tab| line.split_at_checked(tab))
        else {
            self.rest = None;
            return Some(line);
        };
        self.rest = rest.get(1..);
        Some(field)
    }
}

/// Takes out COPY's escapes.
fn unescape(field: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let mut rest = field;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (plain, escaped) = rest.split_at(at);
        out.extend_from_slice(plain);
        let escaped = escaped.get(1..).unwrap_or_default();
        let Some((&letter, mut after)) = escaped.split_first() else {
            out.push(b'\\');
            return;
        };
        let byte = match letter {
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'0'..=b'7' => number(escaped, 8, 3, &mut after),
            b'x' if after.first().is_some_and(u8::is_ascii_hexdigit) => {
                let digits = after;
                number(digits, 16, 2, &mut after)
            }
            other => other,
        };
        out.push(byte);
        rest = after;
    }
    out.extend_from_slice(rest);
}

/// Reads up to `most` digits of `digits` and leaves `after` behind them.
fn number<'a>(digits: &'a [u8], radix: u32, most: usize, after: &mut &'a [u8]) -> u8 {
    let (mut value, mut rest) = (0_u32, digits);
    for _ in 0..most {
        let Some((&digit, tail)) = rest.split_first() else { break };
        let Some(digit) = char::from(digit).to_digit(radix) else { break };
        value = value * radix + digit;
        rest = tail;
    }
    *after = rest;
    value as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_taken_out() {
        for (field, expected) in [
            (r"a\tb\nc\\d", b"a\tb\nc\\d".as_slice()),
            (r"\b\f\r\v", &[8, 12, 13, 11]),
            (r"\101\x42\x4", b"AB\x04"),
            (r"\\x00ff", br"\x00ff"),
            (r"\q\", br"q\"),
            (r"\xg", b"xg"),
            (r"\7777", &[0xff, b'7']),
        ] {
            let mut out = b"old".to_vec();
            unescape(field.as_bytes(), &mut out);
            assert_eq!(out, expected, "{field}");
        }
    }

    #[test]
    fn fields_are_cut_at_tabs() {
        let fields = |line: &'static [u8]| Fields { rest: Some(line) }.collect::<Vec<_>>();
        assert_eq!(fields(b"a\t\tb"), [b"a".as_slice(), b"", b"b"]);
        assert_eq!(fields(b""), [b"".as_slice()]);
        assert_eq!(fields(b"\t"), [b"".as_slice(), b""]);
    }
}
