//! What happened to the database, as a source tells it.

use crate::batch::{Image, Span};
use crate::error::Error;
use crate::position::Position;
use crate::schema::Schema;
use std::sync::Arc;

/// What a change does to its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// A row read by a snapshot.
    Read,
    /// INSERT
    Create,
    /// UPDATE
    Update,
    /// DELETE
    Delete,
    /// TRUNCATE of the whole table
    Truncate,
    /// A logical message: no change of a row, and told like one of the table
    /// [`crate::layout::Table::messages`]
    Message,
}

impl Op {
    /// The letter in the envelope.
    pub fn letter(self) -> &'static str {
        match self {
            Op::Read => "r",
            Op::Create => "c",
            Op::Update => "u",
            Op::Delete => "d",
            Op::Truncate => "t",
            Op::Message => "m",
        }
    }
}

/// Where in a snapshot a row stands: `source.snapshot` of the envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// Not a snapshot row.
    False,
    /// A row inside a table.
    True,
    /// The very first row.
    First,
    /// The first row of a table.
    FirstInCollection,
    /// The last row of a table.
    LastInCollection,
    /// The very last row.
    Last,
    /// A row of a resnapshot.
    Incremental,
}

impl Marker {
    /// The text in the envelope.
    pub fn text(self) -> &'static str {
        match self {
            Marker::False => "false",
            Marker::True => "true",
            Marker::First => "first",
            Marker::FirstInCollection => "first_in_data_collection",
            Marker::LastInCollection => "last_in_data_collection",
            Marker::Last => "last",
            Marker::Incremental => "incremental",
        }
    }
}

/// The encoded `source` block of one change, cut where the snapshot marker stands:
/// `head` = version, connector, name, ts_ms; then the marker; `tail` = db and everything after.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// Encoded fields before the marker.
    pub head: Span,
    /// Encoded fields after it.
    pub tail: Span,
}

/// One row change, or a truncate.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// Place of the layout in [`crate::batch::Batch::layouts`].
    pub layout: u32,
    /// What happened.
    pub op: Op,
    /// Number inside its transaction, from 1, counted as received before any filter. 0 in snapshots,
    /// and for messages that are part of no transaction.
    pub number: u64,
    /// The old row, as far as the log has it.
    pub before: Option<Image>,
    /// The new row.
    pub after: Option<Image>,
    /// The source block.
    pub source: Source,
    /// Place in a snapshot.
    pub marker: Marker,
}

/// A change of one row that the source cannot tell: a value that is not in the form of its type, or
/// that has no form here. It counts in its transaction as any other change; shape asks the policy
/// what becomes of it.
#[derive(Clone, Debug)]
pub struct Poison {
    /// Place of the layout in [`crate::batch::Batch::layouts`].
    pub layout: u32,
    /// What happened.
    pub op: Op,
    /// Number inside its transaction, as [`Change::number`].
    pub number: u64,
    /// Why, of [`crate::error::Class::Poison`].
    pub error: Error,
    /// The row as the source received it, in the arena; nothing where the layout is masked.
    pub original: Option<Span>,
    /// What kind of bytes these are (`pgoutput`, `copy`, `binlog`).
    pub form: &'static str,
    /// The source block.
    pub source: Source,
}

/// The start of a transaction.
#[derive(Clone, Copy, Debug)]
pub struct Begin {
    /// Text of the transaction's identity in the arena, one for the whole transaction
    /// (PostgreSQL: `xid:commit LSN`).
    pub id: Span,
    /// Commit time, microseconds since 1970.
    pub commit_us: i64,
}

/// A topic of the source's own records, such as that of schema changes.
#[derive(Debug)]
pub struct NoticeTopic {
    /// Its name.
    pub name: String,
    /// Schema of its keys.
    pub key: Schema,
    /// Schema of its values.
    pub value: Schema,
}

/// A record of a source's own topic, complete but for the numbers of its schemas.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Where it goes.
    pub topic: Arc<NoticeTopic>,
    /// Encoded key.
    pub key: Span,
    /// Encoded value.
    pub value: Span,
}

/// An entry of a batch, in log order.
#[derive(Clone, Debug)]
pub enum Event {
    /// A transaction begins.
    Begin(Begin),
    /// A row changes.
    Change(Change),
    /// A row changes in a way that cannot be told. Rare, and so apart from the events.
    Poison(Box<Poison>),
    /// The source has a record of its own to tell. Outside transactions, before the position that
    /// covers it.
    Notice(Notice),
    /// The transaction has ended; everything up to the position is told.
    End(Position),
    /// Nothing of interest happened up to here: idle progress.
    Progress(Position),
}

impl Event {
    /// A row that was read from its table, `marker` being its place there.
    #[inline]
    pub fn read(layout: u32, image: Image, source: Source, marker: Marker) -> Self {
        let (op, after) = (Op::Read, Some(image));
        Event::Change(Change { layout, op, number: 0, before: None, after, source, marker })
    }

    /// A row that was read from its table and cannot be told: the policy decides what becomes of it.
    /// `original` is what the server said of it, if that may be kept, and `form` what kind of bytes
    /// these are, as [`Poison::form`].
    #[cold]
    pub fn unreadable(
        layout: u32,
        (form, original): (&'static str, Option<Span>),
        source: Source,
        error: Error,
    ) -> Self {
        let op = Op::Read;
        Event::Poison(Box::new(Poison { layout, op, number: 0, error, original, form, source }))
    }
}
