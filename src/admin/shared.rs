//! What every route has at hand.

use super::answer::{Answer, Problem};
use super::board::{Board, ConnectorStatus};
use super::control::Connectors;
use crate::telemetry::Metrics;
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

/// What the interface shows and whom it asks.
#[derive(Clone)]
pub struct Interface {
    /// What the connectors tell.
    pub board: Board,
    /// Who runs them.
    pub connectors: Arc<dyn Connectors>,
    /// The metrics; without them `/metrics` does not exist.
    pub metrics: Option<Metrics>,
}

impl std::fmt::Debug for Interface {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Interface").field("board", &self.board).finish_non_exhaustive()
    }
}

/// The state of the router.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) interface: Interface,
    /// Our address, which stands for Kafka Connect's worker id.
    pub(super) worker: Arc<str>,
    /// Says true when everything ends: what goes on without end must end then.
    pub(super) ended: watch::Receiver<bool>,
    /// Places of clients of `/events`.
    pub(super) listeners: Arc<Semaphore>,
}

impl Shared {
    pub(super) fn board(&self) -> &Board {
        &self.interface.board
    }

    pub(super) fn connectors(&self) -> &dyn Connectors {
        self.interface.connectors.as_ref()
    }

    /// The connector called `name`; where there is none, Kafka Connect's sentence is `sentence` + name.
    pub(super) fn known(&self, name: &str, sentence: &str) -> Answer<ConnectorStatus> {
        let status = self.board().get(name);
        status.ok_or_else(|| Problem::unknown(name, format!("{sentence}{name}")))
    }

    /// The same in the sentence that Kafka Connect has in most places.
    pub(super) fn connector(&self, name: &str) -> Answer<ConnectorStatus> {
        let status = self.board().get(name);
        status.ok_or_else(|| Problem::unknown(name, format!("Connector {name} not found")))
    }
}
