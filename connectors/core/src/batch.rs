//! Rows encoded once: an arena of Avro bytes, with the place of every cell.
//!
//! ```text
//!  bytes  │ tag payload │ tag payload │ …     one Avro record (datum) for each image
//!  cells  │ Cell{start,len,state} │ …         one for each field of the layout; payload, no tag
//!  events │ Begin │ Change{before,after} │ End │ …
//! ```
//!
//! A cell is a payload *without* its union tag plus a state. The value is written with tags while
//! the row is read; keys, headers and flattened forms re-tag the same cells for their own schema.

use crate::change::Event;
use crate::checkpoint::Updates;
use crate::layout::{Field, Layout};
use std::sync::Arc;

/// A batch closes when its arena has this many bytes.
pub const FULL: usize = 512 * 1024;

/// A range of bytes in an arena.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Number of bytes.
    pub len: u32,
}

impl Span {
    /// The bytes of this range; empty where the range does not lie in `arena`.
    #[inline]
    pub fn of(self, arena: &[u8]) -> &[u8] {
        let start = self.start as usize;
        arena.get(start..start + self.len as usize).unwrap_or_default()
    }
}

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A value; the span is its payload.
    Present,
    /// SQL NULL.
    Null,
    /// Not sent because the statement did not change it; the span is what stands for it.
    Unchanged,
    /// Not part of this image.
    Absent,
}

/// One column of one image.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// Payload without a tag.
    pub payload: Span,
    /// What it means.
    pub state: State,
}

/// One row: its Avro record and its cells.
#[derive(Clone, Copy, Debug)]
pub struct Image {
    /// The record, complete, without the tag of the union it stands in.
    pub datum: Span,
    /// Place of the first cell in [`Batch::cells`].
    pub cells: u32,
}

impl Image {
    /// The cell of field number `field`.
    #[inline]
    pub fn cell(self, batch: &Batch, field: usize) -> Option<&Cell> {
        batch.cells.get(self.cells as usize + field)
    }
}

/// Encoded changes on their way from a source to shape. Recycled: [`Batch::clear`] keeps capacity.
#[derive(Debug, Default)]
pub struct Batch {
    /// The arena.
    pub bytes: Vec<u8>,
    /// Cells of all images.
    pub cells: Vec<Cell>,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Layouts named by [`crate::change::Change::layout`].
    pub layouts: Vec<Arc<Layout>>,
    /// Checkpoint entries to store with the next commit that covers this batch.
    pub updates: Updates,
    /// Snapshot only: which reader filled the batch, and what the checkpoint says after it.
    pub lane: Option<Lane>,
}

/// The part of a snapshot that a batch belongs to.
///
/// Several readers send at once. A Kafka transaction may close only while none of them is inside
/// rows that must become visible together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lane {
    /// Number of the reader.
    pub number: u32,
    /// Whether closing right after this batch would cut what must stay together.
    pub torn: bool,
    /// What the checkpoint says once the batch is delivered.
    pub updates: crate::checkpoint::Updates,
}

impl Batch {
    /// Empties the batch for its next use. An arena that one huge row blew up is given back.
    pub fn clear(&mut self) {
        self.bytes.clear();
        if self.bytes.capacity() > 4 * FULL {
            self.bytes.shrink_to(2 * FULL);
        }
        self.cells.clear();
        self.events.clear();
        self.layouts.clear();
        self.updates.clear();
        self.lane = None;
    }

    /// Whether it is time to hand the batch on.
    pub fn is_full(&self) -> bool {
        self.bytes.len() >= FULL || self.events.len() >= 16 * 1024
    }

    /// The place of `layout` in this batch.
    pub fn layout(&mut self, layout: &Arc<Layout>) -> u32 {
        // The last one used is nearly always the one asked for.
        let found = self.layouts.iter().rposition(|known| Arc::ptr_eq(known, layout));
        found.unwrap_or_else(|| {
            self.layouts.push(Arc::clone(layout));
            self.layouts.len() - 1
        }) as u32
    }

    /// Appends raw bytes and returns where they lie.
    #[inline]
    pub fn append(&mut self, bytes: &[u8]) -> Span {
        self.append_with(|out| out.extend_from_slice(bytes))
    }

    /// Appends what `write` writes and returns where it lies.
    #[inline]
    pub fn append_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Span {
        let start = self.bytes.len();
        write(&mut self.bytes);
        span(start, self.bytes.len())
    }

    /// Appends `image`, which lies in `from`. Columns that it does not tell are as in `under`, an
    /// image in this batch, else the placeholder.
    pub fn copy(
        &mut self,
        layout: &Layout,
        from: &Batch,
        image: Image,
        under: Option<Image>,
    ) -> Image {
        let mut row = self.image(layout);
        for field in 0..layout.fields.len() {
            match image.cell(from, field) {
                Some(Cell { state: State::Present, payload }) => {
                    row.payload(payload.of(&from.bytes));
                }
                Some(Cell { state: State::Null, .. }) => row.null(),
                Some(Cell { state: State::Absent, .. }) if under.is_none() => row.absent(),
                Some(Cell { state: State::Unchanged | State::Absent, .. }) | None => {
                    row.unchanged(under);
                }
            }
        }
        row.finish()
    }

    /// Starts a row of `layout`. Cells follow in the order of its fields.
    #[inline]
    pub fn image<'a>(&'a mut self, layout: &'a Layout) -> Writer<'a> {
        let (start, cells) = (self.bytes.len(), self.cells.len());
        let visible = layout.fields.iter().filter(|field| !field.hidden).count();
        Writer { batch: self, layout, start, cells, visible, end: None }
    }
}

#[inline]
fn span(start: usize, end: usize) -> Span {
    Span { start: start as u32, len: (end - start) as u32 }
}

/// Writes one row: the only place that writes the tags of a value.
#[derive(Debug)]
pub struct Writer<'a> {
    batch: &'a mut Batch,
    layout: &'a Layout,
    start: usize,
    cells: usize,
    /// Number of fields that are part of the record; the hidden ones come after them.
    visible: usize,
    /// Where the record ended, once a hidden cell has been written behind it.
    end: Option<usize>,
}

impl Writer<'_> {
    /// The field that the next cell belongs to.
    #[inline]
    fn field(&mut self) -> Option<&Field> {
        let number = self.batch.cells.len() - self.cells;
        if number == self.visible && self.end.is_none() {
            self.end = Some(self.batch.bytes.len());
        }
        self.layout.fields.get(number)
    }

    /// The next cell's twin in another image of the same layout.
    #[inline]
    pub fn twin(&self, other: Image) -> Option<Cell> {
        other.cell(self.batch, self.batch.cells.len() - self.cells).copied()
    }

    /// The cell of field number `field` in another image of the batch.
    #[inline]
    pub fn cell(&self, other: Image, field: usize) -> Option<Cell> {
        other.cell(self.batch, field).copied()
    }

    /// A value: `write` appends its payload. Returns what `write` returns; on an error the row is
    /// to be dropped with the batch or finished and ignored.
    #[inline]
    pub fn value<E>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        let Some(field) = self.field() else { return Ok(()) };
        if let (Some(tag), false) = (field.wrap.value_tag(), field.hidden) {
            self.batch.bytes.push(tag);
        }
        let start = self.batch.bytes.len();
        write(&mut self.batch.bytes)?;
        let payload = span(start, self.batch.bytes.len());
        self.batch.cells.push(Cell { payload, state: State::Present });
        Ok(())
    }

    /// A value that shows only when it is read whether it can be told: `write` appends the payload
    /// and answers `true`, or appends nothing and answers `false`, which is null.
    #[inline]
    pub fn value_or_null<E>(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<bool, E>,
    ) -> Result<(), E> {
        let Some(field) = self.field() else { return Ok(()) };
        let tag = field.wrap.value_tag().filter(|_| !field.hidden);
        self.batch.bytes.extend(tag);
        let start = self.batch.bytes.len();
        if write(&mut self.batch.bytes)? {
            let payload = span(start, self.batch.bytes.len());
            self.batch.cells.push(Cell { payload, state: State::Present });
        } else {
            self.batch.bytes.truncate(start - usize::from(tag.is_some()));
            self.null();
        }
        Ok(())
    }

    /// A value whose payload is written already.
    #[inline]
    pub fn payload(&mut self, payload: &[u8]) {
        let written: Result<(), std::convert::Infallible> = self.value(|out| {
            out.extend_from_slice(payload);
            Ok(())
        });
        let _ = written;
    }

    /// SQL NULL. A required field gets its fallback: the log may be older than the NOT NULL.
    #[inline]
    pub fn null(&mut self) {
        let layout = self.layout;
        if self.field().is_none() {
            return;
        }
        let Some(field) = layout.fields.get(self.batch.cells.len() - self.cells) else { return };
        if !field.hidden {
            match field.wrap.null_tag() {
                Some(tag) => self.batch.bytes.push(tag),
                None => self.batch.bytes.extend_from_slice(&field.fallback),
            }
        }
        self.batch.cells.push(Cell { payload: Span::default(), state: State::Null });
    }

    /// The column is not in this image.
    #[inline]
    pub fn absent(&mut self) {
        let layout = self.layout;
        if self.field().is_none() {
            return;
        }
        let Some(field) = layout.fields.get(self.batch.cells.len() - self.cells) else { return };
        if !field.hidden {
            self.batch.bytes.extend_from_slice(&field.fallback);
        }
        self.batch.cells.push(Cell { payload: Span::default(), state: State::Absent });
    }

    /// The column was not sent because it did not change: copied from the old image where that
    /// has it, else the placeholder.
    pub fn unchanged(&mut self, old: Option<Image>) {
        let number = self.batch.cells.len() - self.cells;
        let layout = self.layout;
        if self.field().is_none() {
            return;
        }
        let Some(field) = layout.fields.get(number) else { return };
        match old.and_then(|old| old.cell(self.batch, number).copied()) {
            Some(Cell { state: State::Null, .. }) => self.null(),
            Some(Cell { state: State::Present, payload }) => {
                if let (Some(tag), false) = (field.wrap.value_tag(), field.hidden) {
                    self.batch.bytes.push(tag);
                }
                let from = payload.start as usize;
                let start = self.batch.bytes.len();
                self.batch.bytes.extend_from_within(from..from + payload.len as usize);
                let payload = span(start, self.batch.bytes.len());
                self.batch.cells.push(Cell { payload, state: State::Present });
            }
            _ => {
                if let (Some(tag), false) = (field.wrap.value_tag(), field.hidden) {
                    self.batch.bytes.push(tag);
                }
                let payload = self.batch.append(&field.unchanged);
                self.batch.cells.push(Cell { payload, state: State::Unchanged });
            }
        }
    }

    /// Ends the row; fields that got no cell are absent.
    #[inline]
    pub fn finish(mut self) -> Image {
        while self.field().is_some() {
            self.absent();
        }
        let end = self.end.unwrap_or(self.batch.bytes.len());
        Image { datum: span(self.start, end), cells: self.cells as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::avro::write;
    use crate::layout::Table;
    use crate::schema::{Kind, Schema};
    use std::convert::Infallible;

    fn field(name: &str, schema: Schema, fallback: &[u8]) -> Field {
        let wrap = schema.wrap();
        let (fallback, unchanged) = (fallback.into(), b"\x02?".as_slice().into());
        Field { name: name.into(), schema, wrap, fallback, unchanged, hidden: false }
    }

    fn layout() -> Layout {
        Layout {
            table: Table::new("public", "t"),
            fingerprint: 1,
            fields: vec![
                field("id", Schema::new(Kind::Int32), &[0]),
                field("note", Schema::new(Kind::String).optional(), &[0]),
            ],
            key: vec![0],
            masked: false,
        }
    }

    fn number(out: &mut Vec<u8>, value: i64) -> Result<(), Infallible> {
        write::long(out, value);
        Ok(())
    }

    fn text(out: &mut Vec<u8>, value: &str) -> Result<(), Infallible> {
        write::string(out, value);
        Ok(())
    }

    #[test]
    fn a_row_is_a_datum_with_tags_and_cells_without() {
        let (mut batch, layout) = (Batch::default(), layout());
        let mut row = batch.image(&layout);
        row.value(|out| number(out, 7)).unwrap();
        row.value(|out| text(out, "hi")).unwrap();
        let image = row.finish();
        assert_eq!(image.datum.of(&batch.bytes), b"\x0e\x02\x04hi");
        let note = image.cell(&batch, 1).unwrap();
        assert_eq!((note.payload.of(&batch.bytes), note.state), (&b"\x04hi"[..], State::Present));
    }

    #[test]
    fn what_cannot_be_told_is_null_and_leaves_no_tag() {
        let (mut batch, layout) = (Batch::default(), layout());
        let mut row = batch.image(&layout);
        row.value_or_null(|out| number(out, 7).map(|()| true)).unwrap();
        row.value_or_null(|_| Ok::<_, Infallible>(false)).unwrap();
        let image = row.finish();
        assert_eq!(image.datum.of(&batch.bytes), b"\x0e\x00");
        assert_eq!(image.cell(&batch, 1).unwrap().state, State::Null);
    }

    #[test]
    fn missing_and_null_cells_keep_the_record_valid() {
        let (mut batch, layout) = (Batch::default(), layout());
        let mut row = batch.image(&layout);
        row.null();
        let image = row.finish();
        assert_eq!(image.datum.of(&batch.bytes), b"\x00\x00");
        assert_eq!(image.cell(&batch, 1).unwrap().state, State::Absent);
    }

    #[test]
    fn an_unchanged_cell_comes_from_the_old_image_or_is_the_placeholder() {
        let (mut batch, layout) = (Batch::default(), layout());
        let mut row = batch.image(&layout);
        row.value(|out| number(out, 1)).unwrap();
        row.value(|out| text(out, "old")).unwrap();
        let old = row.finish();
        for (from, datum) in [(Some(old), &b"\x02\x02\x06old"[..]), (None, b"\x02\x02\x02?")] {
            let mut row = batch.image(&layout);
            row.value(|out| number(out, 1)).unwrap();
            row.unchanged(from);
            assert_eq!(row.finish().datum.of(&batch.bytes), datum);
        }
    }
}
