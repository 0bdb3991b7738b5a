//! The pipeline of one connector: source → shape → sink, and what happens when one of them fails.
//!
//! ```text
//!              ┌──────────── generation ─────────────┐
//!  lifecycle ──▶ open sink ▶ prepare ▶ start ▶ deliver ──▶ outcome ──▶ lifecycle (pure)
//!              └─────────────────────────────────────┘      retry, halt, stand by
//! ```
//!
//! What people ask comes in by [`orders`] and is answered when it is stored.
//!
//! Nothing is carried from one generation to the next but what Kafka holds: the checkpoint that
//! the next one reads back.

mod asked;
pub mod commit;
pub mod deliver;
pub mod environment;
pub mod generation;
mod handover;
pub mod jobs;
pub mod lifecycle;
pub mod measured;
mod offline;
pub mod orders;
pub mod phase;
pub mod report;
pub mod resolving;
pub mod supervise;
pub mod tally;

pub use environment::Environment;
pub use orders::Control;
pub use supervise::supervise;
