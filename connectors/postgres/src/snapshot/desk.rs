//! What the workers share: who reads what, and the one place where batches are handed over.
//!
//! All workers live on one thread. Between the bookkeeping and the sending of a batch nobody else
//! runs, so what the checkpoint says with a batch is true for everything that was sent before it.

use super::close::Close;
use super::entry::TableEntry;
use super::export::Exported;
use super::marker::{Place, marker};
use super::plan::{Piece, UNIT};
use super::queue::{Next, Queue, Unit};
use super::survey::Job;
use crate::catalog::{Catalog, Live, published_relation, relation};
use crate::settings::Settings;
use crate::table::Table;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_postgres::Client;
use walbrook_core::batch::{Batch, Lane};
use walbrook_core::change::Event;
use walbrook_core::error::Result;
use walbrook_core::fault;
use walbrook_core::source::{Message, Progress};
use walbrook_reader::Out;

/// How often the progress of a table is told.
const NEWS: Duration = Duration::from_millis(500);

/// The shared state.
pub(super) struct Desk<'a> {
    pub(super) settings: &'a Settings,
    pub(super) out: &'a Out,
    pub(super) snapshot: &'a Exported,
    /// A session for questions, outside the snapshot.
    pub(super) control: Client,
    live: Live,
    state: RefCell<State>,
    changed: Notify,
}

struct State {
    queue: Queue,
    tables: Vec<Desked>,
    /// The first of all rows must be handed over before any other: the table that it is in.
    opening: Option<usize>,
    /// Lanes that are inside what must stay together.
    torn: BTreeSet<u32>,
    /// Bytes handed over since no lane was.
    since: usize,
}

struct Desked {
    job: Job,
    /// Columns that are null although the catalog says that they cannot be.
    optional: Vec<String>,
    compiled: Option<Rc<Table>>,
    told: Option<Instant>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(
        settings: &'a Settings,
        out: &'a Out,
        snapshot: &'a Exported,
        clients: (Client, Live),
        jobs: Vec<Job>,
    ) -> Self {
        let mut queue = Queue::default();
        for job in &jobs {
            queue.table(job.ledger.pieces().len(), job.last_piece, job.last);
        }
        let desked = |job| Desked { job, optional: Vec::new(), compiled: None, told: None };
        let state = State {
            queue,
            opening: jobs.iter().position(|job| job.first && !job.ledger.pieces().is_empty()),
            tables: jobs.into_iter().map(desked).collect(),
            torn: BTreeSet::new(),
            since: 0,
        };
        let (control, live) = clients;
        let (state, changed) = (RefCell::new(state), Notify::new());
        Self { settings, out, snapshot, control, live, state, changed }
    }

    /// The next piece for a free worker; nothing when there is none any more.
    pub(super) async fn next(&self) -> Option<Unit> {
        loop {
            let changed = self.changed.notified();
            let next = self.state.borrow_mut().queue.take();
            match next {
                Next::Take(unit) => return Some(unit),
                Next::Nothing => return None,
                Next::Wait => changed.await,
            }
        }
    }

    /// Looks at the job of a unit.
    pub(super) fn job<T>(&self, unit: Unit, look: impl FnOnce(&Job) -> T) -> Option<T> {
        self.state.borrow().tables.get(unit.table).map(|desked| look(&desked.job))
    }

    /// Waits until a piece that must stay together may begin: while others are inside theirs and
    /// much is handed over since, one Kafka transaction would only grow.
    pub(super) async fn may_begin(&self, piece: &Piece) {
        if *piece != Piece::Whole {
            return;
        }
        self.until(|state| state.torn.is_empty() || state.since < UNIT as usize).await;
    }

    async fn until(&self, ready: impl Fn(&State) -> bool) {
        loop {
            let changed = self.changed.notified();
            if ready(&self.state.borrow()) {
                return;
            }
            changed.await;
        }
    }

    /// The writer of a table's rows, compiled once for all of its pieces. `column` is one that
    /// turned out to be null.
    pub(super) async fn table(
        &self,
        unit: Unit,
        column: Option<String>,
    ) -> Result<Option<Rc<Table>>> {
        let (oid, optional) = {
            let mut state = self.state.borrow_mut();
            let Some(desked) = state.tables.get_mut(unit.table) else { return Ok(None) };
            if let Some(column) = column {
                desked.optional.push(column);
                desked.compiled = None;
            }
            if let Some(table) = &desked.compiled {
                return Ok(Some(Rc::clone(table)));
            }
            (desked.job.info.oid, desked.optional.clone())
        };
        let relation = match self.settings.snapshot_as_published {
            true => published_relation(&self.control, oid, &self.settings.publication).await?,
            false => relation(&self.control, oid).await?,
        };
        let structure = self.live.structure(&relation).await?;
        let modes = &self.settings.modes;
        let table = Rc::new(Table::compile(&relation, structure.as_ref(), modes, &optional)?);
        if let Some(desked) = self.state.borrow_mut().tables.get_mut(unit.table) {
            desked.compiled = Some(Rc::clone(&table));
        }
        Ok(Some(table))
    }

    /// Hands a batch of rows over.
    pub(super) async fn pass(
        &self,
        lane: u32,
        unit: Unit,
        bytes: u64,
        batch: Batch,
        close: Close,
    ) -> Result<()> {
        self.until(|state| state.opening.is_none_or(|table| table == unit.table)).await;
        self.send(lane, unit, bytes, batch, close, false)?;
        fault::point("snapshot.mid_segment");
        Ok(())
    }

    /// Hands the last batch of a piece over, which may be empty.
    pub(super) async fn end(&self, lane: u32, unit: Unit, bytes: u64, batch: Batch) -> Result<()> {
        // A piece without rows has nothing to come before: where the first table is the last with
        // rows too, it waits for the empty ones.
        if !batch.events.is_empty() {
            self.until(|state| state.opening.is_none_or(|table| table == unit.table)).await;
        }
        self.send(lane, unit, bytes, batch, Close { torn: false, upto: None }, true)
    }

    fn send(
        &self,
        lane: u32,
        unit: Unit,
        bytes: u64,
        mut batch: Batch,
        close: Close,
        end: bool,
    ) -> Result<()> {
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        let Some(desked) = state.tables.get_mut(unit.table) else { return Ok(()) };
        let job = &mut desked.job;
        mark(&mut batch, job, unit, end);
        let torn = close.torn;
        job.ledger.delivered(unit.piece, batch.events.len() as u64, bytes, close.upto);
        if end {
            job.ledger.finished(unit.piece);
            state.queue.finished(unit);
        }
        let updates = if torn { Vec::new() } else { vec![job.ledger.update()] };
        batch.lane = Some(Lane { number: lane, torn, updates });
        state.count(lane, torn, batch.bytes.len(), unit.table);
        self.out.send(batch)?;
        self.changed.notify_waiters();
        let Some(desked) = state.tables.get_mut(unit.table) else { return Ok(()) };
        let done = desked.job.ledger.done();
        if done || desked.told.is_none_or(|told| told.elapsed() >= NEWS) {
            desked.told = Some(Instant::now());
            self.out.tell(Message::Snapshot(desked.job.ledger.progress()))?;
        }
        if end {
            fault::point("snapshot.segment_done");
        }
        if done {
            log_done(&desked.job);
            fault::point("snapshot.table_done");
        }
        Ok(())
    }

    /// How far every table is.
    pub(super) fn progress(&self) -> Vec<Progress> {
        self.state.borrow().tables.iter().map(|desked| desked.job.ledger.progress()).collect()
    }

    /// What the checkpoint says of every table that was read.
    pub(super) fn entries(&self) -> Vec<(String, TableEntry)> {
        let state = self.state.borrow();
        let ledgers = state.tables.iter().map(|desked| &desked.job.ledger);
        ledgers.map(|ledger| (ledger.name.clone(), ledger.entry().compact())).collect()
    }

    /// How many pieces are left to read.
    pub(super) fn pieces(&self) -> usize {
        self.state.borrow().tables.iter().map(|desked| desked.job.ledger.pieces().len()).sum()
    }
}

impl State {
    fn count(&mut self, lane: u32, torn: bool, bytes: usize, table: usize) {
        if torn {
            self.torn.insert(lane);
        } else {
            self.torn.remove(&lane);
        }
        self.since = if self.torn.is_empty() { 0 } else { self.since + bytes };
        if self.opening == Some(table) {
            self.opening = None;
        }
    }
}

/// Sets the markers of the first and the last row; all others have theirs.
fn mark(batch: &mut Batch, job: &Job, unit: Unit, end: bool) {
    // Rows that cannot be told have no marker: the next to them has it.
    let told = |event: &Event| matches!(event, Event::Change(_));
    let begin = batch.events.iter().position(told).unwrap_or_default();
    let end_at = batch.events.iter().rposition(told).unwrap_or_default();
    let first = !job.ledger.has_rows();
    let last = end && unit.ends_table;
    for number in [begin, end_at] {
        if let Some(Event::Change(change)) = batch.events.get_mut(number) {
            change.marker = marker(Place {
                first_row: first && number == begin,
                last_row: last && number == end_at,
                first_table: job.first,
                last_table: unit.ends_all,
            });
        }
    }
}

fn log_done(job: &Job) {
    let entry = job.ledger.entry();
    let (rows, bytes, repeats) = (entry.rows, entry.bytes, entry.repeats);
    tracing::info!(table = job.ledger.name, rows, bytes, repeats, "table finished");
}
