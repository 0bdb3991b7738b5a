//! What statements of the log do to tables: a tolerant reader of DDL.
//!
//! It knows what changes names, types, order, nullability, keys, defaults and character sets, and
//! skips everything else by its parentheses. What is about a table and cannot be understood is told
//! as unknown, never guessed.
//!
//! ```text
//!  text ─▶ scan ─▶ tokens ─▶ statement (create, clause, column, key…) ─▶ structures ─▶ effects
//!                                 what is said                build, change: what it means
//! ```

mod apply;
mod build;
mod change;
mod clause;
mod column;
mod context;
mod create;
mod cursor;
mod database;
mod decimal;
mod default_value;
mod effect;
mod elements;
mod index;
mod key;
mod keys;
mod literal;
mod moment;
mod normal;
mod options;
mod resolve;
mod scan;
mod spec;
mod statement;
mod structures;
#[cfg(test)]
mod tests;
mod token;
mod type_name;

pub use context::{Context, SqlMode};
pub use cursor::Failure;
pub use effect::{Effect, Kind};
pub use structures::{Structures, read_show_create, writes_rows};
