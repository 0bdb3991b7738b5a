//! The sink, topics and registry against real servers (`dev/stack`).
//!
//! Needs WALBROOK_TEST_KAFKA and WALBROOK_TEST_REGISTRY; a test without its server says so.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test panics where something is wrong, and prints what it measured"
)]

mod checkpoint;
mod once;
mod records;
mod registry;
mod speed;
mod support;
mod topics;
