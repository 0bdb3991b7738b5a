//! The shaper: runs over the events of a batch and writes their records.

mod settle;
mod tell;

use super::context;
use super::control::{self, Control};
use super::outbox;
use super::output::{Boundary, Output};
use super::poison::{Stage, Streaks};
use super::recipe::Recipe;
use super::resolved::{Need, Resolved};
use super::settings::Settings;
use super::transaction::{self, Open};
use crate::codes;
use settle::Case;
use std::collections::HashMap;
use std::sync::Arc;
use walbrook_core::avro::write;
use walbrook_core::batch::Batch;
use walbrook_core::change::{Begin, Change, Event, Notice, Op};
use walbrook_core::error::{Class, Error, Result};
use walbrook_core::position::{Part, Position};
use walbrook_core::schema::Kind;
use walbrook_core::source::Description;

/// How far [`Shaper::shape`] came.
#[derive(Debug)]
pub enum Shaped {
    /// All events of the batch are shaped.
    Done,
    /// The event at this place waits for these answers; everything before it is in the output.
    Need(usize, Vec<Need>),
    /// The event at this place cannot be delivered.
    Failed(usize, Error),
}

/// Turns events into records. One for each run of a connector.
pub struct Shaper {
    settings: Settings,
    description: Description,
    /// Answers from outside; the pipeline adds to it.
    pub resolved: Resolved,
    recipes: Vec<Made>,
    known: HashMap<usize, usize>,
    /// The topics that an outbox has named.
    topics: outbox::Topics,
    scratch: Vec<u8>,
    /// The row that a message of an outbox holds.
    unpacked: Batch,
    transactions: Control,
    heartbeats: Control,
    /// Topics of the source's own records.
    notices: Vec<Control>,
    /// Records made of each recipe since they were last counted.
    told: Vec<u64>,
    open: Option<Open>,
    delivered: Option<Part>,
    position: Option<Position>,
    block: Vec<u8>,
    streaks: Streaks,
    dead_letters: String,
}

impl Shaper {
    /// A shaper that continues at `position`: changes of a transaction that is delivered in part
    /// are counted and not written again.
    pub fn new(settings: Settings, description: Description, position: Option<Position>) -> Self {
        let transactions = Control::new(
            settings.transaction_topic(),
            &transaction::key_schema(),
            &transaction::value_schema(),
        );
        let heartbeats = Control::new(
            settings.heartbeat_topic(),
            &control::one_field("ServerNameKey", "serverName", Kind::String),
            &control::one_field("Heartbeat", "ts_ms", Kind::Int64),
        );
        Self {
            streaks: Streaks::new(settings.poison_limit),
            dead_letters: settings.dead_letter_topic(),
            settings,
            description,
            resolved: Resolved::default(),
            recipes: Vec::new(),
            known: HashMap::new(),
            topics: outbox::Topics::default(),
            scratch: Vec::new(),
            unpacked: Batch::default(),
            transactions,
            heartbeats,
            notices: Vec::new(),
            told: Vec::new(),
            open: None,
            delivered: position.as_ref().and_then(|position| position.part.clone()),
            position,
            block: Vec::new(),
        }
    }

    /// Whether a source transaction is open.
    pub fn in_transaction(&self) -> bool {
        self.open.is_some()
    }

    /// The stream begins at `position`: all before it is delivered.
    pub fn resume(&mut self, position: Position) {
        self.position = Some(position);
    }

    /// The position that says "everything up to the newest change of the open transaction".
    pub fn split_position(&self) -> Option<Position> {
        let (open, position) = (self.open.as_ref()?, self.position.as_ref()?);
        let messages = self.delivered.as_ref().map_or(self.settings.messages, |it| it.messages);
        let part = Part { transaction: open.id.clone(), k: open.number.max(open.skip), messages };
        Some(Position { part: Some(part), ..position.clone() })
    }

    /// How many records were made of each table since this was last asked.
    pub fn take_told(&mut self) -> Vec<(String, u64)> {
        let told = self.told.iter_mut().zip(&self.recipes).filter(|(told, _)| **told > 0);
        told.map(|(told, it)| (it.table().layout.table.to_string(), std::mem::take(told))).collect()
    }

    /// Shapes the events of `batch` from place `from` on; `now_us` is the time of processing.
    pub fn shape(&mut self, batch: &Batch, from: usize, out: &mut Output, now_us: i64) -> Shaped {
        for (place, event) in batch.events.iter().enumerate().skip(from) {
            let done = match event {
                Event::Begin(begin) => self.begin(batch, begin, out),
                Event::Change(change) => self.change(batch, change, out, now_us),
                Event::Poison(poison) => self.poison(batch, poison, out, now_us),
                Event::Notice(notice) => self.notice(batch, notice, out),
                Event::End(position) => self.end(position, out),
                Event::Progress(position) => {
                    self.reached(position, out);
                    Ok(())
                }
            };
            match done {
                Ok(()) => {}
                Err(Stop::Need(needs)) => return Shaped::Need(place, needs),
                Err(Stop::Failed(error)) => return Shaped::Failed(place, error),
            }
        }
        Shaped::Done
    }

    fn begin(&mut self, batch: &Batch, begin: &Begin, out: &mut Output) -> Result<(), Stop> {
        let id = String::from_utf8_lossy(begin.id.of(&batch.bytes)).into_owned();
        let skip = match &self.delivered {
            Some(part) if part.transaction == id => part.k,
            Some(part) => return Err(Stop::Failed(other_transaction(&part.transaction, &id))),
            None => 0,
        };
        let open = Open::new(id, begin.commit_us, skip);
        if self.settings.transaction_metadata {
            let ready = self
                .transactions
                .resolve(&self.resolved)
                .map_err(|needs| self.resolved.stop(needs))?;
            if skip == 0 {
                let id = |o: &mut Vec<u8>| write::string(o, &open.id);
                control::write(out, ready, id, |o| open.write_begin(o), (0, 0));
            }
        }
        self.open = Some(open);
        Ok(())
    }

    fn notice(&mut self, batch: &Batch, notice: &Notice, out: &mut Output) -> Result<(), Stop> {
        let topic = &notice.topic;
        let place = self.notices.iter().position(|known| known.topic() == topic.name);
        let place = place.unwrap_or_else(|| {
            self.notices.push(Control::new(topic.name.clone(), &topic.key, &topic.value));
            self.notices.len() - 1
        });
        let Some(control) = self.notices.get_mut(place) else { return Ok(()) };
        let ready = control.resolve(&self.resolved).map_err(|needs| self.resolved.stop(needs))?;
        let (key, value) = (notice.key.of(&batch.bytes), notice.value.of(&batch.bytes));
        let headers = context::shared(out, &self.settings, &self.description);
        let write = |bytes| move |out: &mut Vec<u8>| Vec::extend_from_slice(out, bytes);
        control::write(out, ready, write(key), write(value), headers);
        Ok(())
    }

    fn end(&mut self, position: &Position, out: &mut Output) -> Result<(), Stop> {
        if self.settings.transaction_metadata {
            let ready = self
                .transactions
                .resolve(&self.resolved)
                .map_err(|needs| self.resolved.stop(needs))?;
            if let Some(open) = &self.open {
                let id = |o: &mut Vec<u8>| write::string(o, &open.id);
                control::write(out, ready, id, |o| open.write_end(o), (0, 0));
            }
        }
        let ended = self.open.take().map(|open| open.commit_us).filter(|&us| us > 0);
        out.oldest_us = [out.oldest_us, ended].into_iter().flatten().min();
        self.delivered = None;
        out.transactions += 1;
        self.reached(position, out);
        Ok(())
    }

    fn reached(&mut self, position: &Position, out: &mut Output) {
        self.position = Some(position.clone());
        let (at, poisoned) = (out.records.records.len(), out.poisoned.len());
        out.boundary = Some(Boundary { at, position: position.clone(), poisoned });
    }

    /// Tells a change, or does about it what the policy says. Only where that is done is the change
    /// numbered: a cut must never lie behind one that is neither told nor settled.
    fn change(
        &mut self,
        batch: &Batch,
        change: &Change,
        out: &mut Output,
        now_us: i64,
    ) -> Result<(), Stop> {
        let place = self.recipe(batch, change.layout)?;
        if !self.skips(change.op) {
            match self.tell(place, batch, change, out, now_us) {
                Ok(()) => {}
                Err((Stop::Failed(error), told)) if error.class == Class::Poison => {
                    let stage = self.stage(place, self.is_event(place, batch, change));
                    let case = Case::of(place, stage, change, error, told);
                    self.settle(&case, batch, out, now_us)?;
                }
                Err((stop, _)) => return Err(stop),
            }
        }
        if let Some(open) = &mut self.open {
            open.number = change.number;
        }
        Ok(())
    }

    /// Whether changes of this kind are left out.
    fn skips(&self, op: Op) -> bool {
        let letter = op.letter().chars().next().unwrap_or_default();
        self.settings.skipped_operations.contains(&letter)
    }

    /// Whether a change with this number is delivered already.
    fn is_delivered(&self, number: u64) -> bool {
        self.open.as_ref().is_some_and(|open| number <= open.skip)
    }

    /// Where a change of this recipe failed.
    fn stage(&self, place: usize, event: bool) -> Stage {
        let ready = self.recipes.get(place).is_some_and(|made| made.table().ready.is_some());
        if ready || event { Stage::Shape } else { Stage::Registry }
    }

    /// The place of the recipe of the batch's layout number `layout`, compiling it if it is new.
    fn recipe(&mut self, batch: &Batch, layout: u32) -> Result<usize, Stop> {
        let Some(layout) = batch.layouts.get(layout as usize) else {
            return Err(Stop::Failed(Error::definite(codes::INTERNAL, "A change has no layout.")));
        };
        let address = Arc::as_ptr(layout) as usize;
        if let Some(&place) = self.known.get(&address) {
            return Ok(place);
        }
        let (settings, source) = (&self.settings, &self.description.source_schema);
        let made = match settings.outbox.as_deref().filter(|it| it.takes(&layout.table)) {
            Some(outbox) if layout.table.is_messages() => {
                let made = outbox::Messages::compile(layout, settings, outbox, source);
                made.map(|messages| Made::Messages(Box::new(messages)))
            }
            Some(outbox) => {
                let recipe = outbox::Recipe::compile(layout, settings, outbox, source);
                recipe.map(|recipe| Made::Outbox(Box::new(recipe)))
            }
            None => {
                let recipe = Recipe::compile(layout, settings, source);
                recipe.map(|recipe| Made::Table(Box::new(recipe)))
            }
        };
        self.recipes.push(made.map_err(Stop::Failed)?);
        self.told.push(0);
        self.known.insert(address, self.recipes.len() - 1);
        Ok(self.recipes.len() - 1)
    }

    /// Writes a heartbeat record; answers what must be resolved first.
    pub fn heartbeat(&mut self, out: &mut Output, now_us: i64) -> Result<(), Vec<Need>> {
        let ready = self.heartbeats.resolve(&self.resolved)?;
        let prefix = &self.settings.topic_prefix;
        let now_ms = now_us.div_euclid(1000);
        let value = |o: &mut Vec<u8>| write::long(o, now_ms);
        control::write(out, ready, |o| write::string(o, prefix), value, (0, 0));
        Ok(())
    }
}

/// The recipe of a layout.
enum Made {
    /// Of a table whose changes are told.
    Table(Box<Recipe>),
    /// Of an outbox.
    Outbox(Box<outbox::Recipe>),
    /// Of logical messages, some of which are an outbox's.
    Messages(Box<outbox::Messages>),
}

impl Made {
    /// The recipe of the table's changes, which an outbox has too.
    fn table(&self) -> &Recipe {
        match self {
            Made::Table(recipe) => recipe,
            Made::Outbox(recipe) => recipe.table(),
            Made::Messages(messages) => messages.table(),
        }
    }

    fn table_mut(&mut self) -> &mut Recipe {
        match self {
            Made::Table(recipe) => recipe,
            Made::Outbox(recipe) => recipe.table_mut(),
            Made::Messages(messages) => messages.table_mut(),
        }
    }
}

/// Why shaping an event stopped.
pub(super) enum Stop {
    Need(Vec<Need>),
    Failed(Error),
}

fn other_transaction(expected: &str, found: &str) -> Error {
    Error::definite(
        codes::OTHER_TRANSACTION,
        format!(
            "The log goes on with transaction {found}, but transaction {expected} is delivered \
             in part and must come first."
        ),
    )
    .fix("The log was rewritten (restore, failover); resnapshot the connector.")
}
