//! A server goes away: the daemon waits, says for what, and goes on without loss.

use crate::support::consumer::Follower;
use crate::support::daemon::{Daemon, binary};
use crate::support::oracle::Allow;
use crate::support::stack::{self, Server, Use, scale, seconds, stack};
use crate::support::workload::{self, Plan, Workload};
use crate::support::world::{self, World};
use serde_json::Value;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// The daemon under load, and everything around it.
struct Busy {
    writers: Workload,
    follower: Follower,
    daemon: Daemon,
}

async fn busy(world: &World, seed: u64) -> Busy {
    workload::prepare(world.database(), 500, 10).await;
    // Captured, but nobody needs its schema yet.
    let quiet = "CREATE TABLE quiet (id int PRIMARY KEY, lane int, ver bigint, v text)";
    world.database().run(quiet).await;
    let writers = Workload::start(world.database(), &Plan::new(seed, 500));
    let follower = world.follower();
    let mut daemon = world.daemon(&world.config(&["*"]));
    daemon.streaming().await;
    tokio::time::sleep(seconds(2)).await;
    Busy { writers, follower, daemon }
}

/// Waits until the status tells of trouble: retrying, or waiting for something by name.
async fn says_so(daemon: &mut Daemon, limit: Duration) -> Value {
    let begin = Instant::now();
    let told = daemon
        .until("the status says what it waits for", limit, |o| {
            (o["phase"] == "retrying" || !o["waiting"].is_null()).then(|| o.clone())
        })
        .await;
    let (phase, waiting, error) = (&told["phase"], &told["waiting"], &told["error"]);
    println!(
        "  says so after {:.1} s: phase {phase}, waiting {waiting}, error {error}",
        begin.elapsed().as_secs_f64()
    );
    told
}

/// Waits until it goes on, and lets the oracle decide. Answers the number of records.
async fn goes_on(world: &World, mut busy: Busy) -> usize {
    let begin = Instant::now();
    let before = busy.daemon.ours().await.and_then(|o| o["records"].as_u64());
    busy.daemon
        .until("it goes on", seconds(90), |o| {
            (o["phase"] == "streaming" && o["records"].as_u64() > before).then_some(())
        })
        .await;
    println!("  goes on after {:.1} s", begin.elapsed().as_secs_f64());
    tokio::time::sleep(seconds(2)).await;
    busy.writers.stop().await;
    world.verdict(&busy.follower, &mut busy.daemon, Allow::default()).await;
    busy.follower.seen().len()
}

/// `walbrook tail` on the topics of a world, into a file.
struct Tail {
    child: Child,
    lines: PathBuf,
}

impl Tail {
    fn start(world: &World) -> Self {
        let lines = world.directory().join("tail.json");
        let child = Command::new(binary())
            .args(["tail", "--json", "--from-beginning", "--brokers", &stack::kafka()])
            .args(["--registry", &stack::registry(), "--prefix", world.name()])
            .stdout(File::create(&lines).unwrap())
            .stderr(File::create(lines.with_extension("log")).unwrap())
            .spawn()
            .unwrap();
        Self { child, lines }
    }

    fn shown(&self) -> usize {
        std::fs::read_to_string(&self.lines).unwrap().lines().count()
    }

    /// Waits until it has shown something.
    async fn shows(&self) {
        let any = async || (self.shown() > 0).then_some(());
        stack::wait("tail shows records", seconds(20), any).await;
    }

    /// Waits until it has shown so many records, and a moment longer: there are to be no more.
    async fn has_shown(&self, wanted: usize) {
        let all = async || (self.shown() >= wanted).then_some(());
        stack::wait("tail has shown every record", seconds(30), all).await;
        tokio::time::sleep(seconds(1)).await;
        assert_eq!(self.shown(), wanted, "records that tail has shown");
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn broker_away() {
    world::run(Server::Pg18, Use::Alone, "nobroker", no_broker);
}

/// The broker is killed and comes back, for who writes and for who reads.
pub async fn no_broker(world: World) {
    let mut busy = busy(&world, 5).await;
    let tail = Tail::start(&world);
    tail.shows().await;
    let begin = Instant::now();
    stack("kill", "kafka").await;
    let told = says_so(&mut busy.daemon, seconds(60)).await;
    assert!(told["error"]["code"].is_string() || !told["waiting"].is_null(), "{told}");
    let away = scale(seconds(20), seconds(60));
    tokio::time::sleep(away.saturating_sub(begin.elapsed())).await;
    stack("start", "kafka").await;
    let read = goes_on(&world, busy).await;
    tail.has_shown(read).await;
}

/// The registry is asked for the first time in the middle of a transaction, and is not there.
#[test]
fn registry_away() {
    world::run(Server::Pg18, Use::Alone, "noregistry", no_registry);
}

/// The registry is killed and comes back.
pub async fn no_registry(world: World) {
    let mut busy = busy(&world, 6).await;
    stack("kill", "registry").await;
    let begin = Instant::now();
    world
        .database()
        .call(&[
            "put_item(90, 900001, 'before', '1.00', true, 0)",
            "INSERT INTO quiet VALUES (1, 90, 1, 'first')",
            "note(90, 'quiet', 'c', '1', 1)",
            "put_item(90, 900002, 'after', '2.00', false, 0)",
        ])
        .await;
    let told = says_so(&mut busy.daemon, seconds(60)).await;
    let text = told.to_string();
    assert!(text.contains("WB-REG-001") || text.contains("registry"), "{told}");
    let away = scale(seconds(20), seconds(60));
    tokio::time::sleep(away.saturating_sub(begin.elapsed())).await;
    stack("start", "registry").await;
    goes_on(&world, busy).await;
}

/// The database's server is stopped, or killed, and comes back.
pub async fn database_restarted(world: World, verbs: &'static [&'static str]) {
    let mut busy = busy(&world, 7).await;
    let service = world.database().server.service();
    for verb in verbs {
        stack(verb, service).await;
    }
    if verbs.first() == Some(&"kill") {
        // A restart may be over before anybody looks.
        println!("  phase right after: {:?}", busy.daemon.ours().await.map(|o| o["phase"].clone()));
    } else {
        stack("stop", service).await;
        says_so(&mut busy.daemon, seconds(30)).await;
        stack("start", service).await;
    }
    goes_on(&world, busy).await;
}

#[test]
fn database_restarted_pg15() {
    world::run(Server::Pg15, Use::Alone, "nodb15", |w| database_restarted(w, &["restart"]));
}

#[test]
fn database_restarted_pg18() {
    world::run(Server::Pg18, Use::Alone, "nodb18", |w| database_restarted(w, &["restart"]));
}

#[test]
fn database_crashed_pg18() {
    world::run(Server::Pg18, Use::Alone, "crash18", |w| database_restarted(w, &["kill", "start"]));
}
