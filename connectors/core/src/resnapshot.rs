//! Reading tables again beside the log: what was asked for, and how far it is.
//!
//! ```text
//!  ask ──Request::Plan──▶ source: checks, names the tables ──Job──▶ stored ──Request::Read──▶ source
//!                                                                      ▲                       │
//!                                                                      └── Part::Resnapshot ◀──┘
//! ```
//!
//! A job is stored before the source begins with it, and the source writes its progress with the
//! rows that it is about: killed anywhere, it goes on behind the last published chunk. People are
//! shown what is stored, so what they see never steps back.

use crate::chunk;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What somebody wants to have read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Names the job: a second wish with the same id is the same job.
    pub id: String,
    /// Tables as configured: globs, or `/regex/` over `schema.table`.
    pub tables: Vec<String>,
    /// A condition in the database's own SQL that rows must meet; it holds for every table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicate: Option<String>,
}

/// Why tables are read beside the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Somebody asked for it: consumers have the tables already.
    Asked,
    /// The tables are new to the connector: consumers have nothing of them.
    NewTable,
}

/// How a job stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum State {
    /// Others are before it.
    Waiting,
    /// Its tables are being read.
    Running,
    /// All rows are published.
    Done,
    /// Somebody stopped it; what is published stays.
    Stopped,
    /// It cannot go on.
    Failed {
        /// Stable code.
        code: String,
        /// What is wrong, and the fix.
        message: String,
    },
}

impl State {
    /// Whether nothing more will happen.
    pub fn is_over(&self) -> bool {
        matches!(self, State::Done | State::Stopped | State::Failed { .. })
    }
}

/// How far one table of a job is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Everything up to this key is published; nothing yet where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<chunk::Key>,
    /// What else the source needs to go on behind the cursor: its own JSON.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub own: Value,
    /// Rows published.
    pub rows: u64,
    /// Estimated rows of the whole table, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_estimated: Option<u64>,
    /// Whether the table is finished.
    pub done: bool,
}

/// A job of reading tables beside the log, as it is stored and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// What was asked for.
    pub wish: Wish,
    /// Why.
    pub reason: Reason,
    /// When, microseconds since 1970.
    pub asked_us: i64,
    /// How it stands.
    #[serde(flatten)]
    pub state: State,
    /// Its tables by `schema.table`, read in the order of their names.
    pub tables: BTreeMap<String, Table>,
}
