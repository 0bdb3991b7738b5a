//! The messages of the `pgoutput` plugin, protocol version 1, decoded where they lie.
//!
//! ```text
//!  XLogData payload ──▶ Message::decode ──▶ Begin, Commit, Relation, Insert, Update, …
//!                                             Tuple<'a> ──▶ Value<'a> one by one, no copy
//! ```
//!
//! Decoding is total: any bytes give a message or [`Malformed`], never a panic, and a length that
//! the server sends is believed only as far as there are bytes.
#![deny(clippy::indexing_slicing)]

pub mod encode;
mod message;
mod reader;
mod relation;
mod tuple;

pub use message::{Begin, Commit, Delete, Insert, Logical, Message, Old, Truncate, Update};
pub use relation::{Column, Relation};
pub use tuple::{Tuple, Value, Values};

/// The bytes are not a message of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// A message kind that version 1 does not have.
    UnknownTag(u8),
    /// The message ends too early, goes on too long, or holds an impossible value.
    Bytes(&'static str),
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Malformed::UnknownTag(tag) => write!(f, "message kind {:?} is unknown", *tag as char),
            Malformed::Bytes(what) => write!(f, "the {what} is cut short or impossible"),
        }
    }
}
