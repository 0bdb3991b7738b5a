//! CREATE TABLE → a structure.

use super::context::Context;
use super::cursor::Read;
use super::keys;
use super::resolve::{self, Resolved};
use super::spec::{ColumnSpec, Elements, KeyKind, KeySpec, Options, Period};
use crate::structure::{Base, Column, Default, Generated, Structure, Type};

/// The table that is declared so. `charset`: the one of the table.
pub(super) fn table(
    name: (&str, &str),
    elements: &Elements,
    options: &Options,
    charset: Resolved,
    context: &Context,
) -> Read<Structure> {
    let mut columns: Vec<Column> =
        elements.columns.iter().map(|spec| resolve::column(spec, &charset, context)).collect();
    let first = columns.iter().position(|column| column.kind.base == Base::Timestamp);
    for (place, (column, spec)) in columns.iter_mut().zip(&elements.columns).enumerate() {
        timestamp(column, spec, first == Some(place), context);
    }
    let mut structure = Structure {
        database: name.0.to_owned(),
        name: name.1.to_owned(),
        charset: charset.charset,
        collation: charset.collation,
        columns,
        primary_key: Vec::new(),
        unique_keys: Vec::new(),
        other_keys: Vec::new(),
        comment: options.comment.clone().filter(|comment| !comment.is_empty()),
    };
    // Foreign keys come last: another key may serve them.
    let (foreign, own): (Vec<_>, Vec<_>) =
        elements.keys.iter().partition(|key| key.kind == KeyKind::Foreign);
    for key in own.into_iter().chain(foreign) {
        add_key(&mut structure, key, &elements.periods)?;
    }
    periods(&mut structure, &elements.periods);
    let versioned = options.versioned || elements.columns.iter().any(|column| column.versioned);
    if versioned && !elements.periods.iter().any(Period::is_system) {
        add_versioning(&mut structure);
    }
    keys::settle(&mut structure);
    Ok(structure)
}

/// Adds a key; one WITHOUT OVERLAPS is over the end and the begin of its period, too.
pub(super) fn add_key(structure: &mut Structure, key: &KeySpec, periods: &[Period]) -> Read<()> {
    let period = key.period.as_ref().and_then(|name| {
        periods.iter().find(|period| keys::same(&period.name, name)).map(|period| &period.columns)
    });
    match period {
        Some([begin, end]) => keys::add(structure, key, &[end.clone(), begin.clone()]),
        None => keys::add(structure, key, &[]),
    }
}

/// Columns of a period are NOT NULL.
pub(super) fn periods(structure: &mut Structure, periods: &[Period]) {
    let named = |column: &Column| {
        periods.iter().flat_map(|period| &period.columns).any(|name| keys::same(name, &column.name))
    };
    for column in structure.columns.iter_mut().filter(|column| named(column)) {
        column.nullable = false;
        if column.default == Default::Null {
            column.default = Default::None;
        }
    }
}

/// Without `explicit_defaults_for_timestamp`, a TIMESTAMP that is NOT NULL and says nothing else is
/// the current time if it is the first of the statement, else its default is the zero date.
pub(super) fn timestamp(column: &mut Column, spec: &ColumnSpec, first: bool, context: &Context) {
    let silent = !column.nullable && spec.default.is_none() && column.generated.is_none();
    if context.explicit_timestamps || column.kind.base != Base::Timestamp || !silent {
        return;
    }
    if first && !column.on_update {
        column.default = Default::Now;
        column.on_update = true;
        return;
    }
    let point = column.kind.length.map_or(String::new(), |digits| {
        let digits = usize::try_from(digits).unwrap_or(0).min(6);
        format!(".{:0<digits$}", "")
    });
    column.default = Default::Literal(format!("0000-00-00 00:00:00{point}"));
}

/// The two columns that no statement declares.
pub(super) fn add_versioning(structure: &mut Structure) {
    if structure.columns.iter().any(|column| column.implicit) {
        return;
    }
    structure.columns.extend(["row_start", "row_end"].map(|name| Column {
        name: name.into(),
        kind: Type {
            base: Base::Timestamp,
            length: Some(6),
            scale: None,
            unsigned: false,
            zerofill: false,
            charset: None,
            collation: None,
            labels: Vec::new(),
            compressed: false,
            written: None,
        },
        nullable: false,
        default: Default::None,
        generated: Some(Generated::Stored),
        auto_increment: false,
        on_update: false,
        invisible: true,
        implicit: true,
        comment: None,
    }));
}
