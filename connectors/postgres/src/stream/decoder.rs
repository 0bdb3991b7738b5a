//! From a message of the plugin to events in a batch, without any I/O.
//!
//! ```text
//!  Begin ──▶ Event::Begin     changes ──▶ row.rs, messages ──▶ said.rs
//!  Commit ─▶ Event::End       Relation ─▶ compiled, or the catalog must be asked
//! ```

mod row;
mod said;

use super::tables::Tables;
use super::transaction::Transaction;
use super::{Covered, Start};
use crate::codes;
use crate::pgoutput::{Begin, Commit, Malformed, Message, Relation, Truncate};
use crate::resnapshot::course::{Course, Question};
use crate::source_block::{self, Tail};
use row::Rows;
use said::Messages;
use std::sync::Arc;
use walbrook_core::batch::{Batch, Image, Span};
use walbrook_core::change::{self, Change, Event, Marker, Op, Source};
use walbrook_core::error::{Error, Result};
use walbrook_core::fault;
use walbrook_core::layout::Layout;
use walbrook_core::position::{Log, Part, Position};

/// What came of a message.
#[derive(Debug)]
pub(super) enum Step {
    /// It is in the batch, or there was nothing to put there.
    Done,
    /// A logical message that is part of no transaction is in the batch: everything before this
    /// LSN is told.
    Said(u64),
    /// A transaction has ended.
    Ended(Commit),
    /// The catalog must be asked before the next message.
    Ask(Relation),
    /// The server must be asked before this message, which is to be handled again then.
    Order(Box<Question>),
}

/// Where a message of the plugin comes from, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    /// Its LSN.
    pub(super) lsn: u64,
    /// When the server sent it, microseconds since 1970.
    pub(super) at_us: i64,
}

/// When and where rows were read beside the log.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadAt {
    /// Microseconds since 1970.
    pub(super) at_us: i64,
    /// End of the log after it.
    pub(super) high: u64,
    /// Number of the next transaction, where the rows are the first of their table.
    pub(super) xid: Option<u32>,
}

/// The images of a change.
type Images = (Option<Image>, Option<Image>);

/// The state of the stream.
pub(super) struct Decoder {
    server: String,
    database: String,
    prefix: String,
    pub(super) tables: Tables,
    /// Logical messages, where they are told.
    messages: Option<Messages>,
    covered: Option<Arc<dyn Covered>>,
    /// Tables that are read beside the log, where that can be.
    pub(super) course: Option<Course>,
    transaction: Option<Transaction>,
    /// End of the transaction before.
    last_end: Option<u64>,
    /// What is delivered already of the transaction that must come first.
    part: Option<Part>,
    /// The source head of this transaction in this batch.
    head: Option<Span>,
}

impl Decoder {
    pub(super) fn new(start: &mut Start) -> Self {
        Self {
            server: start.position.server.clone(),
            database: start.database.clone(),
            prefix: start.topic_prefix.clone(),
            tables: Tables::new(start),
            messages: start.messages.take().map(|told| Messages::new(told, start.modes.binary)),
            covered: start.covered.clone(),
            course: start.resnapshot.as_mut().map(|it| Course::new(std::mem::take(&mut it.jobs))),
            transaction: None,
            last_end: None,
            part: start.position.part.take(),
            head: None,
        }
    }

    /// From now on another batch is filled.
    #[inline]
    pub(super) fn new_batch(&mut self) {
        self.head = None;
    }

    /// Whether the stream stands between two transactions, both told whole: a position in front of
    /// one that is delivered in part would forget that part.
    pub(super) fn is_between(&self) -> bool {
        self.transaction.is_none() && self.part.is_none()
    }

    /// The position at `lsn`.
    pub(super) fn position(&self, lsn: u64) -> Position {
        Position::at(self.server.clone(), Log::Lsn(lsn))
    }

    /// Handles one message of the plugin that was `sent`.
    #[inline]
    pub(super) fn handle(&mut self, batch: &mut Batch, sent: Sent, payload: &[u8]) -> Result<Step> {
        let lsn = sent.lsn;
        match Message::decode(payload).map_err(|error| malformed(error, lsn))? {
            Message::Insert(m) => {
                return self.row(batch, (lsn, payload), m.relation, Rows::Insert(m.new));
            }
            Message::Update(m) => {
                return self.row(batch, (lsn, payload), m.relation, Rows::Update(m.old, m.new));
            }
            Message::Delete(m) => {
                return self.row(batch, (lsn, payload), m.relation, Rows::Delete(m.old));
            }
            Message::Begin(begin) => self.begin(batch, lsn, &begin)?,
            Message::Commit(commit) => {
                self.commit(batch, lsn, &commit)?;
                return Ok(Step::Ended(commit));
            }
            Message::Relation(relation) => {
                return Ok(self.tables.describe(relation)?.map_or(Step::Done, Step::Ask));
            }
            Message::Truncate(truncate) => self.truncate(batch, lsn, truncate)?,
            Message::Logical(said) => return self.said(batch, sent, &said),
            Message::Origin { .. } | Message::Type { .. } => {}
        }
        Ok(Step::Done)
    }

    fn begin(&mut self, batch: &mut Batch, lsn: u64, begin: &Begin) -> Result<()> {
        if self.transaction.is_some() {
            return Err(malformed(Malformed::Bytes("order of transactions"), lsn));
        }
        let covered = self.covered.as_ref().is_some_and(|it| !it.passed(begin.commit_lsn));
        let mut transaction = Transaction::new(begin, covered, self.messages.is_some());
        if let Some(part) = self.part.take() {
            transaction.verify(&part)?;
            transaction.counts_messages = part.messages;
        }
        let id = batch.append(transaction.id().as_bytes());
        let commit_us = begin.commit_us;
        batch.events.push(Event::Begin(change::Begin { id, commit_us }));
        self.transaction = Some(transaction);
        self.head = None;
        fault::point("stream.after_begin");
        Ok(())
    }

    fn commit(&mut self, batch: &mut Batch, lsn: u64, commit: &Commit) -> Result<()> {
        match self.transaction.take() {
            Some(transaction) if transaction.commit_lsn == commit.commit_lsn => {
                if let Some(course) = &mut self.course {
                    course.streamed.told(transaction.xid);
                }
            }
            _ => return Err(malformed(Malformed::Bytes("order of transactions"), lsn)),
        }
        self.last_end = Some(commit.end_lsn);
        batch.events.push(Event::End(self.position(commit.end_lsn)));
        fault::point("stream.after_commit");
        Ok(())
    }

    /// Counts the change as received, before anything may leave it out.
    #[inline]
    fn count(&mut self, lsn: u64) -> Result<Transaction> {
        let Some(transaction) = &mut self.transaction else {
            return Err(malformed(Malformed::Bytes("order of transactions"), lsn));
        };
        transaction.number += 1;
        Ok(*transaction)
    }

    fn truncate(&mut self, batch: &mut Batch, lsn: u64, truncate: Truncate<'_>) -> Result<()> {
        for oid in truncate.relations() {
            let transaction = self.count(lsn)?;
            let Some(table) = self.tables.table(oid)? else { continue };
            let layout = Arc::clone(&table.layout);
            let covered = self.covered.as_ref().filter(|_| transaction.covered);
            let asked = covered.zip(self.tables.relation(oid));
            if asked.is_some_and(|(it, relation)| {
                it.covers(relation, transaction.commit_lsn, None, None)
            }) {
                continue;
            }
            if self.course.as_mut().is_some_and(|course| !course.emptied(&layout)) {
                continue;
            }
            let head = self.head(batch, &transaction);
            self.push(batch, lsn, &transaction, &layout, (Op::Truncate, (None, None)), head);
        }
        Ok(())
    }

    /// The source block of rows that were read beside the log.
    pub(super) fn rows_source(&self, batch: &mut Batch, layout: &Layout, told: &ReadAt) -> Source {
        let prefix = &self.prefix;
        let ts_ms = told.at_us.div_euclid(1000);
        let head = batch.append_with(|out| source_block::write_head(out, prefix, ts_ms));
        let (last, xid, lsn) = match told.xid {
            // As the reference tells a row that was read again.
            None => (Some(self.last_end.unwrap_or(told.high)), None, None),
            Some(xid) => (None, Some(xid), Some(told.high)),
        };
        let tail = Tail {
            db: &self.database,
            sequence: Some((last, told.high)),
            ts_us: told.at_us,
            schema: &layout.table.schema,
            table: &layout.table.name,
            tx_id: xid,
            lsn,
        };
        let tail = batch.append_with(|out| source_block::write_tail(out, &tail));
        Source { head, tail }
    }

    /// The part of the source block that all changes of a transaction share, once for each batch.
    #[inline]
    fn head(&mut self, batch: &mut Batch, transaction: &Transaction) -> Span {
        let prefix = &self.prefix;
        *self.head.get_or_insert_with(|| {
            let ts_ms = transaction.commit_us.div_euclid(1000);
            batch.append_with(|out| source_block::write_head(out, prefix, ts_ms))
        })
    }

    /// The source block of a change.
    #[inline]
    fn source(
        &self,
        batch: &mut Batch,
        lsn: u64,
        transaction: &Transaction,
        layout: &Layout,
        head: Span,
    ) -> Source {
        let tail = Tail {
            db: &self.database,
            sequence: Some((self.last_end, lsn)),
            ts_us: transaction.commit_us,
            schema: &layout.table.schema,
            table: &layout.table.name,
            tx_id: Some(transaction.xid),
            lsn: Some(lsn),
        };
        let tail = batch.append_with(|out| source_block::write_tail(out, &tail));
        Source { head, tail }
    }

    #[inline]
    fn push(
        &self,
        batch: &mut Batch,
        lsn: u64,
        transaction: &Transaction,
        layout: &Arc<Layout>,
        (op, (before, after)): (Op, Images),
        head: Span,
    ) {
        let source = self.source(batch, lsn, transaction, layout, head);
        let number = transaction.number;
        let layout = batch.layout(layout);
        let marker = Marker::False;
        batch.events.push(Event::Change(Change {
            layout,
            op,
            number,
            before,
            after,
            source,
            marker,
        }));
    }
}

#[cold]
fn malformed(error: Malformed, lsn: u64) -> Error {
    let at = crate::lsn::Lsn(lsn);
    let code = match error {
        Malformed::UnknownTag(_) => codes::UNKNOWN_MESSAGE,
        Malformed::Bytes(_) => codes::MALFORMED,
    };
    Error::definite(code, format!("The log at {at} cannot be understood: {error}."))
        .fix("Report this with the server's version; nothing was skipped.")
}
