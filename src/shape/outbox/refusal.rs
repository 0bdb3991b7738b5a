//! What an outbox refuses, each in one sentence that holds no value of a row.

use crate::codes;
use walbrook_core::error::{Code, Error};
use walbrook_core::layout::Table;

/// Why an event cannot be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The routing column says nothing, or no text.
    NoRoute(String),
    /// The topic is neither below the prefix nor in the list, or is one of Kafka's or ours.
    Topic,
    /// Kafka takes no topic of this name.
    TopicName,
    /// Data has named as many topics as it may.
    TooManyTopics(usize),
    /// The content of a message is no JSON object.
    Content,
    /// The payload cannot be expanded, and why.
    Payload(&'static str),
    /// A column does not hold what it is used for.
    Value(String, &'static str),
    /// A compacted topic, and no key.
    NoKey,
    /// A row was updated.
    Update,
}

impl Refusal {
    /// The failure of an event of `table`.
    pub(super) fn of(self, table: &Table) -> Error {
        let (code, what, fix) = self.told();
        Error::poison(code, format!("An event of outbox {table} cannot be told: {what}.")).fix(fix)
    }

    fn told(self) -> (Code, String, &'static str) {
        match self {
            Self::NoRoute(column) => (
                codes::OUTBOX_ROUTE,
                format!("column \"{column}\" names no topic"),
                "Insert events with a value in the column that `outbox.route_by` names.",
            ),
            Self::Topic => (
                codes::OUTBOX_TOPIC,
                "its topic is not one that may be written to".to_owned(),
                "Add the topic to `outbox.allowed_topics`, or correct `outbox.route_regex` or the row.",
            ),
            Self::TopicName => (
                codes::OUTBOX_TOPIC,
                "Kafka takes no topic of the name that it asks for".to_owned(),
                "A topic has at most 249 letters, digits, `.`, `_` and `-`: correct the row, or `outbox.route_to`.",
            ),
            Self::TooManyTopics(most) => (
                codes::OUTBOX_TOPICS,
                format!("it would be topic number {}", most.saturating_add(1)),
                "Route by a column with few values, or raise `outbox.max_topics`.",
            ),
            Self::Content => (
                codes::OUTBOX_CONTENT,
                "its content is no JSON object".to_owned(),
                "Write the event as an object, or give other messages another prefix.",
            ),
            Self::Payload(why) => (
                codes::OUTBOX_PAYLOAD,
                format!("its payload cannot be expanded: {why}"),
                "Correct what writes it, or set `outbox.unfit_json = \"text\"`.",
            ),
            Self::Value(column, why) => (
                codes::OUTBOX_VALUE,
                format!("column \"{column}\" {why}"),
                "Correct what writes the column, or the setting that names it.",
            ),
            Self::NoKey => (
                codes::COMPACTED_KEYLESS,
                "its topic is compacted, and it has no key".to_owned(),
                "Insert events with a key, or set cleanup.policy=delete on the topic.",
            ),
            Self::Update => (
                codes::OUTBOX_UPDATE,
                "its row was updated".to_owned(),
                "Insert a new row for each event, or set `outbox.on_update = \"warn\"`.",
            ),
        }
    }
}

/// The outbox's table does not have what the configuration names.
pub(super) fn column(table: &Table, column: &str, why: &str) -> Error {
    let message = format!("Outbox table {table}: column \"{column}\" {why}.");
    Error::definite(codes::OUTBOX_COLUMN, message)
        .fix("Correct [connectors.….outbox], or the table.")
}
