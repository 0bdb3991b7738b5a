//! How one key becomes one line of the connector's section.

use super::given::Given;
use crate::config::{Choice, quoted};

/// Lines of the connector's section.
pub(super) type Lines = Vec<String>;

/// The value of a key that must be there.
pub(super) fn needed(given: &mut Given, key: &str) -> String {
    match given.take(key).filter(|value| !value.is_empty()) {
        Some(value) => {
            if value.contains("${") {
                given.refused(key, "it is filled in by Kafka Connect; write the value itself.");
            }
            value
        }
        None => {
            given.refused(key, "it is missing.");
            String::new()
        }
    }
}

/// A word that both sides spell alike.
pub(super) fn word<T: Choice>(given: &mut Given, key: &str, setting: &str) -> Option<String> {
    let value = given.take(key)?.to_lowercase();
    let words: Vec<&str> = T::ALL.iter().map(|choice| choice.as_str()).collect();
    if !words.contains(&value.as_str()) {
        given.refused(key, &format!("\"{value}\" is not one of {}.", words.join(", ")));
        return None;
    }
    given.translated(key, setting);
    Some(format!("{setting} = {}", quoted(&value)))
}

pub(super) fn flag(given: &mut Given, key: &str, setting: &str) -> Option<String> {
    let value = given.take(key)?.to_lowercase();
    if value != "true" && value != "false" {
        given.refused(key, "it is neither true nor false.");
        return None;
    }
    given.translated(key, setting);
    Some(format!("{setting} = {value}"))
}

pub(super) fn number(given: &mut Given, key: &str, setting: &str) -> Option<String> {
    let value = given.take(key)?;
    let Ok(value) = value.parse::<u32>() else {
        given.refused(key, "it is not a number.");
        return None;
    };
    given.translated(key, setting);
    Some(format!("{setting} = {value}"))
}

pub(super) fn list_of(items: &[String]) -> String {
    let quoted: Vec<String> = items.iter().map(|item| quoted(item)).collect();
    format!("[{}]", quoted.join(", "))
}
