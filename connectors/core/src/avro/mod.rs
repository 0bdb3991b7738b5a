//! Avro: the writing primitives of the binary form, and the text that is registered.

pub mod text;
pub mod write;
