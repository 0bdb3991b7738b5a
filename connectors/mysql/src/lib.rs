//! MySQL and MariaDB as a source: binlog transport and decoding, structures, snapshot, checks.
#![forbid(unsafe_code)]

pub mod binlog;
pub mod codes;
pub mod ddl;
pub mod flavor;
pub mod settings;
pub mod source_block;
pub mod structure;
pub mod table;
pub mod values;
