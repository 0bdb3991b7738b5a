//! A table version compiled: one codec for each column, from the log's bytes straight to Avro.
mod modes;
pub use modes::{BigUnsigned, Binary, Decimals, Modes, Temporal};
