//! The pipeline of one connector: source → shape → sink, and what happens when one of them fails.
//!
//! ```text
//!              ┌──────────── generation ─────────────┐
//!  lifecycle ──▶ open sink ▶ prepare ▶ start ▶ deliver ──▶ outcome ──▶ lifecycle (pure)
//!              └─────────────────────────────────────┘      retry, halt, stand by
//! ```
//!
//! Nothing is carried from one generation to the next but what Kafka holds: the checkpoint that
//! the next one reads back.

pub mod commit;
pub mod deliver;
pub mod environment;
pub mod generation;
mod handover;
pub mod lifecycle;
pub mod report;
pub mod resolving;
pub mod supervise;
pub mod tally;

pub use environment::Environment;
pub use supervise::{Control, supervise};
