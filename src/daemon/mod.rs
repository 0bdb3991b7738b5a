//! The daemon: every connector side by side, the admin interface, and an orderly end.
//!
//! ```text
//!              ┌─ keeper ─ pipeline ─┐ one task per connector; what happens in one ends it alone
//!  run ────────┼─ keeper ─ pipeline ─┤
//!   │          └─ keeper ─ pipeline ─┘──▶ board ──▶ admin interface, metrics
//!   └── signal, --exit-on-failure            ▲
//!                     desk (asks) ───────────┘
//! ```
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`keeper`] | the life of one connector in this process |
//! | [`reporter`] | a pipeline's news on the board |
//! | [`guard`] | the log that a database keeps for a connector |
//! | [`desk`] | what the admin interface asks of the connectors |

pub mod desk;
pub mod guard;
mod keeper;
mod reporter;

use crate::admin::{self, board};
use crate::config::Config;
use crate::pipeline::Control;
use crate::telemetry;
use desk::{Desks, Reachable};
use guard::{Guard, Limit};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use walbrook_core::error::Result;

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

/// Whether a connector has ended by itself. A paused one has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It goes on, or waits for a person or a server.
    Not,
    /// Everything that was asked for is delivered.
    Finished,
    /// It failed, or another instance owns it.
    Failed,
}

/// Runs the daemon until a signal, or until all connectors have ended where `exit_on_failure`.
pub async fn run(
    config: Config,
    metrics: telemetry::Metrics,
    exit_on_failure: bool,
) -> Result<Ended> {
    let board = board::Board::new();
    let mut desks = Desks::new(board.clone());
    let mut keepers = Vec::new();
    // Dropped at the end, and with it every guard.
    let mut guards = JoinSet::new();
    let (mut controls, mut ends) = (Vec::new(), Vec::new());
    for connector in config.connectors.values() {
        let source = connector.url.server.connector();
        let entry = board.add(&connector.name, source, crate::config::shown(connector));
        let (control, orders) = Control::new();
        let (desk, orders) = orders.with_desk();
        let (end, ended) = watch::channel(End::Not);
        controls.push(control);
        ends.push(ended);
        let limit = Limit { bytes: connector.max_retained_wal.0, action: connector.on_wal_limit };
        let idle = crate::wiring::idle(&config, connector);
        guards.spawn(Guard::new(idle, entry.clone(), desk.clone(), limit).watch());
        desks.add(&connector.name, Reachable::new(&config, connector, desk));
        keepers.push(keeper::keep(config.clone(), connector.clone(), entry, orders, end));
    }
    let desks = Arc::new(desks);
    let (admin_stop, admin_stopped) = watch::channel(false);
    let (connectors, metrics) = (desks.clone(), Some(metrics));
    let interface = admin::Interface { board, connectors, metrics };
    let admin = admin::serve(&config, interface, admin_stopped).await?;
    let mut connectors = JoinSet::new();
    for keeper in keepers {
        connectors.spawn(keeper);
    }
    let ended = tokio::select! {
        () = signal() => Ended::Asked,
        failed = all_ended(ends), if exit_on_failure => Ended::AllEnded { failed },
    };
    for control in &controls {
        control.stop();
    }
    while connectors.join_next().await.is_some() {}
    drop((desks, guards));
    admin_stop.send_replace(true);
    let _ = tokio::time::timeout(Duration::from_secs(1), admin).await;
    Ok(ended)
}

/// Returns when all connectors have ended at the same time; whether one of them failed.
async fn all_ended(mut ends: Vec<watch::Receiver<End>>) -> bool {
    loop {
        for end in &mut ends {
            if end.wait_for(|end| *end != End::Not).await.is_err() {
                // The process ends: the other branch knows.
                return std::future::pending().await;
            }
        }
        let now: Vec<End> = ends.iter().map(|end| *end.borrow()).collect();
        if !now.contains(&End::Not) {
            return now.contains(&End::Failed);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connector_that_was_restarted_has_not_ended() {
        let (one, first) = watch::channel(End::Failed);
        let (two, second) = watch::channel(End::Not);
        let mut waiting = tokio::spawn(all_ended(vec![first, second]));
        tokio::time::sleep(Duration::from_millis(1)).await;
        one.send_replace(End::Not);
        two.send_replace(End::Finished);
        let early = tokio::time::timeout(Duration::from_secs(1), &mut waiting).await;
        assert!(early.is_err(), "one of them goes on");
        one.send_replace(End::Finished);
        assert!(!waiting.await.unwrap(), "none has failed");
    }
}
