//! How values are represented: the choices that Debezium gives, with its defaults for PostgreSQL.

use serde::{Deserialize, Serialize};
use walbrook_core::columns::Columns;
pub use walbrook_core::modes::{Binary, Decimals, Temporal};

/// `interval.handling.mode`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intervals {
    /// Microseconds; a month is 30.4375 days.
    #[default]
    Numeric,
    /// `P1Y2M3DT4H5M6.7S`
    String,
}

/// `hstore.handling.mode`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hstore {
    /// JSON text.
    #[default]
    Json,
    /// A map.
    Map,
}

/// Every choice together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Modes {
    /// numeric, decimal, money
    pub decimal: Decimals,
    /// date, time, timestamp
    pub temporal: Temporal,
    /// bytea and, with `unknown`, every type without a mapping
    pub binary: Binary,
    /// interval
    pub interval: Intervals,
    /// hstore
    pub hstore: Hstore,
    /// Digits after the point of money.
    pub money_fraction_digits: u8,
    /// Whether columns of a type without a mapping are told as bytes instead of left out.
    pub unknown: bool,
    /// What stands for a large value that the log does not have because it did not change.
    pub placeholder: String,
    /// What becomes of each column.
    #[serde(skip)]
    pub columns: Columns,
}

impl Default for Modes {
    fn default() -> Self {
        Self {
            decimal: Decimals::default(),
            temporal: Temporal::default(),
            binary: Binary::default(),
            interval: Intervals::default(),
            hstore: Hstore::default(),
            money_fraction_digits: 2,
            unknown: false,
            placeholder: "__debezium_unavailable_value".to_owned(),
            columns: Columns::default(),
        }
    }
}
