//! PostgreSQL as a source: replication transport, pgoutput, slots, publications, catalog, snapshot.
#![forbid(unsafe_code)]

pub mod codes;
