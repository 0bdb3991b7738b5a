//! The snapshot: the rows that are there when the stream begins, read once.
//!
//! ```text
//!  export   a slot's consistent point, held as a transaction that others import
//!  survey   tables, sizes, keys, bounds ──▶ plan ──▶ queue
//!  worker   queue ──▶ lock ──▶ COPY ──▶ close (where batches end) ──▶ desk ──▶ pipeline
//!  desk     marker, ledger ──▶ entry: the checkpoint of each table, sent with the rows
//!  covered  entries ──▶ which changes of the stream the rows contain already
//! ```
//!
//! A table is cut so that a crash repeats nothing: small ones become visible at once, large ones
//! are read in the order of their key up to a cursor. ADR 0001 has the reasons.

pub mod close;
pub mod covered;
mod desk;
pub mod entry;
pub(crate) mod export;
pub mod key;
pub mod ledger;
mod lock;
pub mod marker;
pub mod plan;
pub mod queue;
mod read;
mod report;
pub(crate) mod rows;
mod sql;
mod survey;

pub(crate) use survey::{bytewise, row_filters};

use crate::catalog::Live;
use crate::resnapshot::newcomers::told;
use crate::settings::Settings;
use crate::transport;
use desk::Desk;
use entry::TableEntry;
use export::Exported;
use futures_util::future::try_join_all;
use std::collections::BTreeMap;
use tokio_postgres::Client;
use walbrook_core::error::Result;
use walbrook_reader::Out;

/// Reads everything that `entries` do not say is finished, and hands it over. Brings the entries
/// up to date.
///
/// `covered` is the point whose earlier transactions the stream leaves out for these rows.
pub(crate) async fn run(
    settings: &Settings,
    out: &Out,
    snapshot: &Exported,
    covered: u64,
    entries: &mut BTreeMap<String, TableEntry>,
) -> Result<()> {
    let control = patient(transport::client(settings, "snapshot control").await?).await?;
    let live = Live::open(transport::client(settings, "snapshot catalog").await?).await?;
    let survey = survey::survey(&control, settings, snapshot, covered, entries).await?;
    leave_out(out, survey.left_out, entries).await?;
    let desk = Desk::new(settings, out, snapshot, (control, live), survey.jobs);
    let report = report::Report::new(&desk);
    report.begin();
    let workers = settings.snapshot_workers.clamp(1, desk.pieces().max(1)) as u32;
    let reading = try_join_all((0..workers).map(|lane| worker(&desk, lane)));
    tokio::select! {
        read = reading => read.map(|_| ())?,
        never = report.run() => match never {},
    }
    report.end();
    entries.extend(desk.entries());
    Ok(())
}

/// Says of tables that are not read that nothing is left to be read of them: no later start takes
/// them for new ones.
async fn leave_out(
    out: &Out,
    names: Vec<String>,
    entries: &mut BTreeMap<String, TableEntry>,
) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    tracing::info!(tables = ?names, "tables are told from the log alone");
    out.updates(names.iter().map(|name| told(name)).collect()).await?;
    entries.extend(names.into_iter().map(|name| (name, TableEntry::told())));
    Ok(())
}

/// A session that waits for nobody's lock for long.
pub(crate) async fn patient(client: Client) -> Result<Client> {
    let set = client.batch_execute("SET lock_timeout = '5s'").await;
    set.map_err(|error| transport::sql_error(&error, "setting up a session"))?;
    Ok(client)
}

/// Reads pieces until there is none.
async fn worker(desk: &Desk<'_>, lane: u32) -> Result<()> {
    let purpose = format!("snapshot worker {lane}");
    let client = transport::client(desk.settings, &purpose).await?;
    while let Some(unit) = desk.next().await {
        read::read(desk, &client, lane, unit).await?;
    }
    Ok(())
}
