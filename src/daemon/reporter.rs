//! A pipeline's news on the board.

use super::End;
use crate::admin::board;
use crate::pipeline::report::{Committed, Phase, Report};
use crate::telemetry::Delivered;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;
use walbrook_core::error::Error;
use walbrook_core::position::Position;
use walbrook_core::resnapshot::Job;
use walbrook_core::source::{Gauges, Progress};

/// Writes a pipeline's news on the board.
pub(super) struct Reporter {
    entry: board::Entry,
    end: watch::Sender<End>,
    gauges: Mutex<Option<Arc<Gauges>>>,
    delivered: Mutex<Delivered>,
}

impl Reporter {
    /// Writes at `entry`, and tells `end` when the connector ends by itself.
    pub(super) fn new(entry: board::Entry, end: watch::Sender<End>) -> Self {
        let delivered = Mutex::new(Delivered::new(entry.meter()));
        Self { entry, end, gauges: Mutex::default(), delivered }
    }
}

impl Report for Reporter {
    fn phase(&self, phase: Phase, error: Option<&Error>) {
        tracing::info!(?phase, "phase");
        self.end.send_replace(match phase {
            Phase::Finished => End::Finished,
            Phase::Failed | Phase::Fenced => End::Failed,
            _ => End::Not,
        });
        match (phase, error) {
            (Phase::Retrying, Some(error)) => self.entry.retrying(error),
            (Phase::Fenced | Phase::Failed, Some(error)) => self.entry.ended(phase, error),
            (Phase::Retrying | Phase::Fenced | Phase::Failed, None) => {}
            (phase, _) => self.entry.phase(phase),
        }
    }

    fn stored(&self, position: &Position) {
        self.entry.position(position);
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
        self.entry.poisoned(&committed.poisoned);
        self.entry.commit_latency(committed.took);
        let mut delivered = self.delivered.lock().unwrap_or_else(PoisonError::into_inner);
        delivered.add(&committed.measured, committed.waits, board::now_us());
    }

    fn snapshot(&self, progress: &Progress) {
        self.entry.progress(progress.clone());
    }

    fn resnapshot(&self, job: &Job) {
        self.entry.resnapshot(job.clone());
    }

    fn resnapshots(&self, jobs: Vec<Job>) {
        self.entry.resnapshots(jobs);
    }

    fn topic(&self, name: &str) {
        self.entry.topic(name);
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
