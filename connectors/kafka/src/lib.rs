//! Kafka as the sink: one transaction holds records and the checkpoint after them.
//!
//! ```text
//!  sink::open ─▶ thread: machine (pure) ─▶ port ─▶ producer ─▶ ffi ─▶ librdkafka
//!                                           └──▶ twin (in memory, for tests and the simulator)
//! ```
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`settings`] | what a connector must be told, and the names that follow |
//! | [`sink`] | open, drive, load, the rule after a fence |
//! | [`machine`], [`port`] | the transaction state machine and what it stands on |
//! | [`producer`] | the port over a real Kafka |
//! | [`twin`] | the port, broker and registry in memory, with faults |
//! | [`checkpoint`] | keys and values of the checkpoint topic |
//! | [`consumer`] | reading the records from outside, and the schemas they name |
//! | [`topics`], [`registry`], [`resolver`] | topics, schema ids, and both as shape asks for them |
//! | [`checks`] | what `walbrook doctor` looks at, without writing anything |
//! | [`codes`] | everything that can go wrong |

pub mod checkpoint;
pub mod checks;
mod client;
pub mod codes;
pub mod consumer;
mod ffi;
pub mod machine;
pub mod port;
pub mod producer;
mod reader;
pub mod registry;
pub mod resolver;
pub mod scan;
pub mod settings;
pub mod sink;
#[cfg(test)]
mod testing;
pub mod topics;
pub mod twin;
