//! The admin interface: Kafka Connect's own shapes, and ours beside them.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`board`] | what the connectors tell about themselves |
//! | [`control`] | what can be asked of them |
//! | [`lag`] | how far behind one of them is |
//! | [`status`] | Connect's picture of one of them |
//! | [`server`] | the routes |

use crate::config::Config;
use crate::telemetry::Metrics;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use walbrook_core::error::Result;

pub mod board;
pub mod control;
pub mod lag;
mod poison;
pub mod server;
pub mod status;

/// Answers on the configured address until `stopped` says true, or its sender is gone.
pub async fn serve(
    config: &Config,
    board: board::Board,
    metrics: Metrics,
    mut stopped: watch::Receiver<bool>,
) -> Result<JoinHandle<()>> {
    let server = server::Server::bind(config.admin.listen, board, Some(metrics)).await?;
    tracing::info!(listen = ?server.address(), "admin interface");
    let stop = async move {
        // An error is the end of the sender, which is an end too.
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    Ok(tokio::spawn(async move {
        if let Err(e) = server.serve(stop).await {
            tracing::error!(error = %e, "the admin interface has ended");
        }
    }))
}
