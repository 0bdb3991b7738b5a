//! Tables that were there before and are captured from now on: the configuration has changed.
//!
//! ```text
//!  log    ──── left off ──── hidden: nothing of them is told ──── P ──── told as tables being read ──▶
//!                                                structures ──────┘└─ a job of its own, stored here
//! ```
//!
//! What happened to them before P is in their rows, which are read from P on in chunks, like those of
//! a first snapshot. One that the log itself creates before P comes whole through the log.

use super::server::{self, Server};
use super::structures;
use crate::codes;
use crate::settings::{Settings, SnapshotMode};
use crate::source::tables;
use crate::stream::Stream;
use crate::structure::Structure;
use crate::transport;
use mysql_async::Conn;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use walbrook_core::checkpoint::{Checkpoint, Part, Updates, put};
use walbrook_core::error::{Error, Result};
use walbrook_core::layout::Table;
use walbrook_core::resnapshot::{self, Job, Reason, State, Wish};
use walbrook_reader::Out;

/// How often structures are read before a server that defines tables without end is given up.
const TRIES: usize = 10;

/// The captured tables of which the checkpoint knows nothing.
pub(super) async fn find(
    conn: &mut Conn,
    settings: &Settings,
    checkpoint: &Checkpoint,
) -> Result<Vec<Table>> {
    if settings.snapshot_mode == SnapshotMode::NoData {
        return Ok(Vec::new());
    }
    let known = |name: String| {
        checkpoint.get(&Part::Structure(name.clone())).is_some()
            || checkpoint.get(&Part::Table(name)).is_some()
    };
    let listed = tables::selected(conn, settings).await?.into_iter().map(|listed| listed.table);
    Ok(listed.filter(|table| !known(table.to_string())).collect())
}

/// Follows the log to the present, where the tables come in; answers the job that reads them, which
/// is stored by then.
pub(super) async fn take_in(
    settings: &Arc<Settings>,
    server: &Server,
    stream: &mut Stream,
    newcomers: Vec<Table>,
    out: &Out,
) -> Result<Option<Job>> {
    stream.follower.hidden.extend(newcomers);
    let mut conn = transport::client(settings, "structures").await?;
    let end = server::log_end(&mut conn, server).await?;
    stream.reach(&end).await?;
    for _ in 0..TRIES {
        stream.follower.shaken = false;
        let mut found = Vec::new();
        for table in stream.follower.hidden.clone() {
            found.extend(structures::one(settings, &server.context(), &table).await?);
        }
        let end = server::log_end(&mut conn, server).await?;
        stream.reach(&end).await?;
        if !stream.follower.shaken {
            drop(conn.disconnect().await);
            return let_in(settings, stream, found, out).await;
        }
    }
    Err(Error::transient(codes::CHANGED, "Tables are defined anew all the time."))
}

async fn let_in(
    settings: &Settings,
    stream: &mut Stream,
    mut found: Vec<Structure>,
    out: &Out,
) -> Result<Option<Job>> {
    let hidden = stream.follower.reveal();
    found.retain(|it| hidden.contains(&Table::new(it.database.as_str(), it.name.as_str())));
    if found.is_empty() {
        return Ok(None);
    }
    let names: Vec<String> =
        found.iter().map(|it| format!("{}.{}", it.database, it.name)).collect();
    tracing::info!(connector = settings.connector, tables = ?names, "tables are new");
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let asked_us = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
    let id = format!("new-{asked_us}");
    let reads = |it: &&Structure| settings.initial.reads(&it.database, &it.name);
    let names = found.iter().filter(reads).map(|it| format!("{}.{}", it.database, it.name));
    let names: Vec<String> = names.collect();
    let tables: BTreeMap<_, _> =
        names.iter().map(|name| (name.clone(), resnapshot::Table::default())).collect();
    let wish = Wish { id: id.clone(), tables: names, predicate: None };
    let job = Job { wish, reason: Reason::NewTable, asked_us, state: State::Running, tables };
    // Tables that are told from the log alone need no job.
    let job = Some(job).filter(|job| !job.tables.is_empty());
    let mut updates: Updates =
        job.iter().map(|job| put(Part::Resnapshot(id.clone()), job)).collect();
    for structure in found {
        let name = format!("{}.{}", structure.database, structure.name);
        updates.push(put(Part::Structure(name), &structure));
        stream.follower.structures.insert(structure);
    }
    stream.follower.flush().await?;
    updates.push(put(Part::Position, stream.follower.position()));
    out.updates(updates).await?;
    Ok(job)
}
