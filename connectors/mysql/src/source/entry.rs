//! What the checkpoint says about the source as a whole (`Part::Source`).

use crate::flavor::Flavor;
use serde::{Deserialize, Serialize};

/// How far a connector is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Tables are being read while the log is followed.
    Snapshotting,
    /// The tables are read; the log is followed.
    Streaming,
}

/// What a checkpoint belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// How far it is.
    pub phase: Phase,
    /// The kind of server. Which one of a cluster it is may change: transactions have the same
    /// identifiers on all of them.
    pub flavor: Flavor,
    /// Prefix of the topics.
    pub topic_prefix: String,
    /// The process that began the newest snapshot.
    pub nonce: String,
    /// The rows are repeats of delivered ones, so every change is told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
}
