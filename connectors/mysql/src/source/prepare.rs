//! Looks at the server and the checkpoint and decides what to do.

use super::decide::{Decision, Here, decide};
use super::entry::{Entry, Phase};
use super::newcomers;
use super::server::{self, Executed, Server};
use crate::ddl::Structures;
use crate::settings::Settings;
use crate::snapshot::entry::TableEntry;
use crate::stream::Waiting;
use crate::{checks, codes, transport};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};
use walbrook_core::checkpoint::{Checkpoint, Part, Updates};
use walbrook_core::error::{Error, Result};
use walbrook_core::finding::Severity;
use walbrook_core::layout::Table;
use walbrook_core::position::{Log, Position};
use walbrook_core::resnapshot::Job;

/// What was decided, and on which grounds.
pub(crate) struct Prepared {
    /// What to do.
    pub(crate) decision: Decision,
    /// The server.
    pub(crate) server: Server,
    /// The entry as it is to be stored.
    pub(crate) entry: Entry,
    /// Tables that an earlier run has begun or finished.
    pub(crate) tables: BTreeMap<String, TableEntry>,
    /// How far the log is delivered.
    pub(crate) position: Option<Position>,
    /// Structures as of that position.
    pub(crate) structures: Structures,
    /// Transactions that are prepared there.
    pub(crate) waiting: BTreeMap<String, Waiting>,
    /// Tables that are read again, in the order in which that was asked for.
    pub(crate) jobs: Vec<Job>,
    /// Tables that are captured from now on.
    pub(crate) newcomers: Vec<Table>,
    /// Entries that are no longer true.
    stale: Vec<Part>,
}

impl Prepared {
    /// What must be committed before anything is done.
    pub(crate) fn updates(&self) -> Updates {
        self.stale.iter().cloned().map(|part| (part, None)).collect()
    }
}

/// What is stored about this connector.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) entry: Option<Entry>,
    pub(crate) tables: BTreeMap<String, TableEntry>,
    pub(crate) position: Option<Position>,
    pub(crate) structures: Structures,
    pub(crate) structured: Vec<String>,
    pub(crate) waiting: BTreeMap<String, Waiting>,
    pub(crate) jobs: Vec<Job>,
}

/// Decides from `checkpoint` and the server that `settings` name.
pub(crate) async fn prepare(settings: &Settings, checkpoint: &Checkpoint) -> Result<Prepared> {
    let known = read(checkpoint)?;
    let mut conn = transport::client(settings, "check").await?;
    let server = Server::ask(&mut conn).await?;
    let streams = known.entry.as_ref().is_some_and(|entry| entry.phase == Phase::Streaming);
    check(&mut conn, &server, settings, !streams).await?;
    let executed = server::executed(&mut conn, server.flavor).await?;
    let here = Here {
        flavor: server.flavor,
        topic_prefix: settings.topic_prefix.clone(),
        mode: settings.snapshot_mode,
        nonce: nonce().to_owned(),
    };
    let log = known.position.as_ref().map_or(Ok(()), |position| goes_on(position, &executed));
    let decision = decide(known.entry.as_ref(), log, &here)?;
    if decision == Decision::Begin {
        super::begin::nothing_prepared(&mut conn).await?;
    }
    let newcomers = match decision {
        Decision::Stream => newcomers::find(&mut conn, settings, checkpoint).await?,
        // Every table is looked at anyway.
        _ => Vec::new(),
    };
    drop(conn.disconnect().await);
    tracing::info!(?decision, server = settings.flavor.connector(), "prepared");
    Ok(Prepared { newcomers, ..plan(known, decision, server, here) })
}

/// Runs the checks. What is read of tables need not be readable once it is read: `reads` says that
/// it will be.
async fn check(
    conn: &mut mysql_async::Conn,
    server: &Server,
    settings: &Settings,
    reads: bool,
) -> Result<()> {
    for finding in checks::check(conn, server, settings).await? {
        match finding.severity {
            _ if finding.code == codes::SNAPSHOT_ROWS && !reads => {}
            Severity::Error => return Err(finding.into_error()),
            Severity::Warning => {
                let (code, fix) = (finding.code.as_str(), &finding.fix);
                tracing::warn!(code, fix, "{}", finding.message);
            }
            Severity::Ok => {}
        }
    }
    Ok(())
}

/// Whether the server has everything that is delivered, and its log everything that comes next.
pub(crate) fn goes_on(position: &Position, executed: &Executed) -> Result<()> {
    match (&position.log, executed) {
        (Log::Gtids { set, .. }, Executed::Gtids { set: has, purged }) => {
            let lacks = set.minus(has);
            if !lacks.is_empty() {
                return Err(behind(&lacks));
            }
            let gone = purged.minus(set);
            if gone.is_empty() { Ok(()) } else { Err(gone_from_log(&gone)) }
        }
        (Log::Domains { newest, .. }, Executed::Domains(has)) => {
            if has.covers(newest) {
                Ok(())
            } else {
                Err(behind(newest))
            }
        }
        _ => Err(Error::definite(
            codes::CHECKPOINT,
            "The stored position is not one of this kind of server.",
        )
        .fix("Use another connector name, which begins with a new snapshot.")),
    }
}

fn behind(lacks: &impl std::fmt::Display) -> Error {
    let message = format!("The server does not have transactions that are delivered: {lacks}.");
    Error::definite(codes::BEHIND, message).fix(
        "Connect to the former server or to a replica that has caught up; after RESET or a restore \
         use another connector name, or set snapshot = \"when_needed\".",
    )
}

fn gone_from_log(gone: &impl std::fmt::Display) -> Error {
    let message = format!("The server's log no longer has transactions that come next: {gone}.");
    Error::definite(codes::PURGED, message).fix(
        "Set snapshot = \"when_needed\", and the next start takes a new snapshot; keep the log for \
         longer with binlog_expire_logs_seconds.",
    )
}

/// Reads what is stored.
pub(crate) fn read(checkpoint: &Checkpoint) -> Result<Known> {
    let unreadable = |what: String| {
        Error::definite(codes::CHECKPOINT, format!("The stored checkpoint cannot be read: {what}."))
            .fix("Start the version of Walbrook that wrote it, or another connector name.")
    };
    let mut known = Known {
        entry: checkpoint.read(&Part::Source).map_err(unreadable)?,
        position: checkpoint.position().map_err(unreadable)?,
        ..Known::default()
    };
    for (part, _) in checkpoint.entries() {
        match part {
            Part::Table(name) => {
                let table = checkpoint.read(part).map_err(unreadable)?;
                known.tables.extend(table.map(|table| (name.clone(), table)));
            }
            Part::Structure(name) => {
                let structure = checkpoint.read(part).map_err(unreadable)?;
                known.structured.push(name.clone());
                structure.into_iter().for_each(|it| drop(known.structures.insert(it)));
            }
            Part::Prepared(xid) => {
                let waiting = checkpoint.read(part).map_err(unreadable)?;
                known.waiting.extend(waiting.map(|waiting| (xid.clone(), waiting)));
            }
            Part::Resnapshot(_) => {
                known.jobs.extend(checkpoint.read::<Job>(part).map_err(unreadable)?);
            }
            _ => {}
        }
    }
    known.jobs.sort_by_key(|job| job.asked_us);
    if known.position.is_none() && known.entry.is_some() {
        return Err(unreadable("it does not say from where to go on".to_owned()));
    }
    Ok(known)
}

/// What follows from the decision.
fn plan(known: Known, decision: Decision, server: Server, here: Here) -> Prepared {
    let Known {
        entry,
        mut tables,
        mut position,
        mut structures,
        structured,
        mut waiting,
        mut jobs,
    } = known;
    let mut stale = Vec::new();
    if matches!(decision, Decision::Begin | Decision::Again) {
        stale.extend(std::mem::take(&mut tables).into_keys().map(Part::Table));
    }
    if decision == Decision::Begin {
        stale.extend(structured.into_iter().map(Part::Structure));
        stale.extend(std::mem::take(&mut waiting).into_keys().map(Part::Prepared));
        // Every table is read anyway.
        stale.extend(jobs.drain(..).map(|job| Part::Resnapshot(job.wish.id)));
        stale.extend(position.take().map(|_| Part::Position));
        stale.extend(entry.as_ref().map(|_| Part::Source));
        structures = Structures::default();
    }
    jobs.retain(|job| !job.state.is_over());
    let reads = matches!(decision, Decision::Begin | Decision::Again | Decision::Snapshot);
    let phase = if reads { Phase::Snapshotting } else { Phase::Streaming };
    let nonce = match (&entry, reads) {
        (Some(entry), false) => entry.nonce.clone(),
        _ => here.nonce,
    };
    let (flavor, topic_prefix) = (here.flavor, here.topic_prefix);
    let again = match decision {
        Decision::Again => true,
        Decision::Snapshot => entry.as_ref().is_some_and(|entry| entry.again),
        _ => false,
    };
    let entry = Entry { phase, flavor, topic_prefix, nonce, again };
    Prepared {
        decision,
        server,
        entry,
        tables,
        position,
        structures,
        waiting,
        jobs,
        newcomers: Vec::new(),
        stale,
    }
}

/// Names this process.
fn nonce() -> &'static str {
    static NONCE: OnceLock<String> = OnceLock::new();
    NONCE.get_or_init(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        format!("{:x}-{:x}", std::process::id(), since.as_nanos())
    })
}
