//! The simulator: the production pipeline, shape and sink over an in-memory Kafka and a scripted
//! database, on one thread with a paused clock.
//!
//! ```text
//!  world (log, slot)  ─▶ source ─▶ pipeline ─▶ sink machine ─▶ twin broker
//!     survives               one life: dropped whole at a crash      survives
//! ```
//!
//! The oracle is the run without faults: whatever goes wrong, a read_committed consumer must see
//! exactly the same bytes.
#![cfg(feature = "faults")]

mod crashes;
mod faults;
mod life;
mod random;
mod source;
mod world;
