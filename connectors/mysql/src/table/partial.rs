//! After-images of PARTIAL_UPDATE_ROWS: JSON columns as differences from the old value.
//!
//! ```text
//!  value options │ partial columns │ nulls │ value or differences │ …
//!  packed number │ a bit for each  │       │
//!                │ JSON column of  │
//!                │ the table, if   │
//!                │ option 1 is set │
//! ```
//!
//! Source: `unpack_row` in MySQL's sql/rpl_record.cc, and WL#2955.

use super::{RowError, Table, take_bits};
use crate::binlog::Bitmap;
use crate::values::json;
use walbrook_core::avro::{read, write};
use walbrook_core::batch::{Cell, State};

/// Value option: JSON columns may be partial.
const PARTIAL_JSON: u8 = 1;

/// Which of the table's JSON columns hold differences.
pub(super) fn columns<'a>(table: &Table, bytes: &mut &'a [u8]) -> Result<Bitmap<'a>, RowError> {
    let malformed = || RowError::malformed(&table.layout);
    let (&options, rest) = bytes.split_first().ok_or_else(malformed)?;
    *bytes = rest;
    // All options that there are fit into one byte of the packed number.
    match options {
        0 => Ok(Bitmap::default()),
        PARTIAL_JSON => {
            let count = table.columns.iter().filter(|column| column.json).count();
            take_bits(bytes, count).ok_or_else(malformed)
        }
        _ => Err(malformed()),
    }
}

/// Appends the payload of a document: the differences at the front of `bytes` applied to the text
/// of `old`, which lies in the same arena. Allocates; differences are rare.
pub(super) fn write(
    table: &Table,
    place: usize,
    old: Option<Cell>,
    bytes: &mut &[u8],
    arena: &mut Vec<u8>,
) -> Result<(), RowError> {
    let malformed = || RowError::malformed(&table.layout);
    let Some(Cell { state: State::Present, payload }) = old else {
        return Err(RowError::no_old_document(&table.layout, place));
    };
    let text = read::sized(payload.of(arena)).ok_or_else(malformed)?;
    let text = std::str::from_utf8(text).map_err(|_| malformed())?;
    let patched = json::patch(bytes, text).map_err(|bad| table.bad(bad, place))?;
    write::string(arena, &patched);
    Ok(())
}

/// Goes past the differences at the front of `bytes`.
pub(super) fn pass(bytes: &mut &[u8]) -> Option<()> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    *bytes = rest.get(length..)?;
    Some(())
}
