//! Reads the tables beside the log, in rounds of a few chunks each (`walbrook_core::chunk`).
//!
//! ```text
//!  log   ──▶ caught up ──▶ S ───────── high ──┐ stands still        ┌──▶ next round
//!                          │ views open in    │                     │
//!  rows                    │ between, SELECT  └▶ chunk 1, chunk 2… ─┘
//!                          ▼ waits for high      each whole in one Kafka transaction
//! ```
//!
//! A view is opened only when the server shows everything that the log has told (S); `high` is the
//! end of the log after the last view was opened. What the log says in between about rows of the
//! chunks wins over the rows read. So the views need no lock, live as long as a chunk takes, and a
//! crash costs the open chunks at most.

mod backfill;
mod chunk;
pub mod entry;
mod marker;
pub(crate) mod order;
pub(crate) mod pace;
mod round;
pub(crate) mod rows;
pub(crate) mod sql;
mod survey;
pub(crate) mod view;

pub(crate) use backfill::{prepare_backfill, run as backfill};

use crate::resnapshot::Beside;
use crate::settings::{Settings, SnapshotMode};
use crate::stream::Stream;
use entry::TableEntry;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use walbrook_core::error::Result;
use walbrook_reader::Out;

/// Reads every table that is not done yet; the log is followed meanwhile. `again` says that
/// consumers have the tables already; `beside` listens to what is asked meanwhile.
pub(crate) async fn run(
    settings: &Arc<Settings>,
    stream: &mut Stream,
    tables: &BTreeMap<String, TableEntry>,
    again: bool,
    beside: &mut Beside,
    out: &Rc<Out>,
) -> Result<()> {
    if settings.snapshot_mode == SnapshotMode::NoData {
        return Ok(());
    }
    let mut plan = survey::survey(settings, stream, tables, again).await?;
    plan.announce(out)?;
    let mut views = view::Views::open(settings, settings.snapshot_workers).await?;
    while !plan.is_done() {
        round::run(settings, stream, &mut plan, &mut views, out).await?;
        beside.listen(&mut stream.follower).await?;
    }
    Ok(())
}
