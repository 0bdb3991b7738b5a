//! From a relation and what the catalog knows of it to a layout with codecs.

use super::declared::{self, Declared};
use super::{Cell, Column, Hidden, Modes, Table};
use crate::catalog::{Default, Structure};
use crate::pgoutput::{self, Relation};
use crate::values::{self, Mapping};
use std::sync::Arc;
use walbrook_core::columns::Treatment;
use walbrook_core::error::Result;
use walbrook_core::layout::{self, Field, Layout};
use walbrook_core::schema::Schema;

pub(super) fn compile(
    relation: &Relation,
    structure: Option<&Structure>,
    modes: &Modes,
    optional: &[String],
) -> Result<Table> {
    let table = layout::Table::new(relation.schema.as_str(), relation.name.as_str());
    let key = super::key::columns(relation, structure);
    let mut parts = Parts::default();
    for (place, column) in relation.columns.iter().enumerate() {
        let Some(mapping) = values::map(column.type_oid, column.typmod, structure, modes) else {
            parts.columns.push(None);
            continue;
        };
        let declared = declared::of(column, structure);
        let treatment = modes.columns.of(&table, &column.name, &declared.name);
        let known = structure.and_then(|s| s.column(&column.name, column.type_oid, column.typmod));
        // A key by default or by index cannot be null, whatever the catalog says by now.
        let keyed = column.key && matches!(relation.identity, b'd' | b'i');
        let shape = Shape {
            column,
            mapping,
            declared,
            default: known.map_or(&Default::None, |known| &known.default),
            required: (keyed || known.is_some_and(|known| known.not_null))
                && !optional.contains(&column.name),
        };
        parts.add(place, &shape, &treatment, key.contains(&column.name.as_str()));
    }
    let Parts { mut fields, columns, aside, hidden, masked } = parts;
    fields.extend(aside);
    // A hidden cell comes later and is the one that is meant.
    let place = |name: &&str| fields.iter().rposition(|field| &*field.name == *name);
    let key = key.iter().filter_map(place).collect();
    let layout = Layout::new(table, fields, key).masked(masked);
    Ok(Table { layout: Arc::new(layout), columns, hidden })
}

/// What the layout is put together from.
#[derive(Default)]
struct Parts {
    fields: Vec<Field>,
    columns: Vec<Option<Column>>,
    /// Fields of the hidden cells.
    aside: Vec<Field>,
    hidden: Vec<Hidden>,
    masked: bool,
}

impl Parts {
    fn add(&mut self, place: usize, shape: &Shape<'_>, treatment: &Treatment, keyed: bool) {
        self.masked |= !treatment.told || treatment.mask.is_some();
        if treatment.has_hidden_cell(keyed) {
            let (field, column) = shape.plain(shape.schema());
            self.aside.push(Field { hidden: true, ..field });
            self.hidden.push(Hidden { place, column });
        }
        if !treatment.told {
            self.columns.push(None);
            return;
        }
        let (field, column) = shape.told(treatment);
        self.fields.push(field);
        self.columns.push(Some(column));
    }
}

/// A column with everything that is known of it.
struct Shape<'a> {
    column: &'a pgoutput::Column,
    mapping: Mapping,
    declared: Declared,
    default: &'a Default,
    required: bool,
}

impl Shape<'_> {
    /// The schema of its type, required and without a default.
    fn schema(&self) -> Schema {
        self.mapping.schema.clone()
    }

    /// The field and the writer of the column as it is, under `schema`.
    fn plain(&self, schema: Schema) -> (Field, Column) {
        let mut schema = schema.default_value(self.mapping.default_literal(self.default));
        if !self.required {
            schema = schema.optional();
        }
        let wrap = schema.wrap();
        let fallback = match wrap.null_tag() {
            Some(tag) => Box::from([tag]),
            None => self.mapping.fallback(self.default).into_boxed_slice(),
        };
        let cell = Cell { codec: self.mapping.codec.clone(), masking: None };
        let column = Column { cell, key: self.column.key, optional: schema.optional };
        let field = Field {
            name: self.column.name.as_str().into(),
            schema,
            wrap,
            fallback,
            unchanged: self.mapping.unchanged.clone().into_boxed_slice(),
            hidden: false,
        };
        (field, column)
    }

    /// The field and the writer of the column as the value tells it.
    fn told(&self, treatment: &Treatment) -> (Field, Column) {
        let length = Some(self.declared.length);
        let schema = match &treatment.mask {
            Some(mask) => mask.mark(self.schema(), length),
            None if treatment.source_type => self.declared.add_to(self.schema(), self.column),
            None => self.schema(),
        };
        let (mut field, mut column) = self.plain(schema);
        let mask = treatment.mask.as_ref();
        column.cell.masking = mask.and_then(|mask| mask.compile(&field.schema, length));
        if let Some(constant) = column.cell.masking.as_ref().and_then(|masking| masking.constant())
        {
            // It stands for what is missing as well.
            field.fallback =
                field.wrap.value_tag().into_iter().chain(constant.iter().copied()).collect();
            field.unchanged = constant.into();
        }
        (field, column)
    }
}
