//! How the keys of a table are ordered: here where that is certain, else by the server.

use crate::structure::{Base, Column, Structure};
use crate::transport::sql_error;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Params, Value};
use std::cmp::Ordering;
use walbrook_core::chunk::{Key, Order, Part};
use walbrook_core::error::Result;

/// A key column of a table that is read in chunks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyColumn {
    /// Name in the database.
    pub(crate) name: String,
    /// How its values are ordered.
    pub(crate) order: Order,
    /// Character set and collation of a text column.
    pub(crate) collation: Option<(String, String)>,
    /// What stands for a value of it in a statement.
    pub(crate) placeholder: String,
}

/// The key columns `names` of a table, if its rows can be read in the order of their keys and told
/// apart by them. `collations`: character set and collation of its columns.
pub(crate) fn columns(
    structure: &Structure,
    names: &[String],
    collations: &[(String, String, String)],
) -> Option<Vec<KeyColumn>> {
    key(structure, names, |name| {
        let own = collations.iter().find(|(of, _, _)| of == name)?;
        Some((own.1.clone(), own.2.clone()))
    })
}

/// The same where only the server compares keys: whatever their collations are.
pub(crate) fn walked(structure: &Structure, names: &[String]) -> Option<Vec<KeyColumn>> {
    key(structure, names, |_| Some(Default::default()))
}

fn key(
    structure: &Structure,
    names: &[String],
    collation: impl Fn(&str) -> Option<(String, String)>,
) -> Option<Vec<KeyColumn>> {
    let column = |name: &String| {
        let column = structure.columns.iter().find(|column| column.name == *name)?;
        let collation = collation(name);
        let order = order(column, collation.as_ref().map(|(_, it)| it.as_str()))?;
        let placeholder = placeholder(column);
        Some(KeyColumn { name: name.clone(), order, collation, placeholder })
    };
    let columns: Option<Vec<KeyColumn>> = names.iter().map(column).collect();
    columns.filter(|columns| !columns.is_empty())
}

/// The order of a column whose values are written by [`Modes::of_keys`].
fn order(column: &Column, collation: Option<&str>) -> Option<Order> {
    let kind = &column.kind;
    match kind.base {
        Base::TinyInt | Base::SmallInt | Base::MediumInt | Base::Int | Base::Year => {
            Some(Order::Signed)
        }
        Base::BigInt if kind.unsigned => Some(Order::Unsigned),
        Base::BigInt | Base::Date | Base::DateTime => Some(Order::Signed),
        // ISO 8601 in UTC with as many digits as the column has.
        Base::Timestamp | Base::VarBinary | Base::Binary => Some(Order::Bytes),
        Base::Decimal => Some(Order::Decimal),
        Base::Char | Base::VarChar => match collation? {
            "utf8mb4_0900_bin" => Some(Order::Bytes),
            "utf8mb4_bin" | "utf8mb3_bin" | "utf8_bin" | "ascii_bin" => Some(Order::Padded),
            // Of these it is certain; many others have letters of their own (`ch`, `aa`), or upper
            // case before lower case.
            "utf8mb4_0900_ai_ci" | "utf8mb4_general_ci" | "utf8mb3_general_ci"
            | "utf8_general_ci" | "latin1_swedish_ci" | "ascii_general_ci" => Some(Order::Alphabet),
            _ => Some(Order::Collation),
        },
        _ => None,
    }
}

/// How a value of the column is given to the server where a plain parameter would be compared as
/// something else: a text with a decimal as a double.
fn placeholder(column: &Column) -> String {
    match (column.kind.base, column.kind.length, column.kind.scale) {
        (Base::Decimal, precision, scale) => {
            format!("CAST(? AS DECIMAL({}, {}))", precision.unwrap_or(10), scale.unwrap_or(0))
        }
        _ => "?".to_owned(),
    }
}

/// A part of a key as a parameter of a statement.
pub(crate) fn value(part: &Part) -> Value {
    match part {
        Part::Bytes(bytes) => Value::Bytes(bytes.clone()),
        Part::Number(number) => match i64::try_from(*number) {
            Ok(number) => Value::Int(number),
            Err(_) => Value::UInt(u64::try_from(*number).unwrap_or(u64::MAX)),
        },
    }
}

/// A value of the server as it is given back to it.
pub(crate) fn parameter(value: &Value) -> Option<Part> {
    match value {
        Value::Int(number) => Some(Part::Number((*number).into())),
        Value::UInt(number) => Some(Part::Number((*number).into())),
        Value::Bytes(bytes) => Some(Part::Bytes(bytes.clone())),
        Value::Date(year, month, day, hour, minute, second, micros) => {
            let text = format!(
                "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{micros:06}"
            );
            Some(Part::Bytes(text.into_bytes()))
        }
        _ => None,
    }
}

/// Asks the server how `key` relates to `end`.
pub(crate) async fn ask(
    conn: &mut Conn,
    columns: &[KeyColumn],
    key: &Key,
    end: &Key,
) -> Result<Ordering> {
    let mut sql = "SELECT CASE".to_owned();
    let mut values = Vec::new();
    let mut rest = Ordering::Equal;
    for ((column, a), b) in columns.iter().zip(&key.0).zip(&end.0) {
        match column.order.compare(a, b) {
            Some(Ordering::Equal) => continue,
            Some(order) => {
                rest = order;
                break;
            }
            None => {}
        }
        let side = match &column.collation {
            Some((charset, collation)) => {
                format!("CONVERT(? USING {charset}) COLLATE {collation}")
            }
            None => "?".to_owned(),
        };
        for (sign, result) in [("<", -1), (">", 1)] {
            sql.push_str(&format!(" WHEN {side} {sign} {side} THEN {result}"));
            values.extend([value(a), value(b)]);
        }
    }
    if values.is_empty() {
        return Ok(rest);
    }
    sql.push_str(" ELSE 0 END");
    let failed = |error| sql_error(&error, "comparing keys");
    let answer: Option<i64> =
        conn.exec_first(sql, Params::Positional(values)).await.map_err(failed)?;
    Ok(answer.unwrap_or(0).cmp(&0).then(rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ddl::{Context, Structures};
    use crate::flavor::Flavor;

    /// How keys of the declared type are ordered, and given to the server.
    fn of(declared: &str) -> Option<(Order, String)> {
        let mut structures = Structures::default();
        structures.set_database("d", "utf8mb4_danish_ci");
        let sql = format!("CREATE TABLE t (k {declared} PRIMARY KEY)");
        structures.apply("d", &sql, &Context::new(Flavor::MySql, 90_704));
        let structure = structures.get("d", "t").unwrap();
        let collation = ("k".into(), "utf8mb4".into(), "utf8mb4_danish_ci".into());
        let columns = columns(structure, &["k".to_owned()], &[collation])?;
        let column = columns.into_iter().next().unwrap();
        Some((column.order, column.placeholder))
    }

    #[test]
    fn keys_of_these_types_are_read_in_chunks() {
        for (declared, order, placeholder) in [
            ("INT UNSIGNED", Order::Signed, "?"),
            ("TINYINT(1)", Order::Signed, "?"),
            ("BIGINT UNSIGNED", Order::Unsigned, "?"),
            ("DATE", Order::Signed, "?"),
            ("DATETIME(3)", Order::Signed, "?"),
            ("TIMESTAMP", Order::Bytes, "?"),
            ("DECIMAL(20,4)", Order::Decimal, "CAST(? AS DECIMAL(20, 4))"),
            ("BINARY(16)", Order::Bytes, "?"),
            ("VARCHAR(9)", Order::Collation, "?"),
        ] {
            assert_eq!(of(declared), Some((order, placeholder.to_owned())), "{declared}");
        }
        for declared in ["ENUM('a','b')", "DOUBLE", "BIT(8)", "TIME"] {
            assert_eq!(of(declared), None, "{declared}");
        }
    }
}
