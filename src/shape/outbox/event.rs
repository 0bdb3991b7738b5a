//! The record of one event, and what becomes of the other changes of an outbox's rows.

use super::cell::Value;
use super::known::Topics;
use super::plan::{Body, Plan, Planner, Unready};
use super::recipe::Recipe;
use super::refusal::Refusal;
use super::settings::{OnUpdate, Outbox};
use crate::shape::context;
use crate::shape::output::Output;
use crate::shape::resolved::Resolved;
use crate::shape::settings::Settings;
use crate::shape::shaper::Stop;
use crate::shape::transaction::Open;
use walbrook_core::batch::{Batch, Image, Span};
use walbrook_core::change::{Change, Op};
use walbrook_core::partition;
use walbrook_core::source::Description;

/// Everything at hand while a change of an outbox's row is told.
pub(in crate::shape) struct Event<'a> {
    pub(in crate::shape) settings: &'a Settings,
    pub(in crate::shape) outbox: &'a Outbox,
    pub(in crate::shape) description: &'a Description,
    pub(in crate::shape) topics: &'a mut Topics,
    pub(in crate::shape) resolved: &'a Resolved,
    pub(in crate::shape) recipe: &'a mut Recipe,
    pub(in crate::shape) batch: &'a Batch,
    pub(in crate::shape) change: &'a Change,
    pub(in crate::shape) now_us: i64,
    pub(in crate::shape) out: &'a mut Output,
    pub(in crate::shape) open: Option<&'a mut Open>,
    pub(in crate::shape) scratch: &'a mut Vec<u8>,
    pub(in crate::shape) deliver: bool,
}

/// What a change of an outbox's row means.
#[derive(Clone, Copy, Debug)]
enum Meaning {
    /// An event: its row, and the row before where a change of key made it.
    Event(Image, Option<Image>),
    /// A row that is an event already was changed.
    Update,
    /// Nothing.
    Nothing,
}

impl Event<'_> {
    /// Tells the change. What it counts in its transaction is what it would count as a change of
    /// a table, whether it is told or refused.
    pub(in crate::shape) fn tell(mut self) -> Result<(), Stop> {
        let (meaning, events) = self.meaning();
        let planned = match meaning {
            Meaning::Event(image, _) if self.deliver => Some(self.plan(image)),
            _ => None,
        };
        if let Some(Err(Unready::Need(needs))) = planned {
            return Err(self.resolved.stop(needs));
        }
        self.count(events);
        match (meaning, planned) {
            (Meaning::Event(image, old), Some(Ok(plan))) => self.write(image, old, &plan),
            (_, Some(Err(Unready::Refused(refusal)))) => return Err(self.refused(refusal)),
            (Meaning::Update, _) if self.deliver => self.updated()?,
            _ => {}
        }
        Ok(())
    }

    /// What the change means, and how many events it is for its transaction.
    fn meaning(&self) -> (Meaning, u64) {
        let (before, after) = (self.change.before, self.change.after);
        match (self.change.op, before, after) {
            (Op::Update, Some(old), Some(new)) if self.key_differs(old, new) => {
                (Meaning::Event(new, Some(old)), 2)
            }
            (Op::Update, _, Some(_)) => (Meaning::Update, 1),
            (Op::Create | Op::Read, _, Some(new)) => (Meaning::Event(new, None), 1),
            (Op::Delete, Some(_), _) | (Op::Truncate, ..) => (Meaning::Nothing, 1),
            _ => (Meaning::Nothing, 0),
        }
    }

    fn key_differs(&self, old: Image, new: Image) -> bool {
        self.recipe.table.key.as_ref().is_some_and(|key| key.differs(self.batch, old, new))
    }

    fn plan(&mut self, image: Image) -> Result<Plan, Unready> {
        let planner = Planner {
            outbox: self.outbox,
            topics: self.topics,
            resolved: self.resolved,
            batch: self.batch,
            image,
            now_us: self.now_us,
            scratch: self.scratch,
        };
        planner.plan(self.recipe)
    }

    fn count(&mut self, events: u64) {
        let Some(open) = self.open.as_deref_mut() else { return };
        if self.settings.transaction_metadata {
            for _ in 0..events {
                open.count(&self.recipe.layout.table);
            }
        }
    }

    fn refused(&self, refusal: Refusal) -> Stop {
        Stop::Failed(refusal.of(&self.recipe.layout.table))
    }

    /// A word in the log for the first update, the second, the fourth and so on.
    fn updated(&mut self) -> Result<(), Stop> {
        let table = &self.recipe.layout.table;
        self.recipe.updates += 1;
        let updates = self.recipe.updates;
        match self.outbox.on_update {
            OnUpdate::Fatal => return Err(self.refused(Refusal::Update)),
            _ if !updates.is_power_of_two() => {}
            OnUpdate::Warn => {
                tracing::warn!(%table, updates, "updates of outbox rows are no events")
            }
            OnUpdate::Error => {
                tracing::error!(%table, updates, "updates of outbox rows are no events");
            }
        }
        Ok(())
    }

    fn write(&mut self, image: Image, old: Option<Image>, plan: &Plan) {
        let headers = self.headers(image, old);
        let key = self.key(image, plan);
        let value = self.value(image, plan);
        let partition = plan.partition.unwrap_or_else(|| match key {
            Some(key) if plan.handle.partitions > 1 => {
                partition::of_key(key.of(&self.out.records.bytes), plan.handle.partitions)
            }
            _ => 0,
        });
        self.out.push(plan.handle.id, partition, key, value, headers);
        self.out.stamp(plan.timestamp);
    }

    /// The header of a change of key, those of the context, the event's identity, then columns.
    fn headers(&mut self, image: Image, old: Option<Image>) -> (u32, u32) {
        let shared = context::shared(self.out, self.settings, self.description);
        let mark = self.out.header_mark();
        if let (Some(old), Some(key)) = (old, &self.recipe.table.key) {
            let json = key.json(&self.recipe.layout, self.batch, old);
            self.out.header("__debezium.oldkey", json.as_bytes());
        }
        self.out.repeat_headers(shared);
        self.header("id", image, self.recipe.columns.id);
        for number in 0..self.recipe.columns.headers.len() {
            let Some((name, place)) = self.recipe.columns.headers.get(number) else { continue };
            let (name, place) = (std::sync::Arc::clone(name), *place);
            self.header(&name, image, place);
        }
        self.out.headers_since(mark)
    }

    fn header(&mut self, name: &str, image: Image, place: usize) {
        let value = Value::of(&self.recipe.layout, self.batch, image, place);
        let value = value.filter(|value| value.payload.is_some());
        let value = value.map(|value| self.out.append_with(|out| value.write_header(out)));
        self.out.header_of(name, value);
    }

    fn key(&mut self, image: Image, plan: &Plan) -> Option<Span> {
        let layout = std::sync::Arc::clone(&self.recipe.layout);
        let value = Value::of(&layout, self.batch, image, self.recipe.columns.key)?;
        value.payload?;
        Some(self.out.append_with(|out| match plan.key {
            Some(prefix) => {
                out.extend_from_slice(&prefix);
                value.write_whole(out);
            }
            None => value.write_plain(out),
        }))
    }

    fn value(&mut self, image: Image, plan: &Plan) -> Option<Span> {
        let recipe = &*self.recipe;
        let payload = Value::of(&recipe.layout, self.batch, image, recipe.columns.payload)?;
        let (prefix, expanded) = match plan.value {
            Body::Tombstone => return None,
            Body::Raw => return Some(self.out.append_with(|out| payload.write_plain(out))),
            Body::Plain(prefix) => (prefix, None),
            Body::Expanded(prefix) => (prefix, Some(self.scratch.as_slice())),
        };
        let batch = self.batch;
        Some(self.out.append_with(|out| {
            out.extend_from_slice(&prefix);
            match expanded {
                Some(bytes) => out.extend_from_slice(bytes),
                None if recipe.is_record() => payload.write_field(out, &[]),
                None => payload.write_whole(out),
            }
            for (_, place) in &recipe.columns.envelope {
                let Some(field) = recipe.layout.fields.get(*place) else { continue };
                if let Some(value) = Value::of(&recipe.layout, batch, image, *place) {
                    value.write_field(out, &field.fallback);
                }
            }
        }))
    }
}
