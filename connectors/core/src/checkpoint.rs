//! What is stored in Kafka about a connector, in the same transaction as its records.
//!
//! A checkpoint is a small map. Each entry is one record of the compacted checkpoint topic:
//!
//! ```text
//!  key  ["walbrook", connector, part…]        ours, authoritative
//!       [connector, {"server": prefix}]       Kafka Connect's form, an export for other tools
//!  value JSON, or nothing (the entry is gone)
//! ```

use crate::position::Position;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Names one entry of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Who may write: an [`Owner`].
    Owner,
    /// How far the stream is delivered: a [`Position`].
    Position,
    /// What the checkpoint belongs to (server, slot, topic prefix, phase): the source's own JSON.
    Source,
    /// Snapshot progress of one table, by its name: the source's own JSON.
    Table(String),
    /// The pinned number of partitions of a topic.
    Partitions(String),
    /// A resolved table structure by the hash of the relation as sent: the source's own JSON.
    Structure(String),
    /// A transaction that is prepared and waits for its verdict, by its identifier: the source's
    /// own JSON.
    Prepared(String),
    /// The state a person asked for: a [`Desired`].
    Desired,
    /// Tables that are read again beside the log, by the job's id: a
    /// [`Job`](crate::resnapshot::Job).
    Resnapshot(String),
    /// Kafka Connect's offset map of this connector, an export that is written and never read.
    Export,
}

/// The state that a person asked for; it outlives the process. Running where nothing is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Desired {
    /// It delivers.
    #[default]
    Running,
    /// It waits and keeps what it has: the slot, its place in the log.
    Paused,
    /// As paused, and its position may be altered.
    Stopped,
}

/// The instance that may write for a connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Random identity of the process and start.
    pub instance: String,
    /// Counts takeovers.
    pub generation: u64,
}

/// The entries that are in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    entries: BTreeMap<Part, Value>,
}

/// Changes of a checkpoint; `None` removes the entry.
pub type Updates = Vec<(Part, Option<Value>)>;

impl Checkpoint {
    /// The raw entry of `part`.
    pub fn get(&self, part: &Part) -> Option<&Value> {
        self.entries.get(part)
    }

    /// Reads the entry of `part` as a `T`; an unreadable entry is the error's text.
    pub fn read<T: serde::de::DeserializeOwned>(&self, part: &Part) -> Result<Option<T>, String> {
        let Some(value) = self.entries.get(part) else { return Ok(None) };
        serde_json::from_value(value.clone()).map(Some).map_err(|e| format!("{part:?}: {e}"))
    }

    /// The stored position, if any record of the stream was ever committed.
    pub fn position(&self) -> Result<Option<Position>, String> {
        self.read(&Part::Position)
    }

    /// Every entry, in the order of its name.
    pub fn entries(&self) -> impl Iterator<Item = (&Part, &Value)> {
        self.entries.iter()
    }

    /// Applies what a commit has made visible.
    pub fn apply(&mut self, updates: &Updates) {
        for (part, value) in updates {
            match value {
                Some(value) => self.entries.insert(part.clone(), value.clone()),
                None => self.entries.remove(part),
            };
        }
    }
}

/// The update that stores `value` under `part`.
pub fn put<T: Serialize>(part: Part, value: &T) -> (Part, Option<Value>) {
    // Our stored types have string keys and no failing `Serialize`, so null never happens.
    (part, Some(serde_json::to_value(value).unwrap_or(Value::Null)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::Log;

    #[test]
    fn updates_put_and_remove() {
        let at = Position::at("s", Log::Lsn(7));
        let mut c = Checkpoint::default();
        c.apply(&vec![put(Part::Position, &at), put(Part::Table("public.t".into()), &"x")]);
        assert_eq!(c.position(), Ok(Some(at)));
        c.apply(&vec![(Part::Table("public.t".into()), None)]);
        assert_eq!(c.entries().count(), 1);
    }

    #[test]
    fn an_unreadable_entry_says_which() {
        let mut c = Checkpoint::default();
        c.apply(&vec![put(Part::Position, &"nonsense")]);
        assert!(c.position().unwrap_err().starts_with("Position:"));
    }
}
