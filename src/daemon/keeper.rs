//! The life of one connector in this process: begun, and begun again when a person restarts it
//! after its outside could not be made, or after a defect.

use super::End;
use super::reporter::Reporter;
use crate::admin::board;
use crate::codes;
use crate::config::{Config, Connector};
use crate::pipeline::orders::{Ask, Orders, Refusal};
use crate::pipeline::supervise;
use crate::wiring;
use std::sync::Arc;
use tokio::sync::watch;
use tracing::Instrument;
use walbrook_core::error::{Error, Result};

/// Keeps one connector until the process ends. Whatever happens in it ends it alone.
pub(super) async fn keep(
    config: Config,
    connector: Connector,
    entry: board::Entry,
    orders: Orders,
    end: watch::Sender<End>,
) {
    loop {
        let failed = once(&config, &connector, &entry, &orders, &end).await;
        let Err(error) = failed else { return };
        tracing::error!(connector = connector.name, code = %error.code, error = %error, "failed");
        entry.ended(board::Phase::Failed, &error);
        end.send_replace(End::Failed);
        tokio::select! {
            () = orders.stopped() => return,
            () = restarted(&orders, &error) => {}
        }
    }
}

/// Runs it until the process ends.
async fn once(
    config: &Config,
    connector: &Connector,
    entry: &board::Entry,
    orders: &Orders,
    end: &watch::Sender<End>,
) -> Result<()> {
    let instance = uuid::Uuid::now_v7().to_string();
    let settings = wiring::settings(connector, &instance);
    let environment = wiring::environment(config, connector, &instance)?;
    let report = Arc::new(Reporter::new(entry.clone(), end.clone()));
    let span = tracing::info_span!("connector", name = connector.name);
    let running = supervise(settings, environment, report, orders.clone()).instrument(span);
    tokio::spawn(running).await.map(drop).map_err(|_| {
        Error::definite(
            codes::INTERNAL,
            "The connector met a defect of Walbrook and has stopped; nothing uncommitted is visible.",
        )
        .fix("Report it with the log; a restart goes on from the stored checkpoint.")
    })
}

/// Returns when a person restarts it. Nothing else can be done while there is no way to Kafka.
async fn restarted(orders: &Orders, error: &Error) {
    loop {
        match orders.asked().await {
            Ask::Restart(reply) => return reply.send(Ok(())),
            ask => ask.refuse(Refusal::Unavailable(error.clone())),
        }
    }
}
