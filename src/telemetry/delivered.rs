//! The metrics of what a connector has delivered: by table, by delay, by what was waited for.

use super::meter::Meter;
use super::names;
use crate::pipeline::measured::{Measured, Stage};
use metrics::{Counter, Gauge, Histogram};
use std::collections::BTreeMap;
use std::time::Duration;

/// Where tables are counted that have no label of their own.
const OTHER: &str = "other";

/// Counts what a connector delivers.
#[derive(Debug)]
pub struct Delivered {
    meter: Meter,
    latency: Histogram,
    waits: [Gauge; 3],
    tables: BTreeMap<String, Counter>,
}

impl Delivered {
    /// Nothing is delivered yet.
    pub fn new(meter: Meter) -> Self {
        let wait = |stage: Stage| meter.gauge(names::STAGE_WAIT, &[("stage", stage.as_str())]);
        Self {
            latency: meter.histogram(names::DELIVERY_LATENCY),
            waits: Stage::ALL.map(wait),
            tables: BTreeMap::new(),
            meter,
        }
    }

    /// A Kafka transaction is visible at `now_us`, microseconds since 1970.
    pub fn add(&mut self, measured: &Measured, waits: [Duration; 3], now_us: i64) {
        if let Some(oldest) = measured.oldest_us {
            self.latency.record(now_us.saturating_sub(oldest).max(0) as f64 / 1e6);
        }
        for (sum, wait) in self.waits.iter().zip(waits) {
            sum.increment(wait.as_secs_f64());
        }
        for (table, records) in &measured.tables {
            self.table(table).increment(*records);
        }
    }

    /// The counter of a table: its own for the first ones that are seen.
    fn table(&mut self, table: &str) -> Counter {
        if let Some(counter) = self.tables.get(table) {
            return counter.clone();
        }
        let own = self.tables.len() < names::TABLES;
        let label = if own { table } else { OTHER };
        let counter = self.meter.counter(names::TABLE_RECORDS, &[("table", label)]);
        if own {
            self.tables.insert(table.to_owned(), counter.clone());
        }
        counter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_tables_are_bounded() {
        let mut delivered = Delivered::new(Meter::new("a", "mysql"));
        for number in 0..3 * names::TABLES {
            delivered.table(&format!("s.t{number}")).increment(1);
        }
        assert_eq!(delivered.tables.len(), names::TABLES);
    }
}
