//! The records of one change: one, two for a delete, three for a change of key.

use super::context;
use super::envelope::Envelope;
use super::message::Message;
use super::output::Output;
use super::recipe::{Ready, Recipe};
use super::settings::Settings;
use super::transaction::Open;
use walbrook_core::batch::{Batch, Image, Span, State};
use walbrook_core::change::{Change, Op};
use walbrook_core::error::Result;
use walbrook_core::partition;
use walbrook_core::source::Description;

/// Everything at hand while the records of one change are written.
pub(super) struct Row<'a> {
    pub(super) settings: &'a Settings,
    pub(super) description: &'a Description,
    pub(super) recipe: &'a Recipe,
    pub(super) ready: Ready,
    pub(super) batch: &'a Batch,
    pub(super) change: &'a Change,
    pub(super) now_us: i64,
    pub(super) out: &'a mut Output,
    pub(super) open: Option<&'a mut Open>,
    pub(super) block: &'a mut Vec<u8>,
}

impl Row<'_> {
    /// Writes the records of the change: one; two for a delete; three for a change of key. What is
    /// written before an error, or counted, the caller takes back.
    pub(super) fn write(&mut self) -> Result<()> {
        let (before, after) = (self.change.before, self.change.after);
        match (self.change.op, before, after) {
            (Op::Update, Some(old), Some(new)) if self.is_skipped(old, new) => {}
            (Op::Update, Some(old), Some(new)) if self.key_differs(old, new) => {
                self.key_change(old, new);
            }
            (Op::Update, Some(old), Some(new)) if !self.is_whole(old) => {
                // A key-only old image of an unchanged key says nothing.
                self.event(Op::Update, None, Some(new), new, (0, 0));
            }
            (Op::Delete, Some(old), _) => {
                self.event(Op::Delete, before, None, old, (0, 0));
                self.tombstone(old, (0, 0));
            }
            (Op::Message, _, Some(said)) => self.message(said),
            (op, before, Some(new)) => self.event(op, before, after, new, (0, 0)),
            (Op::Truncate, ..) => self.truncate(),
            // A delete without an image cannot be told; PostgreSQL refuses such a statement.
            (_, _, None) => {}
        }
        Ok(())
    }

    fn key_differs(&self, old: Image, new: Image) -> bool {
        self.recipe.key.as_ref().is_some_and(|key| key.differs(self.batch, old, new))
    }

    /// Whether an update changes nothing that is told and is left out for that. A change of key that
    /// shows in the key only is left out too, as in the reference.
    fn is_skipped(&self, old: Image, new: Image) -> bool {
        let datum = |image: Image| image.datum.of(&self.batch.bytes);
        self.settings.skip_unchanged && self.is_whole(old) && datum(old) == datum(new)
    }

    /// Whether an old image has more than the key columns.
    fn is_whole(&self, image: Image) -> bool {
        let fields = 0..self.recipe.layout.fields.len();
        fields.into_iter().all(|field| {
            let cell = image.cell(self.batch, field);
            cell.is_some_and(|cell| cell.state != State::Absent)
        })
    }

    /// A change of key is a delete of the old one and a create of the new one.
    fn key_change(&mut self, old: Image, new: Image) {
        let layout = &self.recipe.layout;
        let json = |image| {
            let key = self.recipe.key.as_ref();
            key.map(|key| key.json(layout, self.batch, image)).unwrap_or_default()
        };
        let (old_json, new_json) = (json(old), json(new));
        let to_new = self.linked_headers("__debezium.newkey", &new_json);
        self.event(Op::Delete, Some(old), None, old, to_new);
        self.tombstone(old, to_new);
        let to_old = self.linked_headers("__debezium.oldkey", &old_json);
        self.event(Op::Create, None, Some(new), new, to_old);
    }

    /// Appends the header that links the two halves of a key change, and the context headers.
    fn linked_headers(&mut self, name: &str, json: &str) -> (u32, u32) {
        let mark = self.out.header_mark();
        self.out.header(name, json.as_bytes());
        if self.settings.context_headers {
            context::write(self.out, self.settings, self.description);
        }
        self.out.headers_since(mark)
    }

    /// The headers of a record: its own if it has some, else those that all records share.
    fn headers(&mut self, own: (u32, u32)) -> (u32, u32) {
        if own.1 > 0 {
            return own;
        }
        context::shared(self.out, self.settings, self.description)
    }

    fn event(
        &mut self,
        op: Op,
        before: Option<Image>,
        after: Option<Image>,
        keyed: Image,
        headers: (u32, u32),
    ) {
        self.count();
        let headers = self.headers(headers);
        let key = self.key(keyed);
        let value = self.envelope(op, before, after);
        let partition = self.partition(key);
        self.out.push(self.ready.topic.id, partition, key, Some(value), headers);
    }

    fn tombstone(&mut self, keyed: Image, headers: (u32, u32)) {
        if !self.settings.tombstones {
            return;
        }
        let headers = self.headers(headers);
        let key = self.key(keyed);
        let partition = self.partition(key);
        self.out.push(self.ready.topic.id, partition, key, None, headers);
    }

    /// A logical message: no headers, as in the reference.
    fn message(&mut self, said: Image) {
        self.count();
        let key = self.key(said);
        let arena = &self.batch.bytes;
        let message = Message {
            prefix: self.ready.value,
            source_head: self.change.source.head.of(arena),
            source_tail: self.change.source.tail.of(arena),
            transaction: self.blocked().then_some(self.block.as_slice()),
            datum: said.datum.of(arena),
            now_us: self.now_us,
        };
        let value = self.out.append_with(|out| message.write(out));
        let partition = self.partition(key);
        self.out.push(self.ready.topic.id, partition, key, Some(value), (0, 0));
    }

    /// Whether records have a transaction block.
    fn blocked(&self) -> bool {
        self.open.is_some() && self.settings.transaction_metadata
    }

    fn truncate(&mut self) {
        self.count();
        let headers = self.headers((0, 0));
        let value = self.envelope(Op::Truncate, None, None);
        self.out.push(self.ready.topic.id, 0, None, Some(value), headers);
    }

    /// Counts the event in its transaction and prepares its block.
    fn count(&mut self) {
        let Some(open) = self.open.as_deref_mut() else { return };
        if self.settings.transaction_metadata {
            let orders = open.count(&self.recipe.layout.table);
            self.block.clear();
            open.write_block(self.block, orders);
        }
    }

    fn key(&mut self, image: Image) -> Option<Span> {
        let key = self.recipe.key.as_ref()?;
        let (prefix, batch) = (self.ready.key, self.batch);
        Some(self.out.append_with(|out| {
            out.extend_from_slice(&prefix);
            key.write(out, batch, image);
        }))
    }

    fn partition(&self, key: Option<Span>) -> i32 {
        let partitions = self.ready.topic.partitions;
        match key {
            Some(key) if partitions > 1 => {
                partition::of_key(key.of(&self.out.records.bytes), partitions)
            }
            _ => 0,
        }
    }

    fn envelope(&mut self, op: Op, before: Option<Image>, after: Option<Image>) -> Span {
        let arena = &self.batch.bytes;
        let datum = |image: Image| image.datum.of(arena);
        let envelope = Envelope {
            prefix: self.ready.value,
            before: before.map(datum),
            after: after.map(datum),
            source_head: self.change.source.head.of(arena),
            marker: self.change.marker,
            source_tail: self.change.source.tail.of(arena),
            transaction: self.blocked().then_some(self.block.as_slice()),
            op,
            now_us: self.now_us,
        };
        self.out.append_with(|out| envelope.write(out))
    }
}
