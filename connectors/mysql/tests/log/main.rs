//! The dump client against real servers, whose addresses are in the environment.
#![allow(missing_docs)]

mod content;
mod end;
mod identity;
mod login;
mod server;
mod size;
