//! Logical messages as an outbox: the recipe of those that are events, beside that of the others.

use super::content::Content;
use super::recipe::Recipe;
use super::settings::{From, Outbox};
use crate::shape::recipe::Recipe as Table;
use crate::shape::settings::Settings;
use std::sync::Arc;
use walbrook_core::avro::read;
use walbrook_core::batch::{Batch, Image};
use walbrook_core::change::{Change, Op};
use walbrook_core::error::Result;
use walbrook_core::layout::Layout;
use walbrook_core::schema::Schema;

/// How messages become events, or records of their own topic.
#[derive(Debug)]
pub(in crate::shape) struct Messages {
    /// The messages as they are.
    table: Table,
    /// Place of the prefix, and of the content.
    cells: Option<(usize, usize)>,
    content: Content,
    events: Recipe,
}

impl Messages {
    /// Compiles the recipes of `layout`, that of messages.
    pub(in crate::shape) fn compile(
        layout: &Arc<Layout>,
        settings: &Settings,
        outbox: &Outbox,
        source: &Schema,
    ) -> Result<Self> {
        let table = Table::compile(layout, settings, source)?;
        let content = Content::new(outbox);
        let events = Recipe::of_messages(content.layout(), settings, outbox, source)?;
        let cells = layout.position("prefix").zip(layout.position("content"));
        Ok(Self { table, cells, content, events })
    }

    /// The messages as they are.
    pub(in crate::shape) fn table(&self) -> &Table {
        &self.table
    }

    /// The messages as they are.
    pub(in crate::shape) fn table_mut(&mut self) -> &mut Table {
        &mut self.table
    }

    /// The recipe of events.
    pub(in crate::shape) fn events(&mut self) -> &mut Recipe {
        &mut self.events
    }

    /// Whether the message is an event of `outbox`.
    pub(in crate::shape) fn is_event(
        &self,
        outbox: &Outbox,
        batch: &Batch,
        change: &Change,
    ) -> bool {
        let From::Messages(takes) = &outbox.from else { return false };
        let prefix = self.cells.and_then(|cells| bytes(batch, change.after, cells.0));
        prefix.and_then(|prefix| std::str::from_utf8(prefix).ok()).is_some_and(|it| takes(it))
    }

    /// The insert of the row that the message holds, in `unpacked`.
    pub(in crate::shape) fn unpack(
        &self,
        batch: &Batch,
        change: &Change,
        unpacked: &mut Batch,
    ) -> Result<Change> {
        unpacked.clear();
        let content = self.cells.and_then(|cells| bytes(batch, change.after, cells.1));
        let row = self.content.row(unpacked, content.unwrap_or_default());
        let row = row.map_err(|refusal| refusal.of(&self.table.layout.table))?;
        Ok(Change { op: Op::Create, before: None, after: Some(row), ..*change })
    }
}

/// The bytes of a cell of text or bytes.
fn bytes(batch: &Batch, image: Option<Image>, place: usize) -> Option<&[u8]> {
    read::sized(image?.cell(batch, place)?.payload.of(&batch.bytes))
}
