//! One round: a few chunks, opened together and published together.

use super::backfill;
use super::chunk::{self, Piece};
use super::entry::{Cursor, TableEntry};
use super::order::parameter;
use super::sql;
use super::survey::{Plan, Planned};
use super::view::{Told, Views, read_error};
use crate::settings::Settings;
use crate::stream::{Chunk, Stream};
use crate::table::{Modes, Select};
use futures_util::future::try_join_all;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Params, Row};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use walbrook_core::batch::{Batch, Lane};
use walbrook_core::checkpoint::{Part, put};
use walbrook_core::chunk::{Key, Window};
use walbrook_core::error::Result;
use walbrook_core::fault;
use walbrook_core::source::Message;
use walbrook_reader::Out;

/// How long to wait before chunks that were disturbed are read again.
const PAUSE: Duration = Duration::from_millis(50);

/// Reads the next chunks.
pub(super) async fn run(
    settings: &Arc<Settings>,
    stream: &mut Stream,
    plan: &mut Plan,
    views: &mut Views,
    out: &Rc<Out>,
) -> Result<()> {
    let end = views.log_end().await?;
    stream.reach(&end).await?;
    settle(settings, stream, plan, views).await?;
    let mut pieces = choose(settings, stream, plan, views).await?;
    if pieces.is_empty() {
        return Ok(());
    }
    let tables: Vec<_> = pieces.iter().map(|piece| piece.table.clone()).collect();
    views.begin(&Told::of(&stream.follower), &tables).await?;
    fault::point("snapshot.table_begun");
    open(stream, &pieces);
    let high = views.log_end().await?;
    stream.reach(&high).await?;
    if stream.follower.reading.take_broken() || stream.follower.redefined {
        tracing::debug!("chunks were disturbed and are read again");
        tokio::time::sleep(PAUSE).await;
        return views.end().await;
    }
    let windows = close(stream, &pieces);
    stream.follower.rest().await?;
    let at = stream.follower.at().clone();
    let work = pieces.iter_mut().zip(windows).zip(&mut views.conns);
    let read =
        work.map(|((piece, window), conn)| chunk::read(settings, conn, piece, window, &at, out));
    try_join_all(read).await?;
    fault::point("snapshot.segment_done");
    publish(plan, &pieces, out).await?;
    views.end().await
}

/// Brings the plan in line with what the log said about its tables.
async fn settle(
    settings: &Settings,
    stream: &mut Stream,
    plan: &mut Plan,
    views: &mut Views,
) -> Result<()> {
    if !std::mem::take(&mut stream.follower.redefined) {
        return Ok(());
    }
    for planned in plan.tables.iter_mut().filter(|planned| !planned.entry.done) {
        let table = &planned.table;
        // One that is gone, or was made anew since: it comes whole through the log.
        if stream.follower.reading.publishes(table) || !stream.follower.learn(table).await? {
            planned.entry.done = true;
            continue;
        }
        let Some(conn) = views.conns.first_mut() else { continue };
        let columns = super::survey::key_columns(settings, stream, conn, table).await?;
        let columns = planned.cut(columns);
        if columns != planned.columns {
            // The order of the rows is another one: the table is read from its beginning.
            planned.columns = columns.clone();
            planned.entry = TableEntry::default();
            stream.follower.reading.begin(table.clone(), columns, None, true);
        }
    }
    Ok(())
}

/// As many chunks as there are connections, from the first tables that are left.
async fn choose(
    settings: &Settings,
    stream: &Stream,
    plan: &Plan,
    views: &mut Views,
) -> Result<Vec<Piece>> {
    let room = views.conns.len();
    let Some(conn) = views.conns.first_mut() else { return Ok(Vec::new()) };
    let mut pieces: Vec<Piece> = Vec::new();
    for planned in plan.in_turn() {
        let structures = &stream.follower.structures;
        let known = structures.get(&planned.table.schema, &planned.table.name);
        let Some(structure) = known else { continue };
        let select = Arc::new(Select::compile(structure, &settings.modes, settings.flavor));
        let keys = Select::compile(structure, &Modes::of_keys(), settings.flavor);
        let mut after = planned.entry.cursor.clone();
        while pieces.len() < room {
            let until = boundary(conn, planned, &keys, after.as_ref()).await?;
            let ends = until.is_none();
            pieces.push(Piece::new(planned, structure, &select, (after, until.clone())));
            after = until;
            if ends {
                break;
            }
        }
        if pieces.len() >= room {
            break;
        }
    }
    Ok(pieces)
}

/// The key of the last row of the next chunk, as `select` compares keys; nothing where the rest is
/// one chunk.
async fn boundary(
    conn: &mut Conn,
    planned: &Planned,
    select: &Select,
    after: Option<&Cursor>,
) -> Result<Option<Cursor>> {
    if planned.columns.is_empty() {
        return Ok(None);
    }
    let (list, rows) = (select.select_list(), planned.pace.rows());
    let statement =
        sql::boundary(&planned.table, &list, &planned.columns, after.map(|it| &it.sql), rows);
    let params = Params::Positional(statement.values);
    let failed = |error| read_error(&error, &planned.table);
    let row: Option<Row> = conn.exec_first(statement.sql, params).await.map_err(failed)?;
    let Some(row) = row else { return Ok(None) };
    let mut scratch = Batch::default();
    let values = row.unwrap();
    let image = select.write(&mut scratch, &values);
    let image = image.map_err(|error| error.into_error(&select.layout))?;
    let orders: Vec<_> = planned.columns.iter().map(|column| column.order).collect();
    let key = Key::of(&select.layout, &orders, &scratch, image);
    let places = select.layout.key.iter();
    let sql =
        places.map(|&place| values.get(place).and_then(parameter)).collect::<Option<Vec<_>>>();
    Ok(key.zip(sql).map(|(key, sql)| Cursor { key, sql: Key(sql) }))
}

fn open(stream: &mut Stream, pieces: &[Piece]) {
    for group in pieces.chunk_by(|a, b| a.table == b.table) {
        let chunk = |piece: &Piece| Chunk {
            until: piece.until.as_ref().map(|cursor| cursor.key.clone()),
            layout: Arc::clone(&piece.select.layout),
        };
        let Some(first) = group.first() else { continue };
        stream.follower.reading.open(&first.table, group.iter().map(chunk).collect());
    }
}

fn close(stream: &mut Stream, pieces: &[Piece]) -> Vec<Window> {
    let groups = pieces.chunk_by(|a, b| a.table == b.table).filter_map(|group| group.first());
    groups.flat_map(|first| stream.follower.reading.close(&first.table)).collect()
}

/// Says in the checkpoint, with the last of the rows, how far the tables are.
async fn publish(plan: &mut Plan, pieces: &[Piece], out: &Out) -> Result<()> {
    let mut updates = Vec::new();
    let between = plan.job.is_some();
    for group in pieces.chunk_by(|a, b| a.table == b.table) {
        let Some((last, planned)) =
            group.last().zip(group.first().and_then(|first| plan.find(&first.table)))
        else {
            continue;
        };
        let rows = planned.entry.rows + group.iter().map(|piece| piece.read).sum::<u64>();
        let (cursor, done) = (last.until.clone(), last.until.is_none());
        planned.entry = TableEntry { cursor, rows, done };
        group.iter().filter_map(|piece| piece.took).for_each(|took| planned.pace.learn(took));
        if !between {
            updates.push(put(Part::Table(planned.table.to_string()), &planned.entry));
            out.tell(Message::Snapshot(planned.progress()))?;
        }
        if done {
            fault::point("snapshot.table_done");
        }
    }
    updates.extend(backfill::progress(plan));
    let mut batch = out.empty().await?;
    batch.lane = Some(Lane { number: 0, torn: false, updates });
    out.send(batch)
}
