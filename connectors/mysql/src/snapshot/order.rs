//! How the keys of a table are ordered: here where that is certain, else by the server.

use crate::structure::{Base, Structure};
use crate::table::{BigUnsigned, Modes};
use crate::transport::sql_error;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Params, Value};
use std::cmp::Ordering;
use walbrook_core::chunk::{Key, Order, Part};
use walbrook_core::error::Result;
use walbrook_core::modes::{Binary, Temporal};

/// A key column of a table that is read in chunks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyColumn {
    /// Name in the database.
    pub(crate) name: String,
    /// How its values are ordered.
    pub(crate) order: Order,
    /// Character set and collation of a text column.
    pub(crate) collation: Option<(String, String)>,
}

/// The key columns `names` of a table, if its rows can be read in the order of their keys and told
/// apart by them. `collations`: character set and collation of its columns.
pub(crate) fn columns(
    structure: &Structure,
    names: &[String],
    modes: &Modes,
    collations: &[(String, String, String)],
) -> Option<Vec<KeyColumn>> {
    let column = |name: &String| {
        let column = structure.columns.iter().find(|column| column.name == *name)?;
        let own = collations.iter().find(|(of, _, _)| of == name);
        let collation = own.map(|(_, charset, collation)| (charset.clone(), collation.clone()));
        let order = order(column, modes, collation.as_ref().map(|(_, it)| it.as_str()))?;
        Some(KeyColumn { name: name.clone(), order, collation })
    };
    let columns: Option<Vec<KeyColumn>> = names.iter().map(column).collect();
    columns.filter(|columns| !columns.is_empty())
}

fn order(
    column: &crate::structure::Column,
    modes: &Modes,
    collation: Option<&str>,
) -> Option<Order> {
    let kind = &column.kind;
    match kind.base {
        // One of them may be told as a boolean, whose payload is not a number.
        Base::TinyInt if kind.length == Some(1) => None,
        Base::TinyInt | Base::SmallInt | Base::MediumInt | Base::Int => Some(Order::Signed),
        Base::BigInt if !kind.unsigned => Some(Order::Signed),
        Base::BigInt if modes.big_unsigned == BigUnsigned::Long => Some(Order::Unsigned),
        Base::Date | Base::DateTime if modes.temporal == Temporal::AdaptiveTimeMicroseconds => {
            // Years before 100 are moved, so the order is the server's only without that.
            (!modes.adjust_years).then_some(Order::Signed)
        }
        Base::VarBinary | Base::Binary if modes.binary == Binary::Bytes => Some(Order::Bytes),
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

/// Asks the server how `key` relates to `end`.
pub(crate) async fn ask(
    conn: &mut Conn,
    columns: &[KeyColumn],
    key: &Key,
    end: &Key,
) -> Result<Ordering> {
    let mut sql = "SELECT CASE".to_owned();
    let mut values = Vec::new();
    for ((column, a), b) in columns.iter().zip(&key.0).zip(&end.0) {
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
    sql.push_str(" ELSE 0 END");
    let failed = |error| sql_error(&error, "comparing keys");
    let answer: Option<i64> =
        conn.exec_first(sql, Params::Positional(values)).await.map_err(failed)?;
    Ok(answer.unwrap_or(0).cmp(&0))
}
