//! Tables read beside the log, in chunks: asked for by somebody, or new to the connector.
//!
//! ```text
//!  stream   ── Bound ──▶ desk      where the next chunk ends
//!           ◀── Bound ──
//!  P        ── Rows ───▶ desk      the window is open: keys that the log touches are kept
//!                          │       waits until the server shows everything up to P
//!                          │       SELECT in its own short snapshot; then asks for the log's end
//!  high     ◀── Rows ──────┘
//!  passed   rows, less or over the window, and the job's state go out together
//! ```
//!
//! [`course`] decides and knows no server; [`desk`] asks the server and decides nothing. ADR 0003 has
//! the reasons.

pub mod columns;
pub mod course;
pub mod desk;
pub mod newcomers;
mod plan;
mod read;
mod sql;
pub mod streamed;

use crate::catalog::Structure;
use crate::pgoutput::Relation;
use async_channel::{Receiver, Sender};
use columns::Columns;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::sync::Arc;
use streamed::{Seen, Visible};
use walbrook_core::chunk::Key;
use walbrook_core::error::{Error, Result};
use walbrook_core::resnapshot::{Job, Wish};
use walbrook_core::resolve::Answer as Later;
use walbrook_core::source::Request;

/// A table of a job, by schema and name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// Schema.
    pub schema: String,
    /// Name.
    pub name: String,
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}

/// What a job's table is to the source: kept in [`walbrook_core::resnapshot::Table::own`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Own {
    /// The table.
    #[serde(flatten)]
    pub name: Name,
    /// Rows of the next chunk, where something is known about that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunk_rows: Option<u64>,
    /// Its key, once it has been looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Columns>,
}

/// A chunk should have about so many bytes.
pub(crate) const AIM_BYTES: u64 = 2 << 20;

/// What the stream asks of the desk.
#[derive(Debug)]
pub enum Ask {
    /// Checks a wish and names its tables.
    Plan {
        /// What is wanted.
        wish: Wish,
        /// Takes the job or the refusal.
        answer: Sender<Result<Job>>,
    },
    /// Where the next chunk ends.
    Bound {
        /// The table.
        table: Own,
        /// Everything up to this key is published.
        after: Option<Key>,
        /// Whether the table may have to be published first, and nothing of it is read yet.
        fresh: bool,
    },
    /// The rows of the open chunk.
    Rows(Box<Chunk>),
    /// The log does not grow by itself: have it grow a little.
    Nudge,
    /// Which transactions are seen by now.
    Look,
}

/// The rows that are wanted.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// The table.
    pub table: Name,
    /// Its key.
    pub columns: Arc<Columns>,
    /// First key that is not part of it: everything up to it is published.
    pub after: Option<Key>,
    /// Last key; nothing for the last chunk.
    pub until: Option<Key>,
    /// The job's condition.
    pub predicate: Option<String>,
    /// Whether it may have any size: it is one row.
    pub any_size: bool,
    /// What the rows must show.
    pub seen: Seen,
}

/// What the desk answers.
#[derive(Debug)]
pub enum Answer {
    /// Where the chunk ends: nothing is the end of the table.
    Bound {
        /// The table's key.
        columns: Arc<Columns>,
        /// The last key.
        until: Option<Key>,
        /// Rows between the two ends at most.
        rows: u64,
        /// The stream must have come to this place before the window opens.
        from: u64,
    },
    /// The rows.
    Rows(Box<Rows>),
    /// The chunk is larger than it may be.
    TooLarge,
    /// The table is gone.
    Gone,
    /// It could not be asked for now; it is asked for again.
    Later(Error),
    /// The table cannot be read.
    Failed(Error),
    /// New tables are to be read.
    New(Box<Job>),
    /// New tables of which the log has all rows.
    Whole(Vec<String>),
    /// Which transactions are seen; nothing where that could not be asked.
    Looked(Option<Visible>),
}

/// Rows that were read.
#[derive(Debug, Default)]
pub struct Rows {
    /// The table as it was read.
    pub relation: Option<Relation>,
    /// What the catalog says about it.
    pub structure: Option<Structure>,
    /// The columns that were read, as a select list.
    pub select: String,
    /// The rows as COPY writes them, one after the other.
    pub lines: Vec<u8>,
    /// Where each of them ends.
    pub ends: Vec<usize>,
    /// End of the log after they were read.
    pub high: u64,
    /// What they show.
    pub visible: Visible,
    /// When they were read, microseconds since 1970.
    pub at_us: i64,
    /// How long that took, in milliseconds.
    pub took_ms: u64,
}

/// Asks the server how two keys relate, where that is not known here.
pub trait Compare: Send + Sync {
    /// How `key` relates to `end`.
    fn compare<'a>(
        &'a self,
        columns: &'a Columns,
        key: &'a Key,
        end: &'a Key,
    ) -> Later<'a, Ordering>;
}

/// The stream's ends of what it has to do with reading tables.
pub struct Ends {
    /// Jobs that are not over, from the checkpoint.
    pub jobs: Vec<Job>,
    /// What the source is asked.
    pub requests: Receiver<Request>,
    /// To the desk.
    pub asks: Sender<Ask>,
    /// From the desk.
    pub answers: Receiver<Answer>,
    /// For keys that only the server can order.
    pub compare: Arc<dyn Compare>,
    /// Which tables are created meanwhile, where all tables are published.
    pub created: Option<newcomers::Created>,
}

impl std::fmt::Debug for Ends {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ends").field("jobs", &self.jobs.len()).finish_non_exhaustive()
    }
}
