//! Which table is read next, which changes the open chunk contains, and when its rows go out. Pure:
//! it knows neither server nor clock.
//!
//! ```text
//!  Rest ─▶ Bounding ─▶ Bounded ─▶ Reading ─▶ Read ─▶ Rest, with the cursor behind the chunk
//!           asked       between    window     until the log
//!                     transactions  open      has passed `high`
//! ```

mod weigh;

use super::columns::Columns;
use super::streamed::Streamed;
use super::{Answer, Ask, Chunk, Name, Own, Rows};
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use walbrook_core::chunk::{Key, Window};
use walbrook_core::error::Error;
use walbrook_core::resnapshot::{Job, Reason, State, Table};
pub use weigh::{Images, Question, Touch, Verdict};

/// How much of the log a chunk's window may hold.
const LIMIT: usize = 8 << 20;

/// How long a chunk that was disturbed is left alone.
const DISTURBED: Duration = Duration::from_millis(50);

/// How long a server that cannot be asked is left alone.
const UNREACHED: Duration = Duration::from_secs(1);

/// How long a chunk should take.
const AIM_MS: u64 = 500;

/// What to do next.
#[derive(Debug)]
pub enum Act {
    /// Ask the desk.
    Ask(Ask),
    /// Store how a job stands.
    Store(Box<Job>),
    /// Store that these tables are told.
    Whole(Vec<String>),
    /// Publish the chunk that was read: [`Course::take_read`].
    Publish,
    /// Do nothing with chunks for so long.
    Pause(Duration),
}

/// Where the stream is.
#[derive(Clone, Copy, Debug)]
pub struct At {
    /// Whether it stands between two transactions.
    pub between: bool,
    /// Everything that committed before is told.
    pub reached: u64,
}

/// A chunk that was read and may go out.
#[derive(Debug)]
pub struct Read {
    /// Its rows.
    pub rows: Box<Rows>,
    /// What the log says about them.
    pub window: Option<Window>,
    /// Why they are read.
    pub reason: Reason,
    /// Whether no row of the table went out before.
    pub first: bool,
    /// Whether it is the end of the table.
    pub last: bool,
}

/// The open chunk.
#[derive(Debug)]
struct Open {
    columns: Arc<Columns>,
    after: Option<Key>,
    until: Option<Key>,
    rows: u64,
    /// The stream must have come to this place.
    from: u64,
    /// Made with the first change.
    window: Option<Window>,
    /// What was held is not enough.
    broken: bool,
}

#[derive(Debug, Default)]
enum Step {
    #[default]
    Rest,
    Bounding,
    Bounded(Open),
    Reading(Open),
    Read(Open, Box<Rows>),
    /// The answer on its way is not wanted any more.
    Void,
    Paused(Duration),
}

/// The jobs, one after the other.
#[derive(Debug, Default)]
pub struct Course {
    jobs: VecDeque<Job>,
    step: Step,
    /// Transactions that were told.
    pub streamed: Streamed,
    /// Whether the desk was asked which of them are visible.
    looking: bool,
    /// What the server answered about the change that is weighed.
    answers: Vec<(Key, Key, Ordering)>,
    /// A job of which something is to be stored beside its rows.
    changed: bool,
    /// New tables of which the log has all rows.
    whole: Vec<String>,
    /// The table that is read.
    reading: Option<Name>,
}

impl Course {
    /// Goes on with jobs that are not over.
    pub fn new(jobs: Vec<Job>) -> Self {
        let mut jobs: Vec<Job> = jobs.into_iter().filter(|job| !job.state.is_over()).collect();
        jobs.sort_by_key(|job| job.asked_us);
        Self { jobs: jobs.into(), ..Self::default() }
    }

    /// Whether there is nothing to read.
    #[inline]
    pub fn is_idle(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Whether there is nothing to do.
    #[inline]
    pub fn is_quiet(&self) -> bool {
        self.jobs.is_empty() && self.whole.is_empty() && (self.looking || !self.streamed.are_many())
    }

    /// Whether the rows are here and the log has to go on.
    pub fn waits_for_log(&self) -> bool {
        match &self.step {
            Step::Read(..) => true,
            Step::Bounded(open) => open.from > 0,
            _ => false,
        }
    }

    /// Takes a job; one that is known is the same.
    pub fn add(&mut self, job: Job) {
        let known = self.jobs.iter().any(|known| known.wish.id == job.wish.id);
        if !known && !job.state.is_over() {
            self.jobs.push_back(job);
        }
    }

    /// Gives a job up.
    pub fn give_up(&mut self, id: &str) {
        let Some(place) = self.jobs.iter().position(|job| job.wish.id == id) else { return };
        self.end(place, State::Stopped);
    }

    fn end(&mut self, place: usize, state: State) {
        if let Some(job) = self.jobs.get_mut(place) {
            job.state = state;
        }
        if place == 0 {
            self.step = match std::mem::take(&mut self.step) {
                Step::Bounding | Step::Reading(_) | Step::Void => Step::Void,
                _ => Step::Rest,
            };
        }
    }

    /// What to do next; called until there is nothing.
    pub fn act(&mut self, at: At) -> Option<Act> {
        if at.between && !self.whole.is_empty() {
            return Some(Act::Whole(std::mem::take(&mut self.whole)));
        }
        if self.jobs.is_empty() {
            let ask = self.streamed.are_many() && !std::mem::replace(&mut self.looking, true);
            return ask.then_some(Act::Ask(Ask::Look));
        }
        match std::mem::take(&mut self.step) {
            Step::Rest if at.between => self.next(),
            Step::Bounded(open) if at.between && at.reached >= open.from => self.open(open),
            Step::Read(open, _) if open.broken => Some(Act::Pause(DISTURBED)),
            Step::Read(open, rows) => {
                let ready = at.between && at.reached >= rows.high;
                self.step = Step::Read(open, rows);
                ready.then_some(Act::Publish)
            }
            Step::Paused(time) => Some(Act::Pause(time)),
            other => {
                self.step = other;
                None
            }
        }
    }

    fn next(&mut self) -> Option<Act> {
        if let Some(over) = self.jobs.iter().position(|job| job.state.is_over()) {
            return self.jobs.remove(over).map(|job| Act::Store(Box::new(job)));
        }
        let job = self.jobs.front_mut()?;
        let Some((_, table)) = job.tables.iter().find(|(_, table)| !table.done) else {
            job.state = State::Done;
            return self.jobs.pop_front().map(|job| Act::Store(Box::new(job)));
        };
        let fresh = job.reason == Reason::NewTable && table.cursor.is_none();
        let ask = Ask::Bound { table: own(table), after: table.cursor.clone(), fresh };
        if job.state != State::Running || std::mem::take(&mut self.changed) {
            job.state = State::Running;
            return Some(Act::Store(Box::new(job.clone())));
        }
        self.reading = Some(own(table).name);
        self.step = Step::Bounding;
        Some(Act::Ask(ask))
    }

    /// Opens the window: every change of the chunk's rows from here on is noted.
    fn open(&mut self, open: Open) -> Option<Act> {
        let predicate = self.jobs.front()?.wish.predicate.clone();
        let own = own(self.table()?);
        let chunk = Chunk {
            table: own.name,
            columns: Arc::clone(&open.columns),
            after: open.after.clone(),
            until: open.until.clone(),
            predicate,
            any_size: open.rows == 1,
            seen: self.streamed.seen(),
        };
        self.step = Step::Reading(open);
        Some(Act::Ask(Ask::Rows(Box::new(chunk))))
    }

    /// Takes what the desk answers.
    pub fn answer(&mut self, answer: Answer) {
        if let Answer::Looked(visible) = answer {
            self.looking = false;
            if let Some(visible) = visible {
                self.streamed.shown(&visible);
            }
            return;
        }
        let answer = match answer {
            Answer::New(job) => return self.add(*job),
            Answer::Whole(tables) => return self.whole.extend(tables),
            answer => answer,
        };
        let step = std::mem::take(&mut self.step);
        match (step, answer) {
            (Step::Void, _) => {}
            (Step::Bounding, Answer::Bound { columns, until, rows, from }) => {
                self.step = self.bounded(columns, until, (rows, from));
            }
            (Step::Reading(open), Answer::Rows(rows)) => {
                self.streamed.shown(&rows.visible);
                self.step = Step::Read(open, rows);
            }
            (Step::Reading(open), Answer::TooLarge) => {
                let rows = (open.rows / 2).max(1);
                self.update(|table| remember(table, |own| own.chunk_rows = Some(rows)));
            }
            (Step::Bounding | Step::Reading(_), Answer::Gone) => {
                tracing::warn!("a table that was being read is gone");
                self.update(|table| table.done = true);
                self.changed = true;
            }
            (Step::Bounding | Step::Reading(_), Answer::Later(error)) => {
                tracing::warn!(%error, "a chunk of a table is read later");
                self.step = Step::Paused(UNREACHED);
            }
            (Step::Bounding | Step::Reading(_), Answer::Failed(error)) => self.fail(&error),
            (step, _) => self.step = step,
        }
    }

    fn bounded(
        &mut self,
        columns: Arc<Columns>,
        until: Option<Key>,
        (rows, from): (u64, u64),
    ) -> Step {
        let count = columns.columns.len();
        let kept = Columns::clone(&columns);
        self.update(|table| {
            // The key is another one by now: the table is read from its beginning.
            table.cursor = table.cursor.take().filter(|cursor| cursor.0.len() == count);
            remember(table, |own| own.columns = Some(kept));
        });
        let after = self.table().and_then(|table| table.cursor.clone());
        Step::Bounded(Open { columns, after, until, rows, from, window: None, broken: false })
    }

    fn fail(&mut self, error: &Error) {
        tracing::error!(%error, "a table cannot be read");
        let message = match error.fix.is_empty() {
            true => error.message.clone(),
            false => format!("{} {}", error.message, error.fix),
        };
        self.end(0, State::Failed { code: error.code.as_str().to_owned(), message });
    }

    /// The table that is read.
    fn table(&self) -> Option<&Table> {
        self.jobs.front()?.tables.values().find(|table| !table.done)
    }

    fn update(&mut self, change: impl FnOnce(&mut Table)) {
        let tables = self.jobs.front_mut().map(|job| job.tables.values_mut());
        if let Some(table) = tables.and_then(|mut tables| tables.find(|table| !table.done)) {
            change(table);
        }
    }

    /// The chunk that is ready; it is closed by it: from now on its changes go out.
    pub fn take_read(&mut self) -> Option<Read> {
        let Step::Read(open, rows) = std::mem::take(&mut self.step) else { return None };
        let reason = self.jobs.front()?.reason;
        let first = self.table()?.rows == 0;
        let last = open.until.is_none();
        let took = (rows.took_ms.max(1), rows.lines.len() as u64);
        let chunk_rows = resized(open.rows, took);
        self.update(|table| {
            table.done = last;
            table.cursor = open.until.or(table.cursor.take());
            remember(table, |own| own.chunk_rows = Some(chunk_rows));
        });
        Some(Read { rows, window: open.window, reason, first, last })
    }

    /// The chunk is published but for its last batch, which says so. `name` of its table.
    pub fn published(&mut self, name: &str, rows: u64) -> Option<Job> {
        let job = self.jobs.front_mut()?;
        if let Some(table) = job.tables.get_mut(name) {
            table.rows += rows;
        }
        if job.tables.values().all(|table| table.done) {
            job.state = State::Done;
        }
        let told = job.clone();
        if told.state.is_over() {
            self.jobs.pop_front();
        }
        Some(told)
    }

    /// The open chunk cannot be published: it is read again. `name` of its table is not needed:
    /// one chunk is open at a time.
    pub fn spoil(&mut self) {
        if let Step::Reading(open) | Step::Read(open, _) = &mut self.step {
            open.broken = true;
        }
    }
}

/// Rows of the next chunk, after one of `rows` rows took so many milliseconds and bytes.
fn resized(rows: u64, (ms, bytes): (u64, u64)) -> u64 {
    let by_time = rows.saturating_mul(AIM_MS) / ms;
    let by_size = rows.saturating_mul(super::AIM_BYTES) / bytes.max(1);
    by_time.min(by_size).clamp(rows / 2, rows.saturating_mul(2)).clamp(100, 100_000)
}

fn own(table: &Table) -> Own {
    serde_json::from_value(table.own.clone()).unwrap_or_default()
}

fn remember(table: &mut Table, change: impl FnOnce(&mut Own)) {
    let mut known = own(table);
    change(&mut known);
    table.own = serde_json::to_value(known).unwrap_or_default();
}
