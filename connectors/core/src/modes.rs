//! Words for how values are represented that every source shares: Debezium's own.

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
    /// Every choice.
    pub const ALL: [Decimals; 3] = [Decimals::Precise, Decimals::Double, Decimals::String];
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
