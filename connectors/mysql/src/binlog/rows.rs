//! Rows events: the images of the rows that a statement wrote, changed or deleted in one table.

use super::Bitmap;
use super::body::Flaw;
use super::compressed::inflate;
use super::field::Fields;
use super::kind;

/// `table_id` of the event without rows that only ends a statement.
pub const DUMMY_TABLE_ID: u64 = 0x00ff_ffff;

/// What happened to the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowsKind {
    /// Inserted: an after-image each.
    Write,
    /// Updated: a before- and an after-image each.
    Update,
    /// Deleted: a before-image each.
    Delete,
    /// Updated, with after-images that may have changes of JSON documents in place of the documents
    /// (`binlog_row_value_options=PARTIAL_JSON`).
    PartialUpdate,
}

/// The event.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// Table, by the number of its table map.
    pub table_id: u64,
    /// Whether it is the last of its statement; table maps are void after it.
    pub statement_end: bool,
    /// What happened.
    pub kind: RowsKind,
    /// How many columns the table has.
    pub columns: usize,
    /// Columns that before-images have; no bits of inserted rows.
    pub before: Bitmap<'a>,
    /// Columns that after-images have; no bits of deleted rows.
    pub after: Bitmap<'a>,
    /// The images, one behind the other.
    pub bytes: &'a [u8],
}

/// How the event is written.
struct Form {
    kind: RowsKind,
    /// The second version has room for extra data.
    extra: bool,
    compressed: bool,
}

impl Form {
    fn of(number: u8) -> Option<Self> {
        use RowsKind::{Delete, PartialUpdate, Update, Write};
        let (kind, extra, compressed) = match number {
            kind::WRITE_ROWS_V1 => (Write, false, false),
            kind::UPDATE_ROWS_V1 => (Update, false, false),
            kind::DELETE_ROWS_V1 => (Delete, false, false),
            kind::WRITE_ROWS => (Write, true, false),
            kind::UPDATE_ROWS => (Update, true, false),
            kind::DELETE_ROWS => (Delete, true, false),
            kind::PARTIAL_UPDATE_ROWS => (PartialUpdate, true, false),
            kind::WRITE_ROWS_COMPRESSED_V1 => (Write, false, true),
            kind::UPDATE_ROWS_COMPRESSED_V1 => (Update, false, true),
            kind::DELETE_ROWS_COMPRESSED_V1 => (Delete, false, true),
            kind::WRITE_ROWS_COMPRESSED => (Write, true, true),
            kind::UPDATE_ROWS_COMPRESSED => (Update, true, true),
            kind::DELETE_ROWS_COMPRESSED => (Delete, true, true),
            _ => return None,
        };
        Some(Self { kind, extra, compressed })
    }
}

impl<'a> Rows<'a> {
    /// Reads an event of one of the thirteen kinds:
    ///
    /// ```text
    ///  table u48 │ flags u16 │ [length of extra data and of itself u16 │ extra data]
    ///  │ columns, length-encoded │ before- or only bitmap │ [after-bitmap] │ images
    /// ```
    #[inline]
    pub(super) fn read(number: u8, body: &'a [u8], scratch: &'a mut Vec<u8>) -> Result<Self, Flaw> {
        let form = Form::of(number).ok_or(Flaw::Unknown)?;
        let rows = Self::cut(&form, body).ok_or(Flaw::Malformed)?;
        if !form.compressed || rows.table_id == DUMMY_TABLE_ID {
            return Ok(rows);
        }
        inflate(rows.bytes, scratch)?;
        Ok(Self { bytes: scratch, ..rows })
    }

    fn cut(form: &Form, body: &'a [u8]) -> Option<Self> {
        let mut fields = Fields::new(body);
        let (table_id, flags) = (fields.u48()?, fields.u16()?);
        if form.extra {
            let length = usize::from(fields.u16()?);
            fields.bytes(length.checked_sub(2)?)?;
        }
        let columns = usize::try_from(fields.length()?).ok()?;
        let mut bitmap = || Bitmap::new(fields.bytes(columns.div_ceil(8))?, columns);
        let (before, after) = match form.kind {
            RowsKind::Write => (Bitmap::default(), bitmap()?),
            RowsKind::Delete => (bitmap()?, Bitmap::default()),
            RowsKind::Update | RowsKind::PartialUpdate => (bitmap()?, bitmap()?),
        };
        Some(Self {
            table_id,
            statement_end: flags & 1 != 0,
            kind: form.kind,
            columns,
            before,
            after,
            bytes: fields.rest(),
        })
    }
}
