//! How values are represented: the choices that Debezium gives, with its defaults for PostgreSQL.

use serde::{Deserialize, Serialize};

/// `decimal.handling.mode`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decimals {
    /// Connect's Decimal, or VariableScaleDecimal where no scale is declared.
    #[default]
    Precise,
    /// A double.
    Double,
    /// The text of the number.
    String,
}

impl Decimals {
    #[cfg(test)]
    pub(crate) const ALL: [Decimals; 3] = [Decimals::Precise, Decimals::Double, Decimals::String];
}

/// `time.precision.mode`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Temporal {
    /// Milliseconds where the column has at most three digits, else microseconds.
    #[default]
    Adaptive,
    /// The same, but TIME is always microseconds.
    AdaptiveTimeMicroseconds,
    /// Microseconds.
    Microseconds,
    /// Nanoseconds.
    Nanoseconds,
    /// Connect's own logical types, milliseconds.
    Connect,
    /// ISO 8601 text.
    #[serde(rename = "isostring")]
    IsoString,
}

/// `binary.handling.mode`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Binary {
    /// Bytes.
    #[default]
    Bytes,
    /// Text in base64.
    Base64,
    /// Text in base64 with the alphabet for URLs.
    Base64UrlSafe,
    /// Text in hexadecimal.
    Hex,
}

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
        }
    }
}
