//! The snapshot over the simulated tables: the production queue, plan, ledger, closer, markers and
//! row writers; in the place of SQL a look at the world. Shaped like `snapshot::desk` and `read`.

use crate::database::{self, HIDDEN, NAMES};
use crate::life::Kind;
use crate::postgres::{Out, settings};
use crate::random::Random;
use crate::world::{Shared, lock};
use futures_util::future::try_join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use walbrook_core::batch::{Batch, FULL, Lane};
use walbrook_core::change::{Change, Event, Marker, Op, Source};
use walbrook_core::error::Result;
use walbrook_core::fault;
use walbrook_core::source::Message;
use walbrook_postgres::snapshot::close::{Close, Closer, Together};
use walbrook_postgres::snapshot::entry::{State as Stored, TableEntry};
use walbrook_postgres::snapshot::ledger::Ledger;
use walbrook_postgres::snapshot::marker::{Place, marker};
use walbrook_postgres::snapshot::plan::{self, Piece, UNIT};
use walbrook_postgres::snapshot::queue::{Next, Queue, Unit};
use walbrook_postgres::source_block::{Tail, write_head, write_tail};
use walbrook_postgres::table::Table;

/// A row as it is read: leading key, id, version.
type Line = (String, i64, i64);

/// A table that is not finished.
struct Job {
    table: usize,
    ledger: Ledger,
    rows: database::Rows,
    altered: bool,
    first: bool,
    last_piece: usize,
    last: bool,
}

struct State {
    queue: Queue,
    jobs: Vec<Job>,
    opening: Option<usize>,
    torn: BTreeSet<u32>,
    since: usize,
}

/// What the workers share.
struct Desk<'a> {
    world: Shared,
    out: &'a Out,
    lsn: u64,
    state: Mutex<State>,
    changed: Notify,
}

/// Reads everything that `entries` do not say is finished, under the consistent point `lsn`.
pub(crate) async fn run(
    world: Shared,
    mut random: Random,
    out: &Out,
    lsn: u64,
    covered: u64,
    entries: &mut BTreeMap<String, TableEntry>,
) -> Result<()> {
    let jobs = survey(&world, lsn, covered, entries);
    let mut queue = Queue::default();
    for job in &jobs {
        queue.table(job.ledger.pieces().len(), job.last_piece, job.last);
    }
    let opening = jobs.iter().position(|job| job.first && !job.ledger.pieces().is_empty());
    let state = State { queue, jobs, opening, torn: BTreeSet::new(), since: 0 };
    let desk = Desk { world, out, lsn, state: Mutex::new(state), changed: Notify::new() };
    let workers = 1 + random.below(3) as u32;
    let worker = |lane| worker(&desk, lane, Random::new(random.below(1 << 40)));
    let lanes: Vec<_> = (0..workers).map(worker).collect();
    try_join_all(lanes).await?;
    let state = desk.state();
    let done = state.jobs.iter().map(|job| &job.ledger);
    entries.extend(done.map(|ledger| (ledger.name.clone(), ledger.entry().compact())));
    Ok(())
}

/// What is left to read, as `snapshot::survey` finds it.
fn survey(
    world: &Shared,
    lsn: u64,
    covered: u64,
    entries: &BTreeMap<String, TableEntry>,
) -> Vec<Job> {
    let mut world = lock(world);
    let mut jobs = Vec::new();
    for (table, name) in NAMES.iter().enumerate().take(HIDDEN) {
        let name = format!("public.{name}");
        let stored = entries.get(&name);
        if stored.is_some_and(|entry| entry.state == Stored::Done) {
            world.count("tables not read again", 1);
            continue;
        }
        let plan = plan::plan(&world.facts(table, lsn), stored, covered);
        let goes_on = stored.is_some() && plan.again.is_none();
        world.count("tables gone on with", u64::from(goes_on));
        world.count("tables begun again", u64::from(plan.again.is_some()));
        jobs.push(Job {
            table,
            ledger: Ledger::new(name, plan),
            rows: world.rows(table, lsn),
            altered: world.altered < lsn,
            first: table == 0 && stored.is_none_or(|entry| entry.rows == 0),
            last_piece: 0,
            last: false,
        });
    }
    let mut found = false;
    for job in jobs.iter_mut().rev() {
        let pieces = 0..job.ledger.pieces().len();
        job.last_piece = pieces.end.saturating_sub(1);
        if let Some(place) = pieces.rev().find(|piece| !lines(job, *piece).is_empty()) {
            (job.last_piece, job.last) = (place, !found);
            found = true;
        }
    }
    jobs
}

/// The rows of a piece, in the order in which they are read.
fn lines(job: &Job, piece: usize) -> Vec<Line> {
    let rows = job.rows.iter().map(|(id, v)| (database::leading(job.table, *id), *id, *v));
    match job.ledger.piece(piece) {
        None => Vec::new(),
        Some(Piece::Whole) => rows.map(|(_, id, v)| (String::new(), id, v)).collect(),
        Some(Piece::Blocks(from, to)) => {
            let inside = |v| (*from..to.unwrap_or(u64::MAX)).contains(&database::block(v));
            rows.filter(|row| inside(row.2)).map(|(_, id, v)| (String::new(), id, v)).collect()
        }
        Some(Piece::Keys(number)) => {
            let segment = &job.ledger.entry().segments[*number];
            let number = |text: &String| text.parse::<i64>().expect("a number");
            let lo = segment.upto.as_ref().or(segment.lo.as_ref()).map(number);
            let hi = segment.hi.as_ref().map(number);
            let inside = |key: i64| lo.is_none_or(|lo| key >= lo) && hi.is_none_or(|hi| key < hi);
            rows.filter(|row| inside(number(&row.0))).collect()
        }
    }
}

async fn worker(desk: &Desk<'_>, lane: u32, mut random: Random) -> Result<()> {
    while let Some(unit) = desk.next().await {
        desk.read(lane, unit, &mut random).await?;
    }
    Ok(())
}

impl Desk<'_> {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn next(&self) -> Option<Unit> {
        loop {
            let changed = self.changed.notified();
            let next = self.state().queue.take();
            match next {
                Next::Take(unit) => return Some(unit),
                Next::Nothing => return None,
                Next::Wait => changed.await,
            }
        }
    }

    async fn until(&self, ready: impl Fn(&State) -> bool) {
        loop {
            let changed = self.changed.notified();
            if ready(&self.state()) {
                return;
            }
            changed.await;
        }
    }

    /// Reads one piece, as `snapshot::read` does.
    async fn read(&self, lane: u32, unit: Unit, random: &mut Random) -> Result<()> {
        let (piece, lines, table, altered) = {
            let state = self.state();
            let job = &state.jobs[unit.table];
            let piece = job.ledger.piece(unit.piece).cloned().expect("a planned piece");
            (piece, lines(job, unit.piece), job.table, job.altered)
        };
        if piece == Piece::Whole {
            self.until(|state| state.torn.is_empty() || state.since < UNIT as usize).await;
        }
        let relation = database::relation(table, altered);
        let structure = database::structure(&relation);
        let modes = settings(Kind::Snapshot).modes;
        let compiled = Table::compile(&relation, Some(&structure), &modes, &[])?;
        fault::point("snapshot.table_begun");
        let mut closer = Closer::new(match piece {
            Piece::Whole => Together::All,
            Piece::Keys(_) => Together::Groups,
            Piece::Blocks(..) => Together::Nothing,
        });
        let mut open: Option<Batch> = None;
        for (key, id, version) in lines {
            let close = closer.before(open.as_ref().unwrap_or(&Batch::default()), key.as_bytes());
            if let Some((close, batch)) = close.and_then(|close| Some((close, open.take()?))) {
                self.pass(lane, unit, batch, close).await?;
                lock(&self.world).advance(random.below(3));
                tokio::time::sleep(Duration::from_millis(random.below(120))).await;
            }
            if open.is_none() {
                let mut batch = self.out.empty().await?;
                // Most of the batch is filled with nothing, so that a few rows make it full.
                let size = FULL - 20 - random.below(300) as usize;
                batch.append_with(|bytes| bytes.resize(size, 0));
                open = Some(batch);
            }
            let batch = open.as_mut().expect("a batch");
            self.write(batch, &compiled, table, &database::texts(table, altered, id, version));
        }
        let batch = match open {
            Some(batch) => batch,
            None => self.out.empty().await?,
        };
        self.end(lane, unit, batch).await
    }

    /// Writes a row as COPY sends it.
    fn write(&self, batch: &mut Batch, compiled: &Table, table: usize, texts: &[String]) {
        let layout = batch.layout(&compiled.layout);
        let image = compiled.write_copy_line(batch, texts.join("\t").as_bytes()).expect("a row");
        let head = batch.append_with(|out| write_head(out, "p", 1));
        let tail = Tail {
            db: "shop",
            sequence: Some((None, self.lsn)),
            ts_us: 1000,
            schema: "public",
            table: NAMES[table],
            tx_id: Some(1),
            lsn: Some(self.lsn),
        };
        let tail = batch.append_with(|out| write_tail(out, &tail));
        let (source, marker) = (Source { head, tail }, Marker::True);
        let (op, number, before, after) = (Op::Read, 0, None, Some(image));
        let change = Change { layout, op, number, before, after, source, marker };
        batch.events.push(Event::Change(change));
    }

    async fn pass(&self, lane: u32, unit: Unit, batch: Batch, close: Close) -> Result<()> {
        self.until(|state| state.opening.is_none_or(|table| table == unit.table)).await;
        self.send(lane, unit, batch, close, false)?;
        fault::point("snapshot.mid_segment");
        Ok(())
    }

    async fn end(&self, lane: u32, unit: Unit, batch: Batch) -> Result<()> {
        if !batch.events.is_empty() {
            self.until(|state| state.opening.is_none_or(|table| table == unit.table)).await;
        }
        self.send(lane, unit, batch, Close { torn: false, upto: None }, true)
    }

    /// The one place where bookkeeping and sending come together.
    fn send(&self, lane: u32, unit: Unit, mut batch: Batch, close: Close, end: bool) -> Result<()> {
        let mut state = self.state();
        let state = &mut *state;
        let job = &mut state.jobs[unit.table];
        mark(&mut batch, job, unit, end);
        let rows = batch.events.len() as u64;
        job.ledger.delivered(unit.piece, rows, 10 * rows, close.upto);
        if end {
            job.ledger.finished(unit.piece);
            state.queue.finished(unit);
        }
        let torn = close.torn;
        let updates = if torn { Vec::new() } else { vec![job.ledger.update()] };
        batch.lane = Some(Lane { number: lane, torn, updates });
        if torn {
            state.torn.insert(lane);
        } else {
            state.torn.remove(&lane);
        }
        state.since = if state.torn.is_empty() { 0 } else { state.since + batch.bytes.len() };
        if state.opening == Some(unit.table) {
            state.opening = None;
        }
        self.out.tell(Message::Batch(batch))?;
        self.changed.notify_waiters();
        let ledger = &state.jobs[unit.table].ledger;
        self.out.tell(Message::Snapshot(ledger.progress()))?;
        if end {
            fault::point("snapshot.segment_done");
        }
        if ledger.done() {
            fault::point("snapshot.table_done");
        }
        Ok(())
    }
}

/// Sets the markers of the first and the last row.
fn mark(batch: &mut Batch, job: &Job, unit: Unit, end: bool) {
    let count = batch.events.len();
    let (first, last) = (!job.ledger.has_rows(), end && unit.ends_table);
    for number in [0, count.wrapping_sub(1)] {
        if let Some(Event::Change(change)) = batch.events.get_mut(number) {
            change.marker = marker(Place {
                first_row: first && number == 0,
                last_row: last && number + 1 == count,
                first_table: job.first,
                last_table: unit.ends_all,
            });
        }
    }
}
