//! One life of the daemon: from its start to a crash, or until everything is delivered.

use crate::random::Random;
use crate::source::Scripted;
use crate::world::{Shared, TABLES};
use std::cell::RefCell;
use std::sync::{Arc, Once};
use std::time::Duration;
use walbrook::pipeline::commit::Limits;
use walbrook::pipeline::generation::Settings;
use walbrook::pipeline::lifecycle::State;
use walbrook::pipeline::report::{Committed, Phase, Report};
use walbrook::pipeline::{Control, Environment, supervise};
use walbrook::shape;
use walbrook_core::error::{Class, Error};
use walbrook_core::fault;
use walbrook_core::position::Position;
use walbrook_core::resolve::{Answer, Resolver, Topic, TopicKind};
use walbrook_core::sink::SinkHandle;
use walbrook_core::source::{Gauges, Progress, Source};
use walbrook_kafka::checkpoint::Names;
use walbrook_kafka::{sink, twin};

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

/// Lives one life.
pub(crate) fn live(
    world: &Shared,
    broker: &twin::Shared,
    seed: u64,
    crash: Option<Crash>,
    limits: Limits,
) -> Ended {
    install();
    PLAN.with_borrow_mut(|plan| *plan = crash.map(|crash| (crash, 0)));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let ended = runtime.block_on(watch(world, broker, seed, crash.is_some(), limits));
    // Dropping the runtime drops every task where it stands.
    drop(runtime);
    PLAN.with_borrow_mut(|plan| *plan = None);
    ended
}

async fn watch(
    world: &Shared,
    broker: &twin::Shared,
    seed: u64,
    crashes: bool,
    limits: Limits,
) -> Ended {
    let environment: Arc<dyn Environment> = Arc::new(Simulated {
        world: Arc::clone(world),
        broker: Arc::clone(broker),
        instance: format!("life-{seed}"),
        seed,
    });
    let mut shape = shape::Settings::new("p");
    shape.transaction_metadata = true;
    let settings = Settings { shape, limits, heartbeat: None };
    let (control, stopped) = Control::new();
    let mut running = tokio::spawn(supervise(settings, environment, Arc::new(Silent), stopped));
    for _ in 0..20_000 {
        let armed = PLAN.with_borrow(Option::is_some);
        if crashes && !armed {
            return Ended::Crashed;
        }
        let drained = {
            let world = world.lock().expect("a sound world");
            world.confirmed == Some(world.end())
        };
        if drained {
            control.stop();
            return match running.await {
                Ok(_) => Ended::Drained,
                Err(_) => Ended::Crashed,
            };
        }
        tokio::select! {
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

/// The outside of a simulated connector.
struct Simulated {
    world: Shared,
    broker: twin::Shared,
    instance: String,
    seed: u64,
}

impl Environment for Simulated {
    fn open_sink(&self) -> Answer<'_, SinkHandle> {
        Box::pin(async {
            let names = Names { connector: "c".into(), topic_prefix: "p".into() };
            let (machine, checkpoint) = twin::open(&self.broker, "sim", names, &self.instance)?;
            let (commands, asked) = async_channel::bounded(4);
            let (answers, receipts) = async_channel::unbounded();
            let (emptied, spare) = async_channel::bounded(8);
            tokio::spawn(sink::drive(machine, asked, answers, emptied));
            Ok(SinkHandle { commands, receipts, spare, checkpoint })
        })
    }

    fn reopen_allowed(&self) -> Answer<'_, bool> {
        Box::pin(async {
            tokio::time::sleep(Duration::from_secs(3)).await;
            let held = twin::load(&self.broker, "sim", "c")?;
            match walbrook_kafka::checkpoint::still_ours(&held, &self.instance) {
                Ok(()) => Ok(true),
                Err(error) if error.class == Class::Fenced => Ok(false),
                Err(error) => Err(error),
            }
        })
    }

    fn source(&self) -> Box<dyn Source> {
        let seed = self.seed ^ Random::new(self.seed).below(1 << 30);
        let (world, broker) = (Arc::clone(&self.world), Arc::clone(&self.broker));
        Box::new(Scripted { world, broker, seed, start: None })
    }

    fn resolver(&self) -> Arc<dyn Resolver> {
        Arc::new(Numbered(twin::Resolver::new(Arc::clone(&self.broker), 3, 1 << 20)))
    }

    fn now_us(&self) -> i64 {
        // Time of processing is part of the records, so it stands still.
        1_000_000
    }
}

/// Topics of the twin; a schema's id is made of its text, the same in every life.
struct Numbered(twin::Resolver);

impl Resolver for Numbered {
    fn schema<'a>(&'a self, subject: &'a str, text: &'a str) -> Answer<'a, u32> {
        let bytes = subject.bytes().chain(text.bytes());
        let id = bytes.fold(0x811c_9dc5_u32, |n, b| (n ^ u32::from(b)).wrapping_mul(0x0100_0193));
        Box::pin(async move { Ok(id) })
    }

    fn topic<'a>(&'a self, name: &'a str, kind: TopicKind) -> Answer<'a, Topic> {
        self.0.topic(name, kind)
    }
}

struct Silent;

impl Report for Silent {
    fn phase(&self, _: Phase, _: Option<&Error>) {}
    fn opened(&self, _: Arc<Gauges>, _: Option<&Position>) {}
    fn committed(&self, _: &Committed) {}
    fn snapshot(&self, _: &Progress) {}
    fn split(&self) {}
    fn waiting(&self, _: Option<&Error>) {}
}

/// Everything that a read_committed consumer sees: topic, partition, key, value, headers.
pub(crate) fn visible(broker: &twin::Shared) -> Vec<String> {
    let broker = twin::lock(broker);
    let mut seen = Vec::new();
    let mut topics: Vec<String> = (0..TABLES).map(|n| format!("p.public.t{n}")).collect();
    topics.push("p.transaction".into());
    for topic in topics {
        for partition in 0..broker.partitions(&topic).unwrap_or_default() {
            for record in broker.committed(&topic, partition, 0) {
                seen.push(format!(
                    "{topic}-{partition} {:02x?} {:02x?} {:?}",
                    record.key, record.value, record.headers
                ));
            }
        }
    }
    seen
}
