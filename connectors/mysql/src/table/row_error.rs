//! Why a row could not be written.

use crate::codes;
use walbrook_core::error::Error;
use walbrook_core::layout::Layout;

/// Why a row could not be written. The batch holds the beginning of it: truncate the arena and the
/// cells to where they were.
#[derive(Debug)]
pub enum RowError {
    /// NULL in a column thought NOT NULL: the structure is not the one of this row.
    NullInRequired {
        /// Place of the column in the layout's fields.
        column: usize,
    },
    /// The row cannot be written.
    Bad(Error),
}

impl RowError {
    /// The failure, for a caller that cannot find another structure.
    pub fn into_error(self, layout: &Layout) -> Error {
        match self {
            RowError::Bad(error) => error,
            RowError::NullInRequired { column } => {
                let message = format!(
                    "Column {} of {} is null but NOT NULL.",
                    name(layout, column),
                    layout.table
                );
                Error::poison(codes::ROW, message)
            }
        }
    }

    /// The row ends inside itself, or has parts that its table has not.
    #[cold]
    pub(super) fn malformed(layout: &Layout) -> Self {
        let message = format!("A row of {} does not have the form of its table.", layout.table);
        let fix = "Check the log with `mysqlbinlog --verify-binlog-checksum`.";
        // No matter of one value: what follows in the log could not be read either.
        RowError::Bad(Error::definite(codes::ROW, message).fix(fix))
    }

    /// A value that the form of its column cannot tell.
    #[cold]
    pub(super) fn out_of_reach(layout: &Layout, column: usize) -> Self {
        let message = format!(
            "A value of column {} of {} lies outside what its representation can tell.",
            name(layout, column),
            layout.table
        );
        let fix = "Choose another `temporal` mode, or allow NULL in the column.";
        RowError::Bad(Error::poison(codes::ROW, message).fix(fix))
    }

    /// Differences of a document whose old text the log does not have.
    #[cold]
    pub(super) fn no_old_document(layout: &Layout, column: usize) -> Self {
        let message = format!(
            "An update of column {} of {} is logged as a difference from a value that the log lacks.",
            name(layout, column),
            layout.table
        );
        let fix = "Set `binlog_row_image = FULL`, or `binlog_row_value_options = ''`.";
        RowError::Bad(Error::poison(codes::ROW, message).fix(fix))
    }
}

/// Name of a column, for messages.
pub(super) fn name(layout: &Layout, column: usize) -> &str {
    layout.fields.get(column).map_or("?", |field| &field.name)
}
