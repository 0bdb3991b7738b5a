//! The reader thread of a source: a runtime of its own, a bounded pool of batches, and the way out.
//!
//! ```text
//!   thread "postgres-shop"                                pipeline
//!   work ── Outlet / Out ──▶ messages (filled batches) ──▶
//!        ◀── spare (empty batches, POOL of them) ◀────────
//! ```
#![forbid(unsafe_code)]

mod out;
mod outlet;
mod thread;

pub use out::{Out, POOL};
pub use outlet::{Gone, Outlet};
pub use thread::{Failures, open};
