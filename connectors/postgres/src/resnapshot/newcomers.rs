//! Tables that are new to the connector: they match `tables`, and nothing of them was ever told.
//!
//! ```text
//!  Part::Table   every table that is told has an entry: from the snapshot, from a job, or because it
//!                was created while all tables were published
//!  no entry      ──▶ job (Reason::NewTable) ──▶ stored ──▶ in the publication ──▶ read ──▶ entry
//! ```
//!
//! So whatever is cut off in between is seen at the next start: in the publication, and no entry.

use super::read::{self, Keyed};
use super::{Answer, Name, plan};
use crate::codes;
use crate::publication::{self, Listed, Publication};
use crate::settings::{PublicationMode, Settings, SnapshotMode};
use crate::snapshot::bytewise;
use crate::snapshot::entry::TableEntry;
use crate::source::entry::Entry;
use crate::transport;
use async_channel::Sender;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::Client;
use walbrook_core::checkpoint::{Part, Updates, put};
use walbrook_core::error::{Error, Result};
use walbrook_core::initial::Rows;
use walbrook_core::resnapshot::{Job, Reason, State, Wish};

/// How often the catalog is looked at.
const EVERY: Duration = Duration::from_secs(5);

/// Says that all of a table is told.
pub(crate) fn told(name: &str) -> (Part, Option<serde_json::Value>) {
    put(Part::Table(name.to_owned()), &TableEntry::told())
}

/// Tables that are created while every table is published: the log has all of their rows. Their
/// entries are stored with the first of these, so that no later start takes them for tables of
/// which nothing was told.
#[derive(Clone, Debug)]
pub struct Created {
    /// Every table that was there when the stream began.
    pub(crate) before: Arc<BTreeSet<u32>>,
    /// Tables that have an entry, or a job that reads them.
    pub(crate) known: BTreeSet<String>,
}

impl Created {
    /// What is to be stored with the first change of a table.
    pub(crate) fn first(
        &mut self,
        oid: u32,
        schema: &str,
        table: &str,
    ) -> Option<(Part, Option<serde_json::Value>)> {
        let name = format!("{schema}.{table}");
        if self.before.contains(&oid) || !self.known.insert(name.clone()) {
            return None;
        }
        Some(told(&name))
    }
}

/// Looks for new tables before the stream begins. What must be stored first is the answer.
pub(crate) async fn adopt(
    settings: &Settings,
    client: &Client,
    entry: &mut Entry,
    tables: &mut BTreeMap<String, TableEntry>,
    jobs: &mut Vec<Job>,
) -> Result<Updates> {
    if settings.snapshot_mode == SnapshotMode::NoData {
        return Ok(Updates::new());
    }
    let listed = publication::selected(client, settings).await?;
    let published = publication::inspect(client, &settings.publication).await?;
    let sent = listed.iter().filter(|it| !it.partitioned && holds(published.as_ref(), it));
    let fresh: Vec<&Listed> =
        sent.filter(|it| !tables.contains_key(&it.table.to_string())).collect();
    if !entry.listed {
        // Begun by a version that kept no list, or without a snapshot: what is told now is known.
        entry.listed = true;
        let names: Vec<String> = fresh.iter().map(|it| it.table.to_string()).collect();
        tables.extend(names.iter().map(|name| (name.clone(), TableEntry::told())));
        let known = names.iter().map(|name| told(name));
        return Ok(known.chain([put(Part::Source, entry)]).collect());
    }
    let reading: BTreeSet<&String> = jobs.iter().flat_map(|job| job.tables.keys()).collect();
    let fresh = fresh.into_iter().filter(|it| !reading.contains(&it.table.to_string()));
    let (fresh, left_out): (Vec<&Listed>, Vec<&Listed>) =
        fresh.partition(|it| settings.initial.reads(&it.table.schema, &it.table.name));
    let left_out: Vec<String> = left_out.iter().map(|it| it.table.to_string()).collect();
    let mut updates: Updates = left_out.iter().map(|name| told(name)).collect();
    tables.extend(left_out.into_iter().map(|name| (name, TableEntry::told())));
    let fresh: Vec<Name> = fresh.into_iter().map(name).collect();
    let (new, unfit) = new_jobs(settings, client, &fresh).await?;
    unfit.iter().for_each(|unfit| unfit.warn());
    updates.extend(new.iter().map(|job| put(Part::Resnapshot(job.wish.id.clone()), job)));
    jobs.extend(new);
    Ok(updates)
}

fn holds(published: Option<&Publication>, listed: &Listed) -> bool {
    published.is_some_and(|published| published.holds(listed))
}

fn name(listed: &Listed) -> Name {
    Name { schema: listed.table.schema.to_string(), name: listed.table.name.to_string() }
}

/// A table that cannot be read beside the log.
struct Unfit {
    name: Name,
    error: walbrook_core::error::Error,
}

impl Unfit {
    fn warn(&self) {
        let (code, fix) = (self.error.code.as_str(), &self.error.fix);
        let message = &self.error.message;
        tracing::warn!(
            code,
            fix,
            "a new table's changes are told, its older rows are not: {message}"
        );
    }
}

/// The jobs that read new tables, and those that cannot be read. Tables of which some rows are read
/// have a job each, since a job has one condition.
async fn new_jobs(
    settings: &Settings,
    client: &Client,
    names: &[Name],
) -> Result<(Vec<Job>, Vec<Unfit>)> {
    let bytewise = bytewise(client).await?;
    let (mut groups, mut unfit) = (BTreeMap::new(), Vec::new());
    for name in names {
        let Some(keyed) = read::key(client, name, bytewise).await? else { continue };
        let fitting = match fits(settings, client, name, &keyed).await {
            Ok(()) => condition(settings, name),
            Err(error) => Err(error),
        };
        match fitting {
            Ok(condition) => {
                let own = condition.is_some().then(|| name.to_string());
                let group: &mut (_, BTreeMap<_, _>) =
                    groups.entry(own).or_insert((condition, BTreeMap::new()));
                drop(group.1.insert(name.to_string(), plan::table(name, keyed.rows_estimated)));
            }
            Err(error) => unfit.push(Unfit { name: name.clone(), error }),
        }
    }
    let asked_us = plan::now_us();
    let jobs = groups.into_values().enumerate().map(|(number, (predicate, tables))| {
        let id = format!("new-tables-{}", asked_us + number as i64);
        let wish = Wish { id, tables: tables.keys().cloned().collect(), predicate };
        tracing::info!(tables = ?wish.tables, "new tables are read beside the log");
        let (reason, state) = (Reason::NewTable, State::Waiting);
        Job { wish, reason, asked_us, state, tables }
    });
    Ok((jobs.collect(), unfit))
}

/// Which rows of a new table are read.
fn condition(settings: &Settings, name: &Name) -> Result<Option<String>> {
    match settings.initial.rows(&name.schema, &name.name) {
        None => Ok(None),
        Some(Rows::Where(condition)) => Ok(Some(format!("{condition}\n"))),
        Some(Rows::Select(_)) => {
            let message = format!(
                "{name} cannot be read beside the log: `snapshot_rows` has a statement for it, \
                 which is for the first snapshot."
            );
            Err(Error::definite(codes::NOT_BESIDE, message)
                .fix("Write a condition instead, or ask for the table with `walbrook snapshot`."))
        }
    }
}

async fn fits(settings: &Settings, client: &Client, name: &Name, keyed: &Keyed) -> Result<()> {
    plan::suits(name, keyed)?;
    plan::may_read(client, settings, name).await
}

/// Watches the catalog for tables that appear while the stream runs. `known` are those that are told
/// or being read.
pub(crate) struct Watch {
    pub(crate) settings: Arc<Settings>,
    pub(crate) known: BTreeSet<String>,
    pub(crate) answers: Sender<Answer>,
    /// Every table that was there when the stream began.
    pub(crate) before: Arc<BTreeSet<u32>>,
}

impl Watch {
    /// Watches until nobody listens. A failed look is repeated.
    pub(crate) async fn run(mut self) {
        let mut client = None;
        while !self.answers.is_closed() {
            tokio::time::sleep(EVERY).await;
            if let Err(error) = self.look(&mut client).await {
                tracing::debug!(%error, "the catalog could not be watched");
                client = None;
            }
        }
    }

    async fn look(&mut self, open: &mut Option<Client>) -> Result<()> {
        let client = match open {
            Some(client) => client,
            None => open.insert(transport::client(&self.settings, "catalog watch").await?),
        };
        let settings = Arc::clone(&self.settings);
        let listed = publication::selected(client, &settings).await?;
        let published = publication::inspect(client, &settings.publication).await?;
        let all = published.as_ref().is_some_and(|published| published.all_tables);
        let ours = settings.publication_mode == PublicationMode::Filtered;
        let (mut fresh, mut whole) = (Vec::new(), Vec::new());
        for it in listed.iter().filter(|it| !it.partitioned) {
            if self.known.contains(&it.table.to_string()) {
                continue;
            }
            let held = holds(published.as_ref(), it);
            if all && !self.before.contains(&it.oid) {
                // Created while every table is published: the log has all of its rows.
                whole.push(it.table.to_string());
            } else if held || ours {
                fresh.push(name(it));
            } else if self.known.insert(it.table.to_string()) {
                let tables = [it.table.clone()];
                let fix = publication::add_tables(&settings.publication, &tables);
                tracing::warn!(table = %it.table, fix, "the publication does not hold the table");
            }
        }
        self.known.extend(whole.iter().cloned());
        if !whole.is_empty() {
            self.say(Answer::Whole(whole)).await;
        }
        if settings.snapshot_mode == SnapshotMode::NoData {
            return self.without_rows(client, &fresh).await;
        }
        let (fresh, left_out): (Vec<Name>, Vec<Name>) =
            fresh.into_iter().partition(|it| settings.initial.reads(&it.schema, &it.name));
        self.without_rows(client, &left_out).await?;
        let (jobs, unfit) = new_jobs(&settings, client, &fresh).await?;
        let names: Vec<Name> = unfit.iter().map(|unfit| unfit.name.clone()).collect();
        unfit.iter().for_each(|unfit| unfit.warn());
        self.without_rows(client, &names).await?;
        for job in jobs {
            self.known.extend(job.tables.keys().cloned());
            self.say(Answer::New(Box::new(job))).await;
        }
        Ok(())
    }

    /// Has the changes of tables told whose rows are not read.
    async fn without_rows(&mut self, client: &Client, names: &[Name]) -> Result<()> {
        for name in names {
            tracing::warn!(table = %name, "the table is captured from now on, without older rows");
            publication::admit(client, &self.settings, name).await?;
            self.known.insert(name.to_string());
        }
        Ok(())
    }

    async fn say(&self, answer: Answer) {
        // Nobody listens any more: the watch ends.
        drop(self.answers.send(answer).await);
    }
}
