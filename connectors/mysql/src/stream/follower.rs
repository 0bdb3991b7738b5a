//! Who follows the log: keeps the position, knows the tables, fills batches.

use super::coordinates::Coordinates;
use super::failure::{anonymous, incident, verify};
use super::held::Reading;
use super::tables::Tables;
use super::transaction::Transaction;
use super::xa::Waiting;
use crate::binlog::{Body, Event, Gtid, Identity};
use crate::ddl::{Context, Structures};
use crate::settings::Settings;
use crate::structure::Structure;
use crate::transport;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use walbrook_core::batch::{Batch, Span};
use walbrook_core::change::{Event as Told, NoticeTopic};
use walbrook_core::checkpoint::Updates;
use walbrook_core::error::Result;
use walbrook_core::fault;
use walbrook_core::layout::Table;
use walbrook_core::position::gtid;
use walbrook_core::position::{Log, Part, Position};
use walbrook_reader::Out;

/// From where to follow, and what is known there.
pub(crate) struct Start {
    /// Everything up to here is delivered.
    pub(crate) position: Position,
    /// Structures as of there.
    pub(crate) structures: Structures,
    /// Distributed transactions that are prepared there.
    pub(crate) waiting: BTreeMap<String, Waiting>,
    /// How statements of the log are understood.
    pub(crate) context: Context,
}

/// The newest transaction that has been told; nothing is known of it before the first one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Newest {
    /// Its identity as text.
    pub(crate) id: Option<String>,
    /// Server that made it.
    pub(crate) server_id: u32,
    /// Session that made it.
    pub(crate) thread: Option<i64>,
}

/// Who follows the log.
pub(crate) struct Follower {
    pub(crate) settings: Arc<Settings>,
    pub(super) context: Context,
    /// Structures as of the place in the log.
    pub(crate) structures: Structures,
    pub(super) tables: Tables,
    /// Tables that are being read beside the log.
    pub(crate) reading: Reading,
    pub(super) waiting: BTreeMap<String, Waiting>,
    pub(super) position: Position,
    /// The part of the first transaction that is delivered.
    part: Option<Part>,
    at: Coordinates,
    newest: Newest,
    pub(super) transaction: Option<Transaction>,
    /// The UUID and tag of the newest transaction, and their text.
    origin: Option<(gtid::Origin, String)>,
    pub(super) out: Rc<Out>,
    pub(super) batch: Option<Batch>,
    /// The head of the source block in the batch, for the current transaction and second.
    pub(super) head: Option<(i64, Span)>,
    /// The position has moved without anything to tell.
    pub(super) moved: bool,
    /// Entries to store with the end of the current transaction.
    pub(super) updates: Updates,
    /// Captured tables of which the history may be wrong: a statement was not understood.
    pub(super) doubtful: BTreeSet<Table>,
    /// Whether a captured table has been defined anew since this was last reset.
    pub(crate) redefined: bool,
    /// The topic of schema changes.
    pub(super) notices: Arc<NoticeTopic>,
    /// Captured tables of which nothing is told yet.
    pub(crate) hidden: BTreeSet<Table>,
    /// Whether one of them has been defined anew since this was last reset.
    pub(crate) shaken: bool,
    /// Whether nothing is told: only structures are followed.
    pub(super) muted: bool,
}

impl Follower {
    /// Who begins at `start`.
    pub(crate) fn new(settings: Arc<Settings>, start: Start, out: Rc<Out>) -> Self {
        let mut position = start.position;
        let part = position.part.take();
        let at = match &position.log {
            Log::Gtids { file, pos, .. } | Log::Domains { file, pos, .. } => {
                Coordinates::new(Arc::clone(file), *pos)
            }
            Log::Lsn(_) => Coordinates::new("", 0),
        };
        Self {
            notices: super::announce::topic(&settings),
            settings,
            context: start.context,
            structures: start.structures,
            tables: Tables::default(),
            reading: Reading::default(),
            waiting: start.waiting,
            position,
            part,
            at,
            newest: Newest::default(),
            transaction: None,
            origin: None,
            out,
            batch: None,
            head: None,
            moved: false,
            updates: Updates::new(),
            doubtful: BTreeSet::new(),
            redefined: false,
            hidden: BTreeSet::new(),
            shaken: false,
            muted: false,
        }
    }

    /// How far the log has been read is not known until it says so.
    pub(super) fn forget_place(&mut self) {
        self.at = Coordinates::new("", 0);
    }

    /// Tells nothing from now on.
    pub(crate) fn mute(&mut self) {
        self.muted = true;
    }

    /// Tells what comes from now on.
    pub(crate) fn unmute(&mut self) {
        self.muted = false;
        self.moved = false;
        self.updates.clear();
    }

    /// Tells from now on what was hidden; answers which tables that were.
    pub(crate) fn reveal(&mut self) -> BTreeSet<Table> {
        // What the log has described of them was passed over.
        self.tables.next_file();
        std::mem::take(&mut self.hidden)
    }

    /// Transactions that are prepared here.
    pub(crate) fn waiting(&self) -> &BTreeMap<String, Waiting> {
        &self.waiting
    }

    /// Where the log is to be opened.
    pub(super) fn log_start(&self) -> transport::Start {
        match &self.position.log {
            Log::Gtids { set, .. } => transport::Start::Gtids(set.clone()),
            Log::Domains { newest, .. } => transport::Start::Domains(newest.clone()),
            Log::Lsn(_) => transport::Start::File { name: String::new(), pos: 4 },
        }
    }

    /// Everything up to here has been told.
    pub(crate) fn position(&self) -> &Position {
        &self.position
    }

    /// The newest transaction that has been told.
    pub(crate) fn newest(&self) -> &Newest {
        &self.newest
    }

    /// Every captured table that is known here.
    pub(crate) fn captured(&self) -> Vec<Arc<Structure>> {
        let captured = |it: &&Arc<Structure>| (self.settings.selection)(&it.database, &it.name);
        self.structures.iter().filter(captured).cloned().collect()
    }

    /// How far the log has been read.
    pub(crate) fn at(&self) -> &Coordinates {
        &self.at
    }

    /// Whether a transaction has begun and not ended.
    pub(super) fn is_inside(&self) -> bool {
        self.transaction.is_some()
    }

    /// Takes one event.
    pub(super) async fn take(&mut self, event: &Event<'_>) -> Result<()> {
        self.see(event);
        match &event.body {
            Body::Gtid(gtid) => self.begin(event, gtid),
            Body::TableMap(map) => self.describe(map).await,
            Body::Rows(rows) => {
                if let Some(transaction) = &mut self.transaction {
                    transaction.events = transaction.events.saturating_add(1);
                }
                self.rows(event, rows).await
            }
            Body::Xid(_) => self.end().await,
            Body::Query(query) => self.query(event, query).await,
            Body::XaPrepare(xa) => self.prepared(event, xa).await,
            Body::RowsQuery(text) => {
                self.note_query(text);
                Ok(())
            }
            Body::Format(_) => {
                self.tables.next_file();
                Ok(())
            }
            Body::Statement(kind) => self.statement_changes(*kind),
            Body::Incident { .. } => Err(incident()),
            Body::Rotate { .. }
            | Body::PreviousGtids(_)
            | Body::GtidList(_)
            | Body::Heartbeat
            | Body::Stop
            | Body::Passed(_) => Ok(()),
        }
    }

    /// Notes how far the log has been read.
    fn see(&mut self, event: &Event<'_>) {
        let (file, pos) = match &event.body {
            Body::Rotate { file, position } => (*file, *position),
            _ => (event.file, event.end),
        };
        if file.is_empty() {
            return;
        }
        if *self.at.file != *file {
            self.at = Coordinates::new(file, pos);
        } else if pos > self.at.pos {
            self.at.pos = pos;
        }
    }

    fn begin(&mut self, event: &Event<'_>, gtid: &Gtid) -> Result<()> {
        let start = Coordinates::new(Arc::clone(&self.at.file), event.start);
        let id = match &gtid.identity {
            Identity::Numbered(it) => self.id(it),
            Identity::Domain(it) => it.to_string(),
            Identity::Anonymous => return Err(anonymous()),
        };
        let micros =
            gtid.original_commit.and_then(|it| i64::try_from(it).ok()).filter(|it| *it > 0);
        let mut transaction = Transaction::new(gtid.identity.clone(), id, micros, start);
        if let Some(part) = self.part.take() {
            verify(&part, &transaction.id)?;
        }
        // MariaDB has neither BEGIN nor XA START: this tells whether an end or a verdict follows.
        transaction.open = matches!(gtid.identity, Identity::Domain(_)) && !gtid.flags.standalone;
        transaction.waits = gtid.flags.prepared_xa;
        transaction.logged_us = i64::from(event.timestamp) * 1_000_000;
        transaction.idle = gtid.flags.start_alter || gtid.flags.rollback_alter;
        self.head = None;
        self.newest.server_id = event.server_id;
        self.transaction = Some(transaction);
        Ok(())
    }

    /// The text of a GTID; that of its origin is kept.
    fn id(&mut self, gtid: &gtid::Gtid) -> String {
        if self.origin.as_ref().is_none_or(|(origin, _)| *origin != gtid.origin) {
            self.origin = Some((gtid.origin.clone(), gtid.origin.to_string()));
        }
        let origin = self.origin.as_ref().map(|(_, text)| text.as_str()).unwrap_or_default();
        let mut id = String::with_capacity(origin.len() + 21);
        id.push_str(origin);
        // Writing into a string does not fail.
        let _ = write!(id, ":{}", gtid.number);
        id
    }

    /// The transaction has ended: everything up to here is told.
    pub(super) async fn end(&mut self) -> Result<()> {
        let Some(transaction) = self.transaction.take() else { return Ok(()) };
        let (file, pos) = (Arc::clone(&self.at.file), self.at.pos);
        match (&mut self.position.log, &transaction.identity) {
            (Log::Gtids { set, file: f, pos: p }, Identity::Numbered(gtid)) => {
                set.insert(gtid);
                (*f, *p) = (file, pos);
            }
            (Log::Domains { newest, file: f, pos: p }, Identity::Domain(domain)) => {
                newest.reach(*domain);
                (*f, *p) = (file, pos);
            }
            _ => return Err(anonymous()),
        }
        self.gauge(&transaction);
        self.newest.id = Some(transaction.id);
        self.newest.thread = transaction.thread;
        if self.muted {
            return Ok(());
        }
        if transaction.told {
            let position = self.position.clone();
            self.batch().await?.events.push(Told::End(position));
            self.moved = false;
            fault::point("stream.after_commit");
        } else {
            self.moved = true;
        }
        if self.updates.is_empty() {
            return self.send_full().await;
        }
        // What a statement changed is stored with exactly this position: nothing may come behind
        // it in the batch. Records of its own come before it.
        self.progress().await?;
        let updates = std::mem::take(&mut self.updates);
        self.batch().await?.updates.extend(updates);
        self.send()
    }

    fn gauge(&self, transaction: &Transaction) {
        self.out.gauges.received.fetch_max(self.at.offset(), Relaxed);
        let micros = transaction.commit_us.unwrap_or(transaction.logged_us);
        self.out.gauges.commit_us.store(micros, Relaxed);
    }

    /// When the current change was made, microseconds since 1970: seconds where the server tells no
    /// more.
    pub(super) fn time_of(&self, event: &Event<'_>) -> i64 {
        let told = self.transaction.as_ref().and_then(|transaction| transaction.commit_us);
        told.unwrap_or(i64::from(event.timestamp) * 1_000_000)
    }

    fn note_query(&mut self, text: &[u8]) {
        if !self.settings.include_query {
            return;
        }
        if let Some(transaction) = &mut self.transaction {
            transaction.query = Some(String::from_utf8_lossy(text).into_owned());
        }
    }
}
