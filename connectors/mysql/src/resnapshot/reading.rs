//! A table that is being read again, and how far its next chunk is.

use super::plan::key;
use super::read::{Chunk, Order};
use crate::snapshot::order::KeyColumn;
use crate::snapshot::pace::Pace;
use crate::snapshot::view::Told;
use crate::stream::Follower;
use crate::structure::Structure;
use crate::table::Select;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use walbrook_core::error::Result;
use walbrook_core::layout;
use walbrook_core::resnapshot::Table;

/// How long to wait before a chunk that failed is read again.
const PAUSE: Duration = Duration::from_secs(1);

/// Rows of a table's first chunk.
const FIRST: u64 = 2_000;

/// The table.
pub(super) struct Reading {
    pub(super) table: layout::Table,
    columns: Vec<KeyColumn>,
    pub(super) select: Arc<Select>,
    pub(super) pace: Pace,
    own: Own,
    pub(super) step: Step,
}

/// Where the next chunk is.
pub(super) enum Step {
    /// The reader is at work.
    Ordered,
    /// It is there, or it failed; the log may not be where its view was.
    Landed(Result<Chunk>),
    /// It is asked for again at this time.
    Pause(Instant),
}

impl Step {
    /// Again a little later.
    pub(super) fn pause() -> Self {
        Step::Pause(Instant::now() + PAUSE)
    }
}

/// What is stored beside the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Own {
    /// The columns that the cursor is about, with their types: after a change of them it says
    /// nothing any more.
    key: Vec<String>,
    /// Rows of the next chunk.
    chunk: u64,
}

impl Reading {
    /// The table called `name`, behind what is published of it. Nothing where it is gone, where it
    /// was made anew meanwhile, or where it has no key to walk by.
    pub(super) fn of(follower: &Follower, name: &str, progress: &mut Table) -> Option<Self> {
        let settings = &follower.settings;
        let structure = follower.captured().into_iter().find(|it| called(it) == name)?;
        let table = layout::Table::new(structure.database.as_str(), structure.name.as_str());
        let watch = follower.reading.watching().filter(|watch| *watch.table() == table);
        if watch.is_some_and(|watch| watch.is_gone()) {
            return None;
        }
        let columns = key(&structure, settings.flavor)?;
        let select = Arc::new(Select::compile(&structure, &settings.modes, settings.flavor));
        let stored: Own = serde_json::from_value(progress.own.clone()).unwrap_or_default();
        let mut own = Own { key: described(&structure, &columns), chunk: FIRST };
        if progress.cursor.is_some() && stored.key == own.key {
            own.chunk = stored.chunk;
        } else {
            // The order of the rows is another one: from the beginning.
            (progress.cursor, progress.rows) = (None, 0);
        }
        let pace = Pace::of(own.chunk);
        Some(Self { table, columns, select, pace, own, step: Step::Ordered })
    }

    /// What the reader is to do next.
    pub(super) fn order(
        &self,
        follower: &Follower,
        progress: &Table,
        predicate: Option<String>,
    ) -> Order {
        Order {
            table: self.table.clone(),
            select: Arc::clone(&self.select),
            columns: self.columns.clone(),
            after: progress.cursor.clone(),
            rows: self.pace.rows(),
            predicate,
            told: Told::of(follower),
        }
    }

    /// Puts down what the next chunk needs.
    pub(super) fn keep(&mut self, progress: &mut Table) {
        self.own.chunk = self.pace.rows();
        // A map of texts and numbers has no failing `Serialize`.
        progress.own = serde_json::to_value(&self.own).unwrap_or_default();
    }
}

fn called(structure: &Structure) -> String {
    format!("{}.{}", structure.database, structure.name)
}

/// The key columns with their types, as text.
fn described(structure: &Structure, columns: &[KeyColumn]) -> Vec<String> {
    let of = |column: &KeyColumn| structure.columns.iter().find(|it| it.name == column.name);
    let found = columns.iter().filter_map(of);
    found.map(|column| format!("{} {:?}", column.name, column.kind)).collect()
}
