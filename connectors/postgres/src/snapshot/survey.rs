//! What is there to read: tables, sizes, keys, bounds, and where the last rows are.

use super::entry::{KeyColumn, State, TableEntry};
use super::export::{Exported, silent};
use super::key::Kind;
use super::ledger::Ledger;
use super::plan::{self, Facts, Piece};
use super::rows::{self, Part};
use super::sql::{self, Range};
use crate::catalog::{self, TableInfo};
use crate::settings::Settings;
use crate::transport::sql_error;
use std::collections::BTreeMap;
use tokio_postgres::Client;
use walbrook_core::error::Result;
use walbrook_core::layout::Table;

/// A table that is not finished.
#[derive(Debug)]
pub(super) struct Job {
    /// The table.
    pub(super) info: TableInfo,
    /// What the publication lets through of its rows.
    pub(super) filter: Option<String>,
    /// What of it is read.
    pub(super) part: Part,
    /// Its ledger.
    pub(super) ledger: Ledger,
    /// Whether it is the first of all selected tables, and no row of it is delivered.
    pub(super) first: bool,
    /// The piece with its last row.
    pub(super) last_piece: usize,
    /// Whether its last row is the last of all.
    pub(super) last: bool,
}

/// What a survey finds.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// The tables that are to be read.
    pub(super) jobs: Vec<Job>,
    /// Tables that are captured and not read.
    pub(super) left_out: Vec<String>,
}

/// Looks at everything that is not finished, under the snapshot.
pub(super) async fn survey(
    client: &Client,
    settings: &Settings,
    snapshot: &Exported,
    covered: u64,
    entries: &BTreeMap<String, TableEntry>,
) -> Result<Survey> {
    let failed = |error| sql_error(&error, "looking at the tables");
    client.batch_execute(&sql::begin(snapshot)).await.map_err(failed)?;
    let mut tables =
        catalog::tables(client, |schema, name| (settings.selection)(schema, name)).await?;
    tables.retain(|table| table.kind == 'r');
    // The database sorts by its own rules; the order of markers and queue is that of the names.
    tables.sort_by_cached_key(name);
    let read = |table: &TableInfo| settings.initial.reads(&table.schema, &table.name);
    let (tables, left_out): (Vec<_>, Vec<_>) = tables.into_iter().partition(read);
    let known = |name: &String| entries.contains_key(name);
    let left_out = left_out.iter().map(name).filter(|name| !known(name)).collect();
    let bytewise = bytewise(client).await?;
    let mut filters = match settings.snapshot_as_published {
        true => row_filters(client, settings).await?,
        false => BTreeMap::new(),
    };
    let mut jobs = Vec::new();
    for (place, info) in tables.into_iter().enumerate() {
        let stored = entries.get(&name(&info));
        if stored.is_some_and(|entry| entry.state == State::Done) {
            continue;
        }
        let first = place == 0 && stored.is_none_or(|entry| entry.rows == 0);
        let part = part(client, settings, &info).await?;
        let mut job = job(client, (info, part), stored, covered, bytewise).await?;
        job.first = first;
        job.filter = filters.remove(&job.ledger.name);
        jobs.push(job);
    }
    find_last(client, &mut jobs).await?;
    client.batch_execute("COMMIT").await.map_err(failed)?;
    Ok(Survey { jobs, left_out })
}

/// What of a table is to be read.
async fn part(client: &Client, settings: &Settings, info: &TableInfo) -> Result<Part> {
    let Some(rows) = settings.initial.rows(&info.schema, &info.name) else { return Ok(Part::All) };
    let table = Table::new(info.schema.as_str(), info.name.as_str());
    let key: Vec<String> = info.primary_key.iter().map(|column| column.name.clone()).collect();
    rows::fit(client, (info.oid, &table), rows, &key).await
}

fn name(info: &TableInfo) -> String {
    format!("{}.{}", info.schema, info.name)
}

async fn job(
    client: &Client,
    (info, part): (TableInfo, Part),
    stored: Option<&TableEntry>,
    covered: u64,
    bytewise: bool,
) -> Result<Job> {
    let key = key_column(&info, bytewise);
    let bytes = u64::try_from(info.bytes).unwrap_or(0);
    let wanted = plan::percentiles(bytes, key.as_ref());
    let bounds = match &key {
        Some(key) if wanted > 0 && stored.is_none() => {
            percentiles(client, &info, key, wanted).await?
        }
        _ => Vec::new(),
    };
    let rows_estimated = (info.rows_estimated >= 0.0).then_some(info.rows_estimated as u64);
    let facts = Facts { bytes, rows_estimated, filenode: info.relfilenode, key, bounds };
    let mut plan = plan::plan(&facts, stored, covered);
    if part.is_select() && plan.pieces.iter().any(|piece| matches!(piece, Piece::Blocks(..))) {
        // A statement has no blocks.
        plan.pieces = vec![Piece::Blocks(0, None)];
    }
    let name = name(&info);
    if let Some(reason) = plan.again {
        tracing::warn!(table = name, reason, "a table that was begun is read again: rows repeat");
    }
    let ledger = Ledger::new(name, plan);
    Ok(Job { info, part, filter: None, ledger, first: false, last_piece: 0, last: false })
}

/// The leading column of the primary key, if values of it are compared here as in the database,
/// and every change of it comes with the old value.
fn key_column(info: &TableInfo, bytewise: bool) -> Option<KeyColumn> {
    if !matches!(info.identity, 'd' | 'f') {
        return None;
    }
    let column = info.primary_key.first()?;
    let kind = Kind::of(column.type_oid)?;
    let by_bytes = match column.collation.as_deref() {
        None | Some("C" | "POSIX" | "ucs_basic") => true,
        Some("default") => bytewise,
        Some(_) => false,
    };
    Some(KeyColumn { name: column.name.clone(), kind, collate: kind == Kind::Text && !by_bytes })
}

/// Whether the database's own collation compares bytes.
pub(crate) async fn bytewise(client: &Client) -> Result<bool> {
    // The provider has a column since version 15: libc, ICU, or built in (by code points).
    let sql = "SELECT CASE coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') WHEN 'b' THEN true \
               WHEN 'c' THEN datcollate IN ('C', 'POSIX') ELSE false END \
               FROM pg_catalog.pg_database d WHERE datname = current_database()";
    let row = client.query_one(sql, &[]).await;
    row.map(|row| row.get(0)).map_err(|e| sql_error(&e, "asking for the collation"))
}

async fn percentiles(
    client: &Client,
    info: &TableInfo,
    key: &KeyColumn,
    count: u64,
) -> Result<Vec<String>> {
    let row = client.query_one(&sql::percentiles(info, key, count), &[]).await;
    let row = row.map_err(|e| sql_error(&e, &format!("sampling the keys of {}", name(info))))?;
    Ok(row.get::<_, Option<Vec<String>>>(0).unwrap_or_default())
}

/// The row filters of the publication (version 15), which hold for the snapshot as well. Not asked
/// of the view `pg_publication_tables`: that locks every table of the publication.
pub(crate) async fn row_filters(
    client: &Client,
    settings: &Settings,
) -> Result<BTreeMap<String, String>> {
    let failed = |error| sql_error(&error, "asking for the publication's row filters");
    let known = "SELECT current_setting('server_version_num')::int >= 150000";
    if !client.query_one(known, &[]).await.map_err(failed)?.get::<_, bool>(0) {
        return Ok(BTreeMap::new());
    }
    let sql = "SELECT n.nspname || '.' || c.relname, pg_catalog.pg_get_expr(r.prqual, r.prrelid) \
               FROM pg_catalog.pg_publication p \
               JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid \
               JOIN pg_catalog.pg_class c ON c.oid = r.prrelid \
               JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
               WHERE p.pubname = $1 AND r.prqual IS NOT NULL";
    let rows = client.query(sql, &[&settings.publication]).await.map_err(failed)?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// The rows of one piece.
pub(super) fn range(job: &Job, piece: &Piece) -> Range {
    let mut range = match piece {
        Piece::Whole => Range::default(),
        Piece::Blocks(..) if job.part.is_select() => Range::default(),
        Piece::Blocks(from, to) => sql::blocks(*from, *to),
        Piece::Keys(number) => {
            let entry = job.ledger.entry();
            match (&entry.key, entry.segments.get(*number)) {
                (Some(key), Some(segment)) => sql::segment(key, segment),
                _ => Range::default(),
            }
        }
    };
    match &job.part {
        // Whoever writes a statement says all of it.
        Part::Select { from, .. } => {
            range.from = Some(from.clone());
            return range;
        }
        Part::Where(condition) => range.conditions.push(condition.clone()),
        Part::All => {}
    }
    range.conditions.extend(job.filter.iter().map(|filter| format!("({filter})")));
    range
}

/// Finds the piece with the last row of each table that has several, and the last table that has
/// rows, from the end.
async fn find_last(client: &Client, jobs: &mut [Job]) -> Result<()> {
    let mut found = false;
    for job in jobs.iter_mut().rev() {
        let pieces = job.ledger.pieces();
        if pieces.is_empty() {
            continue;
        }
        job.last_piece = pieces.len() - 1;
        if pieces.len() == 1 && found {
            continue;
        }
        let mut place = None;
        for (number, piece) in pieces.iter().enumerate().rev() {
            if any(client, job, piece).await? {
                place = Some(number);
                break;
            }
        }
        if let Some(place) = place {
            job.last_piece = place;
            job.last = !found;
            found = true;
        }
    }
    Ok(())
}

async fn any(client: &Client, job: &Job, piece: &Piece) -> Result<bool> {
    let row = client.query_opt(&range(job, piece).any(&job.info), &[]).await;
    let row = row.map_err(|e| job.part.failure(&e, &job.info, "looking for rows of"))?;
    row.map(|row| row.get(0)).ok_or_else(|| silent("whether a table has rows"))
}
