//! What a database keeps of its log for a connector, as people see it.

use serde::Serialize;

/// What is known of the log that is kept for a connector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Kept {
    /// Bytes of log that the connector has still to read or confirm.
    pub bytes: Option<u64>,
    /// Bytes that may still be written before the database removes what is needed.
    pub room_bytes: Option<u64>,
    /// Seconds until the database removes what is needed, if it goes on as it does.
    pub loss_seconds: Option<u64>,
    /// The configured limit.
    pub limit_bytes: Option<u64>,
    /// Whether more than that is kept.
    pub over_limit: bool,
    /// Whether what is needed is gone already.
    pub lost: bool,
}
