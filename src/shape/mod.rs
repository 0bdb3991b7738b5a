//! Shape: routing and envelope in one pure stage. Batches in, Kafka records out.
//!
//! ```text
//!  Batch ─▶ event by event ─▶ recipe of its layout ─▶ Records
//!                │  counters of the open transaction
//!                └─ a schema id or topic is missing: stop there, say what is needed
//! ```
//!
//! A [`recipe::Recipe`] is compiled once per layout × configuration: where the record goes, how its
//! key is put together from cells, which schemas must be registered. Shape never waits: what it
//! does not know it answers as a [`resolved::Need`], and the caller comes back with the answer.

mod context;
mod control;
mod dead_letter;
pub mod envelope;
pub mod key;
mod message;
mod moment;
pub mod names;
pub mod outbox;
pub mod output;
pub mod poison;
pub mod recipe;
pub mod resolved;
mod row;
pub mod settings;
pub mod shaper;
pub mod text;
pub mod transaction;

pub use output::{Boundary, Output};
pub use resolved::{Need, Resolved};
pub use settings::Settings;
pub use shaper::{Shaped, Shaper};

#[cfg(test)]
mod tests;
