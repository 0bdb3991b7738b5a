//! Keeps an eye on the end of the log, at all times.

use super::server::{self, Server};
use crate::settings::Settings;
use crate::transport;
use mysql_async::Conn;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use walbrook_core::error::Result;
use walbrook_core::source::Gauges;

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(5);

/// Looks for ever. A failed look is repeated over a new connection: the reader itself notices when
/// the server is gone.
pub(super) async fn watch(settings: Arc<Settings>, server: Server, gauges: Arc<Gauges>) {
    let mut conn = None;
    loop {
        if let Err(error) = look(&settings, &server, &gauges, &mut conn).await {
            tracing::debug!(%error, "the end of the log could not be asked for");
            conn = None;
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn look(
    settings: &Settings,
    server: &Server,
    gauges: &Gauges,
    open: &mut Option<Conn>,
) -> Result<()> {
    let conn = match open {
        Some(conn) => conn,
        None => open.insert(transport::client(settings, "monitor").await?),
    };
    let end = server::log_end(conn, server).await?;
    gauges.head.fetch_max(end.offset(), Relaxed);
    Ok(())
}
