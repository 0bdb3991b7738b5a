//! The binary log: events as bytes, decoded without copying and without I/O.
//!
//! ```text
//!  header 19 bytes ─▶ Header ─┐
//!  what follows    ─▶ Body ───┴▶ Event: where it lies, when it was written, what it says
//! ```
//!
//! A decoder borrows from the event's bytes and is total on them: whatever they are, it answers with
//! a body or with the reason that there is none. What only some readers want (table maps, status
//! variables, GTID sets) is cut out here and decoded when it is asked for.

mod bitmap;
mod body;
mod compressed;
mod event;
mod field;
mod format;
mod gtid;
mod gtid_domain;
mod gtid_set;
mod gtid_tagged;
mod header;
pub mod kind;
mod query;
mod rows;
mod status;
mod table_event;
pub mod table_map;
mod table_metadata;
mod xa;

pub use bitmap::Bitmap;
pub use body::{Body, StatementKind};
pub(crate) use body::{Flaw, decode};
pub use event::Event;
pub(crate) use field::Fields;
pub use format::Format;
pub use gtid::{Gtid, GtidFlags, Identity};
pub use gtid_domain::GtidList;
pub use gtid_set::{PreviousGtids, encode};
pub(crate) use header::Header;
pub use query::Query;
pub use rows::{DUMMY_TABLE_ID, Rows, RowsKind};
pub use status::{Charsets, QueryStatus, StatusVars};
pub use table_event::TableMapEvent;
pub use table_map::TableMap;
pub use xa::XaPrepare;

#[cfg(test)]
pub(crate) mod golden;
#[cfg(test)]
mod golden_tests;
#[cfg(test)]
mod total_tests;
