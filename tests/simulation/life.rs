//! One life of the daemon: from its start to a crash, or until everything is delivered.

use crate::forgetful::{self, Forgets};
use crate::postgres::Simulated as Postgres;
use crate::random::Random;
use crate::source::Scripted;
use crate::world::{Shared, World, lock};
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;
use tokio::task::JoinHandle;
use walbrook::pipeline::commit::Limits;
use walbrook::pipeline::generation::Settings;
use walbrook::pipeline::lifecycle::State;
use walbrook::pipeline::orders::Orders;
use walbrook::pipeline::report::{Committed, Phase, Report};
use walbrook::pipeline::{Control, Environment, supervise};
use walbrook::shape;
use walbrook::shape::poison::Policy;
use walbrook_core::checkpoint::Checkpoint;
use walbrook_core::error::{Class, Error};
use walbrook_core::fault;
use walbrook_core::idle::{Idle, Move, Retained};
use walbrook_core::position::Position;
use walbrook_core::resolve::{Answer, Resolver, Topic, TopicKind};
use walbrook_core::sink::SinkHandle;
use walbrook_core::source::{Gauges, Progress, Source};
use walbrook_kafka::checkpoint::Names;
use walbrook_kafka::{sink, twin};

/// The transactional id of the simulated connector.
pub(crate) const ID: &str = "sim-c";

/// How the database is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Ready batches: `source.rs`.
    Scripted,
    /// The same with changes among them that cannot be told, which become dead letters.
    Poison,
    /// The production stream over a scripted walsender; nothing is in the tables at first.
    Wire,
    /// The same behind a snapshot of tables that are written meanwhile.
    Snapshot,
}

/// A mistake that the oracle must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// The source tells the server that what it has heard of is safe, and does not compare.
    ConfirmsEarly,
    /// The sink commits some checkpoints without their records.
    ForgetsRecords,
    /// The sink commits some records without their position.
    ForgetsPosition,
    /// The stream tells what the snapshot's rows contain already.
    LeavesNothingOut,
    /// A commit record that starts at the consistent point counts as contained in the rows.
    LeavesOutTooMuch,
}

/// What all lives of one simulation have in common.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) world: Shared,
    pub(crate) broker: twin::Shared,
    pub(crate) kind: Kind,
    pub(crate) limits: Limits,
    pub(crate) heartbeat: Option<Duration>,
    pub(crate) wrong: Option<Wrong>,
}

impl Setup {
    /// A world and a broker of their own. The limits are small enough that the simulated
    /// transactions meet all of them.
    pub(crate) fn new(kind: Kind, seed: u64, count: u64) -> Self {
        let world = match kind {
            Kind::Scripted | Kind::Poison => World::new(seed, count, true),
            Kind::Wire => World::database(seed, count, 0),
            Kind::Snapshot => World::database(seed, count, (count as usize / 3).max(8)),
        };
        let limits = Limits { records: 20, hard_records: 25, ..Limits::default() };
        Self {
            world: Arc::new(Mutex::new(world)),
            broker: twin::Shared::default(),
            kind,
            limits,
            heartbeat: None,
            wrong: None,
        }
    }

    /// Lives one life.
    pub(crate) fn live(&self, seed: u64, crash: Option<Crash>) -> Ended {
        let crashes = crash.is_some();
        simulate(crash, async {
            let (running, control) = self.begin(seed);
            self.watch(running, control, crashes).await
        })
    }

    /// Starts an instance of the connector that nobody can ask for anything.
    pub(crate) fn begin(&self, seed: u64) -> (JoinHandle<State>, Control) {
        let (control, orders) = Control::new();
        (self.run(seed, orders), control)
    }

    /// Starts an instance of the connector.
    pub(crate) fn run(&self, seed: u64, orders: Orders) -> JoinHandle<State> {
        self.run_told(seed, orders, Arc::new(Silent))
    }

    /// The same, with somebody who takes its news.
    pub(crate) fn run_told(
        &self,
        seed: u64,
        orders: Orders,
        report: Arc<dyn Report>,
    ) -> JoinHandle<State> {
        let simulated = Simulated {
            setup: self.clone(),
            instance: format!("life-{seed}"),
            owned: AtomicBool::new(false),
            random: Mutex::new(Random::new(seed ^ Random::new(seed).below(1 << 30))),
        };
        let environment: Arc<dyn Environment> = Arc::new(simulated);
        let mut shape = shape::Settings::new("p");
        shape.transaction_metadata = true;
        shape.skipped_operations.clear();
        if self.kind == Kind::Poison {
            shape.poison = Arc::new(|_| Policy::DeadLetter);
        }
        let settings = Settings { shape, limits: self.limits, heartbeat: self.heartbeat };
        tokio::spawn(supervise(settings, environment, report, orders))
    }

    /// Whether everything is delivered and confirmed.
    pub(crate) fn drained(&self) -> bool {
        let world = lock(&self.world);
        world.confirmed.is_some_and(|confirmed| confirmed >= world.goal)
    }

    async fn watch(
        &self,
        mut running: JoinHandle<State>,
        control: Control,
        crashes: bool,
    ) -> Ended {
        for _ in 0..40_000 {
            if crashes && PLAN.with_borrow(Option::is_none) {
                return Ended::Crashed;
            }
            if self.drained() {
                control.stop();
                return match running.await {
                    Ok(_) => Ended::Drained,
                    Err(_) => Ended::Crashed,
                };
            }
            tokio::select! {
            biased;
                           done = &mut running => return match done {
                               Err(_) => Ended::Crashed,
                               Ok(State::Failed(error) | State::Fenced(error)) => Ended::Stopped(error.to_string()),
                               Ok(other) => Ended::Stopped(format!("{other:?}")),
                           },
                           () = tokio::time::sleep(Duration::from_millis(50)) => {}
                       }
        }
        Ended::Stuck
    }
}

/// Runs `work` on a runtime of its own with a paused clock, under the plan to crash.
pub(crate) fn simulate<T>(crash: Option<Crash>, work: impl Future<Output = T>) -> T {
    install();
    PLAN.with_borrow_mut(|plan| *plan = crash.map(|crash| (crash, 0)));
    // Whoever waits for several things looks at them in the same order each time.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let ended = runtime.block_on(work);
    // Dropping the runtime drops every task where it stands.
    drop(runtime);
    PLAN.with_borrow_mut(|plan| *plan = None);
    ended
}

/// What is cut short, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crash {
    pub(crate) point: &'static str,
    pub(crate) nth: u64,
}

thread_local! {
    static PLAN: RefCell<Option<(Crash, u64)>> = const { RefCell::new(None) };
    static HIT: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

const CRASH: &str = "simulated power cut";

/// The hook of all simulations: every thread has its own plan.
fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        fault::install(|name| {
            HIT.with_borrow_mut(|hit| {
                if !hit.contains(&name) {
                    hit.push(name);
                }
            });
            let cut = PLAN.with_borrow_mut(|plan| match plan {
                Some((crash, met)) if crash.point == name => {
                    *met += 1;
                    *met == crash.nth
                }
                _ => false,
            });
            if cut {
                PLAN.with_borrow_mut(|plan| *plan = None);
                std::panic::panic_any(CRASH);
            }
        });
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if info.payload().downcast_ref::<&str>() != Some(&CRASH) {
                loud(info);
            }
        }));
    });
}

/// Whether the planned crash has happened; true as well where none is planned.
pub(crate) fn has_crashed() -> bool {
    PLAN.with_borrow(Option::is_none)
}

/// Crash points met on this thread so far.
pub(crate) fn hit() -> Vec<&'static str> {
    HIT.with_borrow(Clone::clone)
}

/// How a life ended.
#[derive(Debug, PartialEq)]
pub(crate) enum Ended {
    /// Cut short by its crash.
    Crashed,
    /// Everything is delivered and confirmed.
    Drained,
    /// It stopped on its own.
    Stopped(String),
    /// Nothing more happened for a long time.
    Stuck,
}

/// The outside of a simulated connector.
struct Simulated {
    setup: Setup,
    instance: String,
    /// What every source of this life begins with.
    random: Mutex<Random>,
    owned: AtomicBool,
}

impl Environment for Simulated {
    fn open_sink(&self) -> Answer<'_, SinkHandle> {
        Box::pin(async {
            let broker = &self.setup.broker;
            if self.owned.load(Relaxed) {
                // As in `wiring.rs`: who has been the owner takes over from nobody.
                let held = twin::load(broker, "sim", "c")?;
                walbrook_kafka::checkpoint::still_ours(&held, &self.instance)?;
            }
            let names = Names { connector: "c".into(), topic_prefix: "p".into() };
            let (commands, asked) = async_channel::bounded(4);
            let (answers, receipts) = async_channel::unbounded();
            let (emptied, spare) = async_channel::bounded(8);
            let forgets = match self.setup.wrong {
                Some(Wrong::ForgetsRecords) => Some(Forgets::Records),
                Some(Wrong::ForgetsPosition) => Some(Forgets::Position),
                _ => None,
            };
            let checkpoint = if let Some(forgets) = forgets {
                let opened = forgetful::open(broker, names, &self.instance, forgets)?;
                tokio::spawn(sink::drive(opened.0, asked, answers, emptied));
                opened.1
            } else {
                let opened = twin::open(broker, "sim", names, &self.instance)?;
                tokio::spawn(sink::drive(opened.0, asked, answers, emptied));
                opened.1
            };
            self.owned.store(true, Relaxed);
            Ok(SinkHandle { commands, receipts, spare, checkpoint })
        })
    }

    fn load(&self) -> Answer<'_, Checkpoint> {
        Box::pin(async { twin::load(&self.setup.broker, "sim", "c") })
    }

    fn remove_checkpoint(&self) -> Answer<'_, Option<String>> {
        Box::pin(async { Ok(None) })
    }

    fn idle(&self) -> Arc<dyn Idle> {
        Arc::new(Nowhere)
    }

    fn begin_anew(&self) {
        self.owned.store(false, Relaxed);
    }

    fn reopen_allowed(&self) -> Answer<'_, bool> {
        Box::pin(async {
            tokio::time::sleep(Duration::from_secs(3)).await;
            let held = twin::load(&self.setup.broker, "sim", "c")?;
            match walbrook_kafka::checkpoint::still_ours(&held, &self.instance) {
                Ok(()) => Ok(true),
                Err(error) if error.class == Class::Fenced => Ok(false),
                Err(error) => Err(error),
            }
        })
    }

    fn source(&self) -> Box<dyn Source> {
        let seed = self.random.lock().expect("a sound generator").below(1 << 40);
        let Setup { world, broker, kind, wrong, .. } = self.setup.clone();
        match kind {
            Kind::Scripted | Kind::Poison => {
                let poison = kind == Kind::Poison;
                Box::new(Scripted { world, broker, seed, start: None, poison })
            }
            Kind::Wire | Kind::Snapshot => {
                let random = Random::new(seed);
                Box::new(Postgres { world, broker, random, kind, wrong, prepared: None })
            }
        }
    }

    fn resolver(&self) -> Arc<dyn Resolver> {
        // The oracle of snapshots needs one order over all events of a table.
        let partitions = if self.setup.kind == Kind::Snapshot { 1 } else { 3 };
        let topics = twin::Resolver::new(Arc::clone(&self.setup.broker), partitions, 1 << 20);
        Arc::new(Numbered { topics, world: Arc::clone(&self.setup.world) })
    }

    fn now_us(&self) -> i64 {
        // Time of processing is part of the records, so it stands still.
        1_000_000
    }
}

/// The simulated database answers only while it is read.
struct Nowhere;

impl Idle for Nowhere {
    fn measure<'a>(&'a self, _: Option<&'a Position>) -> Answer<'a, Option<Retained>> {
        Box::pin(async { Ok(None) })
    }

    fn judge<'a>(&'a self, _: &'a Checkpoint, _: &'a serde_json::Value) -> Answer<'a, Move> {
        Box::pin(async { Ok(Move { updates: Vec::new(), meaning: String::new() }) })
    }

    fn forget<'a>(&'a self, _: &'a Checkpoint) -> Answer<'a, Move> {
        Box::pin(async { Ok(Move { updates: Vec::new(), meaning: String::new() }) })
    }

    fn let_go<'a>(&'a self) -> Answer<'a, Option<String>> {
        Box::pin(async { Ok(None) })
    }

    fn remove<'a>(&'a self, _: &'a Checkpoint) -> Answer<'a, Vec<String>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// Topics of the twin; a schema's id is made of its text, the same in every life.
struct Numbered {
    topics: twin::Resolver,
    world: Shared,
}

impl Resolver for Numbered {
    fn schema<'a>(&'a self, subject: &'a str, text: &'a str) -> Answer<'a, u32> {
        let bytes = subject.bytes().chain(text.bytes());
        let id = bytes.fold(0x811c_9dc5_u32, |n, b| (n ^ u32::from(b)).wrapping_mul(0x0100_0193));
        lock(&self.world).schemas.insert(id, text.to_owned());
        Box::pin(async move { Ok(id) })
    }

    fn topic<'a>(&'a self, name: &'a str, kind: TopicKind) -> Answer<'a, Topic> {
        self.topics.topic(name, kind)
    }
}

struct Silent;

impl Report for Silent {
    fn phase(&self, _: Phase, _: Option<&Error>) {}
    fn stored(&self, _: &Position) {}
    fn opened(&self, _: Arc<Gauges>, _: Option<&Position>, _: Option<u64>) {}
    fn committed(&self, _: &Committed) {}
    fn snapshot(&self, _: &Progress) {}
    fn resnapshot(&self, _: &walbrook_core::resnapshot::Job) {}
    fn resnapshots(&self, _: Vec<walbrook_core::resnapshot::Job>) {}
    fn topic(&self, _: &str) {}
    fn split(&self) {}
    fn waiting(&self, _: Option<&Error>) {}
}
