//! PostgreSQL as a source: replication transport, pgoutput, slots, publications, catalog, snapshot.
#![forbid(unsafe_code)]

pub mod catalog;
pub mod checks;
pub mod codes;
pub mod doctor;
pub mod idle;
pub mod lsn;
pub mod pgoutput;
pub mod publication;
pub mod resnapshot;
pub mod resume;
pub mod settings;
pub mod slot;
pub mod snapshot;
pub mod source;
pub mod source_block;
pub mod stream;
pub mod table;
pub mod tail;
pub mod transport;
mod values;
