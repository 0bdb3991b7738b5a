//! Tables that are new to a connector which streams already: read like those of a first snapshot, as a
//! job of their own.

use super::entry::{Cursor, TableEntry};
use super::marker::Extent;
use super::pace::Pace;
use super::rows;
use super::survey::{Plan, Planned, Size, key_columns};
use super::{round, view};
use crate::resnapshot::Beside;
use crate::settings::Settings;
use crate::source::tables;
use crate::stream::Stream;
use crate::transport;
use std::rc::Rc;
use std::sync::Arc;
use walbrook_core::checkpoint::{Part, Updates, put};
use walbrook_core::chunk::Key;
use walbrook_core::error::Result;
use walbrook_core::layout;
use walbrook_core::resnapshot::{Job, State, Table};
use walbrook_reader::Out;

/// Notes, before the log is followed, which tables of an earlier run's job are not published whole.
pub(crate) async fn prepare_backfill(
    settings: &Arc<Settings>,
    stream: &mut Stream,
    job: &mut Job,
) -> Result<()> {
    survey(settings, stream, job).await.map(drop)
}

/// Reads the tables of a job; the log is followed meanwhile.
pub(crate) async fn run(
    settings: &Arc<Settings>,
    stream: &mut Stream,
    mut job: Job,
    beside: &mut Beside,
    out: &Rc<Out>,
) -> Result<()> {
    let mut plan = survey(settings, stream, &mut job).await?;
    let id = job.wish.id.clone();
    plan.job = Some(job);
    let mut views = view::Views::open(settings, settings.snapshot_workers).await?;
    while !plan.is_done() {
        round::run(settings, stream, &mut plan, &mut views, out).await?;
        beside.listen(&mut stream.follower).await?;
        if beside.is_given_up(&id) {
            leave(stream, &mut plan);
            break;
        }
    }
    // Also where the last of them were dropped.
    let updates = progress(&mut plan);
    stream.follower.flush().await?;
    out.updates(updates).await
}

/// Gives the job up between two rounds: from here on every change of its tables is told.
fn leave(stream: &mut Stream, plan: &mut Plan) {
    for planned in plan.tables.iter().filter(|planned| !planned.entry.done) {
        tracing::warn!(table = %planned.table, "the rest of a new table is not read");
        stream.follower.reading.leave(&planned.table);
    }
    if let Some(job) = &mut plan.job {
        job.state = State::Stopped;
    }
}

/// What there is to be read, and which of its changes are told. One that is gone is done.
async fn survey(settings: &Arc<Settings>, stream: &mut Stream, job: &mut Job) -> Result<Plan> {
    let mut conn = transport::client(settings, "snapshot").await?;
    let listed = tables::selected(&mut conn, settings).await?;
    let mut plan = Plan::default();
    for (name, progress) in job.tables.iter_mut().filter(|(_, progress)| !progress.done) {
        let listed = listed.iter().find(|listed| listed.table.to_string() == *name);
        let Some(listed) = listed.filter(|it| is_known(stream, &it.table)) else {
            progress.done = true;
            continue;
        };
        progress.rows_estimated = Some(listed.rows);
        let (table, rows, bytes) = (listed.table.clone(), listed.rows, listed.bytes);
        let entry = entry(progress);
        let part = rows::Part::of(settings, &table);
        let size = Size { rows, begun: entry.cursor.is_some() };
        let columns = match size.is_one_piece(&part) {
            true => Vec::new(),
            false => key_columns(settings, stream, &mut conn, &table).await?,
        };
        let published = entry.cursor.as_ref().map(|cursor| cursor.key.clone());
        stream.follower.reading.begin(table.clone(), columns.clone(), published, false);
        let extent = Extent { between: true, ..Extent::default() };
        let pace = Pace::guess(bytes, rows);
        plan.tables.push(Planned { table, part, columns, entry, rows, bytes, extent, pace });
    }
    drop(conn.disconnect().await);
    Ok(plan)
}

fn is_known(stream: &Stream, table: &layout::Table) -> bool {
    stream.follower.structures.get(&table.schema, &table.name).is_some()
}

/// How far a table of the job is, in the terms of a snapshot.
fn entry(progress: &Table) -> TableEntry {
    let sql = serde_json::from_value::<Key>(progress.own.clone()).ok();
    let cursor = progress.cursor.clone().zip(sql).map(|(key, sql)| Cursor { key, sql });
    TableEntry { cursor, rows: progress.rows, done: progress.done }
}

/// Brings the job in line with its tables; answers what is to be stored. Nothing in a first snapshot.
pub(super) fn progress(plan: &mut Plan) -> Updates {
    let Some(job) = &mut plan.job else { return Updates::new() };
    for planned in &plan.tables {
        let Some(progress) = job.tables.get_mut(&planned.table.to_string()) else { continue };
        let cursor = planned.entry.cursor.clone();
        progress.own = cursor
            .as_ref()
            .and_then(|cursor| serde_json::to_value(&cursor.sql).ok())
            .unwrap_or_default();
        progress.cursor = cursor.map(|cursor| cursor.key);
        (progress.rows, progress.done) = (planned.entry.rows, planned.entry.done);
    }
    if job.tables.values().all(|table| table.done) {
        job.state = State::Done;
    }
    vec![put(Part::Resnapshot(job.wish.id.clone()), job)]
}
