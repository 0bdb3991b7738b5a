//! What a statement does to tables.

use crate::structure::Structure;
use std::sync::Arc;

/// One thing that a statement does. A statement about several tables has one for each, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// What is done.
    pub kind: Kind,
    /// Database that it is done in.
    pub database: String,
    /// Table that it is done to, by the name that it has afterwards. Empty for a whole database, and
    /// where any table may be meant.
    pub table: String,
    /// The table before, where it was there and known.
    pub before: Option<Arc<Structure>>,
    /// The table right after this step; a later step of the same statement may take it on.
    pub after: Option<Arc<Structure>>,
    /// The part of the statement that does this, as the topic of schema changes tells it: without
    /// comments around it, `RENAME` and `DROP` of several tables taken apart.
    pub statement: String,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The table is new, or replaced: then `before` is what it was.
    Created,
    /// Its definition changed, or might have: `after` may equal `before`.
    Altered,
    /// It had another name, and may be altered besides.
    Renamed {
        /// Database that it was in.
        database: String,
        /// Name that it had.
        table: String,
    },
    /// It is gone, or never was there.
    Dropped,
    /// Its rows are gone.
    Truncated,
    /// An index came or went; a unique one may change what identifies a row.
    Indexed,
    /// Told, but nothing changed: CREATE TABLE IF NOT EXISTS of a table that is there, a sequence.
    Noted,
    /// A database is new.
    DatabaseCreated,
    /// The character set of a database's new tables changed, or might have.
    DatabaseAltered,
    /// A database is gone; its tables' own effects come before this one.
    DatabaseDropped,
    /// Something was done that is not understood. The table is no longer known: only the server can
    /// tell what it looks like.
    Unknown {
        /// What was awaited and where; nothing of the statement itself.
        reason: String,
    },
}
