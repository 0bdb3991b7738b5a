//! Codes of everything that can go wrong with PostgreSQL. One constant each; never renumbered.
//! 001–049 connection, slot, publication, stream; 050–079 values and structures; 080–099 snapshot.

#[allow(unused_imports)]
use walbrook_core::error::Code;
