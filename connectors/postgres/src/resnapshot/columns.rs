//! The key that a table is read by: its columns, and how keys are ordered.
//!
//! Rows come in the order of the server's own index. Keys are compared here only where that order is
//! certain; of all others the server is asked.

use crate::pgoutput::{Relation, Tuple, Value};
use crate::snapshot::key::Kind;
use crate::transport::{identifier, literal};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use walbrook_core::chunk::{Key, Part};

/// A column of the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type as SQL writes it, with its modifier.
    pub type_name: String,
    /// Its collation, quoted, if its type has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    /// How values are compared, where that is known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
}

/// The key columns of a table, in key order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns {
    /// The table as the statements name it.
    pub table: String,
    /// The columns.
    pub columns: Vec<Column>,
}

impl Columns {
    /// The key of a row of the log; a value that it lacks because it did not change is in `old`.
    pub fn key(&self, relation: &Relation, row: Tuple<'_>, old: Option<Tuple<'_>>) -> Option<Key> {
        let part = |column: &Column| {
            let place = relation.columns.iter().position(|known| known.name == column.name)?;
            let text = text(row, place).or_else(|| text(old?, place))?;
            column.part(text)
        };
        self.columns.iter().map(part).collect::<Option<Vec<_>>>().map(Key)
    }

    /// The key in the texts of its columns.
    pub fn of_texts<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Option<Key> {
        let parts =
            self.columns.iter().zip(texts).map(|(column, text)| column.part(text.as_bytes()));
        let parts = parts.collect::<Option<Vec<_>>>()?;
        (parts.len() == self.columns.len()).then_some(Key(parts))
    }

    /// How `a` relates to `b`; nothing where only the server knows.
    pub fn compare(&self, a: &Key, b: &Key) -> Option<Ordering> {
        for ((a, b), column) in a.0.iter().zip(&b.0).zip(&self.columns) {
            match column.compare(a, b)? {
                Ordering::Equal => {}
                other => return Some(other),
            }
        }
        Some(Ordering::Equal)
    }

    /// Names of the columns, for a select list or an order.
    pub fn list(&self) -> String {
        let names =
            self.columns.iter().map(|it| format!("{}.{}", self.table, identifier(&it.name)));
        names.collect::<Vec<_>>().join(", ")
    }

    /// The same as text.
    pub fn texts(&self) -> String {
        let texts = self.columns.iter();
        let texts = texts.map(|it| format!("{}.{}::text", self.table, identifier(&it.name)));
        texts.collect::<Vec<_>>().join(", ")
    }

    /// A key as a row of constants.
    pub fn row(&self, key: &Key) -> String {
        let constant = |(part, column): (&Part, &Column)| {
            format!("{}::{}", literal(&shown(part)), column.type_name)
        };
        let parts = key.0.iter().zip(&self.columns).map(constant).collect::<Vec<_>>();
        format!("({})", parts.join(", "))
    }

    /// Asks how one key relates to another: -1, 0 or 1.
    pub fn question(&self, key: &Key, end: &Key) -> String {
        let mut sql = "SELECT CASE".to_owned();
        let value = |column: &Column, part: &Part| {
            let collate = column.collation.as_ref().map(|it| format!(" COLLATE {it}"));
            let collate = collate.unwrap_or_default();
            format!("{}::{}{collate}", literal(&shown(part)), column.type_name)
        };
        for ((a, b), column) in key.0.iter().zip(&end.0).zip(&self.columns) {
            let (a, b) = (value(column, a), value(column, b));
            sql.push_str(&format!(" WHEN {a} < {b} THEN -1 WHEN {a} > {b} THEN 1"));
        }
        sql + " ELSE 0 END"
    }
}

impl Column {
    /// A value in its text form: whole numbers as such, so that people can read them.
    fn part(&self, text: &[u8]) -> Option<Part> {
        match self.kind {
            Some(Kind::Int2 | Kind::Int4 | Kind::Int8 | Kind::Oid) => {
                std::str::from_utf8(text).ok()?.parse().ok().map(Part::Number)
            }
            _ => Some(Part::Bytes(text.to_vec())),
        }
    }

    fn compare(&self, a: &Part, b: &Part) -> Option<Ordering> {
        match (a, b) {
            (Part::Number(a), Part::Number(b)) => Some(a.cmp(b)),
            (Part::Bytes(a), Part::Bytes(b)) if a == b => Some(Ordering::Equal),
            (Part::Bytes(a), Part::Bytes(b)) => {
                let kind = self.kind?;
                Some(kind.text(a)?.cmp(&kind.text(b)?))
            }
            _ => None,
        }
    }
}

fn text(row: Tuple<'_>, place: usize) -> Option<&[u8]> {
    match row.values().nth(place)? {
        Value::Text(text) => Some(text),
        Value::Binary(_) | Value::Null | Value::Unchanged => None,
    }
}

/// The text of a value. Texts of other encodings do not exist: the session speaks UTF-8.
fn shown(part: &Part) -> String {
    match part {
        Part::Number(number) => number.to_string(),
        Part::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Columns {
        let column = |name: &str, type_name: &str, kind: Option<Kind>| Column {
            name: name.into(),
            type_name: type_name.into(),
            collation: kind.is_none().then(|| "\"pg_catalog\".\"default\"".into()),
            kind,
        };
        Columns {
            table: "\"s\".\"t\"".into(),
            columns: vec![
                column("a", "integer", Some(Kind::Int4)),
                column("b", "character varying(9)", None),
            ],
        }
    }

    #[test]
    fn numbers_are_compared_here_and_texts_of_unknown_order_are_not() {
        let it = columns();
        let key = |a: &str, b: &str| it.of_texts([a, b]).unwrap();
        assert_eq!(it.compare(&key("9", "x"), &key("10", "a")), Some(Ordering::Less));
        assert_eq!(it.compare(&key("9", "x"), &key("9", "x")), Some(Ordering::Equal));
        assert_eq!(it.compare(&key("9", "x"), &key("9", "y")), None);
        assert_eq!(it.of_texts(["9"]), None);
        assert_eq!(it.of_texts(["nine", "x"]), None);
    }

    #[test]
    fn a_key_is_written_with_its_types() {
        let it = columns();
        let key = it.of_texts(["7", "it's"]).unwrap();
        assert_eq!(it.row(&key), "('7'::integer, 'it''s'::character varying(9))");
        assert_eq!(it.list(), r#""s"."t"."a", "s"."t"."b""#);
        assert_eq!(
            it.question(&key, &key).split(" WHEN ").nth(3),
            Some(concat!(
                r#"'it''s'::character varying(9) COLLATE "pg_catalog"."default" < "#,
                r#"'it''s'::character varying(9) COLLATE "pg_catalog"."default" THEN -1"#
            ))
        );
        let stored = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<Key>(&stored).unwrap(), key);
    }
}
