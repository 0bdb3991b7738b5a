//! Avro: the writing primitives of the binary form, reading constants back, the text that is
//! registered, and numbers in it.

pub mod java;
pub mod read;
pub mod text;
pub mod write;
