//! What the admin interface can ask of the connectors. The daemon answers; tests answer in its
//! place.
//!
//! A [`Refusal`] decides the HTTP status: unknown 404, invalid 400, conflict 409 (offsets: 400, as
//! Kafka Connect answers), unavailable 503.

pub use crate::pipeline::orders::Refusal;
use serde::Serialize;
use serde_json::Value;
use std::pin::Pin;
use walbrook_core::checkpoint::Desired;
use walbrook_core::resnapshot::{Job, Wish};

/// An answer that takes a while.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, Refusal>> + Send + 'a>>;

/// Offsets of a connector, in Kafka Connect's form.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Offset {
    /// `{"server": prefix}`
    pub partition: Value,
    /// Debezium's offset map; null where nothing is stored.
    pub offset: Value,
}

/// What a change of offsets means.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OffsetChange {
    /// Whether it is done; a dry run only says.
    pub applied: bool,
    /// One sentence: what would be repeated or skipped.
    pub message: String,
}

/// Who runs the connectors.
pub trait Connectors: Send + Sync {
    /// Stores what a person wants of a connector, and returns when it is stored: from then on it
    /// outlives the process. Bringing it about may take longer.
    fn desire<'a>(&'a self, name: &'a str, desired: Desired) -> Reply<'a, ()>;

    /// Ends a connector, whatever state it is in, and starts it anew; a failed one too.
    fn restart<'a>(&'a self, name: &'a str) -> Reply<'a, ()>;

    /// The stored offsets.
    fn offsets<'a>(&'a self, name: &'a str) -> Reply<'a, Vec<Offset>>;

    /// Moves a stopped connector to other offsets; `None` forgets everything that is stored about
    /// its place, so that it begins with a snapshot.
    fn alter_offsets<'a>(
        &'a self,
        name: &'a str,
        offsets: Option<Vec<Offset>>,
        dry_run: bool,
    ) -> Reply<'a, OffsetChange>;

    /// Reads tables again beside the log. The same id twice is one job. Returns when it is stored.
    fn resnapshot<'a>(&'a self, name: &'a str, wish: Wish) -> Reply<'a, Job>;

    /// The jobs that are stored, the newest last.
    fn resnapshots<'a>(&'a self, name: &'a str) -> Reply<'a, Vec<Job>>;

    /// Gives a job up.
    fn give_up<'a>(&'a self, name: &'a str, id: &'a str) -> Reply<'a, Job>;

    /// The topics that a connector has written to since the process began.
    fn topics<'a>(&'a self, name: &'a str) -> Reply<'a, Vec<String>>;

    /// Removes what a stopped connector has on servers: slot and own publication, checkpoint topic.
    fn remove<'a>(&'a self, name: &'a str) -> Reply<'a, Vec<String>>;
}
