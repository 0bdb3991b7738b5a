//! What values of every database have in common on their way to Avro: the calendar, exact decimals,
//! bytes written as text. Pure, and no allocation but for decimals of more than 38 digits.

pub mod binary;
pub mod calendar;
pub mod decimal;
pub mod short;
