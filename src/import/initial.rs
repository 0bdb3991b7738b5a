//! Which tables are read before the log, and which rows of them.

use super::given::Given;
use super::setting::{Lines, list_of};
use super::tables::{list_in, pattern};
use crate::config::{Server, quoted};
use walbrook_core::initial::Rows;

/// The list of the tables whose statements are given, and the beginning of their keys.
const OVERRIDES: &str = "snapshot.select.statement.overrides";

/// `snapshot.include.collection.list`, whose expressions mean whole names in any case.
pub(super) fn tables(given: &mut Given) -> Option<String> {
    let list = list_in(given, "snapshot.include.collection.list", "snapshot_tables");
    let patterns: Vec<String> = list.iter().map(|expression| pattern(expression)).collect();
    (!patterns.is_empty()).then(|| format!("snapshot_tables = {}", list_of(&patterns)))
}

/// The lines of `snapshot_rows`. A statement of a table that the list does not name is not used by
/// Debezium either.
pub(super) fn rows(given: &mut Given, server: Server, database: Option<&str>) -> Lines {
    let list = given.take(OVERRIDES).unwrap_or_default();
    let names: Vec<&str> = list.split(',').map(str::trim).filter(|it| !it.is_empty()).collect();
    let mut lines = Lines::new();
    for name in &names {
        let key = format!("{OVERRIDES}.{name}");
        let Some(statement) = given.take(&key).filter(|statement| !statement.is_empty()) else {
            given.warned(&key, "it is missing: all of the table is read, as in Debezium.");
            continue;
        };
        let Some(table) = table(name, server, database) else {
            given.refused(&key, "it does not name a table as schema.table.");
            continue;
        };
        match Rows::read(&statement) {
            Some(Rows::Select(statement)) => {
                lines.push(format!("{} = {}", quoted(&table), quoted(&statement)));
                given.translated(&key, "snapshot_rows");
            }
            _ => given.refused(&key, "it does not begin with SELECT or WITH."),
        }
    }
    if !names.is_empty() {
        given.translated(OVERRIDES, "snapshot_rows");
    }
    let start = format!("{OVERRIDES}.");
    for key in given.keys().into_iter().filter(|key| key.starts_with(&start)) {
        given.take(&key);
        given.irrelevant(&key, &format!("`{OVERRIDES}` does not name its table."));
    }
    lines
}

/// `schema.table` without quotes; PostgreSQL's names may have the database in front.
fn table(name: &str, server: Server, database: Option<&str>) -> Option<String> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let (part, behind) = part(rest)?;
        parts.push(part);
        rest = match behind.strip_prefix('.') {
            Some(behind) => behind,
            None if behind.is_empty() => behind,
            None => return None,
        };
    }
    match parts.as_slice() {
        [schema, table] => Some(format!("{schema}.{table}")),
        [first, schema, table] if server == Server::Postgres && database == Some(first) => {
            Some(format!("{schema}.{table}"))
        }
        _ => None,
    }
}

/// The first part of a name, and what stands behind it.
fn part(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| "\"`".contains(*c));
    match quote {
        Some(quote) => text.get(1..)?.split_once(quote),
        None => Some(text.split_at(text.find('.').unwrap_or(text.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_quotes_and_the_database() {
        let of = |name| table(name, Server::Postgres, Some("shop"));
        assert_eq!(of("public.t").as_deref(), Some("public.t"));
        assert_eq!(of("\"public\".\"a.b\"").as_deref(), Some("public.a.b"));
        assert_eq!(of("shop.public.t").as_deref(), Some("public.t"));
        assert_eq!(table("`d`.t", Server::MySql, None).as_deref(), Some("d.t"));
        for name in ["t", "other.public.t", "\"a\"b.c", "\"a"] {
            assert_eq!(of(name), None, "{name}");
        }
    }
}
