//! Keeps an eye on the log that the slot retains, at all times.

use crate::settings::Settings;
use crate::{slot, transport};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio_postgres::Client;
use walbrook_core::error::Result;
use walbrook_core::source::Gauges;

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(5);

/// Looks for ever. A failed look is repeated over a new connection: the reader itself notices when
/// the server is gone.
pub(super) async fn watch(settings: Settings, gauges: Arc<Gauges>) {
    let mut client = None;
    loop {
        if let Err(error) = look(&settings, &gauges, &mut client).await {
            tracing::debug!(%error, "the retained log could not be asked for");
            client = None;
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn look(settings: &Settings, gauges: &Gauges, open: &mut Option<Client>) -> Result<()> {
    let client = match open {
        Some(client) => client,
        None => open.insert(transport::client(settings, "monitor").await?),
    };
    let slot = slot::inspect(client, &settings.slot).await?.unwrap_or_default();
    if let Some(retained) = slot.retained {
        gauges.retained.store(retained, Relaxed);
        super::raise(&gauges.head, slot.restart_lsn.unwrap_or(0) + retained);
    }
    Ok(())
}
