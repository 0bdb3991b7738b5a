//! Which tables are read before the log, and which rows of them.

use super::model::Connector;
use super::pattern::Pattern;
use super::reader::Reader;
use super::setting::Setting;
use crate::codes;
use config::Value;
use std::collections::BTreeMap;
use walbrook_core::initial::Rows;

/// Reads `snapshot_tables`: where none are named, every captured one.
pub(super) fn tables(reader: &mut Reader<'_>) -> Vec<Pattern> {
    let given: Vec<Pattern> = reader.or("snapshot_tables", Vec::new());
    if given.is_empty() { Pattern::new("*").into_iter().collect() } else { given }
}

/// Reads `snapshot_rows`: a condition or a statement for each table that it names.
pub(super) fn rows(reader: &mut Reader<'_>) -> BTreeMap<String, Rows> {
    const KEY: &str = "snapshot_rows";
    let pairs = reader.pairs(KEY);
    let mut out = BTreeMap::new();
    for (table, value) in pairs {
        let text = reader.pair_text(KEY, &table, &value);
        match (table.contains('.'), Rows::read(&text)) {
            (true, Some(rows)) => drop(out.insert(table, rows)),
            (false, _) => {
                let message = format!("{table:?} in `{KEY}` is no name of a table.");
                let fix = "Write it as \"schema.table\"; in MySQL and MariaDB \"database.table\".";
                problem(reader, &table, &value, message, fix);
            }
            (true, None) => {
                let message = format!("`{KEY}` says nothing about {}.", table.show());
                let fix = "Write a condition like \"deleted_at IS NULL\", or a SELECT.";
                problem(reader, &table, &value, message, fix);
            }
        }
    }
    out
}

/// Warns of rows of tables that are not read: a name is perhaps misspelt.
pub(super) fn check(reader: &mut Reader<'_>, connector: &Connector) {
    for name in connector.snapshot_rows.keys() {
        let why = match (connector.captures(name), connector.reads_first(name)) {
            (true, true) => continue,
            (false, _) => "`tables` does not capture it",
            (true, false) => "`snapshot_tables` leaves it out",
        };
        let message = format!("`snapshot_rows` names {}, but {why}.", name.show());
        let fix = "Correct the name, or leave it out.".to_owned();
        let place = reader.place("snapshot_rows");
        let problem = place.problem(super::place::Part::Key, codes::CONTRADICTION, message, fix);
        reader.reading.warn(problem);
    }
}

fn problem(reader: &mut Reader<'_>, table: &str, value: &Value, message: String, fix: &str) {
    let place = reader.place_of(&["snapshot_rows", table], value);
    let part = super::place::Part::Value;
    reader.reading.problems.push(place.problem(part, codes::NAME, message, fix.to_owned()));
}

#[cfg(test)]
mod tests {
    use crate::config::{Connector, Problem, Severity, load_text};
    use walbrook_core::initial::Rows;

    fn loaded(more: &str) -> crate::config::Loaded {
        let text = format!(
            "[kafka]\nbrokers = \"h:1\"\n[registry]\nurl = \"http://h\"\n[connectors.shop]\n\
             url = \"postgres://u@127.0.0.1/d\"\ntopic_prefix = \"shop\"\n{more}"
        );
        load_text("walbrook.toml", &text)
    }

    fn shop(more: &str) -> Connector {
        let loaded = loaded(more);
        assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
        loaded.config.unwrap().connectors.remove("shop").unwrap()
    }

    #[test]
    fn every_table_is_read_whole_unless_something_else_is_said() {
        let shop = shop("");
        assert!(shop.reads_first("public.t") && shop.snapshot_rows.is_empty());
    }

    #[test]
    fn some_tables_and_some_rows() {
        let shop = shop(
            "snapshot_tables = [\"public.a*\", \"public.A\"]\n[connectors.shop.snapshot_rows]\n\
             \"public.A\" = \"deleted_at IS NULL\"\n\"public.ab\" = \"select * from ab; \"\n",
        );
        assert!(shop.reads_first("public.a1") && !shop.reads_first("public.b"));
        assert_eq!(shop.snapshot_rows["public.A"], Rows::Where("deleted_at IS NULL".into()));
        assert_eq!(shop.snapshot_rows["public.ab"], Rows::Select("select * from ab".into()));
    }

    #[test]
    fn rows_of_tables_that_are_not_read_are_warned_of() {
        for (keys, told) in [
            ("tables = [\"crm.*\"]", "`tables` does not capture it"),
            ("snapshot_tables = [\"crm.*\"]", "`snapshot_tables` leaves it out"),
        ] {
            let rows = "[connectors.shop.snapshot_rows]\n\"public.t\" = \"a\"\n";
            let loaded = loaded(&format!("{keys}\n{rows}"));
            let warned =
                |it: &Problem| it.severity == Severity::Warning && it.message.contains(told);
            assert!(loaded.problems.iter().any(warned), "{:?}", loaded.problems);
            assert!(loaded.config.is_some());
        }
    }

    #[test]
    fn what_names_no_table_or_says_nothing_is_refused() {
        for (pair, told) in [
            ("orders = \"a\"", "is no name of a table"),
            ("\"public.orders\" = \" ; \"", "says nothing about \"public.orders\""),
            ("\"public.orders\" = [1]", "is text"),
        ] {
            let problems = loaded(&format!("[connectors.shop.snapshot_rows]\n{pair}\n")).problems;
            assert!(problems.iter().any(|it| it.message.contains(told)), "{pair}: {problems:?}");
        }
    }
}
