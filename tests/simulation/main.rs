//! The simulator: the production pipeline, shape and sink over an in-memory Kafka and a simulated
//! database, on one thread with a paused clock.
//!
//! ```text
//!  world (log, slot)  ─▶ source ─▶ pipeline ─▶ sink machine ─▶ twin broker
//!     survives               one life: dropped whole at a crash      survives
//! ```
//!
//! Three kinds of source: ready batches (`source`), the production stream of PostgreSQL over a
//! scripted walsender (`walsender`), and the same behind a snapshot (`snapshot`). Decisions,
//! checkpoint entries, plans and filters are the production's; only SQL is replaced.
//!
//! The oracle of a stream is the run without faults: whatever goes wrong, a read_committed consumer
//! must see exactly the same bytes. With a snapshot the bytes depend on when it is taken; there the
//! tables are rebuilt from what is seen. `controls` shows that both can fail.
#![cfg(feature = "faults")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unit_arg,
    reason = "a test fails by panicking"
)]

mod controls;
mod crashes;
mod database;
mod faults;
mod fencing;
mod forgetful;
mod held;
mod life;
mod oracle;
mod poison;
mod postgres;
mod random;
mod snapshot;
mod snapshots;
mod source;
mod still;
mod walsender;
mod world;
