//! What both ways of reading a table have in common: its layout, and the forms of its columns.
//!
//! Everything here comes from the [`Structure`] alone, so a table has one schema, whether its rows
//! are selected or logged, with names in the log or without.

use super::{Modes, declared, default, key, schema};
use crate::flavor::Flavor;
use crate::structure::{Base, Column, Structure, Type};
use crate::values::Form;
use walbrook_core::avro::{read, write};
use walbrook_core::columns::Treatment;
use walbrook_core::layout::{self, Field, Layout};
use walbrook_core::mask::Masking;
use walbrook_core::schema::{Kind, Schema};
use walbrook_core::semantic;

/// Which cells the rows of a table have.
pub(super) struct Cells {
    /// Their layout.
    pub(super) layout: Layout,
    /// For each column what the value tells of it; nothing: it is left out.
    pub(super) told: Vec<Option<Told>>,
    /// Places of the columns that have a hidden cell, in the order of these.
    pub(super) hidden: Vec<usize>,
}

/// How the value tells a column.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) masking: Option<Masking>,
}

/// The cells of the table's rows.
pub(super) fn cells(structure: &Structure, modes: &Modes, flavor: Flavor) -> Cells {
    let table = layout::Table::new(structure.database.as_str(), structure.name.as_str());
    let keyed = key::places(structure);
    let (mut fields, mut aside, mut told, mut hidden) = (vec![], vec![], vec![], vec![]);
    let mut masked = false;
    for (place, column) in structure.columns.iter().enumerate() {
        let form = Form::of(&column.kind, modes, flavor);
        let mut treatment = modes.columns.of(&table, &column.name, &declared::type_name(column));
        masked |= !treatment.told || treatment.mask.is_some();
        // A document may be logged as a difference from the one before, which must be as it was.
        treatment.needed |= form == Form::Json && treatment.told;
        if treatment.has_hidden_cell(keyed.contains(&place)) {
            let plain = schema::of(&form, &column.kind);
            aside.push(Field { hidden: true, ..field(column, &form, modes, plain) });
            hidden.push(place);
        }
        told.push(treatment.told.then(|| {
            let (field, masking) = treated(column, &form, modes, &treatment);
            fields.push(field);
            Told { masking }
        }));
    }
    let visible = |place: usize| told.iter().take(place).flatten().count();
    let cell = |place: usize| match hidden.iter().position(|known| *known == place) {
        Some(aside) => fields.len() + aside,
        None => visible(place),
    };
    let key: Vec<usize> = keyed.into_iter().map(cell).collect();
    fields.extend(aside);
    let layout = Layout::new(table, fields, key).masked(masked);
    Cells { layout, told, hidden }
}

/// The field of a column as the value tells it.
fn treated(
    column: &Column,
    form: &Form,
    modes: &Modes,
    treatment: &Treatment,
) -> (Field, Option<Masking>) {
    let plain = schema::of(form, &column.kind);
    let length = declared::length(column);
    let schema = match &treatment.mask {
        Some(mask) => mask.mark(plain, length),
        None if treatment.source_type => declared::add_to(plain, column, modes.comments),
        None => plain,
    };
    let mut field = field(column, form, modes, schema);
    let masking = treatment.mask.as_ref().and_then(|mask| mask.compile(&field.schema, length));
    if let Some(constant) = masking.as_ref().and_then(Masking::constant) {
        // It stands for what is missing as well.
        field.fallback =
            field.wrap.value_tag().into_iter().chain(constant.iter().copied()).collect();
        field.unchanged = constant.into();
    }
    (field, masking)
}

fn field(column: &Column, form: &Form, modes: &Modes, mut schema: Schema) -> Field {
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
