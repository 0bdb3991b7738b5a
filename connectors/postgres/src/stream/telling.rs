//! The rows of a chunk, told as reads of their table.

use super::decoder::{Decoder, ReadAt};
use crate::resnapshot::course::Read;
use std::sync::Arc;
use walbrook_core::batch::{Batch, Image};
use walbrook_core::change::{Event, Marker, Source};
use walbrook_core::error::Error;
use walbrook_core::layout::Layout;
use walbrook_core::resnapshot::Reason;

/// Rows on their way out.
pub(super) struct Telling {
    at: ReadAt,
    marker: Marker,
    /// The source block in the batch that is being filled, and whose rows it is of.
    source: Option<Source>,
    count: u64,
}

impl Telling {
    /// None of the chunk's rows yet.
    pub(super) fn new(read: &Read) -> Self {
        let is_new = read.reason == Reason::NewTable;
        Self {
            at: ReadAt {
                at_us: read.rows.at_us,
                high: read.rows.high,
                xid: is_new.then_some(read.rows.visible.xmax as u32),
            },
            marker: if is_new { Marker::True } else { Marker::Incremental },
            source: None,
            count: 0,
        }
    }

    /// Rows told.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// From now on another batch is filled.
    pub(super) fn new_batch(&mut self) {
        self.source = None;
    }

    fn source(&mut self, decoder: &Decoder, batch: &mut Batch, layout: &Layout) -> Source {
        let at = &self.at;
        *self.source.get_or_insert_with(|| decoder.rows_source(batch, layout, at))
    }

    /// Tells a row whose image is in the batch.
    pub(super) fn push(
        &mut self,
        decoder: &Decoder,
        batch: &mut Batch,
        layout: &Arc<Layout>,
        image: Image,
    ) {
        let source = self.source(decoder, batch, layout);
        let layout = batch.layout(layout);
        self.count += 1;
        batch.events.push(Event::read(layout, image, source, self.marker));
    }

    /// A row that cannot be told: the policy decides.
    #[cold]
    pub(super) fn poison(
        &mut self,
        decoder: &Decoder,
        batch: &mut Batch,
        layout: &Arc<Layout>,
        error: Error,
        original: Option<&[u8]>,
    ) {
        let source = self.source(decoder, batch, layout);
        let original = original.map(|bytes| batch.append(bytes));
        let layout = batch.layout(layout);
        batch.events.push(Event::unreadable(layout, ("copy", original), source, error));
    }
}
