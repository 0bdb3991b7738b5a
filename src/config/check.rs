//! Names that other systems must accept, and settings that must fit together.

use super::connector::problem_at;
use super::model::{Connector, Source};
use super::reader::{Reader, Reading};
use crate::codes;
use config::{Map, Value, ValueKind};
use std::collections::BTreeMap;
use walbrook_core::error::Code;

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

/// Connectors must not take each other's slot, place among the replicas, or topics.
pub(super) fn together(
    reading: &mut Reading,
    connectors: &BTreeMap<String, Connector>,
    tables: &Map<String, Value>,
) {
    let given = |connector: &str, key: &str| match tables.get(connector).map(|v| &v.kind) {
        Some(ValueKind::Table(table)) => table.get(key).cloned(),
        _ => None,
    };
    let (mut sources, mut prefixes) = (BTreeMap::new(), BTreeMap::new());
    for connector in connectors.values() {
        let name = &connector.name;
        if let Some(shared) = Reserved::of(connector)
            && let Some(first) = sources.insert(shared.clone(), name)
        {
            let (key, code, what, fix) = shared.told();
            let message = format!("The connectors {first:?} and {name:?} share the {what}.");
            let value = given(name, key);
            problem_at(reading, name, value.as_ref(), code, message, fix.to_owned());
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

/// What a server keeps for one reader only: host, port, and what is reserved there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reserved {
    Slot(String, u16, String),
    ServerId(String, u16, u32),
}

impl Reserved {
    fn of(connector: &Connector) -> Option<Self> {
        let (host, port) = (connector.url.host.clone(), connector.url.port);
        match &connector.source {
            Source::Postgres(own) => Some(Reserved::Slot(host, port, own.slot.clone())),
            Source::MySql(own) => Some(Reserved::ServerId(host, port, own.server_id?)),
        }
    }

    /// The key, the code, what is shared, and what mends it.
    fn told(&self) -> (&'static str, Code, String, &'static str) {
        match self {
            Reserved::Slot(_, _, slot) => {
                let fix = "Give each its own `slot`, or leave the key out.";
                ("slot", codes::SHARED_SLOT, format!("slot {slot:?}"), fix)
            }
            Reserved::ServerId(_, _, id) => {
                let fix = "Give each its own `server_id`, or leave the key out.";
                ("server_id", codes::SHARED_SERVER_ID, format!("server id {id}"), fix)
            }
        }
    }
}
