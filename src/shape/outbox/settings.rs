//! What the configuration says about an outbox.

use super::expand::Expand;
use std::sync::Arc;
use walbrook_core::layout::Table;

/// How rows of an outbox become events.
#[derive(Clone)]
pub struct Outbox {
    /// Whose rows are events.
    pub from: From,
    /// Column of the event's identity, which becomes the header `id`.
    pub id: String,
    /// Column of the record's key.
    pub key: String,
    /// Column of the record's value.
    pub payload: String,
    /// Column of the record's time; without one it is the time of sending.
    pub timestamp: Option<String>,
    /// Column of the version that the value's schema says.
    pub schema_version: Option<String>,
    /// Further columns, and where they go.
    pub fields: Vec<Placed>,
    /// Whether a column of `fields` may be missing.
    pub ignore_missing: bool,
    /// How JSON text becomes a record; `None`: it stays text.
    pub expand: Option<Expand>,
    /// Whether a payload that cannot be expanded stays text. Else it is poison.
    pub text_if_unfit: bool,
    /// Column that decides on the topic.
    pub route_by: String,
    /// From that column's value to the topic.
    pub route: Route,
    /// Which topics may be written to.
    pub allowed: Allowed,
    /// How many different topics data may name.
    pub max_topics: usize,
    /// Whether an empty payload is a record without a value.
    pub tombstones_on_empty: bool,
    /// What becomes of an update.
    pub on_update: OnUpdate,
    /// Whether keys are text instead of Avro.
    pub text_keys: bool,
    /// Whether values are the payload's own bytes instead of Avro.
    pub raw_values: bool,
}

/// From the value of the routing column to the name of a topic.
pub type Route = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// Whether a topic of this name may be written to.
pub type Allowed = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Whose rows are events.
#[derive(Clone)]
pub enum From {
    /// Those of the tables that the function names.
    Tables(Arc<dyn Fn(&Table) -> bool + Send + Sync>),
    /// Logical messages whose prefix the function names: JSON objects instead of rows.
    Messages(Arc<dyn Fn(&str) -> bool + Send + Sync>),
}

/// A further column of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The column.
    pub column: String,
    /// Where it goes.
    pub place: Place,
    /// What it is called there.
    pub name: String,
}

/// Where a further column goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A header of the record.
    Header,
    /// A field beside the payload.
    Envelope,
    /// The number of the partition.
    Partition,
}

/// What becomes of an update of a row that is an event already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnUpdate {
    /// A warning in the log.
    Warn,
    /// An error in the log.
    Error,
    /// It is poison.
    Fatal,
}

impl Outbox {
    /// Whether changes of `table`, or some of them, are events.
    pub fn takes(&self, table: &Table) -> bool {
        match &self.from {
            From::Tables(takes) => takes(table),
            From::Messages(_) => table.is_messages(),
        }
    }

    /// The columns that become fields beside the payload.
    pub fn envelope(&self) -> impl Iterator<Item = &Placed> {
        self.fields.iter().filter(|field| field.place == Place::Envelope)
    }
}
