//! Names that other systems must accept, and settings that must fit together.

use super::connector::problem_at;
use super::model::Connector;
use super::reader::{Reader, Reading};
use crate::codes;
use config::{Map, Value, ValueKind};
use std::collections::BTreeMap;

/// Longest identifier in PostgreSQL, in bytes.
const NAME_BYTES: usize = 63;

fn is_topic_name(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    !text.is_empty() && text.len() <= 120 && text.chars().all(legal) && text != "." && text != ".."
}

/// `value` of `key` becomes part of topic names.
pub(super) fn topic_name(reader: &mut Reader<'_>, key: &str, value: &str) {
    if !is_topic_name(value) {
        let message = format!("`{key} = {value:?}` cannot be part of a topic's name.");
        let fix = "Use at most 120 letters, digits, `.`, `_` and `-`.".to_owned();
        reader.problem(key, codes::NAME, message, fix);
    }
}

/// The name of a connector becomes part of its checkpoint topic's name.
pub(super) fn connector_name(reader: &mut Reader<'_>, name: &str) {
    if !is_topic_name(name) {
        let message = format!("A connector cannot be called {name:?}.");
        let fix = "Use at most 120 letters, digits, `.`, `_` and `-`.".to_owned();
        reader.problem("", codes::NAME, message, fix);
    }
}

/// Slot and publication must be names that PostgreSQL takes as they are.
pub(super) fn names_in_database(reader: &mut Reader<'_>, connector: &Connector) {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let (slot, publication) = (&connector.slot, &connector.publication);
    if !slot.chars().all(legal) || slot.len() > NAME_BYTES {
        let message = format!("PostgreSQL does not allow a slot called {slot:?}.");
        let fix = "Set `slot` to at most 63 small letters, digits and `_`.".to_owned();
        reader.problem("slot", codes::NAME, message, fix);
    }
    if publication.len() > NAME_BYTES || publication.contains('\0') {
        let message = format!("PostgreSQL does not allow a publication called {publication:?}.");
        let fix = "Set `publication` to at most 63 bytes.".to_owned();
        reader.problem("publication", codes::NAME, message, fix);
    }
}

/// Connectors must not take each other's slot or topics.
pub(super) fn together(
    reading: &mut Reading,
    connectors: &BTreeMap<String, Connector>,
    tables: &Map<String, Value>,
) {
    let given = |connector: &str, key: &str| match tables.get(connector).map(|v| &v.kind) {
        Some(ValueKind::Table(table)) => table.get(key).cloned(),
        _ => None,
    };
    let (mut slots, mut prefixes) = (BTreeMap::new(), BTreeMap::new());
    for connector in connectors.values() {
        let name = &connector.name;
        let server = (connector.url.host.clone(), connector.url.port, connector.slot.clone());
        if let Some(first) = slots.insert(server, name) {
            let slot = &connector.slot;
            let message = format!("The connectors {first:?} and {name:?} share the slot {slot:?}.");
            let fix = "Give each its own `slot`, or leave the key out.".to_owned();
            let value = given(name, "slot");
            problem_at(reading, name, value.as_ref(), codes::SHARED_SLOT, message, fix);
        }
        if let Some(first) = prefixes.insert(connector.topic_prefix.clone(), name) {
            let prefix = &connector.topic_prefix;
            let message =
                format!("The connectors {first:?} and {name:?} share the prefix {prefix:?}.");
            let fix = "Give each its own `topic_prefix`: it names their topics.".to_owned();
            let value = given(name, "topic_prefix");
            problem_at(reading, name, value.as_ref(), codes::SHARED_PREFIX, message, fix);
        }
    }
}
