//! Reads tables again while the log goes on. Consumers have them already, so every change is told at
//! its time, and a row that was read is told only if no change of it ran beside its reading.
//!
//! ```text
//!  log     ── S ─────── changes: told, their keys noted ─────── high ── told: the rows but the noted
//!             │                                                   ▲
//!  reader     └▶ S shown? ─▶ view ─▶ end of the log ──────────────┘
//!  (a task)                    └──▶ rows of the next chunk, in memory
//! ```
//!
//! So the log never waits for a reader. The order of keys is the server's affair: what is noted are
//! keys, not places. What is told of a chunk is stored with its rows; a crash costs one chunk.

mod beside;
mod plan;
mod predicate;
mod read;
mod reading;
mod tell;

pub(crate) use beside::Beside;
