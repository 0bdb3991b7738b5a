//! What both ways of reading a table have in common: its layout, and the forms of its columns.
//!
//! Everything here comes from the [`Structure`] alone, so a table has one schema, whether its rows
//! are selected or logged, with names in the log or without.

use super::{Modes, default, key, schema};
use crate::flavor::Flavor;
use crate::structure::{Base, Column, Structure, Type};
use crate::values::Form;
use walbrook_core::avro::{read, write};
use walbrook_core::layout::{self, Field, Layout};
use walbrook_core::schema::{Kind, Schema};
use walbrook_core::semantic;

/// The layout of the table's rows.
pub(super) fn layout(structure: &Structure, modes: &Modes, flavor: Flavor) -> Layout {
    let fields = structure.columns.iter().map(|column| {
        let form = Form::of(&column.kind, modes, flavor);
        field(column, &form, modes)
    });
    let table = layout::Table::new(structure.database.as_str(), structure.name.as_str());
    Layout::new(table, fields.collect(), key::places(structure))
}

fn field(column: &Column, form: &Form, modes: &Modes) -> Field {
    let mut schema = schema::of(form, &column.kind);
    let default = default::payload(column, form);
    schema.default = default.as_deref().and_then(|payload| read::literal(&schema.kind, payload));
    schema.optional = column.nullable;
    // A record's own documentation is part of its type.
    if modes.comments && schema.doc.is_none() {
        schema.doc = column.comment.as_deref().map(Into::into);
    }
    let wrap = schema.wrap();
    let neutral = default.unwrap_or_else(|| semantic::neutral(&schema));
    let unchanged = match is_large(&column.kind) {
        true => placeholder(&schema, &modes.placeholder).unwrap_or_else(|| neutral.clone()),
        false => neutral.clone(),
    };
    Field {
        name: column.name.as_str().into(),
        wrap,
        fallback: wrap.null_tag().map_or(neutral.into_boxed_slice(), |tag| Box::from([tag])),
        unchanged: unchanged.into_boxed_slice(),
        hidden: false,
        schema,
    }
}

/// Whether a value that the log left out is told by the placeholder: everything whose length only
/// the value knows, and that is text or bytes in the schema.
pub(super) fn is_large(declared: &Type) -> bool {
    matches!(
        declared.base,
        Base::Char
            | Base::VarChar
            | Base::TinyText
            | Base::Text
            | Base::MediumText
            | Base::LongText
            | Base::Binary
            | Base::VarBinary
            | Base::TinyBlob
            | Base::Blob
            | Base::MediumBlob
            | Base::LongBlob
            | Base::Json
    )
}

/// The payload of the placeholder, where the schema can say it.
fn placeholder(schema: &Schema, text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match schema.kind {
        Kind::String => write::string(&mut out, text),
        Kind::Bytes => write::bytes(&mut out, text.as_bytes()),
        _ => return None,
    }
    Some(out)
}
