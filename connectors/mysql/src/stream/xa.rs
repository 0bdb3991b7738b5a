//! Distributed transactions: the log has their rows where they are prepared, and the verdict in
//! another transaction, perhaps days later. Only where they began is kept; their rows are read once
//! more where they are committed.

use super::coordinates::Coordinates;
use super::failure::protocol;
use super::follower::Follower;
use crate::binlog::{Body, Event, Identity, XaPrepare};
use crate::codes;
use crate::transport;
use serde::{Deserialize, Serialize};
use walbrook_core::checkpoint::{Part, put};
use walbrook_core::error::{Error, Result};

/// Where a prepared transaction is in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// Its identity, for messages.
    pub(crate) transaction: String,
    /// Log file.
    pub(crate) file: String,
    /// Where it begins there.
    pub(crate) pos: u64,
}

impl Follower {
    /// The rows have been told to the server's log; the verdict comes later, or now.
    pub(super) async fn prepared(&mut self, event: &Event<'_>, xa: &XaPrepare<'_>) -> Result<()> {
        let Some(transaction) = &mut self.transaction else {
            return Err(protocol("A transaction was prepared that has not begun."));
        };
        let (id, start) = (transaction.id.clone(), transaction.start.clone());
        if xa.one_phase {
            transaction.waits = false;
            self.recall(&id, &start).await?;
            return self.end().await;
        }
        let (xid, file) = (key(&xa.quoted()), start.file.to_string());
        let waiting = Waiting { transaction: id, file, pos: start.pos };
        tracing::debug!(transaction = waiting.transaction, end = event.end, "prepared");
        self.updates.push(put(Part::Prepared(xid.clone()), &waiting));
        self.waiting.insert(xid, waiting);
        self.end().await
    }

    /// The verdict is to commit.
    pub(super) async fn committed(&mut self, xid: &str) -> Result<()> {
        let xid = key(xid);
        let Some(waiting) = self.waiting.remove(&xid) else {
            // While nothing is told yet, the beginning is only to be looked for once more.
            self.redefined |= self.muted;
            return if self.muted { self.end().await } else { Err(unknown(&xid)) };
        };
        self.updates.push((Part::Prepared(xid), None));
        let start = Coordinates::new(waiting.file, waiting.pos);
        self.recall(&waiting.transaction, &start).await?;
        self.end().await
    }

    /// The verdict is to roll back: nobody has seen the rows.
    pub(super) async fn rolled_back(&mut self, xid: &str) -> Result<()> {
        let xid = key(xid);
        if self.waiting.remove(&xid).is_some() {
            self.updates.push((Part::Prepared(xid), None));
        }
        self.end().await
    }

    /// Reads the rows of transaction `id`, which begins at `start`, once more, into the present one.
    async fn recall(&mut self, id: &str, start: &Coordinates) -> Result<()> {
        let (name, pos) = (start.file.to_string(), start.pos);
        // Another reader in the eyes of the server, which would end the first one.
        let mut settings = (*self.settings).clone();
        settings.server_id ^= 0x4000_0000;
        settings.connector.push_str(" recalls");
        let mut log =
            transport::Log::open(&settings, &transport::Start::File { name, pos }).await?;
        loop {
            let event = log.next().await?;
            match &event.body {
                // On another server, or after a reset, something else lies there.
                Body::Gtid(gtid) if identity(&gtid.identity) != id => return Err(unknown(id)),
                Body::TableMap(map) => self.describe(map).await?,
                Body::Rows(rows) => {
                    if let Some(transaction) = &mut self.transaction {
                        transaction.events = transaction.events.saturating_add(1);
                    }
                    Box::pin(self.rows(&event, rows)).await?;
                }
                Body::XaPrepare(_) => return Ok(()),
                Body::Xid(_) => return Err(protocol("A prepared transaction ends otherwise.")),
                _ => {}
            }
        }
    }
}

/// A transaction's identity as text.
fn identity(identity: &Identity) -> String {
    match identity {
        Identity::Numbered(gtid) => gtid.to_string(),
        Identity::Domain(domain) => domain.to_string(),
        Identity::Anonymous => String::new(),
    }
}

/// The identifier as one text, however it was written.
fn key(xid: &str) -> String {
    xid.chars().filter(|c| !c.is_ascii_whitespace()).collect::<String>().to_ascii_lowercase()
}

fn unknown(xid: &str) -> Error {
    let message = format!(
        "The XA transaction {xid} was committed, but the log that is known does not have its rows."
    );
    Error::definite(codes::XA_UNKNOWN, message).fix(
        "Take a new snapshot under another connector name while no XA transaction is prepared.",
    )
}
