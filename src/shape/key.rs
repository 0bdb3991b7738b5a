//! Keys: put together from the cells of an image, compared, and told as text in headers.

use super::text;
use std::sync::Arc;
use walbrook_core::batch::{Batch, Cell, Image, State};
use walbrook_core::columns::SOURCE_TYPE;
use walbrook_core::layout::Layout;
use walbrook_core::schema::{Field, Schema, Wrap};

/// How the key of a table is made.
#[derive(Debug)]
pub struct KeyRecipe {
    /// Fields of the layout, in key order.
    pub columns: Vec<KeyColumn>,
    /// The key's record schema.
    pub schema: Schema,
}

/// One field of a key.
#[derive(Debug)]
pub struct KeyColumn {
    /// Place of the field in the layout.
    pub field: usize,
    wrap: Wrap,
    fallback: Box<[u8]>,
    name: Arc<str>,
}

impl KeyRecipe {
    /// The key of `layout` made of the fields at `places`, under the record name `name`.
    pub fn new(
        layout: &Layout,
        places: &[usize],
        name: String,
        field_name: impl Fn(&str) -> String,
    ) -> Option<Self> {
        let columns: Vec<_> = places
            .iter()
            .filter_map(|&place| {
                let field = layout.fields.get(place)?;
                let name = field_name(&field.name).into();
                let fallback = field.fallback.clone();
                Some(KeyColumn { field: place, wrap: field.wrap, fallback, name })
            })
            .collect();
        let fields = columns.iter().filter_map(|column| {
            let mut schema = layout.fields.get(column.field)?.schema.clone();
            schema.parameters.retain(|(name, _)| !name.starts_with(SOURCE_TYPE));
            Some(Field { name: Arc::clone(&column.name), schema })
        });
        let schema = Schema::record(name, fields.collect());
        if columns.is_empty() { None } else { Some(Self { columns, schema }) }
    }

    /// Appends the key record of `image`.
    pub fn write(&self, out: &mut Vec<u8>, batch: &Batch, image: Image) {
        for column in &self.columns {
            match image.cell(batch, column.field) {
                Some(Cell { state: State::Present | State::Unchanged, payload }) => {
                    out.extend(column.wrap.value_tag());
                    out.extend_from_slice(payload.of(&batch.bytes));
                }
                Some(Cell { state: State::Null, .. }) if column.wrap != Wrap::Required => {
                    out.extend(column.wrap.null_tag());
                }
                _ => out.extend_from_slice(&column.fallback),
            }
        }
    }

    /// Whether the two images of an update have different keys. A column that the old image lacks,
    /// or that the new one says is unchanged, is the same.
    pub fn differs(&self, batch: &Batch, before: Image, after: Image) -> bool {
        self.columns.iter().any(|column| {
            let old = before.cell(batch, column.field);
            let new = after.cell(batch, column.field);
            let (Some(old), Some(new)) = (old, new) else { return false };
            match (old.state, new.state) {
                (State::Present, State::Present) => {
                    old.payload.of(&batch.bytes) != new.payload.of(&batch.bytes)
                }
                (State::Null, State::Present) | (State::Present, State::Null) => true,
                _ => false,
            }
        })
    }

    /// The key as the compact JSON that Connect's header converter writes.
    pub fn json(&self, layout: &Layout, batch: &Batch, image: Image) -> String {
        let mut out = String::from("{");
        for (i, column) in self.columns.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            text::quoted(&mut out, &column.name);
            out.push(':');
            let schema = layout.fields.get(column.field).map(|field| &field.schema);
            match (image.cell(batch, column.field), schema) {
                (
                    Some(Cell { state: State::Present | State::Unchanged, payload }),
                    Some(schema),
                ) => {
                    text::value(&mut out, schema, &mut payload.of(&batch.bytes));
                }
                _ => out.push_str("null"),
            }
        }
        out.push('}');
        out
    }
}
