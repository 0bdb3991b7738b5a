//! What ends the following of a log, beside what the connection and the rows say.

use crate::codes;
use walbrook_core::error::{Error, Result};
use walbrook_core::position::Part;

/// The first transaction after a start must be the one of which a part is delivered already.
pub(super) fn verify(part: &Part, id: &str) -> Result<()> {
    if part.transaction == id {
        return Ok(());
    }
    let message = format!(
        "Transaction {} is delivered in part, but the log goes on with transaction {id}.",
        part.transaction
    );
    Err(Error::definite(codes::OTHER_TRANSACTION, message)
        .fix("Connect to the former server, or take a new snapshot under another connector name."))
}

/// Without an identifier a transaction cannot be told from another.
pub(super) fn anonymous() -> Error {
    Error::definite(codes::NO_GTID, "The log has a transaction without an identifier.").fix(
        "Set gtid_mode = ON, wait until the log has no such transactions, and take a new snapshot.",
    )
}

/// The server knows that its log is not whole.
pub(super) fn incident() -> Error {
    let message = "The server logged an incident: changes are missing from its log.";
    Error::definite(codes::INCIDENT, message)
        .fix("See the server's error log, then take a new snapshot under another connector name.")
}

/// The log has something where it cannot be.
#[cold]
pub(super) fn protocol(message: &str) -> Error {
    Error::definite(codes::PROTOCOL, message).fix("Report this with the server's version.")
}
