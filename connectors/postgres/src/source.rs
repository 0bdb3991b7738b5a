//! PostgreSQL as a [`Source`]: look, decide, read the tables, follow the log.
//!
//! ```text
//!  prepare   checks, identity, publication, slot ──▶ decide ──▶ what must be on record first
//!  start     thread "postgres-<connector>": slot ──▶ snapshot ──▶ stream, until nobody listens
//! ```

pub mod decide;
pub mod entry;
pub(crate) mod follow;
mod monitor;
pub mod prepare;
pub(crate) mod reader;

use crate::codes;
use crate::settings::Settings;
use crate::source_block;
use decide::Decision;
use prepare::Prepared;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tokio::sync::watch;
use walbrook_core::checkpoint::{Checkpoint, Updates};
use walbrook_core::error::{Error, Result};
use walbrook_core::fault;
use walbrook_core::position::Position;
use walbrook_core::resolve::Answer;
use walbrook_core::source::{Confirm, Description, Source, SourceHandle};
use walbrook_reader::{Failures, Out};

/// A PostgreSQL database that is captured.
#[derive(Debug)]
pub struct Postgres {
    settings: Arc<Settings>,
    prepared: Option<Prepared>,
}

impl Postgres {
    /// The source that `settings` describe. Nothing is connected yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings: Arc::new(settings), prepared: None }
    }
}

impl Source for Postgres {
    fn prepare<'a>(&'a mut self, checkpoint: &'a Checkpoint) -> Answer<'a, Updates> {
        Box::pin(async move {
            let prepared = prepare::prepare(&self.settings, checkpoint).await?;
            let updates = prepared.updates();
            self.prepared = Some(prepared);
            Ok(updates)
        })
    }

    fn start<'a>(self: Box<Self>) -> Answer<'a, SourceHandle>
    where
        Self: 'a,
    {
        Box::pin(async move {
            let prepared = self.prepared.ok_or_else(|| {
                Error::definite(codes::THREAD, "The source was started before it was prepared.")
            })?;
            if matches!(prepared.decision, Decision::Begin { .. }) {
                fault::point("source.after_intent");
            }
            let settings = self.settings;
            open(&settings.connector.clone(), move |out, confirmed| {
                reader::run(settings, prepared, out, confirmed)
            })
        })
    }
}

/// Starts the reader thread of a connector, on which `work` runs, and ties the ends together.
pub(crate) fn open<F>(
    connector: &str,
    work: impl FnOnce(Out, watch::Receiver<u64>) -> F + Send + 'static,
) -> Result<SourceHandle>
where
    F: Future<Output = Result<()>>,
{
    let (confirm, confirmed) = confirmation();
    let failures = Failures { thread: codes::THREAD, stopped };
    let name = format!("postgres-{connector}");
    walbrook_reader::open(name, description(), |_| confirm, failures, |out| work(out, confirmed))
}

/// Nobody listens any more; nobody will read this either.
fn stopped() -> Error {
    Error::transient(codes::CLOSED, "The connector was stopped.")
}

/// The arrow back: the newest confirmed position, never an older one.
pub fn confirmation() -> (Confirm, watch::Receiver<u64>) {
    let (sender, receiver) = watch::channel(0);
    let confirm = move |position: &Position| {
        let lsn = position.lsn();
        sender.send_if_modified(|known| {
            let newer = lsn > *known;
            *known = lsn.max(*known);
            newer
        });
    };
    (Arc::new(confirm), receiver)
}

/// What never changes about a PostgreSQL source.
pub fn description() -> Description {
    Description {
        connector: source_block::CONNECTOR,
        source_schema: Arc::new(source_block::schema()),
        export,
    }
}

/// A position as the offset that Debezium stores.
pub(crate) fn export(position: &Position) -> serde_json::Value {
    let lsn = position.lsn();
    serde_json::json!({ "lsn_proc": lsn, "lsn_commit": lsn, "lsn": lsn })
}

/// Raises a gauge.
fn raise(gauge: &std::sync::atomic::AtomicU64, value: u64) {
    gauge.fetch_max(value, Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;
    use walbrook_core::position::Log;

    #[test]
    fn confirmations_only_grow() {
        let (confirm, receiver) = confirmation();
        for lsn in [5, 9, 7] {
            confirm(&Position::at("s", Log::Lsn(lsn)));
        }
        assert_eq!(*receiver.borrow(), 9);
    }

    #[test]
    fn the_export_is_debeziums_offset() {
        let text = export(&Position::at("s", Log::Lsn(42))).to_string();
        assert_eq!(text, r#"{"lsn_proc":42,"lsn_commit":42,"lsn":42}"#);
    }
}
