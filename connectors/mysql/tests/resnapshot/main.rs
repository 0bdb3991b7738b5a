//! Tables read again while the log goes on, on real servers whose addresses are in the environment;
//! what stands for Kafka is in memory and loses whatever was not committed.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::indexing_slicing)]

mod books;
mod connector;
mod refused;
mod server;
mod under_load;
