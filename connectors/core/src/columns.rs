//! What becomes of each column: told or left out, as it is or masked, with its type or without.
//!
//! ```text
//!  told, not masked           one cell, in the value
//!  masked, and in the key     one cell in the value, masked │ one hidden, as it is
//!  left out, and in the key                                  │ one hidden, as it is
//!  left out                   no cell; a snapshot does not even ask for it
//! ```
//!
//! The configuration decides; a source asks once for each column when it compiles a layout.

use crate::layout::Table;
use crate::mask::Mask;
use std::fmt;
use std::sync::Arc;

/// How the parameters begin that tell a column's type in the database. Keys never have them.
pub const SOURCE_TYPE: &str = "__debezium.source.column.";

/// What becomes of one column.
#[derive(Clone, Debug, PartialEq)]
pub struct Treatment {
    /// Whether it is part of the value.
    pub told: bool,
    /// Whether something beside the table's own key needs it as it is: a key of the configuration,
    /// routing.
    pub needed: bool,
    /// How it is masked in the value.
    pub mask: Option<Mask>,
    /// Whether the schema carries its type in the database.
    pub source_type: bool,
}

impl Default for Treatment {
    fn default() -> Self {
        Self { told: true, needed: false, mask: None, source_type: false }
    }
}

impl Treatment {
    /// Whether it has a hidden cell, as it is, beside what the value tells. `keyed`: whether it is
    /// part of the table's own key.
    pub fn has_hidden_cell(&self, keyed: bool) -> bool {
        (keyed || self.needed) && (!self.told || self.mask.is_some())
    }
}

/// Answers the treatment of a column by table, name, and name of its type.
type Answer = dyn Fn(&Table, &str, &str) -> Treatment + Send + Sync;

/// The treatment of every column of every table.
#[derive(Clone, Default)]
pub struct Columns(Option<Arc<Answer>>);

impl Columns {
    /// Columns treated as `answer` says.
    pub fn new(answer: impl Fn(&Table, &str, &str) -> Treatment + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(answer)))
    }

    /// The treatment of the column `name` of type `type_name`; without rules it is told as it is.
    pub fn of(&self, table: &Table, name: &str, type_name: &str) -> Treatment {
        self.0.as_ref().map_or_else(Treatment::default, |answer| answer(table, name, type_name))
    }
}

/// Rules are equal if they are the same.
impl PartialEq for Columns {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl Eq for Columns {}

/// Without the rules: they hold salts.
impl fmt::Debug for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Columns(by rules)" } else { "Columns(all)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_needed_as_it_is_and_not_told_so_has_a_second_cell() {
        let plain = Treatment::default();
        let masked = Treatment { mask: Some(Mask::Constant("*".into())), ..Treatment::default() };
        let out = Treatment { told: false, ..Treatment::default() };
        assert!(!plain.has_hidden_cell(true));
        assert!(masked.has_hidden_cell(true) && !masked.has_hidden_cell(false));
        assert!(out.has_hidden_cell(true) && !out.has_hidden_cell(false));
        assert!(Treatment { needed: true, ..out }.has_hidden_cell(false));
    }

    #[test]
    fn without_rules_every_column_is_told() {
        let table = Table::new("public", "t");
        assert_eq!(Columns::default().of(&table, "a", "int4"), Treatment::default());
        let rules =
            Columns::new(|_, name, _| Treatment { told: name != "a", ..Treatment::default() });
        assert!(!rules.of(&table, "a", "int4").told && rules.of(&table, "b", "int4").told);
        assert_eq!(rules, rules.clone());
        assert_ne!(rules, Columns::default());
    }
}
