//! Changes of tables that are being read: what of them goes out, and what the open chunk notes.
//!
//! ```text
//!  change ─▶ where do its keys lie? ─▶ published   it goes out
//!                 │                 ├▶ open        noted in the window (a new table), or both
//!                 │                 └▶ beyond      contained in rows that are read later
//!                 └─ only the server knows: a question
//! ```

use super::{Course, LIMIT, Step, own};
use crate::pgoutput::{Relation, Tuple};
use crate::resnapshot::columns::Columns;
use std::cmp::Ordering;
use std::sync::Arc;
use walbrook_core::batch::{Batch, Image};
use walbrook_core::chunk::{Chunks, Key, Place, Window, is_same_row};
use walbrook_core::layout::Layout;
use walbrook_core::resnapshot::{Job, Reason, Table};

/// The images of a change.
pub type Images = (Option<Image>, Option<Image>);

/// Which sides of a change go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it is.
    All,
    /// The old row goes: a delete.
    Old,
    /// The new row comes: an insert.
    New,
    /// It is contained in rows that are still to be published.
    Nothing,
}

/// A change of a row of a table that is read.
#[derive(Clone, Copy, Debug)]
pub struct Touch<'a> {
    /// How the log has described the table.
    pub relation: &'a Relation,
    /// The structure of its rows.
    pub layout: &'a Arc<Layout>,
    /// Where the images lie.
    pub batch: &'a Batch,
    /// Old and new row.
    pub images: Images,
    /// The same as they were sent.
    pub tuples: (Option<Tuple<'a>>, Option<Tuple<'a>>),
}

/// Two keys that only the server can order.
#[derive(Clone, Debug)]
pub struct Question {
    /// The table's key.
    pub columns: Arc<Columns>,
    /// The key of a change.
    pub key: Key,
    /// The end of a chunk.
    pub end: Key,
}

impl Course {
    /// A row of the table has changed that nobody can read: were it in the open chunk, its window
    /// could not tell. The chunk is read again.
    pub fn unknown(&mut self, layout: &Layout) {
        if self.is_read(layout) {
            self.spoil();
        }
    }

    /// A table was emptied: what was read of it is void. Whether consumers have to know.
    pub fn emptied(&mut self, layout: &Layout) -> bool {
        let Some((job, name)) = self.find(layout) else { return true };
        let table = job.tables.get(name);
        let told = job.reason == Reason::Asked
            || table.is_some_and(|table| table.done || table.cursor.is_some());
        if self.is_read(layout) {
            self.spoil();
        }
        told
    }

    /// The job that reads the table.
    fn find(&self, layout: &Layout) -> Option<(&Job, &String)> {
        let is = |table: &Table| {
            let own = &table.own;
            own["schema"] == *layout.table.schema && own["name"] == *layout.table.name
        };
        if !self.is_read(layout) && !self.jobs.iter().any(|job| job.reason == Reason::NewTable) {
            return None;
        }
        self.jobs.iter().find_map(|job| {
            let found = job.tables.iter().find(|(_, table)| is(table))?;
            Some((job, found.0))
        })
    }

    /// Whether it is the table that is read right now.
    fn is_read(&self, layout: &Layout) -> bool {
        self.reading.as_ref().is_some_and(|name| {
            *name.name == *layout.table.name && *name.schema == *layout.table.schema
        })
    }

    /// What must be asked of the server before the change can be weighed.
    pub fn question(&self, touch: &Touch<'_>) -> Option<Question> {
        let (job, name) = self.find(touch.layout)?;
        if job.reason == Reason::Asked {
            return None;
        }
        let table = job.tables.get(name)?;
        let columns = self.columns(touch.layout, table)?;
        let (old, new) = touch.tuples;
        let keys = [old.map(|row| (row, None)), new.map(|row| (row, old))];
        for (row, under) in keys.into_iter().flatten() {
            let Some(key) = columns.key(touch.relation, row, under) else { continue };
            if let Err(end) = self.place(touch.layout, table, &columns, &key) {
                return Some(Question { columns, key, end });
            }
        }
        None
    }

    /// Takes the answer, for the change that is weighed next.
    pub fn ordered(&mut self, key: Key, end: Key, order: Ordering) {
        self.answers.push((key, end, order));
    }

    /// The key that the table is read by, if it has been looked at.
    fn columns(&self, layout: &Layout, table: &Table) -> Option<Arc<Columns>> {
        match &self.step {
            Step::Bounded(open) | Step::Reading(open) | Step::Read(open, _)
                if self.is_read(layout) =>
            {
                Some(Arc::clone(&open.columns))
            }
            _ => own(table).columns.map(Arc::new),
        }
    }

    /// Where a key lies, or the end that it must be compared with by the server.
    fn place(
        &self,
        layout: &Layout,
        table: &Table,
        columns: &Columns,
        key: &Key,
    ) -> Result<Place, Key> {
        if table.done {
            return Ok(Place::Published);
        }
        let open = match &self.step {
            Step::Reading(open) | Step::Read(open, _) if self.is_read(layout) => {
                vec![open.until.clone()]
            }
            _ => Vec::new(),
        };
        let chunks = Chunks { published: table.cursor.clone(), open };
        let mut wanted = None;
        let place = chunks.place(|end| {
            let known = columns.compare(key, end).or_else(|| {
                let asked = self.answers.iter().find(|(a, b, _)| a == key && b == end);
                asked.map(|(_, _, order)| *order)
            });
            if known.is_none() {
                wanted = Some(end.clone());
            }
            known
        });
        match (place, wanted) {
            (Some(place), _) => Ok(place),
            (None, Some(end)) => Err(end),
            (None, None) => Ok(Place::Beyond),
        }
    }

    /// What of a change goes out, and what is noted about it.
    pub fn weigh(&mut self, touch: &Touch<'_>) -> Verdict {
        let Some((job, name)) = self.find(touch.layout) else { return Verdict::All };
        if job.reason == Reason::Asked {
            if self.is_read(touch.layout) {
                self.note(touch, [touch.images.0, touch.images.1], [false, false]);
            }
            return Verdict::All;
        }
        let Some(table) = job.tables.get(name) else { return Verdict::All };
        let same = match touch.images {
            (Some(old), Some(new)) => is_same_row(touch.layout, touch.batch, old, new),
            _ => false,
        };
        let (old, new) = touch.tuples;
        let from = old.filter(|_| !same).map(|row| self.locate(touch, table, row, None));
        let to = new.map(|row| self.locate(touch, table, row, old));
        self.answers.clear();
        let held = |place: Option<Place>, image: Option<Image>| {
            image.filter(|_| matches!(place, Some(Place::Open(_))))
        };
        let images = [held(from, touch.images.0), held(to, touch.images.1)];
        self.note(touch, images, [false, true]);
        let moves = from.is_some() && to.is_some();
        match (from == Some(Place::Published), to == Some(Place::Published)) {
            (true, false) if moves => Verdict::Old,
            (false, true) if moves => Verdict::New,
            (false, false) => Verdict::Nothing,
            _ => Verdict::All,
        }
    }

    fn locate(
        &self,
        touch: &Touch<'_>,
        table: &Table,
        row: Tuple<'_>,
        under: Option<Tuple<'_>>,
    ) -> Place {
        if table.done {
            return Place::Published;
        }
        let Some(columns) = self.columns(touch.layout, table) else { return Place::Beyond };
        let key = columns.key(touch.relation, row, under);
        // Whatever cannot be placed here was asked for before.
        key.and_then(|key| self.place(touch.layout, table, &columns, &key).ok())
            .unwrap_or(Place::Beyond)
    }

    /// Notes the rows of a change in the window of the open chunk: as they are now where `there`,
    /// else as gone.
    fn note(&mut self, touch: &Touch<'_>, images: [Option<Image>; 2], there: [bool; 2]) {
        let (Step::Reading(open) | Step::Read(open, _)) = &mut self.step else { return };
        let layout = touch.layout;
        let window = open.window.get_or_insert_with(|| Window::new(Arc::clone(layout), LIMIT));
        for (image, there) in images.into_iter().zip(there) {
            let Some(image) = image else { continue };
            let held = match there {
                true => window.put(layout, touch.batch, image),
                false => window.remove(layout, touch.batch, image),
            };
            open.broken |= held.is_err();
        }
    }
}
