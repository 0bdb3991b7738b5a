//! Avro: the writing primitives of the binary form, reading constants back, and the text that is
//! registered.

pub mod read;
pub mod text;
pub mod write;
