//! The statements of a snapshot.

use super::entry::{KeyColumn, Segment};
use super::export::Exported;
use crate::catalog::TableInfo;
use crate::transport::{identifier, literal};

/// Begins a transaction that sees exactly the snapshot. A lock is waited for no longer than that.
pub(super) fn begin(snapshot: &Exported) -> String {
    format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT {}; \
         SET LOCAL lock_timeout = '5s'; SET LOCAL work_mem = '64MB'; SET LOCAL jit = off",
        literal(&snapshot.name)
    )
}

/// `schema.table`, quoted.
pub(super) fn table(info: &TableInfo) -> String {
    name(&info.schema, &info.name)
}

/// The same of a name.
pub(super) fn name(schema: &str, name: &str) -> String {
    format!("{}.{}", identifier(schema), identifier(name))
}

/// The expression that is compared and sorted by. Qualified, or else ORDER BY would mean the text
/// in the select list.
fn ordered(key: &KeyColumn) -> String {
    let name = format!("w.{}", identifier(&key.name));
    if key.collate { format!("{name} COLLATE \"C\"") } else { name }
}

/// Which rows belong to a piece, and in which order they come.
#[derive(Clone, Debug, Default)]
pub(super) struct Range {
    /// Conditions.
    pub(super) conditions: Vec<String>,
    /// The key to sort by, which also comes first in the row.
    pub(super) key: Option<KeyColumn>,
    /// What stands in the table's place, with its alias.
    pub(super) from: Option<String>,
}

/// The rows of a segment.
pub(super) fn segment(key: &KeyColumn, segment: &Segment) -> Range {
    let condition = |operator: &str, bound: &Option<String>| {
        let bound = bound.as_ref()?;
        Some(format!("{} {operator} {}::{}", ordered(key), literal(bound), key.kind.sql()))
    };
    let lo = segment.upto.as_ref().or(segment.lo.as_ref()).cloned();
    let conditions = [condition(">=", &lo), condition("<", &segment.hi)];
    Range {
        conditions: conditions.into_iter().flatten().collect(),
        key: Some(key.clone()),
        from: None,
    }
}

/// The rows of blocks.
pub(super) fn blocks(from: u64, to: Option<u64>) -> Range {
    let mut conditions = vec![format!("ctid >= '({from},0)'::tid")];
    conditions.extend(to.map(|to| format!("ctid < '({to},0)'::tid")));
    Range { conditions, ..Range::default() }
}

impl Range {
    /// Where the rows come from, called `w`.
    fn source(&self, info: &TableInfo) -> String {
        self.from.clone().unwrap_or_else(|| format!("ONLY {} w", table(info)))
    }

    fn predicate(&self) -> String {
        match self.conditions.is_empty() {
            true => String::new(),
            false => format!(" WHERE {}", self.conditions.join(" AND ")),
        }
    }

    /// Reads the rows, each with its leading key value first where there is a key.
    pub(super) fn copy(&self, info: &TableInfo, columns: &str) -> String {
        let (source, predicate) = (self.source(info), self.predicate());
        let (lead, order) = match &self.key {
            Some(key) => {
                let comma = if columns.is_empty() { "" } else { ", " };
                let lead = format!("w.{}::text{comma}", identifier(&key.name));
                (lead, format!(" ORDER BY {}", ordered(key)))
            }
            None => Default::default(),
        };
        format!("COPY (SELECT {lead}{columns} FROM {source}{predicate}{order}) TO STDOUT")
    }

    /// Asks whether there is any row.
    pub(super) fn any(&self, info: &TableInfo) -> String {
        format!("SELECT EXISTS (SELECT FROM {}{})", self.source(info), self.predicate())
    }
}

/// Asks for `count` percentiles of the key, from the rows of about 300 blocks.
pub(super) fn percentiles(info: &TableInfo, key: &KeyColumn, count: u64) -> String {
    let blocks = (info.bytes / 8192).max(1);
    let percent = (100.0 * 300.0 / blocks as f64).min(100.0);
    let fractions = (1..count).map(|n| format!("{:.6}", n as f64 / count as f64));
    let fractions = fractions.collect::<Vec<_>>().join(",");
    format!(
        "SELECT percentile_disc(ARRAY[{fractions}]::float8[]) WITHIN GROUP (ORDER BY {})::text[] \
         FROM ONLY {} w TABLESAMPLE SYSTEM ({percent:.6})",
        ordered(key),
        table(info)
    )
}

#[cfg(test)]
mod tests {
    use super::super::key::Kind;
    use super::*;

    fn info() -> TableInfo {
        TableInfo {
            oid: 1,
            schema: "public".into(),
            name: "o\"x".into(),
            kind: 'r',
            root: None,
            relfilenode: 1,
            bytes: 81_920_000,
            rows_estimated: 1.0,
            identity: 'd',
            primary_key: Vec::new(),
        }
    }

    fn key(collate: bool) -> KeyColumn {
        KeyColumn { name: "id".into(), kind: Kind::Text, collate }
    }

    #[test]
    fn a_segment_is_read_in_order_from_where_it_was() {
        let (lo, hi, upto) = (Some("a".into()), Some("c'".into()), Some("b".into()));
        let range = segment(&key(false), &Segment { lo, hi, upto, covered: 1, done: false });
        assert_eq!(
            range.copy(&info(), "a, b"),
            "COPY (SELECT w.\"id\"::text, a, b FROM ONLY \"public\".\"o\"\"x\" w WHERE w.\"id\" >= \
             'b'::text AND w.\"id\" < 'c'''::text ORDER BY w.\"id\") TO STDOUT"
        );
    }

    #[test]
    fn a_statement_stands_in_the_tables_place() {
        let lo = Some("a".into());
        let range = segment(&key(false), &Segment { lo, ..Segment::default() });
        let range = Range { from: Some("(SELECT 1) AS w".into()), ..range };
        assert_eq!(
            range.copy(&info(), "a"),
            "COPY (SELECT w.\"id\"::text, a FROM (SELECT 1) AS w WHERE w.\"id\" >= 'a'::text \
             ORDER BY w.\"id\") TO STDOUT"
        );
        assert_eq!(
            Range { from: Some("(SELECT 1) AS w".into()), ..Range::default() }.any(&info()),
            "SELECT EXISTS (SELECT FROM (SELECT 1) AS w)"
        );
    }

    #[test]
    fn other_collations_are_compared_by_bytes() {
        let range = segment(&key(true), &Segment { hi: Some("c".into()), ..Segment::default() });
        let copy = range.copy(&info(), "a");
        assert!(
            copy.contains(
                "WHERE w.\"id\" COLLATE \"C\" < 'c'::text ORDER BY w.\"id\" COLLATE \"C\""
            )
        );
    }

    #[test]
    fn percentiles_are_sampled() {
        let sql = percentiles(&info(), &key(false), 4);
        assert!(sql.contains("ARRAY[0.250000,0.500000,0.750000]") && sql.contains("SYSTEM (3.0"));
    }

    #[test]
    fn blocks_and_whole_tables() {
        assert_eq!(
            blocks(8, Some(16)).any(&info()),
            "SELECT EXISTS (SELECT FROM ONLY \"public\".\"o\"\"x\" w WHERE ctid >= '(8,0)'::tid AND \
             ctid < '(16,0)'::tid)"
        );
        let whole = Range::default().copy(&info(), "a");
        assert_eq!(whole, "COPY (SELECT a FROM ONLY \"public\".\"o\"\"x\" w) TO STDOUT");
    }
}
