//! Debezium's lists of columns become `columns`, `exclude_columns`, `mask` and `propagate_types`.
//!
//! In Debezium the first rule that means a column decides, in this order: truncation, asterisks,
//! types, hashes of the first version, hashes of the second.

use super::given::Given;
use super::setting::{Lines, list_of};
use super::tables::{list_in, pattern, without_salt};
use crate::config::{algorithm, quoted};

/// The lines about columns.
pub(super) fn columns(given: &mut Given) -> Lines {
    let mut lines = Lines::new();
    if given.has("column.include.list") && given.has("column.exclude.list") {
        given.refused(
            "column.exclude.list",
            "Debezium does not allow it beside the list of inclusions.",
        );
    }
    for (key, setting) in [
        ("column.include.list", "columns"),
        ("column.exclude.list", "exclude_columns"),
        ("column.propagate.source.type", "propagate_types"),
        ("datatype.propagate.source.type", "propagate_datatypes"),
    ] {
        let patterns = patterns(given, key, setting);
        if !patterns.is_empty() {
            lines.push(format!("{setting} = {}", list_of(&patterns)));
        }
    }
    let masks = masks(given);
    if !masks.is_empty() {
        lines.push(format!("mask = [{}]", masks.join(", ")));
    }
    lines
}

fn patterns(given: &mut Given, key: &str, setting: &str) -> Vec<String> {
    list_in(given, key, setting).iter().map(|inner| pattern(inner)).collect()
}

fn masks(given: &mut Given) -> Vec<String> {
    let mut found: Vec<(u8, String)> = Vec::new();
    for key in given.keys() {
        let Some((rank, form)) = form(given, &key) else { continue };
        let columns = patterns(given, &key, "mask");
        if !columns.is_empty() {
            found.push((rank, format!("{{ columns = {}, {form} }}", list_of(&columns))));
        }
    }
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, mask)| mask).collect()
}

/// What a key says about its columns, and its place among the rules.
fn form(given: &mut Given, key: &str) -> Option<(u8, String)> {
    let number = |start: &str| {
        key.strip_prefix(start)?.strip_suffix(".chars").filter(|rest| !rest.is_empty())
    };
    if let Some(digits) = number("column.truncate.to.") {
        return counted(given, key, digits, 1).map(|left| (0, format!("truncate = {left}")));
    }
    if let Some(digits) = number("column.mask.with.") {
        return counted(given, key, digits, 0).map(|length| (1, format!("length = {length}")));
    }
    let rest = key.strip_prefix("column.mask.hash.")?;
    let (version, rest) = match rest.strip_prefix("v2.") {
        Some(rest) => (2, rest),
        None => (1, rest),
    };
    let (name, salt) = rest.split_once(".with.salt.")?;
    if algorithm(name).is_none() {
        given.take(key);
        given.refused(&without_salt(key), &format!("the hash function {name:?} is not available."));
        return None;
    }
    let text = "its salt is written into the configuration; better is { env = \"…\" }.";
    given.warned(&without_salt(key), text);
    let form =
        format!("hash = {}, hash_version = {version}, salt = {}", quoted(name), quoted(salt));
    Some((1 + version, form))
}

fn counted(given: &mut Given, key: &str, digits: &str, least: u32) -> Option<u32> {
    let number = digits.parse::<u32>().ok().filter(|number| *number >= least);
    if number.is_none() {
        given.take(key);
        given.refused(key, &format!("{digits:?} is not a number of characters."));
    }
    number
}
