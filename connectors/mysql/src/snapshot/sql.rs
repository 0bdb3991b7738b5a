//! The statements that read a chunk.

use super::entry::Cursor;
use super::order::{self, KeyColumn};
use crate::source::tables::{identifier, quoted};
use mysql_async::Value;
use std::fmt::Write as _;
use walbrook_core::layout::Table;

/// A statement and its parameters.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

/// The rows of a chunk in key order.
pub(super) fn rows(
    table: &Table,
    list: &str,
    columns: &[KeyColumn],
    after: Option<&Cursor>,
    until: Option<&Cursor>,
) -> Statement {
    let mut statement = select(table, list, columns, after, until);
    statement.sql.push_str(&order_by(columns));
    statement
}

/// The last row of a chunk of `rows` rows; none where the rest of the table is smaller.
pub(super) fn boundary(
    table: &Table,
    list: &str,
    columns: &[KeyColumn],
    after: Option<&Cursor>,
    rows: u64,
) -> Statement {
    let mut statement = select(table, list, columns, after, None);
    let order = order_by(columns);
    // Writing into a string does not fail.
    let _ = write!(statement.sql, "{order} LIMIT 1 OFFSET {}", rows.saturating_sub(1));
    statement
}

fn select(
    table: &Table,
    list: &str,
    columns: &[KeyColumn],
    after: Option<&Cursor>,
    until: Option<&Cursor>,
) -> Statement {
    let mut statement =
        Statement { sql: format!("SELECT {list} FROM {}", quoted(table)), values: Vec::new() };
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
fn condition(statement: &mut Statement, columns: &[KeyColumn], bound: &Cursor, sign: &str) {
    let depth = columns.len();
    // The range on the first column says where to begin, whatever comes behind.
    if let (Some(column), Some(part), true) = (columns.first(), bound.sql.0.first(), depth > 1) {
        let (name, place) = (identifier(&column.name), &column.placeholder);
        let _ = write!(statement.sql, "({name} {sign}= {place} AND ");
        statement.values.push(order::value(part));
    }
    for (place, (column, part)) in columns.iter().zip(&bound.sql.0).enumerate() {
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

fn order_by(columns: &[KeyColumn]) -> String {
    let names: Vec<String> = columns.iter().map(|column| identifier(&column.name)).collect();
    match names.is_empty() {
        true => String::new(),
        false => format!(" ORDER BY {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use walbrook_core::chunk::{Key, Order, Part};

    fn columns(names: &[&str]) -> Vec<KeyColumn> {
        let column = |name: &&str| KeyColumn {
            name: (*name).to_owned(),
            order: Order::Signed,
            collation: None,
            placeholder: "?".to_owned(),
        };
        names.iter().map(column).collect()
    }

    fn cursor(numbers: &[i128]) -> Cursor {
        let key = Key(numbers.iter().map(|number| Part::Number(*number)).collect());
        Cursor { key: key.clone(), sql: key }
    }

    #[test]
    fn a_chunk_of_one_column() {
        let table = Table::new("d", "t`x");
        let (after, until) = (cursor(&[5]), cursor(&[9]));
        let statement = rows(&table, "`a`", &columns(&["a"]), Some(&after), Some(&until));
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
    fn a_table_without_a_key_is_read_as_it_lies() {
        let table = Table::new("d", "t");
        assert_eq!(rows(&table, "`a`", &[], None, None).sql, "SELECT `a` FROM `d`.`t`");
    }
}
