//! The work of the reader thread: structures, tables beside the log, the log.

use super::decide::Decision;
use super::entry::Phase;
use super::prepare::Prepared;
use super::{begin, monitor, newcomers};
use crate::resnapshot::Beside;
use crate::settings::{Settings, SnapshotMode};
use crate::snapshot;
use crate::stream::{Follower, Start, Stream};
use crate::transport;
use std::rc::Rc;
use std::sync::Arc;
use walbrook_core::checkpoint::{Part, Updates, put};
use walbrook_core::error::Result;
use walbrook_core::fault;
use walbrook_core::resnapshot::Reason;
use walbrook_core::source::Message;
use walbrook_reader::Out;

/// Does what was decided.
pub(super) async fn run(settings: Arc<Settings>, mut prepared: Prepared, out: Out) -> Result<()> {
    let out = Rc::new(out);
    if prepared.decision == Decision::Finished {
        return out.tell(Message::Finished);
    }
    let server = prepared.server.clone();
    let jobs = std::mem::take(&mut prepared.jobs);
    let (jobs, mut first): (Vec<_>, Vec<_>) =
        jobs.into_iter().partition(|job| job.reason == Reason::Asked);
    let mut beside = Beside::new(Arc::clone(&settings), Rc::clone(&out), jobs);
    let watching = monitor::watch(Arc::clone(&settings), server.clone(), Arc::clone(&out.gauges));
    let watching = tokio::spawn(watching);
    let mut stream = match prepared.decision {
        Decision::Begin => {
            let begin::Beginning { mut stream, inventory } =
                begin::begin(&settings, &server, &out).await?;
            let updates = begun(&settings, &prepared, &stream);
            stream.follower.begins(&inventory, updates).await?;
            stream
        }
        _ => go_on(&settings, &mut prepared, &out).await?,
    };
    if prepared.entry.phase == Phase::Snapshotting {
        out.tell(Message::Snapshotting)?;
        if prepared.decision == Decision::Again {
            out.updates(vec![put(Part::Source, &prepared.entry)]).await?;
        }
        let (tables, again) = (&prepared.tables, prepared.entry.again);
        snapshot::run(&settings, &mut stream, tables, again, &mut beside, &out).await?;
        fault::point("snapshot.before_streaming");
        (prepared.entry.phase, prepared.entry.again) = (Phase::Streaming, false);
        stream.follower.flush().await?;
        let position = put(Part::Position, stream.follower.position());
        out.updates(vec![put(Part::Source, &prepared.entry), position]).await?;
        out.tell(Message::Streaming(stream.follower.position().clone()))?;
    }
    if settings.snapshot_mode == SnapshotMode::InitialOnly {
        watching.abort();
        return out.tell(Message::Finished);
    }
    for job in &mut first {
        snapshot::prepare_backfill(&settings, &mut stream, job).await?;
    }
    let newcomers = std::mem::take(&mut prepared.newcomers);
    if !newcomers.is_empty() {
        let taken = newcomers::take_in(&settings, &server, &mut stream, newcomers, &out).await?;
        first.extend(taken);
    }
    for job in first {
        snapshot::backfill(&settings, &mut stream, job, &mut beside, &out).await?;
    }
    stream.follow(&mut beside).await
}

/// What is stored first: from where the log is followed, and the structures there.
fn begun(settings: &Settings, prepared: &Prepared, stream: &Stream) -> Updates {
    let captured = |database: &str, table: &str| (settings.selection)(database, table);
    let structures = stream.follower.structures.iter();
    let mut updates: Updates = structures
        .filter(|it| captured(&it.database, &it.name))
        .map(|it| put(Part::Structure(format!("{}.{}", it.database, it.name)), &**it))
        .collect();
    let waiting = stream.follower.waiting().iter();
    updates.extend(waiting.map(|(xid, it)| put(Part::Prepared(xid.clone()), it)));
    updates.push(put(Part::Source, &prepared.entry));
    updates
}

/// Opens the log where it was left.
async fn go_on(settings: &Arc<Settings>, prepared: &mut Prepared, out: &Rc<Out>) -> Result<Stream> {
    let mut structures = std::mem::take(&mut prepared.structures);
    let mut conn = transport::client(settings, "structures").await?;
    super::structures::defaults(&mut conn, &mut structures).await?;
    drop(conn.disconnect().await);
    let position = prepared.position.clone().ok_or_else(super::stopped)?;
    let start = Start {
        position,
        structures,
        waiting: std::mem::take(&mut prepared.waiting),
        context: prepared.server.context(),
    };
    let follower = Follower::new(Arc::clone(settings), start, Rc::clone(out));
    Stream::open(settings, follower).await
}
