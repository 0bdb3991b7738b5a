//! Codes of what several stages find out in the same way. One constant each; never renumbered.

use crate::error::Code;

/// A record is larger than its topic allows.
pub const TOO_LARGE: Code = Code::new("WB-KAFKA-020");
