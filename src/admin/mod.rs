//! The admin interface: Kafka Connect's own shapes, and ours beside them.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`board`] | what the connectors tell about themselves |
//! | [`control`] | what can be asked of them |
//! | [`kept`] | what a database keeps of its log for one of them |
//! | [`lag`] | how far behind one of them is |
//! | [`status`], [`info`], [`job`] | Connect's picture of one of them, and of its snapshots |
//! | `routes` | what is answered, route by route; the OpenAPI document |
//! | `access` | who may do what, and the audit log |
//! | [`server`], `listener` | addresses, connections, TLS, the end |
//!
//! ```text
//!  TCP ─▶ listener ─▶ access::gate ─▶ routes ─▶ Board      (what is shown)
//!         slow: cut    401 403 413       └────▶ Connectors (what is asked)
//! ```

use crate::config::Config;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use walbrook_core::error::Result;

mod access;
mod answer;
mod ask;
pub mod board;
pub mod codes;
pub mod control;
#[cfg(test)]
mod fake;
pub mod info;
pub mod job;
pub mod kept;
pub mod lag;
mod listener;
mod patient;
mod poison;
mod routes;
mod schema;
pub mod server;
mod shared;
pub mod status;
mod tls;
mod ui;

pub use shared::Interface;

/// Answers on the configured addresses until `stopped` says true, or its sender is gone.
pub async fn serve(
    config: &Config,
    interface: Interface,
    mut stopped: watch::Receiver<bool>,
) -> Result<JoinHandle<()>> {
    let server = server::Server::bind(&config.admin, interface).await?;
    let health = server.health_address().map(tracing::field::debug);
    tracing::info!(listen = ?server.address(), health, "admin interface");
    Ok(tokio::spawn(async move {
        // An error is the end of the sender, which is an end too.
        server.serve(async move { drop(stopped.wait_for(|stop| *stop).await) }).await;
    }))
}
