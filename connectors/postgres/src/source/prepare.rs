//! Looks at the server and the checkpoint and decides what to do.

use super::decide::{Decision, Here, Slot, decide, same_names};
use super::entry::{Entry, Phase};
use crate::catalog::Structure;
use crate::codes;
use crate::resnapshot::newcomers;
use crate::resume::{Found, Stored, compare_start, history, identify};
use crate::settings::{Settings, SnapshotMode};
use crate::snapshot::entry::TableEntry;
use crate::{checks, publication, slot, snapshot, transport};
use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;
use tokio_postgres::Client;
use walbrook_core::checkpoint::{Checkpoint, Part, Updates, put};
use walbrook_core::error::{Error, Result};
use walbrook_core::finding::Severity;
use walbrook_core::position::{Log, Position};
use walbrook_core::resnapshot::Job;

/// What was decided, and on which grounds.
#[derive(Debug)]
pub struct Prepared {
    /// What to do.
    pub decision: Decision,
    /// The entry as it is when `updates` are committed.
    pub entry: Entry,
    /// The tables that an earlier run has begun or finished.
    pub tables: BTreeMap<String, TableEntry>,
    /// How far the stream is delivered.
    pub position: Option<Position>,
    /// Structures of tables as the log described them, by the hash of the description.
    pub structures: HashMap<u64, Structure>,
    /// Jobs of reading tables beside the log that are not over.
    pub jobs: Vec<Job>,
    /// Entries that are no longer true.
    stale: Vec<Part>,
    /// What is to be stored about tables that are new.
    news: Updates,
}

impl Prepared {
    /// What must be committed before anything is done.
    pub fn updates(&self) -> Updates {
        let announced = matches!(self.decision, Decision::Begin { .. } | Decision::Again);
        let mut updates: Updates = self.stale.iter().cloned().map(|part| (part, None)).collect();
        updates.extend(announced.then(|| put(Part::Source, &self.entry)));
        updates.extend(self.news.iter().cloned());
        updates
    }
}

/// What is stored about this connector.
#[derive(Debug)]
pub struct Known {
    /// What the checkpoint belongs to.
    pub entry: Option<Entry>,
    tables: BTreeMap<String, TableEntry>,
    /// How far the stream is delivered.
    pub position: Option<Position>,
    structures: HashMap<u64, Structure>,
    jobs: Vec<Job>,
}

pub(crate) async fn prepare(settings: &Settings, checkpoint: &Checkpoint) -> Result<Prepared> {
    let known = read(checkpoint)?;
    if let Some(entry) = &known.entry {
        same_names(entry, &settings.dbname, &settings.topic_prefix, &settings.slot)?;
    }
    let client = snapshot::patient(transport::client(settings, "check").await?).await?;
    let begins = known.entry.as_ref().is_none_or(|entry| entry.phase == Phase::Creating);
    check(settings, &client, begins && settings.snapshot_mode != SnapshotMode::NoData).await?;
    let mut session = transport::connect(settings, "check").await?;
    let system = identify(&mut session).await?;
    let history = history(&mut session, system.timeline).await?;
    session.close().await;
    let found = slot::inspect(&client, &settings.slot).await?;
    let state = match &found {
        None => Slot::Missing,
        Some(found) => match found.verify(&settings.dbname) {
            // Whoever uses it for something else does not want it dropped.
            Err(error) if error.code == codes::SLOT_FOREIGN => return Err(error),
            Err(error) => Slot::Unusable(error),
            Ok(()) => {
                let found = Found { slot: Some(found), system: &system, history: &history };
                reach(&known, found, settings)?
            }
        },
    };
    let here = here(settings, &system.id);
    let decision = decide(known.entry.as_ref(), &state, &here)?;
    tracing::info!(?decision, slot = settings.slot, "prepared");
    if decision != Decision::Finished {
        // Before the slot: the server looks the publication up as of the time of each change.
        publish(settings, &client).await?;
    }
    let confirmed = found.and_then(|slot| slot.confirmed_flush).unwrap_or(0);
    let mut prepared = plan(settings, known, decision, (system.id, system.timeline), confirmed);
    if decision == Decision::Stream {
        let Prepared { entry, tables, jobs, .. } = &mut prepared;
        prepared.news = newcomers::adopt(settings, &client, entry, tables, jobs).await?;
    }
    Ok(prepared)
}

/// Runs the checks. Tables need not be readable once they are read: `reads` says that all will be.
async fn check(settings: &Settings, client: &Client, reads: bool) -> Result<()> {
    for finding in checks::check(client, settings).await? {
        let code = finding.code;
        // What a slot that is there means depends on the checkpoint: decided below.
        let decided = [codes::SLOT_FOREIGN, codes::SLOT_LOST].contains(&code);
        let read_only = [codes::SELECT, codes::SNAPSHOT_ROWS];
        match finding.severity {
            _ if decided || (!reads && read_only.contains(&code)) => {}
            Severity::Error => return Err(finding.into_error()),
            Severity::Warning => {
                let (code, fix) = (code.as_str(), &finding.fix);
                tracing::warn!(code, fix, "{}", finding.message);
            }
            Severity::Ok => {}
        }
    }
    Ok(())
}

/// What is configured, and the server that is connected to.
pub fn here(settings: &Settings, server: &str) -> Here {
    Here {
        server: server.to_owned(),
        database: settings.dbname.clone(),
        topic_prefix: settings.topic_prefix.clone(),
        slot: settings.slot.clone(),
        owns_slot: settings.owns_slot,
        mode: settings.snapshot_mode,
        nonce: nonce().to_owned(),
    }
}

async fn publish(settings: &Settings, client: &Client) -> Result<()> {
    let ensured = publication::ensure(client, settings).await?;
    let name = &settings.publication;
    if ensured.created {
        tracing::info!(publication = name, "publication created");
    }
    for table in &ensured.added {
        tracing::warn!(publication = name, %table, "table added to the publication");
    }
    for table in &ensured.missing {
        tracing::warn!(publication = name, %table, "the publication does not hold the table");
    }
    Ok(())
}

/// Reads what is stored.
pub fn read(checkpoint: &Checkpoint) -> Result<Known> {
    let unreadable = |what: String| {
        Error::definite(codes::CHECKPOINT, format!("The stored checkpoint cannot be read: {what}."))
            .fix("Start the version of Walbrook that wrote it, or another connector name.")
    };
    let entry: Option<Entry> = checkpoint.read(&Part::Source).map_err(unreadable)?;
    let position = checkpoint.position().map_err(unreadable)?;
    let mut tables = BTreeMap::new();
    let mut structures = HashMap::new();
    let mut jobs = Vec::new();
    for (part, _) in checkpoint.entries() {
        match part {
            Part::Table(name) => {
                let table = checkpoint.read(part).map_err(unreadable)?;
                tables.extend(table.map(|table| (name.clone(), table)));
            }
            Part::Structure(hash) => {
                let structure = checkpoint.read(part).map_err(unreadable)?;
                let hash = u64::from_str_radix(hash, 16);
                structures.extend(hash.ok().zip(structure));
            }
            Part::Resnapshot(_) => {
                let job: Option<Job> = checkpoint.read(part).map_err(unreadable)?;
                jobs.extend(job.filter(|job| !job.state.is_over()));
            }
            _ => {}
        }
    }
    if position.is_none() && entry.as_ref().is_some_and(|it| it.phase == Phase::Streaming) {
        return Err(unreadable("it says \"streaming\" but not from where".to_owned()));
    }
    if position.as_ref().is_some_and(|position| !matches!(position.log, Log::Lsn(_))) {
        return Err(unreadable(
            "its position is in the log of another kind of database".to_owned(),
        ));
    }
    Ok(Known { entry, tables, position, structures, jobs })
}

/// Whether the slot still holds what comes after the checkpoint.
pub fn reach(known: &Known, found: Found<'_>, settings: &Settings) -> Result<Slot> {
    let Some(entry) = &known.entry else { return Ok(Slot::Usable) };
    let begin = Position::at(entry.server.clone(), Log::Lsn(entry.consistent_lsn));
    let position = match entry.phase {
        Phase::Creating => return Ok(Slot::Usable),
        Phase::Snapshotting => known.position.as_ref().unwrap_or(&begin),
        Phase::Streaming => known.position.as_ref().unwrap_or(&begin),
    };
    let stored = Stored { position, timeline: Some(entry.timeline) };
    match compare_start(stored, found, &settings.slot, &settings.dbname) {
        Ok(()) => Ok(Slot::Usable),
        // Another server is refused in any mode.
        Err(error) if error.code == codes::SYSTEM_ID => Err(error),
        Err(error) => Ok(Slot::Unusable(error)),
    }
}

/// What follows from the decision.
pub fn plan(
    settings: &Settings,
    known: Known,
    decision: Decision,
    (server, timeline): (String, u32),
    confirmed: u64,
) -> Prepared {
    let fresh = |phase, consistent_lsn, again| Entry {
        again,
        ..fresh(settings, phase, (&server, timeline), consistent_lsn)
    };
    let Known { entry, mut tables, mut position, structures, jobs } = known;
    let mut stale = Vec::new();
    let entry = match decision {
        Decision::Begin { .. } => {
            stale.extend(std::mem::take(&mut tables).into_keys().map(Part::Table));
            stale.extend(position.take().map(|_| Part::Position));
            fresh(Phase::Creating, 0, false)
        }
        Decision::Adopt => fresh(Phase::Creating, confirmed, false),
        Decision::Again => {
            stale.extend(std::mem::take(&mut tables).into_keys().map(Part::Table));
            let at = position.as_ref().map_or(0, Position::lsn);
            fresh(Phase::Snapshotting, at, true)
        }
        Decision::Snapshot | Decision::Stream | Decision::Finished => match entry {
            // A begun snapshot counts as the one of this process.
            Some(entry) if decision == Decision::Snapshot => {
                Entry { nonce: nonce().to_owned(), timeline, ..entry }
            }
            Some(entry) => Entry { timeline, ..entry },
            None => fresh(Phase::Streaming, 0, false),
        },
    };
    Prepared { decision, entry, tables, position, structures, jobs, stale, news: Updates::new() }
}

/// What a checkpoint says that is begun here.
pub(crate) fn fresh(
    settings: &Settings,
    phase: Phase,
    (server, timeline): (&str, u32),
    consistent_lsn: u64,
) -> Entry {
    Entry {
        phase,
        slot: settings.slot.clone(),
        publication: settings.publication.clone(),
        server: server.to_owned(),
        timeline,
        database: settings.dbname.clone(),
        topic_prefix: settings.topic_prefix.clone(),
        nonce: nonce().to_owned(),
        consistent_lsn,
        again: false,
        listed: false,
    }
}

/// Tells this process from others.
fn nonce() -> &'static str {
    static NONCE: OnceLock<String> = OnceLock::new();
    NONCE.get_or_init(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let nanos = since.map_or(0, |since| since.as_nanos());
        format!("{:x}-{nanos:x}", std::process::id())
    })
}
