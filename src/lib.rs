//! The Walbrook daemon: it decides, and never speaks a wire protocol itself.
//!
//! | module | what it decides |
//! | --- | --- |
//! | [`config`] | what the configuration says, and what is wrong with it |
//! | [`shape`] | how changes become records |
//! | [`pipeline`] | when to commit, retry, halt |
//! | [`doctor`] | what could be in the way |
//! | [`admin`], [`telemetry`] | what is told to people and machines |
#![forbid(unsafe_code)]

pub mod admin;
pub mod cli;
pub mod codes;
pub mod config;
pub mod daemon;
pub mod doctor;
pub mod import;
pub mod pipeline;
pub mod shape;
pub mod tail;
pub mod telemetry;
pub mod wiring;
