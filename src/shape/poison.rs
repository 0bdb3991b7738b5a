//! What becomes of a change that cannot be told: the one place where the policy is applied.
//!
//! ```text
//!  source ── Event::Poison ──┐
//!  shape ─── its own error ──┼─▶ already delivered? ─▶ policy ─┬─ halt         the error
//!  topic ─── too large ──────┤                                 ├─ dead letter  one record
//!  registry ─ refused ───────┘                                 └─ skip         counted
//! ```

use crate::codes;
use std::collections::HashMap;
use std::sync::Arc;
use walbrook_core::error::{Code, Error, Result};
use walbrook_core::layout::Table;

/// What is done about a change that cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Policy {
    /// The connector stops in front of it.
    Halt,
    /// It goes to the topic of dead letters, in the transaction where it would have been.
    DeadLetter,
    /// It is left out, counted and logged.
    Skip,
}

impl Policy {
    /// The word in metrics and status.
    pub fn as_str(self) -> &'static str {
        match self {
            Policy::Halt => "halt",
            Policy::DeadLetter => "dead_letter",
            Policy::Skip => "skip",
        }
    }
}

/// Answers the policy of a table.
pub type Policies = Arc<dyn Fn(&Table) -> Policy + Send + Sync>;

/// Where a change turned out to be poison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The source could not read or represent a value.
    Source,
    /// Its records could not be made, or are larger than their topic takes.
    Shape,
    /// The schema registry refuses its schema.
    Registry,
}

impl Stage {
    /// The word in the dead letter.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Source => "source",
            Stage::Shape => "shape",
            Stage::Registry => "registry",
        }
    }
}

/// A change that was not told, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poisoned {
    /// Its table.
    pub table: Table,
    /// What was done.
    pub policy: Policy,
    /// Why it could not be told.
    pub code: Code,
}

/// Poison changes in a row, by table: what fails always is no single bad row.
#[derive(Debug)]
pub(super) struct Streaks {
    limit: u64,
    tables: HashMap<Table, u64>,
}

impl Streaks {
    /// Streaks that end in an error behind `limit` changes; 0 is without end.
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, tables: HashMap::new() }
    }

    /// A change of the table is told.
    #[inline]
    pub(super) fn good(&mut self, table: &Table) {
        if !self.tables.is_empty() {
            self.tables.remove(table);
        }
    }

    /// A change of the table is not told, because of `error`.
    pub(super) fn bad(&mut self, table: &Table, error: &Error) -> Result<()> {
        let streak = self.tables.entry(table.clone()).or_default();
        *streak += 1;
        if self.limit == 0 || *streak <= self.limit {
            return Ok(());
        }
        let limit = self.limit;
        let message = format!(
            "{limit} changes of {table} in a row could not be told, and not one could; the next: {error}"
        );
        Err(Error::definite(codes::POISON_LIMIT, message).fix(
            "Mend the cause, which is not single rows; or raise `poison_limit` of the connector.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_streak_ends_at_its_limit_and_with_a_change_that_is_told() {
        let (one, other) = (Table::new("s", "a"), Table::new("s", "b"));
        let error = Error::poison(Code::new("WB-X-001"), "It is bad.");
        let mut streaks = Streaks::new(2);
        for table in [&one, &other, &one, &other] {
            streaks.bad(table, &error).unwrap();
        }
        streaks.good(&other);
        streaks.bad(&other, &error).unwrap();
        let end = streaks.bad(&one, &error).unwrap_err();
        assert_eq!(end.code, codes::POISON_LIMIT);
        assert!(end.message.contains("s.a") && end.message.contains("WB-X-001"), "{end}");
        let mut endless = Streaks::new(0);
        (0..5000).for_each(|_| endless.bad(&one, &error).unwrap());
    }
}
