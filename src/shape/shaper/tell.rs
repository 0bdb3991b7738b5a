//! The records of one change: of a table, of an outbox, or of a message that holds a row of one.

use super::{Made, Shaper, Stop};
use crate::shape::dead_letter::Told;
use crate::shape::outbox;
use crate::shape::output::{Mark, Output};
use crate::shape::resolved::Resolved;
use crate::shape::row::Row;
use crate::shape::transaction::Open;
use std::sync::Arc;
use walbrook_core::batch::Batch;
use walbrook_core::change::Change;
use walbrook_core::error::Result;

impl Shaper {
    /// Writes the records of a change; with an error everything of it is taken back, and answered
    /// are the records as they would have been.
    pub(super) fn tell(
        &mut self,
        place: usize,
        batch: &Batch,
        change: &Change,
        out: &mut Output,
        now_us: i64,
    ) -> Result<(), (Stop, Vec<Told>)> {
        let delivered = self.is_delivered(change.number);
        if delivered && !self.settings.transaction_metadata {
            return Ok(());
        }
        if self.is_event(place, batch, change) {
            let before = out.records.records.len();
            let done = self.event(batch, change, out, (place, !delivered, now_us));
            if let Some(told) = self.told.get_mut(place) {
                *told += out.records.records.len().saturating_sub(before) as u64;
            }
            return done.map_err(|stop| (stop, Vec::new()));
        }
        let Some(recipe) = self.recipes.get_mut(place).map(Made::table_mut) else { return Ok(()) };
        let ready = recipe.resolve(&self.resolved);
        let ready = ready.map_err(|needs| (self.resolved.stop(needs), Vec::new()))?;
        let recipe = &*recipe;
        let mark = out.mark();
        let counted = self.open.as_ref().map_or(0, Open::counted);
        let mut row = Row {
            settings: &self.settings,
            description: &self.description,
            recipe,
            ready,
            batch,
            change,
            now_us,
            out,
            open: self.open.as_mut(),
            block: &mut self.block,
        };
        let written = row.write().and_then(|()| fit(out, mark, &self.resolved));
        if let Err(error) = written {
            let told = out.since(mark).iter().map(|record| Told::of(out, record)).collect();
            out.restore(mark);
            if let Some(open) = &mut self.open {
                open.take_back(&recipe.layout.table, counted);
            }
            return Err((Stop::Failed(error), told));
        }
        if delivered {
            // Written only to be counted: the orders of what follows depend on it.
            out.restore(mark);
        } else {
            self.streaks.good(&recipe.layout.table);
            if let Some(told) = self.told.get_mut(place) {
                *told += out.since(mark).len() as u64;
            }
        }
        Ok(())
    }

    /// Whether a change is told as that of an outbox's row.
    pub(super) fn is_event(&self, place: usize, batch: &Batch, change: &Change) -> bool {
        match self.recipes.get(place) {
            Some(Made::Outbox(_)) => true,
            Some(Made::Messages(messages)) => {
                let outbox = self.settings.outbox.as_deref();
                outbox.is_some_and(|outbox| messages.is_event(outbox, batch, change))
            }
            Some(Made::Table(_)) | None => false,
        }
    }

    /// Tells a change of an outbox's row, or a message that holds one.
    fn event(
        &mut self,
        batch: &Batch,
        change: &Change,
        out: &mut Output,
        how: (usize, bool, i64),
    ) -> Result<(), Stop> {
        let Some(Made::Messages(messages)) = self.recipes.get(how.0) else {
            return self.outbox(batch, change, out, how);
        };
        let mut unpacked = std::mem::take(&mut self.unpacked);
        let row = messages.unpack(batch, change, &mut unpacked);
        let told = match row {
            Ok(row) => self.outbox(&unpacked, &row, out, how),
            Err(error) => {
                if let (Some(open), true) = (&mut self.open, self.settings.transaction_metadata) {
                    open.count(&messages.table().layout.table);
                }
                if how.1 { Err(Stop::Failed(error)) } else { Ok(()) }
            }
        };
        self.unpacked = unpacked;
        told
    }

    /// Tells a change of an outbox's row.
    fn outbox(
        &mut self,
        batch: &Batch,
        change: &Change,
        out: &mut Output,
        (place, deliver, now_us): (usize, bool, i64),
    ) -> Result<(), Stop> {
        let recipe = match self.recipes.get_mut(place) {
            Some(Made::Outbox(recipe)) => recipe,
            Some(Made::Messages(messages)) => messages.events(),
            Some(Made::Table(_)) | None => return Ok(()),
        };
        let Some(outbox) = &self.settings.outbox else { return Ok(()) };
        let mark = out.mark();
        let layout = Arc::clone(recipe.layout());
        let event = outbox::Event {
            settings: &self.settings,
            outbox,
            description: &self.description,
            topics: &mut self.topics,
            resolved: &self.resolved,
            recipe,
            batch,
            change,
            now_us,
            out: &mut *out,
            open: self.open.as_mut(),
            scratch: &mut self.scratch,
            deliver,
        };
        event.tell()?;
        if let Err(error) = fit(out, mark, &self.resolved) {
            out.restore(mark);
            return Err(Stop::Failed(error));
        }
        if deliver {
            self.streaks.good(&layout.table);
        }
        Ok(())
    }
}

/// Whether the topics take every record since `mark`.
#[inline]
fn fit(out: &Output, mark: Mark, resolved: &Resolved) -> Result<()> {
    for record in out.since(mark) {
        if let Some(limit) = resolved.limit(record.topic) {
            out.records.fits(record, &limit.name, limit.max_bytes)?;
        }
    }
    Ok(())
}
