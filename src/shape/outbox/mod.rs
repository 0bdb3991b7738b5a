//! Outbox: a row that an application inserts is an event of its own, not a change of a table.
//!
//! ```text
//!  insert ─▶ columns ─▶ route: value ─▶ topic, below a fixed prefix or in a list
//!               │         └─ known: handle, schema ids of this topic, bounded
//!               ├─ payload: as it is │ JSON expanded to a record │ nothing: a tombstone
//!               └─ key, headers, partition, time ─▶ one record
//!  message ▶ its content, a JSON object, is such a row
//!  update ─▶ a word in the log, or poison          delete ─▶ nothing
//! ```
//!
//! An outbox is one more recipe of a layout ([`recipe::Recipe`]): columns are found once, rows are
//! put together from their cells. What is different is that topics and schemas come from data, so
//! that what is remembered of them is bounded, and what data may not do is poison.

mod cell;
mod content;
mod event;
pub mod expand;
mod known;
mod messages;
mod plan;
mod recipe;
mod refusal;
pub mod settings;

pub(super) use event::Event;
pub(super) use known::Topics;
pub(super) use messages::Messages;
pub(super) use recipe::Recipe;
pub use settings::Outbox;

#[cfg(test)]
mod tests;
