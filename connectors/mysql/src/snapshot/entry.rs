//! What the checkpoint says about a table in a snapshot (`Part::Table`).

use serde::{Deserialize, Serialize};
use walbrook_core::chunk::Key;

/// How far a table is read and published.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableEntry {
    /// Every row up to this one, in key order, is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// Rows published so far.
    #[serde(default)]
    pub rows: u64,
    /// Whether all of it is.
    #[serde(default)]
    pub done: bool,
}

/// A row's key in both of its forms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// As it is compared with keys of the log.
    pub key: Key,
    /// As it is given to the server.
    pub sql: Key,
}
