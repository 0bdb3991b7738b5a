//! Logical value to payload, for every [`super::Form`]: the codecs of the log and the snapshot's
//! rows both end here, so that a value is written alike in both phases.

mod address;
mod label;
mod number;
mod shape;
mod temporal;

pub use address::{inet4, inet6, uuid};
pub use label::{enum_index, set_mask};
pub use number::{bits, decimal_text, signed, unsigned};
pub use shape::{geometry, vector};
pub use temporal::{Civil, date, date_time, time, timestamp};
pub use walbrook_core::value::binary::write_padded as bytes;

#[cfg(test)]
mod tests;
