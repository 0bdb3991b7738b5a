//! The daemon: every connector side by side, the admin interface, and an orderly end.

use crate::admin::{self, board};
use crate::config::{Config, Connector};
use crate::pipeline::lifecycle::State;
use crate::pipeline::report::{Committed, Phase, Report};
use crate::pipeline::{Control, supervise};
use crate::{codes, telemetry, wiring};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use walbrook_core::error::{Error, Result};
use walbrook_core::position::Position;
use walbrook_core::resnapshot::Job;
use walbrook_core::source::{Gauges, Progress};

/// How the daemon ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// A signal asked for it.
    Asked,
    /// Every connector has ended, and that was asked for (`--exit-on-failure`).
    AllEnded {
        /// Whether one of them failed.
        failed: bool,
    },
}

/// Runs the daemon until a signal, or until all connectors have ended where `exit_on_failure`.
pub async fn run(
    config: Config,
    metrics: telemetry::Metrics,
    exit_on_failure: bool,
) -> Result<Ended> {
    let board = board::Board::new();
    let (admin_stop, admin_stopped) = Control::new();
    let admin = admin::serve(&config, board.clone(), metrics, admin_stopped).await?;
    let mut connectors = JoinSet::new();
    let mut controls = Vec::new();
    for connector in config.connectors.values() {
        let source = connector.url.server.connector();
        let entry = board.add(&connector.name, source, crate::config::shown(connector));
        let (control, stopped) = Control::new();
        controls.push(control);
        connectors.spawn(one(config.clone(), connector.clone(), entry, stopped));
    }
    let mut asked = std::pin::pin!(signal());
    let mut failed = false;
    let ended = loop {
        tokio::select! {
            () = &mut asked => break Ended::Asked,
            done = connectors.join_next(), if !connectors.is_empty() => {
                failed |= !matches!(done, Some(Ok(State::Finished | State::Stopped)));
                if connectors.is_empty() && exit_on_failure {
                    break Ended::AllEnded { failed };
                }
            }
        }
    };
    for control in &controls {
        control.stop();
    }
    while connectors.join_next().await.is_some() {}
    admin_stop.stop();
    let _ = tokio::time::timeout(Duration::from_secs(1), admin).await;
    Ok(ended)
}

/// Runs one connector. Whatever happens in it ends it alone.
async fn one(
    config: Config,
    connector: Connector,
    entry: board::Entry,
    stopped: tokio::sync::watch::Receiver<bool>,
) -> State {
    let instance = uuid::Uuid::now_v7().to_string();
    let settings = wiring::settings(&connector, &instance);
    let environment = match wiring::environment(&config, &connector, &instance) {
        Ok(environment) => environment,
        Err(error) => {
            entry.ended(board::Phase::Failed, &error);
            tracing::error!(connector = connector.name, code = %error.code, error = %error, "failed");
            return State::Failed(error);
        }
    };
    let report = Arc::new(Reporter { entry: entry.clone(), gauges: Mutex::default() });
    let span = tracing::info_span!("connector", name = connector.name);
    let running = tokio::spawn(tracing::Instrument::instrument(
        supervise(settings, environment, report, stopped),
        span,
    ));
    running.await.unwrap_or_else(|_| {
        let error = Error::definite(
            codes::INTERNAL,
            "The connector met a defect of Walbrook and has stopped; nothing uncommitted is visible.",
        )
        .fix("Report it with the log; a restart goes on from the stored checkpoint.");
        entry.ended(board::Phase::Failed, &error);
        State::Failed(error)
    })
}

/// Writes a pipeline's news on the board.
struct Reporter {
    entry: board::Entry,
    gauges: Mutex<Option<Arc<Gauges>>>,
}

impl Report for Reporter {
    fn phase(&self, phase: Phase, error: Option<&Error>) {
        tracing::info!(?phase, "phase");
        match (phase, error) {
            (Phase::Starting, _) => self.entry.phase(board::Phase::Starting),
            (Phase::Snapshotting, _) => self.entry.phase(board::Phase::Snapshotting),
            (Phase::Streaming, _) => self.entry.phase(board::Phase::Streaming),
            (Phase::Stopped, _) => self.entry.phase(board::Phase::Stopped),
            (Phase::Finished, _) => self.entry.phase(board::Phase::Finished),
            (Phase::Retrying, Some(error)) => self.entry.retrying(error),
            (Phase::Fenced, Some(error)) => self.entry.ended(board::Phase::Fenced, error),
            (Phase::Failed, Some(error)) => self.entry.ended(board::Phase::Failed, error),
            (Phase::Retrying | Phase::Fenced | Phase::Failed, None) => {}
        }
    }

    fn opened(&self, gauges: Arc<Gauges>, position: Option<&Position>, generation: Option<u64>) {
        self.entry.gauges(Arc::clone(&gauges));
        *self.gauges.lock().unwrap_or_else(PoisonError::into_inner) = Some(gauges);
        if let Some(position) = position {
            self.entry.position(position);
        }
        if let Some(generation) = generation {
            self.entry.generation(generation);
        }
    }

    fn committed(&self, committed: &Committed) {
        if let Some(position) = &committed.position {
            self.entry.position(position);
        }
        let gauges = self.gauges.lock().unwrap_or_else(PoisonError::into_inner);
        let commit_us = gauges.as_ref().map(|gauges| gauges.commit_us.load(Ordering::Relaxed));
        self.entry.delivered(board::Delivered {
            records: committed.records,
            transactions: committed.transactions,
            bytes: committed.bytes,
            commit_us: commit_us.filter(|&us| us > 0 && committed.transactions > 0),
        });
        self.entry.commit_latency(committed.took);
    }

    fn snapshot(&self, progress: &Progress) {
        self.entry.progress(progress.clone());
    }

    fn resnapshot(&self, job: &Job) {
        self.entry.resnapshot(job.clone());
    }

    fn split(&self) {
        self.entry.split();
    }

    fn waiting(&self, error: Option<&Error>) {
        match error {
            Some(error) => self.entry.retrying(error),
            None => self.entry.phase(board::Phase::Streaming),
        }
    }
}

/// Ends at SIGTERM or Ctrl-C.
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
