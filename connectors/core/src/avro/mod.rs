//! Avro: the writing primitives of the binary form, the text that is registered, and numbers in it.

pub mod java;
pub mod text;
pub mod write;
