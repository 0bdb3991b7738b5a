//! The transaction that is being received.

use super::coordinates::Coordinates;
use crate::binlog::Identity;

/// What all changes of a transaction share.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    /// Who it is.
    pub(crate) identity: Identity,
    /// Its identity as text: `source.gtid`, `transaction.id`.
    pub(crate) id: String,
    /// Commit time in the event that begins it, microseconds since 1970; nothing where the server
    /// does not tell it there.
    pub(crate) commit_us: Option<i64>,
    /// When the server logged its beginning, in whole seconds, microseconds since 1970.
    pub(crate) logged_us: i64,
    /// Where it begins, for reading it once more.
    pub(crate) start: Coordinates,
    /// Whether an event of its own will end it.
    pub(crate) open: bool,
    /// Whether its beginning has been told.
    pub(crate) told: bool,
    /// Rows events received so far, before any filter.
    pub(crate) events: u32,
    /// Connection that made it.
    pub(crate) thread: Option<i64>,
    /// The statement that is being executed, where it is wanted and logged.
    pub(crate) query: Option<String>,
    /// Whether its statement has no effect yet, or never will: the first and the undone half of
    /// MariaDB's ALTER in two phases.
    pub(crate) idle: bool,
    /// Whether its rows wait for a verdict that comes in another transaction.
    pub(crate) waits: bool,
}

impl Transaction {
    /// A transaction that has just begun.
    pub(crate) fn new(
        identity: Identity,
        id: String,
        commit_us: Option<i64>,
        start: Coordinates,
    ) -> Self {
        Self {
            identity,
            id,
            commit_us,
            logged_us: 0,
            start,
            open: false,
            told: false,
            events: 0,
            thread: None,
            query: None,
            idle: false,
            waits: false,
        }
    }

    /// The number of row `row` (from 0) of the current rows event: the same whatever is captured.
    pub(crate) fn number(&self, row: u32) -> u64 {
        u64::from(self.events) << 32 | (u64::from(row) + 1)
    }
}
