//! From a relation and what the catalog knows of it to a layout with codecs.

use super::{Column, Modes, Table};
use crate::catalog::{Default, Structure};
use crate::pgoutput::Relation;
use crate::values::{self, Mapping};
use std::sync::Arc;
use walbrook_core::error::Result;
use walbrook_core::layout::{self, Field, Layout};

pub(super) fn compile(
    relation: &Relation,
    structure: Option<&Structure>,
    modes: &Modes,
    optional: &[String],
) -> Result<Table> {
    let mut fields = Vec::with_capacity(relation.columns.len());
    let mut columns = Vec::with_capacity(relation.columns.len());
    for column in &relation.columns {
        let Some(mapping) = values::map(column.type_oid, column.typmod, structure, modes) else {
            columns.push(None);
            continue;
        };
        let nullable = optional.contains(&column.name);
        // A key by default or by index cannot be null, whatever the catalog says by now.
        let keyed = column.key && matches!(relation.identity, b'd' | b'i');
        let known = structure.and_then(|s| s.column(&column.name, column.type_oid, column.typmod));
        let required = (keyed || known.is_some_and(|known| known.not_null)) && !nullable;
        let default = known.map_or(&Default::None, |known| &known.default);
        let (field, codec) = field(&column.name, mapping, default, required);
        columns.push(Some(Column { codec, key: column.key, optional: field.schema.optional }));
        fields.push(field);
    }
    let key = key(relation, structure, &fields);
    let table = layout::Table::new(relation.schema.as_str(), relation.name.as_str());
    Ok(Table { layout: Arc::new(Layout::new(table, fields, key)), columns })
}

fn field(
    name: &str,
    mapping: Mapping,
    default: &Default,
    required: bool,
) -> (Field, values::Codec) {
    let literal = mapping.default_literal(default);
    let fallback = mapping.fallback(default);
    let Mapping { schema, codec, unchanged, .. } = mapping;
    let mut schema = schema.default_value(literal);
    if !required {
        schema = schema.optional();
    }
    let wrap = schema.wrap();
    let fallback = match wrap.null_tag() {
        Some(tag) => Box::from([tag]),
        None => fallback.into_boxed_slice(),
    };
    let field = Field {
        name: name.into(),
        schema,
        wrap,
        fallback,
        unchanged: unchanged.into_boxed_slice(),
        hidden: false,
    };
    (field, codec)
}

/// Places of the table's own key in `fields`: its primary key, else its unique index.
fn key(relation: &Relation, structure: Option<&Structure>, fields: &[Field]) -> Vec<usize> {
    let places = |names: &mut dyn Iterator<Item = &str>| {
        names
            .filter_map(|name| fields.iter().position(|field| &*field.name == name))
            .collect::<Vec<_>>()
    };
    let flagged =
        || relation.columns.iter().filter(|column| column.key).map(|column| column.name.as_str());
    let from_flags = matches!(relation.identity, b'd' | b'i') && flagged().next().is_some();
    let Some(structure) = structure.filter(|structure| !structure.columns.is_empty()) else {
        return if from_flags { places(&mut flagged()) } else { Vec::new() };
    };
    let primary = || structure.primary.iter().map(String::as_str);
    let unique = || structure.unique.iter().map(String::as_str);
    if relation.identity == b'd' {
        // The flags are the primary key of then; the catalog knows its order, if it is still that.
        if from_flags {
            let mut now = primary().collect::<Vec<_>>();
            let mut then = flagged().collect::<Vec<_>>();
            let ordered = now.clone();
            now.sort_unstable();
            then.sort_unstable();
            return match now == then {
                true => places(&mut ordered.into_iter()),
                false => places(&mut flagged()),
            };
        }
        // A deferrable primary key is not flagged.
    }
    let names = if structure.primary.is_empty() {
        unique().collect::<Vec<_>>()
    } else {
        primary().collect()
    };
    places(&mut names.into_iter())
}
