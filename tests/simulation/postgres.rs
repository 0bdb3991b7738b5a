//! PostgreSQL as the production source meets it: what is stored and what is there decide, the
//! tables are read, the log is followed. Only SQL is simulated.

use crate::database::{self, HIDDEN, NAMES};
use crate::life::{Kind, Wrong};
use crate::random::Random;
use crate::snapshot;
use crate::walsender;
use crate::world::{SERVER, Shared, lock};
use async_channel::{Receiver, Sender};
use std::path::PathBuf;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::duplex;
use tokio::sync::watch;
use walbrook_core::batch::{Batch, Lane};
use walbrook_core::checkpoint::{Checkpoint, Part, Updates, put};
use walbrook_core::error::{Code, Error, Result};
use walbrook_core::fault;
use walbrook_core::position::{Log, Position};
use walbrook_core::resolve::Answer;
use walbrook_core::source::{Gauges, Message, Source, SourceHandle};
use walbrook_kafka::twin;
use walbrook_postgres::catalog::{Catalog, Structure};
use walbrook_postgres::pgoutput::Relation;
use walbrook_postgres::resume::{Found, System};
use walbrook_postgres::settings::{PublicationMode, Settings, SnapshotMode, Tls, TlsMode};
use walbrook_postgres::slot::Slot;
use walbrook_postgres::snapshot::covered::Covered;
use walbrook_postgres::source::decide::{self, Decision, decide};
use walbrook_postgres::source::entry::Phase;
use walbrook_postgres::source::prepare::{self, Prepared};
use walbrook_postgres::source::{confirmation, description};
use walbrook_postgres::stream::{self, Start, Timing, Wires};
use walbrook_postgres::table::Modes;
use walbrook_postgres::transport::{CopyBoth, Frames, MAX_FRAME};

/// How many batches there are.
const POOL: usize = 4;

/// The source of one generation.
pub(crate) struct Simulated {
    pub(crate) world: Shared,
    pub(crate) broker: twin::Shared,
    pub(crate) random: Random,
    pub(crate) kind: Kind,
    pub(crate) wrong: Option<Wrong>,
    pub(crate) prepared: Option<Prepared>,
}

/// What the configuration would say.
pub(crate) fn settings(kind: Kind) -> Settings {
    let no_data = kind != Kind::Snapshot;
    Settings {
        host: "sim".into(),
        port: 5432,
        user: "walbrook".into(),
        password: Arc::new(|| Ok(None)),
        dbname: "shop".into(),
        tls: Tls { ca: None::<PathBuf>, ..Tls::new(TlsMode::Disable) },
        slot: "s".into(),
        owns_slot: true,
        messages: None,
        slot_failover: false,
        publication: "p".into(),
        publication_mode: PublicationMode::Existing,
        selection: Arc::new(|_, name| name != NAMES[HIDDEN]),
        patterns: walbrook_core::settings::plain_names(),
        topic_prefix: "p".into(),
        cluster: "sim".into(),
        connector: "c".into(),
        modes: Modes::default(),
        snapshot_mode: if no_data { SnapshotMode::NoData } else { SnapshotMode::Initial },
        snapshot_workers: 3,
        initial: walbrook_core::initial::Initial::all(),
        snapshot_as_published: true,
        feedback: Duration::from_secs(10),
    }
}

impl Source for Simulated {
    fn prepare<'a>(&'a mut self, checkpoint: &'a Checkpoint) -> Answer<'a, Updates> {
        Box::pin(async move {
            let prepared = self.decided(checkpoint)?;
            let updates = prepared.updates();
            self.prepared = Some(prepared);
            Ok(updates)
        })
    }

    fn start<'a>(self: Box<Self>) -> Answer<'a, SourceHandle>
    where
        Self: 'a,
    {
        Box::pin(async move { Ok(self.open()) })
    }
}

impl Simulated {
    fn decided(&self, checkpoint: &Checkpoint) -> Result<Prepared> {
        let settings = settings(self.kind);
        let known = prepare::read(checkpoint)?;
        let confirmed = lock(&self.world).confirmed;
        let slot = confirmed.map(|_| Slot {
            name: settings.slot.clone(),
            plugin: Some("pgoutput".into()),
            database: Some(settings.dbname.clone()),
            confirmed_flush: confirmed,
            ..Slot::default()
        });
        let system = System { id: SERVER.into(), timeline: 1, head: 0 };
        let state = match &slot {
            None => decide::Slot::Missing,
            // The wrong source does not look.
            Some(_) if self.wrong == Some(Wrong::ConfirmsEarly) => decide::Slot::Usable,
            Some(slot) => {
                let found = Found { slot: Some(slot), system: &system, history: &[] };
                prepare::reach(&known, found, &settings)?
            }
        };
        let decision = decide(known.entry.as_ref(), &state, &prepare::here(&settings, SERVER))?;
        Ok(prepare::plan(&settings, known, decision, (SERVER.into(), 1), confirmed.unwrap_or(0)))
    }

    /// Ties the ends together, as `source::open` does for its thread.
    fn open(mut self) -> SourceHandle {
        {
            let mut world = lock(&self.world);
            world.starts += 1;
            self.random = Random::new(self.random.below(1 << 40).wrapping_add(world.starts * 7919));
        }
        let (messages, received) = async_channel::unbounded();
        let (spare, empty) = async_channel::bounded(POOL);
        for _ in 0..POOL {
            drop(spare.try_send(Batch::default()));
        }
        let gauges = Arc::new(Gauges::default());
        let (confirm, confirmed) = confirmation();
        let out = Out { messages: messages.clone(), spare: empty, gauges: Arc::clone(&gauges) };
        tokio::spawn(async move {
            if let Err(error) = self.work(out, confirmed).await {
                drop(messages.try_send(Message::Failed(error)));
            }
        });
        let description = description();
        let requests = async_channel::unbounded().0;
        SourceHandle { description, messages: received, spare, confirm, gauges, requests }
    }

    /// Does what was decided, as `source::reader` does.
    async fn work(mut self, out: Out, confirmed: watch::Receiver<u64>) -> Result<()> {
        let mut prepared = self.prepared.take().expect("prepared");
        if matches!(prepared.decision, Decision::Begin { .. }) {
            fault::point("source.after_intent");
        }
        match prepared.decision {
            Decision::Finished => return out.tell(Message::Finished),
            Decision::Stream => {}
            _ => self.tables(&mut prepared, &out).await?,
        }
        self.follow(prepared, out, confirmed).await
    }

    /// Makes the slot where it is missing, reads the tables, and says so.
    async fn tables(&mut self, prepared: &mut Prepared, out: &Out) -> Result<()> {
        let lsn = self.hold(prepared.decision);
        let entry = &mut prepared.entry;
        if let Decision::Begin { .. } = prepared.decision {
            entry.consistent_lsn = lsn;
        }
        if self.kind == Kind::Snapshot {
            entry.phase = Phase::Snapshotting;
            out.tell(Message::Snapshotting)?;
            out.updates(vec![put(Part::Source, entry)]).await?;
            let covered = if entry.again { entry.consistent_lsn } else { lsn };
            let (world, random) = (Arc::clone(&self.world), self.random.clone());
            snapshot::run(world, random, out, lsn, covered, &mut prepared.tables).await?;
        }
        fault::point("snapshot.before_streaming");
        let begin = || Position::at(SERVER, Log::Lsn(entry.consistent_lsn));
        let position = prepared.position.get_or_insert_with(begin);
        entry.phase = Phase::Streaming;
        out.updates(vec![put(Part::Source, entry), put(Part::Position, position)]).await?;
        out.tell(Message::Streaming(position.clone()))
    }

    /// Opens a snapshot, with the connector's slot or beside it: its consistent point.
    fn hold(&mut self, decision: Decision) -> u64 {
        let mut world = lock(&self.world);
        if let (Kind::Wire, Decision::Begin { .. }) = (self.kind, decision) {
            // In the wire's world all of the log is told: it waits for the slot.
            world.head = 0;
        }
        let late = self.kind == Kind::Snapshot && self.random.below(3) == 0;
        let lsn = world.consistent_point(late);
        if let Decision::Begin { drop_slot } = decision {
            if drop_slot {
                let data = |name: &&str| name.starts_with("p.");
                let broker = twin::lock(&self.broker);
                let told = broker.topics().filter(data).any(|name| {
                    let partitions = 0..broker.partitions(name).unwrap_or(0);
                    partitions.into_iter().any(|n| !broker.committed(name, n, 0).is_empty())
                });
                if told {
                    world.violations.push("a slot was dropped that records depend on".into());
                }
            }
            world.confirmed = Some(lsn);
            drop(world);
            fault::point("source.after_slot");
        } else {
            world.count("snapshots continued", 1);
            drop(world);
        }
        fault::point("source.after_snapshot_export");
        lsn
    }

    /// Follows the log through the production stream, as `source::follow` does.
    async fn follow(
        mut self,
        prepared: Prepared,
        out: Out,
        mut confirmed: watch::Receiver<u64>,
    ) -> Result<()> {
        let Prepared { entry, mut tables, position, structures, .. } = prepared;
        if self.wrong == Some(Wrong::LeavesOutTooMuch) {
            let segments = tables.values_mut().flat_map(|table| &mut table.segments);
            segments.for_each(|segment| segment.covered += 1);
        }
        let position = position
            .unwrap_or_else(|| Position::at(entry.server.clone(), Log::Lsn(entry.consistent_lsn)));
        let from = position.lsn();
        let entries = tables.iter().map(|(name, table)| (name.as_str(), table));
        let covered = Covered::new(entries, from).expect("readable bounds");
        let filter = covered.largest() > from && self.wrong != Some(Wrong::LeavesNothingOut);
        self.wait_free().await?;
        let (client, server) = duplex(64 + self.random.below(60_000) as usize);
        let seed = self.random.below(1 << 40);
        let world = Arc::clone(&self.world);
        let broker = Arc::clone(&self.broker);
        tokio::spawn(walsender::serve(world, broker, server, from, Random::new(seed)));
        if self.wrong == Some(Wrong::ConfirmsEarly) {
            confirmed = hasty(Arc::clone(&out.gauges), out.messages.clone());
        }
        let settings = settings(self.kind);
        let catalog = Now(Mutex::new(self.random.clone()));
        let start = Start {
            position,
            database: settings.dbname,
            topic_prefix: settings.topic_prefix,
            selection: settings.selection,
            modes: settings.modes,
            structures,
            catalog: Arc::new(catalog),
            messages: None,
            covered: filter.then(|| Arc::new(covered) as Arc<dyn stream::Covered>),
            resnapshot: None,
            timing: Timing { pause: None, now_us: || 0, ..Timing::default() },
        };
        let Out { messages, spare, gauges } = out;
        let wires = Wires { messages, spare, confirmed, gauges };
        let (read, write) = tokio::io::split(client);
        stream::run(CopyBoth { read, write, frames: Frames::new(MAX_FRAME) }, start, wires).await
    }

    /// As `slot::wait_free` does.
    async fn wait_free(&self) -> Result<()> {
        for _ in 0..120 {
            if !lock(&self.world).active {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        Err(Error::transient(Code::new("WB-SIM-002"), "The slot is in use."))
    }
}

/// The wrong way back: what is heard of is said to be safe.
fn hasty(gauges: Arc<Gauges>, messages: Sender<Message>) -> watch::Receiver<u64> {
    let (sender, receiver) = watch::channel(0);
    tokio::spawn(async move {
        while !messages.is_closed() {
            sender.send_replace(gauges.head.load(Relaxed));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    receiver
}

/// The sending half, as in production.
pub(crate) struct Out {
    messages: Sender<Message>,
    spare: Receiver<Batch>,
    gauges: Arc<Gauges>,
}

impl Out {
    /// An empty batch, as soon as there is one.
    pub(crate) async fn empty(&self) -> Result<Batch> {
        let mut batch = self.spare.recv().await.map_err(|_| stopped())?;
        batch.clear();
        Ok(batch)
    }

    /// Says something, at once.
    pub(crate) fn tell(&self, message: Message) -> Result<()> {
        self.messages.try_send(message).map_err(|_| stopped())
    }

    /// Hands over news of the checkpoint without a row.
    async fn updates(&self, updates: Updates) -> Result<()> {
        let mut batch = self.empty().await?;
        batch.lane = Some(Lane { number: 0, torn: false, updates });
        self.tell(Message::Batch(batch))
    }
}

fn stopped() -> Error {
    Error::transient(Code::new("WB-SIM-003"), "The connector was stopped.")
}

/// The catalog: slow at times, and out of reach at others.
struct Now(Mutex<Random>);

impl Catalog for Now {
    fn structure<'a>(&'a self, relation: &'a Relation) -> Answer<'a, Option<Structure>> {
        let (slow, lost) = {
            let mut random = self.0.lock().expect("a sound generator");
            (random.below(1500), random.below(25) == 0)
        };
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(slow)).await;
            if lost {
                let text = "The catalog does not answer.";
                return Err(Error::transient(Code::new("WB-SIM-004"), text));
            }
            Ok(Some(database::structure(relation)))
        })
    }
}
