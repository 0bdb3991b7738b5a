//! Changes from now on, without a checkpoint and without a trace: what `walbrook tail` shows.

use crate::catalog::Live;
use crate::settings::{PublicationMode, Settings};
use crate::slot::{self, Creation};
use crate::source::{follow, reader};
use crate::{publication, resume, source, transport};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::watch;
use walbrook_core::error::Result;
use walbrook_core::position::{Log, Position};
use walbrook_core::source::SourceHandle;
use walbrook_reader::Out;

/// Follows the log from now on through a slot that ends with the connection.
///
/// With [`PublicationMode::Existing`] the publication of the settings is used; otherwise one is
/// made for the time being (`walbrook_tail_<process>`) and dropped at the end.
pub fn open(settings: Settings) -> Result<SourceHandle> {
    let connector = settings.connector.clone();
    source::open(&connector, move |out, confirmed| run(settings, out, confirmed))
}

async fn run(mut settings: Settings, out: Out, confirmed: watch::Receiver<u64>) -> Result<()> {
    let ours = settings.publication_mode != PublicationMode::Existing;
    let process = std::process::id();
    if ours {
        settings.publication = format!("walbrook_tail_{process}");
    }
    let client = transport::client(&settings, "tail").await?;
    publication::ensure(&client, &settings).await?;
    let streamed = stream(&settings, out, confirmed).await;
    if ours {
        publication::drop(&client, &settings.publication).await?;
    }
    streamed
}

async fn stream(settings: &Settings, out: Out, confirmed: watch::Receiver<u64>) -> Result<()> {
    let mut session = transport::connect(settings, "tail").await?;
    let version = session.query("SHOW server_version_num").await?;
    let version = version.first().and_then(|row| row.first()).and_then(Option::as_deref);
    let version = version.and_then(|text| text.parse().ok()).unwrap_or(0);
    let system = resume::identify(&mut session).await?;
    let name = reader::temporary("walbrook_tail", &std::process::id().to_string());
    let what = Creation {
        name: &name,
        temporary: true,
        failover: false,
        snapshot: slot::Snapshot::Nothing,
    };
    let lsn = slot::create(&mut session, version, &what).await?;
    let catalog = Live::open(transport::client(settings, "tail catalog").await?).await?;
    let position = Position::at(system.id, Log::Lsn(lsn));
    let known = (HashMap::new(), Arc::new(catalog) as Arc<dyn crate::catalog::Catalog>);
    let start = follow::start(settings, position, known, None);
    let messages = settings.messages.is_some();
    let command = slot::start_command(&name, &settings.publication, lsn, messages);
    let io = session.copy_both(&command).await?;
    crate::stream::run(io, start, follow::wires(out, confirmed)).await
}
