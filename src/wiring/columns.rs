//! What the configuration says about columns, as the sources ask for it.

use crate::config::{Connector, MaskForm, Pattern};
use walbrook_core::columns::{Columns, Treatment};
use walbrook_core::error::Result;
use walbrook_core::layout::Table;
use walbrook_core::mask::{Hash, Mask};

/// The treatment of every column. Reads the salts.
pub(super) fn columns(connector: &Connector) -> Result<Columns> {
    let rules = connector.columns.clone();
    let masks = rules.masks.iter().map(|mask| Ok((mask.columns.clone(), compiled(&mask.form)?)));
    let masks = masks.collect::<Result<Vec<(Vec<Pattern>, Mask)>>>()?;
    let keys = connector.keys.clone();
    let plain = [&rules.include, &rules.exclude, &rules.source_types, &rules.source_datatypes];
    if masks.is_empty() && plain.iter().all(|patterns| patterns.is_empty()) {
        return Ok(Columns::default());
    }
    Ok(Columns::new(move |table: &Table, column: &str, type_name: &str| {
        let table = table.to_string();
        let name = format!("{table}.{column}");
        let key = keys.iter().find(|key| key.table.matches(&table));
        let mask = masks.iter().find(|(patterns, _)| any(patterns, &name));
        Treatment {
            told: (rules.include.is_empty() || any(&rules.include, &name))
                && !any(&rules.exclude, &name),
            needed: key.is_some_and(|key| key.columns.iter().any(|known| known == column)),
            mask: mask.map(|(_, mask)| mask.clone()),
            source_type: any(&rules.source_types, &name)
                || any(&rules.source_datatypes, &format!("{table}.{type_name}")),
        }
    }))
}

fn any(patterns: &[Pattern], name: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(name))
}

fn compiled(form: &MaskForm) -> Result<Mask> {
    Ok(match form {
        MaskForm::Constant(text) => Mask::Constant(text.as_str().into()),
        MaskForm::Truncate(left) => Mask::Truncate(*left),
        MaskForm::Hash { algorithm, salt, input } => {
            Mask::Hash(Hash::new(*algorithm, salt.read()?, *input))
        }
    })
}
