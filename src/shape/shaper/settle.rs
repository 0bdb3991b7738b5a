//! What becomes of a change that cannot be told, as its table's policy says.

use super::{Made, Shaper, Stop};
use crate::codes;
use crate::shape::dead_letter::{DeadLetter, Original, Told};
use crate::shape::output::Output;
use crate::shape::poison::{Poisoned, Policy, Stage};
use crate::shape::recipe::{Ready, Recipe};
use crate::shape::resolved::{Handle, Need};
use walbrook_core::batch::{Batch, Image, Span};
use walbrook_core::change::{Change, Op, Poison, Source};
use walbrook_core::error::Error;
use walbrook_core::layout::Layout;
use walbrook_core::resolve::TopicKind;

/// A change that cannot be told.
pub(super) struct Case {
    /// Its recipe, if there is one.
    place: Option<usize>,
    layout: u32,
    op: Op,
    number: u64,
    source: Source,
    stage: Stage,
    row: Kept,
    error: Error,
}

/// What there is of its row.
enum Kept {
    Received(&'static str, Option<Span>),
    Images(Option<Image>, Option<Image>),
    Records(Vec<Told>),
}

impl Case {
    /// The case of a change that shape could not tell; `told` are its records, if they were made.
    pub(super) fn of(
        place: usize,
        stage: Stage,
        change: &Change,
        error: Error,
        told: Vec<Told>,
    ) -> Self {
        let row = match told.is_empty() {
            true => Kept::Images(change.before, change.after),
            false => Kept::Records(told),
        };
        let Change { layout, op, number, source, .. } = *change;
        Self { place: Some(place), layout, op, number, source, stage, row, error }
    }

    fn received(place: Option<usize>, poison: &Poison) -> Self {
        let Poison { layout, op, number, source, .. } = *poison;
        let row = Kept::Received(poison.form, poison.original);
        let error = poison.error.clone();
        Self { place, layout, op, number, source, stage: Stage::Source, row, error }
    }
}

impl Shaper {
    /// A change that the source cannot tell.
    pub(super) fn poison(
        &mut self,
        batch: &Batch,
        poison: &Poison,
        out: &mut Output,
        now_us: i64,
    ) -> Result<(), Stop> {
        if !self.skips(poison.op) {
            let place = self.recipe(batch, poison.layout).ok();
            self.settle(&Case::received(place, poison), batch, out, now_us)?;
        }
        if let Some(open) = &mut self.open {
            open.number = poison.number;
        }
        Ok(())
    }

    /// Does what the policy says about a change that cannot be told.
    pub(super) fn settle(
        &mut self,
        case: &Case,
        batch: &Batch,
        out: &mut Output,
        now_us: i64,
    ) -> Result<(), Stop> {
        if self.is_delivered(case.number) {
            return Ok(());
        }
        let Some(layout) = batch.layouts.get(case.layout as usize) else {
            return Err(Stop::Failed(Error::definite(codes::INTERNAL, "A change has no layout.")));
        };
        let policy = (self.settings.poison)(&layout.table);
        let dead_letters = match policy {
            Policy::Halt => return Err(Stop::Failed(halted(case))),
            Policy::Skip => None,
            Policy::DeadLetter => Some(self.dead_letters()?),
        };
        self.streaks.bad(&layout.table, &case.error).map_err(Stop::Failed)?;
        if let Some(topic) = dead_letters {
            self.dead_letter(case, layout, batch, out, (topic, now_us))?;
        }
        let (table, code) = (layout.table.clone(), case.error.code);
        out.poisoned.push(Poisoned { table, policy, code });
        Ok(())
    }

    /// The topic of dead letters, which is found or made when the first one comes.
    fn dead_letters(&self) -> Result<Handle, Stop> {
        self.resolved.topic(&self.dead_letters).ok_or_else(|| {
            let (name, kind) = (self.dead_letters.clone(), TopicKind::DeadLetters);
            // Some have no key: a compacted topic would not keep them.
            Stop::Need(vec![Need::Topic { name, kind, keyed: false }])
        })
    }

    fn dead_letter(
        &self,
        case: &Case,
        layout: &Layout,
        batch: &Batch,
        out: &mut Output,
        (topic, now_us): (Handle, i64),
    ) -> Result<(), Stop> {
        let Some(limit) = self.resolved.limit(topic.id) else {
            let text = "The topic of dead letters has no limit.";
            return Err(Stop::Failed(Error::definite(codes::INTERNAL, text)));
        };
        let recipe = case.place.and_then(|place| self.recipes.get(place)).map(Made::table);
        let ready = recipe.and_then(|recipe| recipe.ready);
        let original = match &case.row {
            Kept::Received(form, span) => Original::Received(form, *span),
            Kept::Records(told) => Original::Records(told),
            Kept::Images(before, after) => Original::Images {
                before: *before,
                after: *after,
                schema_id: ready.as_ref().map(Ready::value_id),
                schema: recipe.map_or("", |recipe| &recipe.row_text),
            },
        };
        let letter = DeadLetter {
            layout,
            batch,
            op: case.op,
            transaction: self.open.as_ref().map(|open| open.id.as_str()),
            number: case.number,
            source: case.source,
            source_schema: &self.description.source_schema,
            stage: case.stage,
            error: &case.error,
            topic: recipe.map(|recipe: &Recipe| recipe.topic.as_str()),
            original,
            now_us,
        };
        letter.write(out, topic.id, limit);
        Ok(())
    }
}

/// The error of a connector that stops in front of the change.
fn halted(case: &Case) -> Error {
    match case.stage {
        // That is no matter of one row.
        Stage::Registry => case.error.clone().into_definite(),
        Stage::Source | Stage::Shape => case.error.clone(),
    }
}
