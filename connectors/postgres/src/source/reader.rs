//! The reader thread: slot, snapshot, stream, one after the other.

use super::decide::Decision;
use super::entry::Phase;
use super::follow;
use super::monitor;
use super::prepare::Prepared;
use crate::settings::{Settings, SnapshotMode};
use crate::snapshot::export::Holder;
use crate::{slot, snapshot, transport};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use walbrook_core::checkpoint::{Part, put};
use walbrook_core::error::Result;
use walbrook_core::fault;
use walbrook_core::position::{Log, Position};
use walbrook_core::source::Message;
use walbrook_reader::Out;

/// How long a slot that is to be dropped may still be in use.
const PATIENCE: Duration = Duration::from_secs(30);

/// Does what was decided.
pub(super) async fn run(
    settings: Arc<Settings>,
    mut prepared: Prepared,
    out: Out,
    confirmed: watch::Receiver<u64>,
) -> Result<()> {
    let settings = &settings;
    let watching = tokio::spawn(monitor::watch(Settings::clone(settings), Arc::clone(&out.gauges)));
    match prepared.decision {
        Decision::Finished => return out.tell(Message::Finished),
        Decision::Stream => {}
        _ => {
            tables(settings, &mut prepared, &out).await?;
            if settings.snapshot_mode == SnapshotMode::InitialOnly {
                watching.abort();
                return out.tell(Message::Finished);
            }
        }
    }
    follow::run(settings, prepared, out, confirmed).await
}

/// Makes the slot where it is missing, reads the tables, and says so.
async fn tables(settings: &Settings, prepared: &mut Prepared, out: &Out) -> Result<()> {
    let holder = hold(settings, prepared).await?;
    let snapshot = holder.snapshot.clone();
    let entry = &mut prepared.entry;
    if let Decision::Begin { .. } = prepared.decision {
        entry.consistent_lsn = snapshot.lsn;
    }
    super::raise(&out.gauges.head, snapshot.lsn);
    entry.listed = settings.snapshot_mode != SnapshotMode::NoData;
    let reads = settings.snapshot_mode != SnapshotMode::NoData;
    if reads {
        entry.phase = Phase::Snapshotting;
        out.tell(Message::Snapshotting)?;
        out.updates(vec![put(Part::Source, entry)]).await?;
        let covered = if entry.again { entry.consistent_lsn } else { snapshot.lsn };
        snapshot::run(settings, out, &snapshot, covered, &mut prepared.tables).await?;
    }
    holder.close().await?;
    fault::point("snapshot.before_streaming");
    let begin = || Position::at(entry.server.clone(), Log::Lsn(entry.consistent_lsn));
    let position = prepared.position.get_or_insert_with(begin);
    entry.phase = Phase::Streaming;
    out.updates(vec![put(Part::Source, entry), put(Part::Position, position)]).await?;
    out.tell(Message::Streaming(position.clone()))
}

/// Opens the snapshot through the slot that the decision asks for.
async fn hold(settings: &Settings, prepared: &Prepared) -> Result<Holder> {
    if let Decision::Begin { drop_slot } = prepared.decision {
        if drop_slot {
            let client = transport::client(settings, "slot").await?;
            tracing::warn!(slot = settings.slot, "dropping the slot, which no record depends on");
            slot::drop(&client, &settings.slot, PATIENCE).await?;
        }
        return Holder::open(settings, &settings.slot, false).await;
    }
    let name = temporary(&settings.slot, &prepared.entry.nonce);
    Holder::open(settings, &name, true).await
}

/// A name for a slot that ends with its session.
pub(crate) fn temporary(slot: &str, nonce: &str) -> String {
    let mut name = slot.to_owned();
    name.truncate(30);
    let clean = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let suffix: String = nonce.chars().map(clean).collect();
    format!("{name}_tmp_{suffix}").chars().take(63).collect()
}
