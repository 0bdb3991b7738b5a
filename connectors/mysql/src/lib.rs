//! MySQL and MariaDB as a source: binlog transport and decoding, structures, snapshot, checks.
#![forbid(unsafe_code)]

pub mod binlog;
pub mod checks;
pub mod codes;
pub mod ddl;
pub mod doctor;
pub mod flavor;
pub mod idle;
mod resnapshot;
pub mod schema_change;
pub mod settings;
pub mod snapshot;
pub mod source;
pub mod source_block;
mod stream;
pub mod structure;
pub mod table;
pub mod transport;
pub mod values;
