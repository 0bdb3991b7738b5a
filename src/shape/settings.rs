//! What the configuration says about shape.

use super::names::Adjustment;
use super::outbox::Outbox;
use super::poison::{Policies, Policy};
use std::collections::HashSet;
use std::sync::Arc;
use walbrook_core::layout::Table;

/// How changes become records.
#[derive(Clone)]
pub struct Settings {
    /// First part of every topic name.
    pub topic_prefix: String,
    /// Fill the `transaction` block and write the transaction topic.
    pub transaction_metadata: bool,
    /// Write the reference's four `__debezium.context.*` headers.
    pub context_headers: bool,
    /// A delete is followed by a record without a value.
    pub tombstones: bool,
    /// Letters of the operations that are left out (`t` by default).
    pub skipped_operations: HashSet<char>,
    /// Whether an update that changes nothing of the value is left out.
    pub skip_unchanged: bool,
    /// Columns that make the key of a table, where they are not its own key.
    pub message_key: KeyColumns,
    /// How names become valid in schemas.
    pub schema_names: Adjustment,
    /// How column names become valid as fields.
    pub field_names: Adjustment,
    /// Identity of this run, in the context headers.
    pub run_id: String,
    /// What is done about changes that cannot be told.
    pub poison: Policies,
    /// Poison changes of a table in a row that are borne; 0 is without limit.
    pub poison_limit: u64,
    /// Whether the source counts logical messages among a transaction's changes.
    pub messages: bool,
    /// The outbox, where there is one: its rows are events instead of changes.
    pub outbox: Option<Arc<Outbox>>,
}

/// Answers the configured key columns of a table.
pub type KeyColumns = Arc<dyn Fn(&Table) -> Option<Vec<String>> + Send + Sync>;

impl Settings {
    /// The defaults under a topic prefix.
    pub fn new(topic_prefix: impl Into<String>) -> Self {
        Self {
            topic_prefix: topic_prefix.into(),
            transaction_metadata: false,
            context_headers: false,
            tombstones: true,
            skipped_operations: HashSet::from(['t']),
            skip_unchanged: false,
            message_key: Arc::new(|_| None),
            schema_names: Adjustment::None,
            field_names: Adjustment::None,
            run_id: String::new(),
            poison: Arc::new(|_| Policy::Halt),
            poison_limit: 1000,
            messages: false,
            outbox: None,
        }
    }

    /// Name of the topic that tells where transactions begin and end.
    pub fn transaction_topic(&self) -> String {
        format!("{}.transaction", super::names::topic(&self.topic_prefix))
    }

    /// Name of the topic of logical messages.
    pub fn message_topic(&self) -> String {
        format!("{}.message", super::names::topic(&self.topic_prefix))
    }

    /// Name of the topic of dead letters.
    pub fn dead_letter_topic(&self) -> String {
        dead_letter_topic(&self.topic_prefix)
    }

    /// Name of the heartbeat topic.
    pub fn heartbeat_topic(&self) -> String {
        format!("__debezium-heartbeat.{}", super::names::topic(&self.topic_prefix))
    }
}

/// Name of the topic of dead letters under a topic prefix.
pub fn dead_letter_topic(prefix: &str) -> String {
    format!("{}.dlq", super::names::topic(prefix))
}
