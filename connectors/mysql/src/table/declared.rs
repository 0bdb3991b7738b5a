//! What a column is declared as: the reference tells it in the schema where it is asked to, and cuts
//! hashes to the length.

use crate::schema_change::column;
use crate::structure::Column;
use walbrook_core::columns::SOURCE_TYPE;
use walbrook_core::schema::Schema;

/// The type as it is written in capitals.
pub(super) fn type_name(column: &Column) -> String {
    column::type_name(&column.kind)
}

/// The declared length.
pub(super) fn length(column: &Column) -> Option<i64> {
    column::length(&column.kind)
}

/// The schema with the parameters that tell the declaration.
pub(super) fn add_to(schema: Schema, column: &Column, comments: bool) -> Schema {
    let parameter = |name: &str| format!("{SOURCE_TYPE}{name}");
    let mut schema = schema.parameter(parameter("type"), type_name(column));
    if let Some(length) = length(column) {
        schema = schema.parameter(parameter("length"), length.to_string());
    }
    if let Some(scale) = column.kind.scale {
        schema = schema.parameter(parameter("scale"), scale.to_string());
    }
    if let Some(comment) = column.comment.as_deref().filter(|text| comments && !text.is_empty()) {
        schema = schema.parameter(parameter("comment"), comment);
    }
    schema.parameter(parameter("name"), column.name.as_str())
}
