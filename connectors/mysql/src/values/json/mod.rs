//! MySQL's binary JSON to the text that the server prints, and partial updates of it.
//!
//! ```text
//!  JSONB in a row        ──document::print──▶ text
//!  old text + changes    ──patch──▶ Node ──▶ text
//! ```
//!
//! Layouts: json_binary.h and json_diff.h of the MySQL 8.0 sources; the text: Json_wrapper in
//! json_dom.cc, checked value by value against a 9.7 server.

mod change;
mod document;
mod node;
mod number;
mod opaque;
mod quoted;

pub use change::{patch, skip};
pub(super) use document::print;

/// How deep a document may be: the server allows 100.
const DEPTH: usize = 100;

#[cfg(test)]
mod tests;
