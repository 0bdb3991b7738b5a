//! The contract of a database that is not being read: what its log keeps for us, what an offset
//! of other tools means there, and how everything of ours is taken away.
//!
//! ```text
//!  measure ──▶ Retained     how much log is kept, how much room is left: asked for at all times
//!  judge   ──▶ Move         an offset map becomes entries of the checkpoint, and one sentence
//!  forget  ──▶ Move         the next start begins from nothing
//!  remove  ──▶ names        of what was removed from the server
//! ```

use crate::checkpoint::{Checkpoint, Updates};
use crate::position::Position;
use crate::resolve::Answer;
use serde_json::Value;

/// What the database keeps of its log for a connector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retained {
    /// Bytes that are kept because the connector has not confirmed them; nothing where the
    /// database does not keep its log for anyone.
    pub bytes: Option<u64>,
    /// Bytes of log that may still be written before what the connector needs is removed.
    pub room_bytes: Option<u64>,
    /// Seconds after which the database removes log because of its age.
    pub expires_seconds: Option<u64>,
    /// What the connector needs is gone already.
    pub lost: bool,
}

/// What a change of place means.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// What the checkpoint says from then on.
    pub updates: Updates,
    /// What would be repeated or skipped: one sentence.
    pub meaning: String,
}

/// Questions to a database that is not being read.
pub trait Idle: Send + Sync {
    /// Looks at the log that is kept for a connector that has delivered everything up to
    /// `position`. `None` where there is nothing of it.
    fn measure<'a>(&'a self, position: Option<&'a Position>) -> Answer<'a, Option<Retained>>;

    /// Whether the connector could go on from `offset`, a map of Debezium's form, and what that
    /// means. Changes nothing.
    fn judge<'a>(&'a self, checkpoint: &'a Checkpoint, offset: &'a Value) -> Answer<'a, Move>;

    /// What must be stored so that the next start begins from nothing. Changes nothing.
    fn forget<'a>(&'a self, checkpoint: &'a Checkpoint) -> Answer<'a, Move>;

    /// Ends the keeping of log, because it is too much: whatever comes after the stored position
    /// is lost to the connector. Answers what was dropped.
    fn let_go<'a>(&'a self) -> Answer<'a, Option<String>>;

    /// Removes what the connector has on the server: names of what was removed.
    fn remove<'a>(&'a self, checkpoint: &'a Checkpoint) -> Answer<'a, Vec<String>>;
}
