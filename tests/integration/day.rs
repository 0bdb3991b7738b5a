//! A day in the life of a connector, told what to do by nothing but the admin interface.
//!
//! ```text
//!  start ─▶ pause ─▶ kill -9 ─▶ resume ─▶ read two tables again ─▶ a table more ─▶ drain ─▶ stop
//!                  (stays paused)             └ kill -9 in the middle
//!  ── writers and an outbox all the time ──────────────────────────────────┘
//! ```
//!
//! Rows that are read again are taken out and judged apart: what is left must please the oracle as
//! if they had never been asked for.

mod again;
mod events;
mod late;
mod points;

use crate::held::is_silent;
use crate::support::consumer::Follower;
use crate::support::daemon::{Config, Daemon, text};
use crate::support::oracle::{self, Allow, Truth};
use crate::support::stack::{Server, Use, scale, seconds, wait};
use crate::support::workload::{self, LEDGER, Plan, TABLES, Workload};
use crate::support::world::{self, World};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The tables that are read again.
const AGAIN: [&str; 2] = ["items", "pairs"];

/// The id of the job that reads them.
const JOB: &str = "day";

/// What the day's steps share.
struct Day {
    world: World,
    config: Config,
    follower: Follower,
    writers: Workload,
}

/// The usual tables, the outbox, and whatever is called `late_…`.
fn config(world: &World) -> Config {
    let tables: Vec<_> = TABLES.iter().copied().chain(["outbox", "late_*"]).collect();
    let mut config = world.config(&tables);
    let section = format!("connectors.{}.outbox", config.connector);
    for (key, value) in [
        ("table", text(&format!("{}.outbox", world.database().schema()))),
        ("route_regex", text("(.*)")),
        ("route_to", text(&format!("{}$1", events::prefix(world)))),
        ("key_format", text("text")),
        ("value_format", text("raw")),
    ] {
        config.set(&section, key, value);
    }
    config
}

async fn scripted(world: World) {
    let (begin, db, items) = (Instant::now(), world.database(), scale(120_000, 500_000));
    workload::prepare(db, items, items / 20).await;
    events::prepare(db).await;
    let day = Day {
        config: config(&world),
        follower: world.follower(),
        writers: Workload::start(db, &Plan::new(5, items)),
        world: world.clone(),
    };
    let mut daemon = world.daemon(&day.config);
    daemon.streaming().await;
    let mail = events::Load::start(db);
    let step = |what: &str| println!("  {:5.1} s: {what}", begin.elapsed().as_secs_f64());
    step("it streams");
    tokio::time::sleep(seconds(2)).await;
    daemon = day.paused(daemon).await;
    step("paused, killed, resumed");
    let from = day.follower.seen().len();
    daemon = day.read_again(daemon).await;
    step("two tables read again");
    let load = late::Load::start(db).await;
    load.is_told(db, &day.follower, &mut daemon).await;
    tokio::time::sleep(seconds(2)).await;
    step("a table more");
    let changes = load.stop().await;
    let Day { follower, writers, .. } = day;
    writers.stop().await;
    let sent = mail.stop(db).await;
    drained(&world, &follower, &mut daemon).await;
    step("drained");
    stopped(&follower, daemon).await;
    step("stopped");
    judge(&world, &follower, from).await;
    events::judge(&world, sent).await;
    println!("  {changes} changes of the late table, {sent} events of the outbox");
    step("judged");
}

impl Day {
    /// Paused under load, killed while it waits: it waits on until it is told to go on.
    async fn paused(&self, mut daemon: Daemon) -> Daemon {
        daemon.put("pause").await;
        daemon.phase("paused", seconds(10)).await;
        is_silent(&self.follower, &self.writers).await;
        daemon.kill();
        let mut daemon = self.world.daemon(&self.config);
        daemon.phase("paused", seconds(30)).await;
        let status = daemon.status().await.unwrap();
        assert_eq!(status["connector"]["state"], "PAUSED", "{status}");
        is_silent(&self.follower, &self.writers).await;
        daemon.put("resume").await;
        daemon.streaming().await;
        daemon
    }

    /// Two tables read again under load, killed when a part of them is visible, and once more
    /// further on: the job goes on behind that part.
    async fn read_again(&self, mut daemon: Daemon) -> Daemon {
        let schema = self.world.database().schema();
        let wish = json!({ "id": JOB, "tables": AGAIN.map(|table| format!("{schema}.{table}")) });
        wished(&daemon, &wish).await;
        let mut parts = Vec::new();
        for least in [1, 30_000] {
            let before = self.visible(least).await;
            let told = told(&daemon).await;
            daemon.kill();
            daemon = self.world.daemon(&self.config);
            daemon.streaming().await;
            // The same wish once more is the same job.
            let kept = rows(&wished(&daemon, &wish).await);
            assert!(kept >= before, "it began anew: {kept} rows of {before}");
            assert!(kept >= told, "the status stepped back from {told} rows to {kept}");
            parts.push(before);
        }
        let job = finished(&mut daemon).await;
        assert_eq!(job["state"], "done", "{job}");
        println!("  killed behind {parts:?} of {} rows read again", job["rows"]);
        assert!(parts.iter().all(|part| *part < rows(&job)), "not in the middle of it");
        daemon
    }

    /// Waits until so many rows that were read again are visible; answers how many.
    async fn visible(&self, least: usize) -> u64 {
        let (begin, mut looked, mut found) = (Instant::now(), 0, 0);
        while found < least {
            assert!(begin.elapsed() < seconds(60), "{found} rows of {least} are visible");
            tokio::time::sleep(Duration::from_millis(2)).await;
            let seen = self.follower.seen();
            found += seen[looked..].iter().filter(|one| again::is_again(one)).count();
            looked = seen.len();
        }
        found as u64
    }
}

/// Asks for the job. Whatever the connector waits for a moment after its start, it takes the wish.
async fn wished(daemon: &Daemon, wish: &Value) -> Value {
    let (status, answer) = daemon.ask("POST", "snapshot", Some(wish.clone())).await;
    assert_eq!(status, 202, "{answer}\n{}", daemon.tail());
    answer
}

/// Waits for the end of the job; answers how it ended.
async fn finished(daemon: &mut Daemon) -> Value {
    let over = |ours: &Value| {
        let jobs = ours["resnapshots"].as_array()?;
        let job = jobs.iter().find(|job| job["id"] == JOB)?;
        (!["running", "waiting"].contains(&job["state"].as_str()?)).then(|| job.clone())
    };
    daemon.until("the job is over", seconds(120), over).await
}

/// Rows of the job, as the status says.
async fn told(daemon: &Daemon) -> u64 {
    let status = daemon.ours().await.unwrap();
    let jobs = status["resnapshots"].as_array().unwrap();
    jobs.iter().find(|job| job["id"] == JOB).map(rows).unwrap()
}

fn rows(job: &Value) -> u64 {
    job["rows"].as_u64().unwrap()
}

/// Nobody writes any more: it catches up, and says so. What others write to the same server passes
/// through the log too: where no moment without lag comes in 15 s, a trace of it will do.
async fn drained(world: &World, follower: &Follower, daemon: &mut Daemon) {
    let written = world.database().number("SELECT count(*) FROM ledger").await as usize;
    let all = async || (follower.changes(LEDGER) >= written).then_some(());
    wait("every row of the ledger", seconds(90), all).await;
    let (begin, mut bytes, mut late) = (Instant::now(), u64::MAX, f64::MAX);
    let least = |ours: &Value| {
        bytes = bytes.min(ours["lag_bytes"].as_u64()?);
        late = late.min(ours["lag_seconds"].as_f64()?);
        let near = if begin.elapsed() < seconds(15) { 0 } else { 1 << 20 };
        (bytes <= near && late < 0.1).then_some((bytes, late))
    };
    let (bytes, late) = daemon.until("no lag", seconds(60), least).await;
    println!("  lag: {bytes} bytes, {late} s");
}

/// Stopped, and ended in order.
async fn stopped(follower: &Follower, mut daemon: Daemon) {
    follower.quiet(seconds(1)).await;
    let told = follower.seen().len();
    daemon.put("stop").await;
    daemon.phase("stopped", seconds(10)).await;
    let status = daemon.status().await.unwrap();
    assert_eq!(status["connector"]["state"], "STOPPED", "{status}");
    let poison = &status["walbrook"]["poison"];
    assert!(poison["dead_letters"] == 0 && poison["skipped"] == 0, "{status}");
    let (exit, _) = daemon.terminate(seconds(10)).await;
    assert!(exit.success(), "{exit}");
    follower.quiet(seconds(1)).await;
    assert_eq!(follower.seen().len(), told, "nothing more comes");
}

/// The rows read again by themselves, everything else by the oracle. `from`: what was seen when
/// they were asked for.
async fn judge(world: &World, follower: &Follower, from: usize) {
    let mut truth = Truth::read(world.database()).await;
    let seen = follower.seen();
    let again::Found { told, faults } = again::judge(&seen, &truth, from);
    println!("  read again: {told:?}");
    assert!(faults.is_empty(), "{} faults, such as {:?}", faults.len(), faults.first());
    assert!(told.values().sum::<usize>() > 50_000, "most rows are read again");
    truth.tables.retain(|table, _| !["outbox", "sent"].contains(&table.as_str()));
    let rest = events::without_marks(again::without(&seen));
    let verdict = oracle::judge(&rest, &truth, Allow::NOTHING);
    println!("{verdict}");
    assert!(verdict.faults.is_empty(), "the oracle found faults in {}:\n{verdict}", world.name());
}

#[test]
fn scripted_pg18() {
    world::run(Server::Pg18, Use::Share, "day", scripted);
}

#[test]
fn scripted_mysql() {
    world::run(Server::MySql, Use::Share, "daymy", scripted);
}
