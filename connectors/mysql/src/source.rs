//! MySQL or MariaDB as a [`Source`]: look, decide, read the tables beside the log, follow the log.
//!
//! ```text
//!  prepare   checks, what is stored, what the server's log still has ──▶ decide
//!  start     thread "mysql-<connector>": structures ──▶ log ──▶ rounds of chunks ──▶ log for ever
//! ```

pub(crate) mod begin;
mod collision;
pub mod decide;
pub mod entry;
pub(crate) mod inventory;
mod monitor;
mod newcomers;
pub(crate) mod prepare;
mod run;
pub mod server;
pub(crate) mod structures;
pub mod tables;

use crate::codes;
use crate::flavor::Flavor;
use crate::settings::Settings;
use crate::source_block;
use crate::stream::coordinates::Coordinates;
use prepare::Prepared;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use walbrook_core::checkpoint::{Checkpoint, Updates};
use walbrook_core::error::{Error, Result};
use walbrook_core::fault;
use walbrook_core::position::{Log, Position};
use walbrook_core::resolve::Answer;
use walbrook_core::source::{Confirm, Description, Gauges, Source, SourceHandle};
use walbrook_reader::{Failures, Out};

/// A MySQL or MariaDB server that is captured.
pub struct MySql {
    settings: Arc<Settings>,
    prepared: Option<Prepared>,
}

impl MySql {
    /// The source that `settings` describe. Nothing is connected yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings: Arc::new(settings), prepared: None }
    }
}

impl std::fmt::Debug for MySql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MySql").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Source for MySql {
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
            fault::point("source.after_intent");
            let settings = self.settings;
            open(&settings.clone(), move |out| async move {
                let connector = settings.connector.clone();
                let ended = run::run(settings, prepared, out).await;
                ended.map_err(|error| collision::forgive(&connector, error))
            })
        })
    }
}

/// Starts the reader thread of a connector, on which `work` runs.
pub(crate) fn open<F>(
    settings: &Settings,
    work: impl FnOnce(Out) -> F + Send + 'static,
) -> Result<SourceHandle>
where
    F: Future<Output = Result<()>>,
{
    let failures = Failures { thread: codes::THREAD, stopped };
    let name = format!("{}-{}", settings.flavor.connector(), settings.connector);
    walbrook_reader::open(name, description(settings.flavor), confirmation, failures, work)
}

/// The server keeps its log as long as it is told to: what is delivered is noted for people only.
fn confirmation(gauges: &Arc<Gauges>) -> Confirm {
    let gauges = Arc::clone(gauges);
    Arc::new(move |position| {
        if let Log::Gtids { file, pos, .. } | Log::Domains { file, pos, .. } = &position.log {
            let place = Coordinates::new(Arc::clone(file), *pos);
            gauges.confirmed.fetch_max(place.offset(), Relaxed);
        }
    })
}

/// Nobody listens any more; nobody will read this either.
fn stopped() -> Error {
    Error::transient(codes::CLOSED, "The connector was stopped.")
}

/// What never changes about a source.
pub fn description(flavor: Flavor) -> Description {
    Description {
        connector: flavor.connector(),
        source_schema: Arc::new(source_block::schema(flavor)),
        export,
    }
}

/// A position as the offset that Debezium stores.
pub(crate) fn export(position: &Position) -> serde_json::Value {
    match &position.log {
        Log::Gtids { set, file, pos } => {
            serde_json::json!({ "file": file, "pos": pos, "gtids": set.to_string() })
        }
        Log::Domains { newest, file, pos } => {
            serde_json::json!({ "file": file, "pos": pos, "gtids": newest.to_string() })
        }
        Log::Lsn(_) => serde_json::Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_export_is_debeziums_offset() {
        let set = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-7".parse().unwrap();
        let position = Position::at("mysql", Log::Gtids { set, file: "b.000002".into(), pos: 197 });
        assert_eq!(
            export(&position).to_string(),
            r#"{"file":"b.000002","pos":197,"gtids":"3e11fa47-71ca-11e1-9e33-c80aa9429562:1-7"}"#
        );
    }
}
