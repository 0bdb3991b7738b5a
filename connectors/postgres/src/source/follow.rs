//! From the end of the snapshot on: follows the log, leaving out what the rows contain already.

use super::prepare::Prepared;
use crate::catalog::{Catalog, Live, Structure};
use crate::codes;
use crate::pgoutput::{Relation, Tuple, Value};
use crate::resnapshot::Ends;
use crate::resnapshot::desk::{self, Comparer, Expected};
use crate::resnapshot::newcomers::{Created, Watch};
use crate::settings::{Settings, SnapshotMode};
use crate::snapshot::covered::Covered;
use crate::snapshot::key::{Key, Kind};
use crate::stream::{self, Start, Timing, Wires};
use crate::{publication, slot, transport};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use walbrook_core::error::{Error, Result};
use walbrook_core::position::{Log, Position};
use walbrook_reader::Out;

/// How long another reader of the slot, such as our predecessor, is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Streams from the position on until the stream fails or nobody listens.
pub(super) async fn run(
    settings: &Arc<Settings>,
    prepared: Prepared,
    out: Out,
    confirmed: watch::Receiver<u64>,
) -> Result<()> {
    let Prepared { entry, tables, position, structures, jobs, .. } = prepared;
    let position = position
        .unwrap_or_else(|| Position::at(entry.server.clone(), Log::Lsn(entry.consistent_lsn)));
    let from = position.lsn();
    // Of a transaction that is delivered in part the rest is counted as its beginning was.
    let messages =
        settings.messages.is_some() || position.part.as_ref().is_some_and(|part| part.messages);
    let covered = Covered::new(tables.iter().map(|(name, table)| (name.as_str(), table)), from);
    let covered = covered.map_err(|what| {
        let message = format!("The stored snapshot of a table cannot be understood: {what}.");
        Error::definite(codes::CHECKPOINT, message)
            .fix("Start the version of Walbrook that wrote it, or another connector name.")
    })?;
    if covered.largest() > from {
        let (from, until) = (crate::lsn::Lsn(from), crate::lsn::Lsn(covered.largest()));
        tracing::info!(%from, %until, "changes that snapshot rows contain are left out");
    }
    let client = transport::client(settings, "slot").await?;
    slot::wait_free(&client, &settings.slot, PATIENCE).await?;
    let mut known: BTreeSet<String> = tables.keys().cloned().collect();
    known.extend(jobs.iter().flat_map(|job| job.tables.keys().cloned()));
    if settings.snapshot_mode == SnapshotMode::NoData {
        let listed = publication::selected(&client, settings).await?;
        known.extend(listed.iter().map(|it| it.table.to_string()));
    }
    let before = Arc::new(publication::relations(&client).await?);
    let published = publication::inspect(&client, &settings.publication).await?;
    let created = published
        .filter(|published| published.all_tables)
        .map(|_| Created { before: Arc::clone(&before), known: known.clone() });
    let catalog = Arc::new(Live::open(client).await?);
    let covered = (covered.largest() > from).then(|| Arc::new(covered) as Arc<dyn stream::Covered>);
    let mut start = start(settings, position, (structures, catalog), covered);
    let expected = Expected { server: entry.server, timeline: entry.timeline };
    let desk = desk::open(Arc::clone(settings), expected);
    let watch = Watch { settings: Arc::clone(settings), known, answers: desk.say.clone(), before };
    let _watching = Watching(tokio::spawn(watch.run()));
    start.resnapshot = Some(Ends {
        jobs,
        requests: out.requests.clone(),
        asks: desk.asks.clone(),
        answers: desk.answers.clone(),
        compare: Arc::new(Comparer::new(Arc::clone(settings))),
        created,
    });
    let session = transport::connect(settings, "stream").await?;
    let command = slot::start_command(&settings.slot, &settings.publication, from, messages);
    let io = session.copy_both(&command).await?;
    stream::run(io, start, wires(out, confirmed)).await
}

/// A task that ends with this.
struct Watching(tokio::task::JoinHandle<()>);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What the stream must know.
pub(crate) fn start(
    settings: &Settings,
    position: Position,
    (structures, catalog): (HashMap<u64, Structure>, Arc<dyn Catalog>),
    covered: Option<Arc<dyn stream::Covered>>,
) -> Start {
    Start {
        position,
        database: settings.dbname.clone(),
        topic_prefix: settings.topic_prefix.clone(),
        selection: settings.selection.clone(),
        modes: settings.modes.clone(),
        messages: settings.messages.clone(),
        structures,
        catalog,
        covered,
        resnapshot: None,
        timing: Timing { feedback: settings.feedback, ..Timing::default() },
    }
}

/// The ends of the channels that the stream gets.
pub(crate) fn wires(out: Out, confirmed: watch::Receiver<u64>) -> Wires {
    Wires { messages: out.messages, spare: out.spare, confirmed, gauges: out.gauges }
}

impl stream::Covered for Covered {
    fn covers(
        &self,
        relation: &Relation,
        commit_lsn: u64,
        row: Option<Tuple<'_>>,
        old: Option<Tuple<'_>>,
    ) -> bool {
        let Some(table) = self.table(&relation.schema, &relation.name) else { return false };
        let key = table.column().and_then(|(name, kind)| {
            let place = relation.columns.iter().position(|column| column.name == name)?;
            value(kind, row?, place).or_else(|| value(kind, old?, place))
        });
        table.contains(commit_lsn, key.as_ref())
    }

    fn passed(&self, commit_lsn: u64) -> bool {
        self.passed(commit_lsn)
    }
}

/// The key value in a row, if it is told there.
fn value(kind: Kind, row: Tuple<'_>, place: usize) -> Option<Key> {
    match row.values().nth(place)? {
        Value::Text(text) => kind.text(text),
        Value::Binary(bytes) => kind.binary(bytes),
        Value::Null | Value::Unchanged => None,
    }
}
