//! What the checkpoint says about the source as a whole (`Part::Source`).

use serde::{Deserialize, Serialize};

/// How far a connector is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The slot is about to be created.
    Creating,
    /// Tables are being read.
    Snapshotting,
    /// The tables are read; the log is followed.
    Streaming,
}

/// What a checkpoint belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// How far it is.
    pub phase: Phase,
    /// The slot.
    pub slot: String,
    /// The publication.
    pub publication: String,
    /// System identifier of the server.
    pub server: String,
    /// Its timeline at that time.
    pub timeline: u32,
    /// The database.
    pub database: String,
    /// Prefix of the topics.
    pub topic_prefix: String,
    /// The process that began the newest snapshot.
    pub nonce: String,
    /// Where the stream begins when the tables are read.
    #[serde(default)]
    pub consistent_lsn: u64,
    /// The rows are repeats of delivered ones, so every change since `consistent_lsn` is told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
    /// Every table that is told has an entry of its own: one that has none is new.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub listed: bool,
}
