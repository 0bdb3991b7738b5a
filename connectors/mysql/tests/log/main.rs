//! The dump client against real servers, whose addresses are in the environment.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod content;
mod end;
mod identity;
mod login;
mod server;
mod size;
mod speed;
