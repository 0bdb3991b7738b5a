//! How values are represented: the choices that Debezium gives, with its defaults for MySQL.

use serde::{Deserialize, Serialize};
use walbrook_core::columns::Columns;
pub use walbrook_core::modes::{Binary, Decimals, Temporal};

/// `bigint.unsigned.handling.mode`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BigUnsigned {
    /// A long: numbers from 2^63 on are negative.
    #[default]
    Long,
    /// Connect's Decimal with scale 0.
    Precise,
}

/// Every choice together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Modes {
    /// DECIMAL
    pub decimal: Decimals,
    /// DATE, TIME, DATETIME. `Adaptive` is refused by the configuration, as by the reference.
    pub temporal: Temporal,
    /// BINARY, VARBINARY, BLOBs
    pub binary: Binary,
    /// BIGINT UNSIGNED
    pub big_unsigned: BigUnsigned,
    /// `enable.time.adjuster`: years 0–69 are 2000–2069, 70–99 are 1970–1999.
    pub adjust_years: bool,
    /// `TinyIntOneToBooleanConverter`: which `database.table.column` of type `tinyint(1)` are
    /// booleans; nothing: none.
    pub tinyint_boolean: bool,
    /// `include.schema.comments`: comments of columns and tables in the schemas.
    pub comments: bool,
    /// What stands for a large value that the log does not have because it did not change.
    pub placeholder: String,
    /// What becomes of each column.
    #[serde(skip)]
    pub columns: Columns,
}

impl Modes {
    /// How keys are compared: each value as the server has it, whatever it is told as.
    pub fn of_keys() -> Self {
        Self { adjust_years: false, ..Self::default() }
    }
}

impl Default for Modes {
    fn default() -> Self {
        Self {
            decimal: Decimals::default(),
            temporal: Temporal::AdaptiveTimeMicroseconds,
            binary: Binary::default(),
            big_unsigned: BigUnsigned::default(),
            adjust_years: true,
            tinyint_boolean: false,
            comments: false,
            placeholder: "__debezium_unavailable_value".into(),
            columns: Columns::default(),
        }
    }
}
