//! The vocabulary of Walbrook and the contracts between its parts. No I/O, no clock, no runtime.
//!
//! ```text
//!  source ──Batch──▶ shape ──Records──▶ sink: one Kafka transaction (records + checkpoint)
//!    ▲   rows encoded once, where they are read            │
//!    └────────────── confirm(Position) ◀───────────────────┘
//! ```
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`schema`], [`semantic`], [`avro`] | Connect's schema tree, its named types, the registered text, the writing primitives |
//! | [`layout`], [`batch`], [`change`] | a table version, rows encoded into an arena, what happened to them |
//! | [`modes`], [`settings`] | how values are represented, what every source is told |
//! | [`columns`], [`mask`] | what becomes of each column: left out, replaced, cut, hashed |
//! | [`value`] | calendar, decimals, bytes as text |
//! | [`chunk`], [`resnapshot`] | which changes a table's rows contain while it is read; reading tables again |
//! | [`record`], [`partition`] | what goes to Kafka, and to which partition |
//! | [`position`], [`checkpoint`] | where in the log, and what is stored in Kafka about it |
//! | [`source`], [`sink`], [`resolve`] | the contracts of both ends |
//! | [`error`], [`finding`], [`fault`] | what goes wrong, what a check finds, where tests may cut the power |
#![forbid(unsafe_code)]

pub mod avro;
pub mod batch;
pub mod change;
pub mod checkpoint;
pub mod chunk;
pub mod codes;
pub mod columns;
pub mod error;
pub mod fault;
pub mod finding;
pub mod idle;
pub mod initial;
pub mod layout;
pub mod mask;
pub mod modes;
pub mod partition;
pub mod position;
pub mod record;
pub mod resnapshot;
pub mod resolve;
pub mod schema;
pub mod semantic;
pub mod settings;
pub mod sink;
pub mod source;
pub mod value;
