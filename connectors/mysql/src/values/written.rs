//! What becomes of a value, and what can be wrong with it.

use crate::codes;
use std::fmt;
use walbrook_core::error::Error;

/// What became of a value that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Its payload is appended.
    Value,
    /// A zero or partial date: nothing is appended. Null where the column can be null, else
    /// [`super::Form::epoch`] is the value.
    ZeroDate,
    /// The form cannot tell it (nanoseconds outside 1677–2262, a 31st of February): nothing is
    /// appended. Null where the column can be null, else the row cannot be delivered.
    OutOfReach,
}

/// Why bytes are not a value. Says nothing about the bytes themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    /// The row ends inside the value.
    Truncated,
    /// A number or date with parts out of their range.
    Number,
    /// A text that is not valid in its character set.
    Text,
    /// An ENUM or SET value without a declared label.
    Label,
    /// A geometry, vector, UUID or address of the wrong length or kind.
    Shape,
    /// A JSON document with an offset outside of it, an unknown part, or too deep.
    Json,
    /// A JSON change whose path leads nowhere in the old document, or that cannot be read.
    JsonChange,
    /// A compressed value that cannot be inflated, or has another length than it says.
    Compressed,
    /// A value of another type than the column, from the server's answer to a SELECT.
    Type,
}

impl Bad {
    /// The failure of the row.
    pub fn error(self, table: &impl fmt::Display, column: &str) -> Error {
        match self {
            Bad::Text => Error::poison(
                codes::TEXT,
                format!("A value of column {column} of table {table} is {self}."),
            )
            .fix("Correct the row, or the character set that the column is declared with."),
            // No matter of one value: what follows in the row cannot be read.
            Bad::Truncated => Error::definite(
                codes::VALUE,
                format!("A value of column {column} of table {table} is {self}."),
            )
            .fix("Check the log with `mysqlbinlog --verify-binlog-checksum`."),
            _ => Error::poison(
                codes::VALUE,
                format!("A value of column {column} of table {table} is {self}."),
            )
            .fix("Snapshot the table again if its structure was changed outside of the log; else report this."),
        }
    }
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Bad::Truncated => "cut short",
            Bad::Number => "not a number or date in its range",
            Bad::Text => "not valid in its character set",
            Bad::Label => "not one of the declared labels",
            Bad::Shape => "not of the length or kind that its type has",
            Bad::Json => "not a JSON document that can be read",
            Bad::JsonChange => "a JSON change that does not fit the old document",
            Bad::Compressed => "compressed in a way that cannot be undone",
            Bad::Type => "of another type than the column",
        })
    }
}

/// Why no codec can be made for a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// The log stores it as something that the declared type never is.
    Kind(u8),
    /// A character set without an exact conversion.
    Charset(String),
    /// A collation number that is not known.
    Collation(u16),
}

impl Unfit {
    /// The failure of the table.
    pub fn error(&self, table: &impl fmt::Display, column: &str) -> Error {
        let message = format!("Column {column} of table {table} {self}.");
        match self {
            Unfit::Kind(_) => Error::definite(codes::UNFIT, message)
                .fix("Snapshot the table again, so that its structure is read anew."),
            _ => Error::definite(codes::CHARSET, message)
                .fix("Convert the column to utf8mb4, or leave the table out of the selection."),
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Kind(kind) => {
                write!(f, "is of type {kind} in the log, which does not fit its declaration")
            }
            Unfit::Charset(name) => {
                write!(f, "has the character set {name}, which cannot be converted exactly")
            }
            Unfit::Collation(id) => {
                write!(f, "has the collation number {id}, which is not known")
            }
        }
    }
}
