//! The statements that read a chunk.

use super::order::{self, KeyColumn};
use crate::source::tables::{identifier, quoted};
use mysql_async::Value;
use std::fmt::Write as _;
use walbrook_core::chunk::Key;
use walbrook_core::layout::Table;

/// A statement and its parameters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Statement {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
}

/// The rows of a chunk in key order: behind the first bound up to the second, and only those that
/// meet the condition.
pub(crate) fn rows(
    table: &Table,
    list: &str,
    columns: &[KeyColumn],
    (after, until): (Option<&Key>, Option<&Key>),
    predicate: Option<&str>,
) -> Statement {
    rows_of(&quoted(table), list, columns, (after, until), predicate)
}

/// The same of what stands in the table's place.
pub(crate) fn rows_of(
    source: &str,
    list: &str,
    columns: &[KeyColumn],
    (after, until): (Option<&Key>, Option<&Key>),
    predicate: Option<&str>,
) -> Statement {
    let mut statement = select(source, list, columns, after, until);
    if let Some(predicate) = predicate {
        let word = if after.is_none() && until.is_none() { "WHERE" } else { "AND" };
        // Writing into a string does not fail.
        let _ = write!(statement.sql, " {word} ({predicate})");
    }
    statement.sql.push_str(&order_by(columns));
    statement
}

/// The last row of a chunk of `rows` rows; none where the rest of the table is smaller.
pub(crate) fn boundary(
    table: &Table,
    list: &str,
    columns: &[KeyColumn],
    after: Option<&Key>,
    rows: u64,
) -> Statement {
    let mut statement = select(&quoted(table), list, columns, after, None);
    let order = order_by(columns);
    // Writing into a string does not fail.
    let _ = write!(statement.sql, "{order} LIMIT 1 OFFSET {}", rows.saturating_sub(1));
    statement
}

fn select(
    source: &str,
    list: &str,
    columns: &[KeyColumn],
    after: Option<&Key>,
    until: Option<&Key>,
) -> Statement {
    let mut statement =
        Statement { sql: format!("SELECT {list} FROM {source}"), values: Vec::new() };
    let mut word = " WHERE ";
    for (bound, sign) in [(after, ">"), (until, "<")] {
        let Some(bound) = bound else { continue };
        statement.sql.push_str(word);
        condition(&mut statement, columns, bound, sign);
        word = " AND ";
    }
    statement
}

/// `(a > ? OR (a = ? AND (b > ?)))`: what the optimizer turns into one range. The upper bound
/// itself belongs to the chunk.
fn condition(statement: &mut Statement, columns: &[KeyColumn], bound: &Key, sign: &str) {
    let depth = columns.len();
    // The range on the first column says where to begin, whatever comes behind.
    if let (Some(column), Some(part), true) = (columns.first(), bound.0.first(), depth > 1) {
        let (name, place) = (identifier(&column.name), &column.placeholder);
        let _ = write!(statement.sql, "({name} {sign}= {place} AND ");
        statement.values.push(order::value(part));
    }
    for (place, (column, part)) in columns.iter().zip(&bound.0).enumerate() {
        let (name, value) = (identifier(&column.name), &column.placeholder);
        if place + 1 == depth {
            let last = if sign == "<" { "<=" } else { ">" };
            let _ = write!(statement.sql, "{name} {last} {value}");
            statement.values.push(order::value(part));
        } else {
            let _ = write!(statement.sql, "({name} {sign} {value} OR ({name} = {value} AND (");
            statement.values.extend([order::value(part), order::value(part)]);
        }
    }
    statement.sql.push_str(&")))".repeat(depth - 1));
    if depth > 1 {
        statement.sql.push(')');
    }
}

/// The key columns as a list.
pub(crate) fn names(columns: &[KeyColumn]) -> String {
    let names: Vec<String> = columns.iter().map(|column| identifier(&column.name)).collect();
    names.join(", ")
}

fn order_by(columns: &[KeyColumn]) -> String {
    match columns.is_empty() {
        true => String::new(),
        false => format!(" ORDER BY {}", names(columns)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use walbrook_core::chunk::{Order, Part};

    fn columns(names: &[&str]) -> Vec<KeyColumn> {
        let column = |name: &&str| KeyColumn {
            name: (*name).to_owned(),
            order: Order::Signed,
            collation: None,
            placeholder: "?".to_owned(),
        };
        names.iter().map(column).collect()
    }

    fn cursor(numbers: &[i128]) -> Key {
        Key(numbers.iter().map(|number| Part::Number(*number)).collect())
    }

    #[test]
    fn a_chunk_of_one_column() {
        let table = Table::new("d", "t`x");
        let (after, until) = (cursor(&[5]), cursor(&[9]));
        let statement = rows(&table, "`a`", &columns(&["a"]), (Some(&after), Some(&until)), None);
        assert_eq!(
            statement.sql,
            "SELECT `a` FROM `d`.`t``x` WHERE `a` > ? AND `a` <= ? ORDER BY `a`"
        );
        assert_eq!(statement.values, vec![Value::Int(5), Value::Int(9)]);
    }

    #[test]
    fn a_chunk_of_two_columns() {
        let (table, after) = (Table::new("d", "t"), cursor(&[5, 6]));
        let statement = boundary(&table, "`a`,`b`", &columns(&["a", "b"]), Some(&after), 100);
        assert_eq!(
            statement.sql,
            "SELECT `a`,`b` FROM `d`.`t` WHERE (`a` >= ? AND (`a` > ? OR (`a` = ? AND (`b` > ?)))) \
             ORDER BY `a`, `b` LIMIT 1 OFFSET 99"
        );
        assert_eq!(statement.values.len(), 4);
    }

    #[test]
    fn a_condition_holds_for_every_chunk() {
        let (table, after) = (Table::new("d", "t"), cursor(&[5]));
        let sql =
            |after| rows(&table, "`a`", &columns(&["a"]), (after, None), Some("x = 1 OR y")).sql;
        assert_eq!(sql(None), "SELECT `a` FROM `d`.`t` WHERE (x = 1 OR y) ORDER BY `a`");
        assert_eq!(
            sql(Some(&after)),
            "SELECT `a` FROM `d`.`t` WHERE `a` > ? AND (x = 1 OR y) ORDER BY `a`"
        );
    }

    #[test]
    fn a_table_without_a_key_is_read_as_it_lies() {
        let table = Table::new("d", "t");
        assert_eq!(rows(&table, "`a`", &[], (None, None), None).sql, "SELECT `a` FROM `d`.`t`");
    }
}
