//! A change of a row: counted, read, and weighed against what is read of its table.
//!
//! ```text
//!  tuples ──▶ images, or poison ──▶ in a snapshot's rows? ──▶ in a chunk? ──▶ Change
//! ```

use super::{Decoder, Images, Step};
use crate::pgoutput::{Old, Tuple};
use crate::resnapshot::course::{Question, Touch, Verdict};
use crate::stream::transaction::Transaction;
use crate::table::{RowError, Table};
use std::sync::Arc;
use walbrook_core::batch::{Batch, Image};
use walbrook_core::change::{self, Event, Op, Source};
use walbrook_core::error::{Class, Error, Result};
use walbrook_core::fault;
use walbrook_core::layout::Layout;

/// The rows of a change.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rows<'a> {
    Insert(Tuple<'a>),
    Update(Option<Old<'a>>, Tuple<'a>),
    Delete(Old<'a>),
}

impl<'a> Rows<'a> {
    /// The old and the new row, as far as they are told.
    pub(super) fn tuples(self) -> (Option<Tuple<'a>>, Option<Tuple<'a>>) {
        let row = |old| match old {
            Old::Key(tuple) | Old::Full(tuple) => tuple,
        };
        match self {
            Rows::Insert(new) => (None, Some(new)),
            Rows::Update(old, new) => (old.map(row), Some(new)),
            Rows::Delete(old) => (Some(row(old)), None),
        }
    }
}

/// How full a batch was.
#[derive(Clone, Copy, Debug)]
struct Mark {
    bytes: usize,
    cells: usize,
}

impl Mark {
    #[inline]
    fn of(batch: &Batch) -> Self {
        Self { bytes: batch.bytes.len(), cells: batch.cells.len() }
    }

    fn restore(self, batch: &mut Batch) {
        batch.bytes.truncate(self.bytes);
        batch.cells.truncate(self.cells);
    }
}

impl Decoder {
    /// Tells the change of a row, as far as it is not contained in rows that are read.
    #[inline]
    pub(super) fn row(
        &mut self,
        batch: &mut Batch,
        (lsn, payload): (u64, &[u8]),
        oid: u32,
        rows: Rows<'_>,
    ) -> Result<Step> {
        if let Some(question) = self.question(batch, oid, rows) {
            return Ok(Step::Order(Box::new(question)));
        }
        let transaction = self.count(lsn)?;
        if self.tables.table(oid)?.is_none() {
            return Ok(Step::Done);
        }
        let head = self.head(batch, &transaction);
        let mark = Mark::of(batch);
        let images = loop {
            let Some(table) = self.tables.table(oid)? else { return Ok(Step::Done) };
            match write(table, batch, rows) {
                Ok(images) => break Ok(images),
                Err(error) => {
                    mark.restore(batch);
                    match self.tables.adapt(oid, error) {
                        Ok(()) => {}
                        Err(error) if error.class == Class::Poison => break Err(error),
                        Err(error) => return Err(error),
                    }
                }
            }
        };
        let Some(table) = self.tables.table(oid)? else { return Ok(Step::Done) };
        let (layout, withholds) = (Arc::clone(&table.layout), table.withholds());
        let images = match images {
            Ok(images) => images,
            Err(error) => {
                if let Some(course) = &mut self.course {
                    course.unknown(&layout);
                }
                // Whether a snapshot has the row its bytes tell, not its images.
                if let Some((op, _)) = self.verdict(&transaction, oid, rows, (None, None)) {
                    let original = (!withholds).then_some(payload);
                    let (number, source) =
                        (transaction.number, self.source(batch, lsn, &transaction, &layout, head));
                    poison(batch, &layout, (op, number), source, error, original);
                }
                return Ok(Step::Done);
            }
        };
        let told = self.verdict(&transaction, oid, rows, images);
        match told.and_then(|told| self.weigh(batch, oid, &layout, rows, told)) {
            Some((op, images)) => self.push(batch, lsn, &transaction, &layout, (op, images), head),
            None => mark.restore(batch),
        }
        fault::point("stream.mid_transaction");
        Ok(Step::Done)
    }

    /// What must be asked of the server before a change of a table that is being read.
    #[inline]
    fn question(&self, batch: &Batch, oid: u32, rows: Rows<'_>) -> Option<Question> {
        let course = self.course.as_ref().filter(|course| !course.is_idle())?;
        let (relation, table) = (self.tables.relation(oid)?, self.tables.compiled(oid)?);
        let (layout, images, tuples) = (&table.layout, (None, None), rows.tuples());
        course.question(&Touch { relation, layout, batch, images, tuples })
    }

    /// What the change is once the tables have been looked at that are being read; nothing if rows
    /// that are still to be published contain it.
    #[inline]
    fn weigh(
        &mut self,
        batch: &Batch,
        oid: u32,
        layout: &Arc<Layout>,
        rows: Rows<'_>,
        (op, images): (Op, Images),
    ) -> Option<(Op, Images)> {
        let course = self.course.as_mut().filter(|course| !course.is_idle());
        let Some((course, relation)) = course.zip(self.tables.relation(oid)) else {
            return Some((op, images));
        };
        let touch = Touch { relation, layout, batch, images, tuples: rows.tuples() };
        match course.weigh(&touch) {
            Verdict::All => Some((op, images)),
            Verdict::Old => Some((Op::Delete, (images.0, None))),
            Verdict::New => Some((Op::Create, (None, images.1))),
            Verdict::Nothing => None,
        }
    }

    /// What the change is once a snapshot has been looked at; nothing if that contains it.
    #[inline]
    fn verdict(
        &self,
        transaction: &Transaction,
        oid: u32,
        rows: Rows<'_>,
        images: Images,
    ) -> Option<(Op, Images)> {
        let op = match rows {
            Rows::Insert(_) => Op::Create,
            Rows::Update(..) => Op::Update,
            Rows::Delete(_) => Op::Delete,
        };
        let covered = self.covered.as_ref().filter(|_| transaction.covered);
        let Some((covered, relation)) = covered.zip(self.tables.relation(oid)) else {
            return Some((op, images));
        };
        let (old, new) = rows.tuples();
        let covers = |row| covered.covers(relation, transaction.commit_lsn, Some(row), old);
        match (old.map(covers), new.map(covers)) {
            (Some(true) | None, Some(true)) | (Some(true), None) => None,
            (Some(true), Some(false)) => Some((Op::Create, (None, images.1))),
            (Some(false), Some(true)) => Some((Op::Delete, (images.0, None))),
            _ => Some((op, images)),
        }
    }
}

/// Appends a change of a row that cannot be told.
#[cold]
fn poison(
    batch: &mut Batch,
    layout: &Arc<Layout>,
    (op, number): (Op, u64),
    source: Source,
    error: Error,
    original: Option<&[u8]>,
) {
    let original = original.map(|bytes| batch.append(bytes));
    let layout = batch.layout(layout);
    let form = "pgoutput";
    let poison = change::Poison { layout, op, number, error, original, form, source };
    batch.events.push(Event::Poison(Box::new(poison)));
}

#[inline]
fn write(table: &Table, batch: &mut Batch, rows: Rows<'_>) -> Result<Images, RowError> {
    Ok(match rows {
        Rows::Insert(new) => (None, Some(table.write(batch, new, None)?)),
        Rows::Update(None, new) => (None, Some(table.write(batch, new, None)?)),
        Rows::Update(Some(old), new) => {
            let before = write_old(table, batch, old)?;
            (Some(before), Some(table.write(batch, new, Some(before))?))
        }
        Rows::Delete(old) => (Some(write_old(table, batch, old)?), None),
    })
}

#[inline]
fn write_old(table: &Table, batch: &mut Batch, old: Old<'_>) -> Result<Image, RowError> {
    match old {
        Old::Key(tuple) => table.write_key(batch, tuple),
        Old::Full(tuple) => table.write(batch, tuple, None),
    }
}
