//! The daemon killed at random and at every crash point, the servers too; nothing lost or doubled.

use crate::support::chance::{Chance, seed};
use crate::support::checkpoint::Stored;
use crate::support::consumer::{BULK, Follower};
use crate::support::daemon::{Config, Daemon};
use crate::support::meanwhile::Meanwhile;
use crate::support::oracle::{Allow, torn};
use crate::support::record::Body;
use crate::support::stack::{self, Dialect, Server, Use, scale, seconds, stack};
use crate::support::workload::{self, Plan, Workload};
use crate::support::world::{self, World};
use std::time::Duration;

use walbrook_core::fault::POINTS;

/// How often the state at rest is looked at before it counts as wrong.
const LOOKS: u32 = 16;

/// What holds while no daemon runs. Kafka answers a commit first and writes its marks then, partition
/// by partition, behind a restart of the broker too: so it is looked at again, each time with
/// everything read that is there.
async fn at_rest(world: &World, config: &Config, follower: &Follower) {
    let mut wrong = None;
    for _ in 0..LOOKS {
        follower.all_read().await;
        wrong = unrest(world, config, follower).await;
        if wrong.is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    panic!("while nothing runs: {}", wrong.unwrap_or_default());
}

/// What is wrong, of: whole transactions are visible, the checkpoint covers them, and the slot is not
/// ahead of it.
async fn unrest(world: &World, config: &Config, follower: &Follower) -> Option<String> {
    let torn = torn(&follower.seen());
    if !torn.is_empty() {
        return Some(format!("torn: {torn:?}"));
    }
    let stored = world.position(config).await?;
    let newest = follower.seen().iter().rev().find_map(|s| match &s.body {
        Body::Mark(mark) => Some(mark.id.clone()),
        _ => None,
    });
    if let Some(newest) = newest.filter(|newest| !stored.covers(newest)) {
        return Some(format!("visible up to {newest}, the checkpoint says {stored:?}"));
    }
    let Stored::Lsn(stored) = stored else { return None };
    let confirmed = "SELECT (confirmed_flush_lsn - '0/0'::pg_lsn)::bigint \
                     FROM pg_replication_slots WHERE database = current_database()";
    let confirmed = world.database().number(confirmed).await as u64;
    (confirmed > stored).then(|| format!("the slot is at {confirmed}, the checkpoint at {stored}"))
}

/// A run of random kills.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// Rows that the snapshot begins with.
    pub items: u64,
    /// How often the daemon is killed.
    pub kills: u64,
    /// Settings of the writers' sessions.
    pub session: &'static str,
    /// What happens to the database's server halfway, in verbs of `dev/stack`.
    pub halfway: &'static [&'static str],
    /// What happens to the database all the time.
    pub meanwhile: Meanwhile,
    /// What the oracle tolerates.
    pub allow: Allow,
}

impl Run {
    /// The full run: the server is restarted halfway.
    pub fn full() -> Self {
        Self {
            items: scale(40_000, 100_000),
            kills: scale(20, 60),
            session: "",
            halfway: &["restart"],
            meanwhile: Meanwhile::Nothing,
            allow: Allow::INTERRUPTED,
        }
    }

    /// A shorter one, for one more way of writing the log.
    pub fn short() -> Self {
        Self { items: scale(20_000, 100_000), kills: scale(8, 40), halfway: &[], ..Self::full() }
    }
}

/// Runs the daemon in short lives under load; the last life delivers what is left.
pub async fn random_kills(world: World, mut chance: Chance, run: Run) {
    let (items, kills) = (run.items, run.kills);
    workload::prepare(world.database(), items, 10).await;
    let plan = Plan { session: run.session, ..Plan::new(chance.bits(), items) };
    let writers = Workload::start(world.database(), &plan);
    let meanwhile = run.meanwhile.start(world.database());
    let config = world.config(&["*"]);
    let follower = world.follower();
    let mut lives = Vec::new();
    for n in 0..kills {
        let mut daemon = world.daemon(&config);
        if n == kills / 2 {
            for verb in run.halfway {
                stack(verb, world.database().server.service()).await;
            }
        }
        lives.push(one_life(&world, &mut daemon, n, &mut chance).await);
        daemon.kill();
        at_rest(&world, &config, &follower).await;
    }
    println!("  {}: killed {kills} times: {}", world.name(), lives.join(" "));
    let mut daemon = world.daemon(&config);
    daemon.streaming().await;
    tokio::time::sleep(seconds(2)).await;
    meanwhile.end().await;
    writers.stop().await;
    world.verdict(&follower, &mut daemon, run.allow).await;
}

/// Waits for the end of a life: one in four on the way up, the first ones in the snapshot, the
/// others in the stream. Answers the phase that it ends in.
async fn one_life(world: &World, daemon: &mut Daemon, n: u64, chance: &mut Chance) -> String {
    let life = if n >= 4 && chance.percent(25) {
        chance.below(1_200)
    } else {
        let wanted = if n < 6 { "snapshotting" } else { "streaming" };
        daemon
            .until("it works", seconds(60), |o| {
                (o["phase"] == wanted || o["phase"] == "streaming").then_some(())
            })
            .await;
        if n < 6 { chance.below(350) } else { chance.below(2_000) }
    };
    if daemon.ended(Duration::from_millis(life)).await.is_some() {
        panic!("{}: it ended by itself\n{}", world.name(), daemon.tail());
    }
    let phase = daemon.ours().await.map(|o| o["phase"].as_str().unwrap_or("?").to_owned());
    phase.unwrap_or("silent".into())
}

/// Both servers side by side; meanwhile the broker is killed once.
#[test]
fn at_random() {
    let _turn = stack::turn(Use::Alone);
    let seed = seed("kills::at_random");
    world::block_on(async {
        let one = |n: u64| {
            move |world| random_kills(world, Chance::new(seed.wrapping_add(n)), Run::full())
        };
        tokio::join!(
            world::alone(Server::Pg15, "kill15", one(15)),
            world::alone(Server::Pg18, "kill18", one(18)),
            broker_killed()
        );
    });
}

/// The broker is killed in the middle of it all, and comes back.
pub async fn broker_killed() {
    tokio::time::sleep(seconds(25)).await;
    stack("kill", "kafka").await;
    tokio::time::sleep(seconds(2)).await;
    stack("start", "kafka").await;
}

/// The points to die at: all, or those that contain `WALBROOK_POINT`.
fn points(world: &World) -> Vec<&'static str> {
    let only = std::env::var("WALBROOK_POINT").unwrap_or_default();
    let dialect = world.database().dialect();
    // Those of a connector that is asked for something are met in `held.rs`.
    let asked = ["pipeline.held", "pipeline.wanted"];
    let met = |p: &&str| p.contains(&only) && is_met(dialect, p) && !asked.contains(p);
    POINTS.iter().copied().filter(met).collect()
}

/// Whether a source of that kind meets the point at all: only PostgreSQL has slots and exports.
fn is_met(dialect: Dialect, point: &str) -> bool {
    let slots = ["source.after_slot", "source.after_snapshot_export"];
    dialect == Dialect::Postgres || !slots.contains(&point)
}

/// Whether a point is met only on the way to the stream.
fn is_early(point: &str) -> bool {
    let early = ["sink.after_init", "sink.after_owner", "pipeline.after_load"];
    early.contains(&point)
        || ["source.", "snapshot.", "resolve."].iter().any(|p| point.starts_with(p))
}

/// Lets the daemon die at the `n`-th meeting of `point`.
async fn die(world: &World, config: &Config, point: &str, n: u64) {
    let fault = format!("{point}:{n}");
    let environment = [("WALBROOK_FAULT", fault.as_str())];
    let mut daemon = Daemon::start_with(config, world.directory(), &environment);
    match point {
        "pipeline.stopping" => {
            daemon.streaming().await;
            daemon.signal("-TERM");
        }
        "pipeline.split" => {
            daemon.streaming().await;
            world.database().generate("bulk", "i", 1, 1_100_000).await;
        }
        _ => {}
    }
    let limit = if point == "pipeline.split" { seconds(60) } else { seconds(20) };
    match daemon.ended(limit).await {
        Some(exit) => assert!(!exit.success(), "{fault}: ended with {exit}\n{}", daemon.tail()),
        None => panic!("{fault} was not met; status {:?}\n{}", daemon.ours().await, daemon.tail()),
    }
}

/// Tables that are only read, so that there are tables not begun when the snapshot is cut.
async fn shelves(world: &World) {
    for n in 1..=6 {
        let (db, table) = (world.database(), format!("shelf_{n}"));
        db.run(format!("CREATE TABLE {table} (id int PRIMARY KEY, lane int, ver bigint, v text)"))
            .await;
        db.generate(&table, "i, -1, 1, concat('shelf ', i)", 1, 400).await;
    }
}

/// Every point of the way to the stream, each with a connector of its own and a whole snapshot.
pub async fn early_points(world: World, seed: u64) {
    let items = 20_000;
    workload::prepare(world.database(), items, 10).await;
    shelves(&world).await;
    let mut failed = Vec::new();
    for (n, point) in points(&world).into_iter().filter(|p| is_early(p)).enumerate() {
        let one = one_early_point(world.clone(), point, seed + n as u64, items);
        if tokio::task::spawn_local(one).await.is_err() {
            failed.push(point);
        }
        world.database().drop_slots().await;
    }
    assert!(failed.is_empty(), "{}: failed at {failed:?}", world.name());
}

async fn one_early_point(world: World, point: &'static str, seed: u64, items: u64) {
    let name = format!("{}_{}", world.name(), point.replace('.', "_"));
    let config = world.config_named(&name, &["*"]);
    let follower = world.follower_of(&name);
    let writers = Workload::start(world.database(), &Plan::new(seed, items));
    die(&world, &config, point, 1).await;
    at_rest(&world, &config, &follower).await;
    let mut daemon = world.daemon(&config);
    daemon.streaming().await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    writers.stop().await;
    println!("  {}: died at {point}", world.name());
    world.verdict(&follower, &mut daemon, Allow::INTERRUPTED).await;
}

/// Every point of the stream, one life after the other of one connector.
pub async fn late_points(world: World, seed: u64) {
    let mut chance = Chance::new(seed);
    workload::prepare(world.database(), 500, 10).await;
    world.database().run("CREATE TABLE bulk (id bigint PRIMARY KEY)").await;
    let writers = Workload::start(world.database(), &Plan::new(seed, 500));
    let config = world.config(&["*"]);
    let follower = world.follower();
    let mut daemon = world.daemon(&config);
    daemon.streaming().await;
    daemon.kill();
    for point in points(&world).into_iter().filter(|p| !is_early(p)) {
        let rare = ["pipeline.stopping", "pipeline.split"].contains(&point);
        let n = if rare { 1 } else { 1 + chance.below(12) };
        die(&world, &config, point, n).await;
        println!("  {}: died at {point}:{n}", world.name());
        at_rest_but_for_bulk(&world, &config, &follower, point).await;
    }
    let mut daemon = world.daemon(&config);
    daemon.streaming().await;
    follower_has_bulk(&follower).await;
    tokio::time::sleep(seconds(1)).await;
    writers.stop().await;
    world.verdict(&follower, &mut daemon, Allow::default()).await;
    let mut ids: Vec<_> = follower.bulk().iter().map(|(id, _)| *id).collect();
    let delivered = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), delivered), (1_100_000, 1_100_000), "rows of {BULK}: distinct, all");
}

/// A transaction that is split is the one that may be visible in part.
async fn at_rest_but_for_bulk(world: &World, config: &Config, follower: &Follower, point: &str) {
    let rows = follower.bulk().len();
    let split = rows > 0 && rows < 1_100_000;
    if !split && point != "pipeline.split" {
        at_rest(world, config, follower).await;
    }
}

async fn follower_has_bulk(follower: &Follower) {
    stack::wait("1.1 M rows", seconds(120), async || {
        (follower.bulk().len() >= 1_100_000).then_some(())
    })
    .await;
}

#[test]
fn at_every_early_point() {
    let _turn = stack::turn(Use::Alone);
    let seed = seed("kills::at_every_early_point");
    world::block_on(async {
        let one = |world| early_points(world, seed);
        tokio::join!(
            world::alone(Server::Pg15, "early15", one),
            world::alone(Server::Pg18, "early18", one)
        );
    });
}

#[test]
fn at_every_late_point() {
    let _turn = stack::turn(Use::Alone);
    let seed = seed("kills::at_every_late_point");
    world::block_on(async {
        let one = |world| late_points(world, seed);
        tokio::join!(
            world::alone(Server::Pg15, "late15", one),
            world::alone(Server::Pg18, "late18", one)
        );
    });
}
