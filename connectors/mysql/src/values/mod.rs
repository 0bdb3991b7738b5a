//! Values: from how both servers keep them to the payload of an Avro field.
//!
//! ```text
//!  log       column of TABLE_MAP ─▶ Physical ─┐
//!                                             ├─ Codec ─▶ write ─▶ payload (no union tag)
//!  declared  Structure × Modes ───▶ Form ─────┤
//!  snapshot  Value of the driver ─────────────┴─ select ─▶ write ─▶ payload
//! ```
//!
//! Both ways end in [`write`], so that a row is told alike whether it was read or streamed.
#![deny(clippy::indexing_slicing)]

pub mod charset;
mod codec;
mod compressed;
mod conform;
pub mod form;
pub mod json;
mod length;
mod packed;
mod physical;
mod read;
pub mod select;
mod temporal;
pub mod write;
mod written;

pub use codec::Codec;
pub use conform::conform;
pub use form::{Form, Labels};
pub use written::{Bad, Unfit, Written};
