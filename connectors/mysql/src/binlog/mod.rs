//! The binary log: events as bytes, decoded without copying.
pub mod table_map;
