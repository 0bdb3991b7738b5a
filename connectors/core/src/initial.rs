//! What a connector reads before the log: which of its tables, and which rows of them.
//!
//! ```text
//!  snapshot_tables ──▶ Initial::tables     the others are told from the log alone
//!  snapshot_rows   ──▶ Initial::rows       a condition, or a whole statement, for one table
//! ```
//!
//! The log is never filtered by either: a change is told, whatever the first reading left out.

use crate::settings::Selection;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The first reading of a connector.
#[derive(Clone)]
pub struct Initial {
    /// Which of the captured tables are read.
    pub tables: Selection,
    /// What is read of a table where that is not all of it, by `schema.table`.
    pub rows: Arc<BTreeMap<String, Rows>>,
}

impl Initial {
    /// Every row of every table.
    pub fn all() -> Self {
        Self { tables: Arc::new(|_, _| true), rows: Arc::default() }
    }

    /// Whether the table is read.
    pub fn reads(&self, space: &str, table: &str) -> bool {
        (self.tables)(space, table)
    }

    /// What is read of the table, where that is not all of it.
    pub fn rows(&self, space: &str, table: &str) -> Option<&Rows> {
        if self.rows.is_empty() { None } else { self.rows.get(&format!("{space}.{table}")) }
    }
}

/// Statements are for the server, not for logs.
impl fmt::Debug for Initial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Initial").field("rows", &self.rows.keys()).finish_non_exhaustive()
    }
}

/// Which rows of a table are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Those for which this condition holds.
    Where(String),
    /// Those that this statement answers, in its order as far as that can be kept.
    Select(String),
}

impl Rows {
    /// What a text means: a statement if it begins as one, or else a condition. Nothing where it
    /// says nothing.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim().trim_end_matches(';').trim_end();
        if code(text).is_empty() {
            return None;
        }
        let text = text.to_owned();
        Some(if is_statement(&text) { Rows::Select(text) } else { Rows::Where(text) })
    }
}

/// Whether a text begins as a statement that answers rows.
fn is_statement(text: &str) -> bool {
    let word: String = code(text).chars().take_while(char::is_ascii_alphabetic).collect();
    ["SELECT", "WITH", "TABLE", "VALUES"].iter().any(|one| word.eq_ignore_ascii_case(one))
}

/// The text behind its first comments.
fn code(text: &str) -> &str {
    let text = text.trim_start();
    let rest = match (text.strip_prefix("--"), text.strip_prefix("/*")) {
        (Some(line), _) => line.split_once('\n').map_or("", |(_, rest)| rest),
        (_, Some(block)) => block.split_once("*/").map_or("", |(_, rest)| rest),
        _ => return text,
    };
    code(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_told_from_a_condition() {
        for text in ["select * from t", "WITH x AS (SELECT 1) TABLE x", "/* a */ -- b\n SELECT 1"] {
            assert!(matches!(Rows::read(text), Some(Rows::Select(_))), "{text}");
        }
        for text in ["deleted_at IS NULL", "(SELECT 1) = a", "selected", "a > 1"] {
            assert!(matches!(Rows::read(text), Some(Rows::Where(_))), "{text}");
        }
        assert_eq!(Rows::read(" SELECT 1 ; "), Some(Rows::Select("SELECT 1".into())));
        assert_eq!((Rows::read(" ; "), Rows::read("-- nothing")), (None, None));
    }

    #[test]
    fn rows_are_found_by_the_whole_name() {
        let rows = BTreeMap::from([("s.t".to_owned(), Rows::Where("a".into()))]);
        let initial = Initial { rows: Arc::new(rows), ..Initial::all() };
        assert!(initial.rows("s", "t").is_some() && initial.rows("s", "tt").is_none());
    }
}
