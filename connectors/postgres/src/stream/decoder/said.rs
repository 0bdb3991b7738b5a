//! Logical messages (`pg_logical_emit_message`), told as changes of a table of their own.
//!
//! ```text
//!  in a transaction    Begin ─ … ─ M ─ … ─ Commit     counted like a change, told in its place
//!  in none             … Commit ─ M ─ Begin …         told at once, and a position of its own
//! ```
//!
//! The server sends messages of no transaction in the order of the log, between the commits around
//! them, and begins behind a position that is the end of one. So one that is told with its position
//! is never sent again, and none is left out.

use super::{Decoder, Sent, Step, Transaction, malformed};
use crate::pgoutput::{Logical, Malformed};
use crate::settings::Prefixes;
use crate::source_block::{self, Tail};
use std::convert::Infallible;
use std::sync::Arc;
use walbrook_core::avro::write;
use walbrook_core::batch::{Batch, Image};
use walbrook_core::change::{Change, Event, Marker, Op, Source};
use walbrook_core::error::Result;
use walbrook_core::fault;
use walbrook_core::layout::{Field, Layout, Table};
use walbrook_core::modes::Binary;
use walbrook_core::schema::{Kind, Schema};
use walbrook_core::value::binary;

/// How messages are told.
pub(super) struct Messages {
    told: Prefixes,
    binary: Binary,
    layout: Arc<Layout>,
}

impl Messages {
    /// Messages whose prefix `told` wants, their content in the form of `binary`.
    pub(super) fn new(told: Prefixes, binary: Binary) -> Self {
        let field = |name: &str, kind| {
            let schema = Schema::new(kind).optional();
            let (wrap, nothing) = (schema.wrap(), Box::from([0]));
            let (fallback, unchanged) = (nothing, Box::from([0]));
            Field { name: name.into(), schema, wrap, fallback, unchanged, hidden: false }
        };
        let mut fields = vec![field("prefix", Kind::String)];
        if binary == Binary::Bytes {
            fields.push(field("content", Kind::Bytes));
        } else {
            // What reads the content needs it as it is.
            fields.push(field("content", Kind::String));
            fields.push(Field { hidden: true, ..field("content", Kind::Bytes) });
        }
        let layout = Arc::new(Layout::new(Table::messages(), fields, vec![0]));
        Self { told, binary, layout }
    }

    /// Appends the message as a row.
    fn write(&self, batch: &mut Batch, said: &Logical<'_>) -> Image {
        let mut row = batch.image(&self.layout);
        let prefix = row.value(|out| {
            write::string(out, said.prefix);
            Ok::<_, Infallible>(())
        });
        let mut content = |form| {
            row.value(|out| {
                binary::write(form, said.content, out);
                Ok::<_, Infallible>(())
            })
        };
        let (Ok(()), Ok(())) = (prefix, content(self.binary));
        if self.binary != Binary::Bytes {
            let Ok(()) = content(Binary::Bytes);
        }
        row.finish()
    }
}

impl Decoder {
    /// Takes a logical message.
    pub(super) fn said(
        &mut self,
        batch: &mut Batch,
        sent: Sent,
        said: &Logical<'_>,
    ) -> Result<Step> {
        match (said.transactional, &mut self.transaction) {
            (true, Some(transaction)) => {
                if transaction.counts_messages {
                    transaction.number += 1;
                    let Transaction { number, commit_us, xid, .. } = *transaction;
                    self.tell(batch, said, (number, commit_us, Some(xid)));
                    fault::point("stream.mid_transaction");
                }
                Ok(Step::Done)
            }
            // In front of a transaction that is delivered in part: so is everything before that.
            (false, None) if self.part.is_some() => Ok(Step::Done),
            (false, None) => Ok(self.said_between(batch, sent, said)),
            _ => Err(malformed(Malformed::Bytes("order of messages"), sent.lsn)),
        }
    }

    /// A message of no transaction. Its time is in no record of the log: it is that of sending.
    fn said_between(&mut self, batch: &mut Batch, sent: Sent, said: &Logical<'_>) -> Step {
        if !self.messages.as_ref().is_some_and(|messages| (messages.told)(said.prefix)) {
            return Step::Done;
        }
        // As in the reference: the newest of what is told, this message included.
        self.last_end = Some(said.lsn);
        self.tell(batch, said, (0, sent.at_us, None));
        batch.events.push(Event::Progress(self.position(said.lsn)));
        fault::point("stream.after_commit");
        Step::Said(said.lsn)
    }

    /// Appends a message, if it is wanted.
    fn tell(
        &self,
        batch: &mut Batch,
        said: &Logical<'_>,
        (number, ts_us, tx_id): (u64, i64, Option<u32>),
    ) {
        let Some(messages) = self.messages.as_ref().filter(|it| (it.told)(said.prefix)) else {
            return;
        };
        let after = Some(messages.write(batch, said));
        let (prefix, ts_ms) = (&self.prefix, ts_us.div_euclid(1000));
        let head = batch.append_with(|out| source_block::write_head(out, prefix, ts_ms));
        let tail = Tail {
            db: &self.database,
            sequence: Some((self.last_end, said.lsn)),
            ts_us,
            schema: "",
            table: "",
            tx_id,
            lsn: Some(said.lsn),
        };
        let tail = batch.append_with(|out| source_block::write_tail(out, &tail));
        let layout = batch.layout(&messages.layout);
        let (op, before, source) = (Op::Message, None, Source { head, tail });
        let marker = Marker::False;
        let change = Change { layout, op, number, before, after, source, marker };
        batch.events.push(Event::Change(change));
    }
}
