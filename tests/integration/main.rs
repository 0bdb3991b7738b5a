//! Behaviour of the daemon on real servers: `cargo test --test integration -- kills::`.
//!
//! ```text
//!  workload ──▶ database ────▶ walbrook (a process) ──▶ Kafka ──▶ follower
//!     └─ ledger table ─────────────────┐                             │
//!                                      └──────────▶ oracle ◀─────────┘
//! ```
//!
//! The oracle never asks the daemon: it compares what the database says was committed with what an
//! independent `read_committed` consumer has read. The servers are those of `dev/stack`; a test
//! whose server is missing fails.
//!
//! `WALBROOK_ACCEPTANCE=1` runs the long forms, `WALBROOK_SEED` repeats a run, `WALBROOK_KEEP`
//! keeps configuration and logs of tests that passed (in `target/tmp`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "a test fails by panicking, prints what it measured and reads its environment"
)]

mod support;

mod admin;
mod bench;
mod big;
mod binlog;
mod broken;
mod canary;
mod day;
mod doctor;
mod fencing;
mod held;
mod initial;
mod kills;
mod many;
mod mariadb;
mod messages;
mod mysql;
mod outbox;
mod poison;
mod resume;
mod retention;
mod smoke;
mod waits;
