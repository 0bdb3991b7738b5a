//! The transaction that is being received.

use crate::codes;
use crate::pgoutput::Begin;
use walbrook_core::error::{Error, Result};
use walbrook_core::position::Part;

/// What all changes of a transaction share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transaction {
    pub(super) xid: u32,
    pub(super) commit_lsn: u64,
    pub(super) commit_us: i64,
    /// Number of the change received last, from 1, before any filter.
    pub(super) number: u64,
    /// Whether changes may be contained in a snapshot.
    pub(super) covered: bool,
    /// Whether its messages are counted and told: those of a transaction that is delivered in part
    /// are if they were in its beginning.
    pub(super) counts_messages: bool,
}

impl Transaction {
    pub(super) fn new(begin: &Begin, covered: bool, counts_messages: bool) -> Self {
        let Begin { xid, commit_lsn, commit_us } = *begin;
        Self { xid, commit_lsn, commit_us, number: 0, covered, counts_messages }
    }

    /// The identity: a number alone would come again after 2³² transactions.
    pub(super) fn id(&self) -> String {
        format!("{}:{}", self.xid, self.commit_lsn)
    }

    /// The first transaction after a start must be the one of which a part is delivered already.
    pub(super) fn verify(&self, part: &Part) -> Result<()> {
        let id = self.id();
        if id == part.transaction {
            return Ok(());
        }
        let message = format!(
            "The first {} changes of transaction {} are delivered, but the log goes on with \
             transaction {id}.",
            part.k, part.transaction
        );
        Err(Error::definite(codes::OTHER_TRANSACTION, message)
            .fix("The slot was moved or the publication changed meanwhile: take a new snapshot."))
    }
}
