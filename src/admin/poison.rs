//! Changes that could not be told, by table: counted for status, and said in the log at a bounded
//! rate. Never what was in them.

use crate::shape::poison::{Poisoned, Policy};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Tables that are named apart; all others are counted together.
const TABLES: usize = 100;
/// At most one warning in this time for each table.
const QUIET: Duration = Duration::from_secs(60);

/// Counts of one table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    dead_letters: u64,
    skipped: u64,
    /// Those that no warning has told of yet.
    untold: u64,
    told: Option<Instant>,
    code: &'static str,
}

/// What became of changes that could not be told, since the process began.
#[derive(Clone, Debug, Default)]
pub struct PoisonCounts {
    tables: BTreeMap<String, Count>,
    others: Count,
}

impl PoisonCounts {
    /// Counts a change; answers the table and a number where it is time to warn of so many.
    pub fn add(&mut self, one: &Poisoned, now: Instant) -> Option<u64> {
        let name = one.table.to_string();
        let full = self.tables.len() >= TABLES && !self.tables.contains_key(&name);
        let count = if full { &mut self.others } else { self.tables.entry(name).or_default() };
        match one.policy {
            Policy::Skip => count.skipped += 1,
            Policy::DeadLetter | Policy::Halt => count.dead_letters += 1,
        }
        count.code = one.code.as_str();
        count.untold += 1;
        let quiet = count.told.is_some_and(|told| now.duration_since(told) < QUIET);
        (!quiet).then(|| {
            count.told = Some(now);
            std::mem::take(&mut count.untold)
        })
    }

    /// As status shows it.
    pub fn json(&self) -> Value {
        let all = || self.tables.values().chain([&self.others]);
        let table = |(name, count): (&String, &Count)| {
            json!({
                "table": name,
                "dead_letters": count.dead_letters,
                "skipped": count.skipped,
                "code": count.code,
            })
        };
        json!({
            "dead_letters": all().map(|count| count.dead_letters).sum::<u64>(),
            "skipped": all().map(|count| count.skipped).sum::<u64>(),
            "tables": self.tables.iter().map(table).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use walbrook_core::error::Code;
    use walbrook_core::layout::Table;

    fn one(table: &str, policy: Policy) -> Poisoned {
        Poisoned { table: Table::new("s", table), policy, code: Code::new("WB-X-001") }
    }

    #[test]
    fn counts_are_by_table_up_to_a_number_of_tables() {
        let (mut counts, now) = (PoisonCounts::default(), Instant::now());
        for table in 0..TABLES + 5 {
            counts.add(&one(&format!("t{table}"), Policy::DeadLetter), now);
        }
        counts.add(&one("t0", Policy::Skip), now);
        let json = counts.json();
        assert_eq!((&json["dead_letters"], &json["skipped"]), (&json!(105), &json!(1)));
        assert_eq!(json["tables"].as_array().unwrap().len(), TABLES);
        assert_eq!(json["tables"][0]["code"], "WB-X-001");
    }

    #[test]
    fn a_warning_tells_of_all_since_the_one_before() {
        let (mut counts, now) = (PoisonCounts::default(), Instant::now());
        let skip = one("t", Policy::Skip);
        assert_eq!(counts.add(&skip, now), Some(1));
        assert_eq!(counts.add(&skip, now), None);
        assert_eq!(counts.add(&skip, now + QUIET), Some(2));
        assert_eq!(counts.add(&one("u", Policy::Skip), now), Some(1), "another table");
    }
}
