//! Debezium's lists of regular expressions, which mean whole names in any case of letters, become
//! patterns of ours.

use super::given::Given;
use crate::config::{Pattern, Server};

/// The patterns of the settings `tables` and `exclude_tables`.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) tables: Vec<String>,
    pub(super) exclude: Vec<String>,
}

/// Translates the four lists of schemas, which are databases in MySQL, and tables.
pub(super) fn tables(given: &mut Given, server: Server) -> Tables {
    let (include, exclude) = match server {
        Server::Postgres => ("schema.include.list", "schema.exclude.list"),
        Server::MySql | Server::MariaDb => ("database.include.list", "database.exclude.list"),
    };
    let schemas = list(given, include);
    let no_schemas = list(given, exclude);
    let tables = list(given, "table.include.list");
    let no_tables = list(given, "table.exclude.list");
    for (one, other, key) in
        [(&schemas, &no_schemas, exclude), (&tables, &no_tables, "table.exclude.list")]
    {
        if !one.is_empty() && !other.is_empty() {
            given.refused(key, "Debezium does not allow it beside the list of inclusions.");
        }
    }
    let all_of = |schema: &String| format!("(?:{schema})\\..*");
    let included = match (schemas.is_empty(), tables.is_empty()) {
        (true, _) => tables,
        (false, true) => schemas.iter().map(all_of).collect(),
        (false, false) => both(given, include, &schemas, tables),
    };
    let exclude = no_schemas.iter().map(all_of).chain(no_tables);
    let exclude: Vec<String> = exclude.map(|inner| pattern(&inner)).collect();
    Tables { tables: included.iter().map(|inner| pattern(inner)).collect(), exclude }
}

/// A pattern of ours that means what the expression means in Debezium.
pub(super) fn pattern(expression: &str) -> String {
    format!("/(?i){expression}/")
}

/// The tables that lie in the schemas too. There is no expression for "both", so the schema must be
/// written out in front of the table.
fn both(given: &mut Given, key: &str, schemas: &[String], tables: Vec<String>) -> Vec<String> {
    let mut out = Vec::new();
    for table in tables {
        let schema = schema_of(&table);
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        match schema.filter(|schema| schema.chars().all(plain)) {
            Some(schema) => {
                let whole = |one: &String| Pattern::new(&pattern(one));
                if schemas.iter().filter_map(|one| whole(one).ok()).any(|p| p.matches(schema)) {
                    out.push(table);
                }
            }
            None => given.refused(
                key,
                "together with `table.include.list` it needs tables written as schema\\.table.",
            ),
        }
    }
    if out.is_empty() {
        given.refused("table.include.list", &format!("none of its tables lies in `{key}`."));
    }
    out
}

/// What stands before the point that ends the schema. A point without a backslash means any
/// character; where it is the only one it can only be that of the name.
fn schema_of(table: &str) -> Option<&str> {
    let (schema, _) = match table.split_once("\\.") {
        Some(parts) => parts,
        None => table.split_once('.').filter(|(_, rest)| !rest.contains('.'))?,
    };
    Some(schema)
}

/// The expressions of a list, each checked.
fn list(given: &mut Given, key: &str) -> Vec<String> {
    list_in(given, key, if key.contains("include") { "tables" } else { "exclude_tables" })
}

/// The expressions of a list that becomes `setting`, each checked.
pub(super) fn list_in(given: &mut Given, key: &str, setting: &str) -> Vec<String> {
    let Some(text) = given.take(key).filter(|text| !text.is_empty()) else { return Vec::new() };
    let parts = split(&text);
    // A salt is part of the key.
    let shown = without_salt(key);
    let shown = shown.as_str();
    for part in &parts {
        if let Err(why) = Pattern::new(&pattern(part)) {
            given.refused(shown, &format!("the expression {part:?} cannot be used here: {why}."));
        }
    }
    given.translated(shown, setting);
    parts
}

/// The key of a hash, which ends with its salt.
pub(super) fn without_salt(key: &str) -> String {
    const SALT: &str = ".with.salt.";
    key.split_once(SALT).map_or_else(|| key.to_owned(), |(start, _)| format!("{start}{SALT}***"))
}

/// Parts between commas; a comma behind a backslash is part of the expression.
pub(super) fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        match parts.last_mut() {
            _ if c == ',' && !escaped => parts.push(String::new()),
            Some(part) => part.push(c),
            None => {}
        }
        escaped = c == '\\' && !escaped;
    }
    let parts = parts.into_iter().map(|part| part.trim().to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}

/// `message.key.columns`: `table:column,column;table:column`.
pub(super) fn keys(given: &mut Given) -> Vec<(String, Vec<String>)> {
    const KEY: &str = "message.key.columns";
    let Some(text) = given.take(KEY).filter(|text| !text.is_empty()) else { return Vec::new() };
    let mut out = Vec::new();
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let plain = |c: char| c.is_alphanumeric() || "_$ ".contains(c);
        let columns = part.rsplit_once(':').map(|(table, columns)| {
            (table.trim(), columns.split(',').map(|c| c.trim().to_owned()).collect::<Vec<_>>())
        });
        match columns {
            Some((table, columns))
                if Pattern::new(&pattern(table)).is_ok()
                    && columns.iter().all(|c| !c.is_empty() && c.chars().all(plain)) =>
            {
                out.push((pattern(table), columns));
            }
            _ => {
                given.refused(KEY, &format!("{part:?} is not table:column,column in plain names."))
            }
        }
    }
    given.translated(KEY, "keys");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_cut_at_commas_that_are_not_escaped() {
        assert_eq!(split(r"a\.b, c\.d"), [r"a\.b", r"c\.d"]);
        assert_eq!(split(r"a\.b{1\,2},"), [r"a\.b{1\,2}"]);
    }
}
