//! An outbox beside the tables that it speaks of, under load and `kill -9`.
//!
//! ```text
//!              ┌▶ business ─┐               ┌▶ changes ┐
//!  writers ────┼▶ outbox  ──┴─▶ walbrook ───┴▶ events ─┴▶ the same, once, in order: as `sent`
//!  (one txn.)  └▶ sent: what was committed, not captured ──────────────┘
//! ```
//!
//! Whenever the process is dead, the two kinds of topics tell of the same transactions.

mod judge;
mod load;

use crate::support::chance::{Chance, seed};
use crate::support::consumer::Follower;
use crate::support::daemon::{Config, text};
use crate::support::stack::{Server, Use, scale, seconds, wait};
use crate::support::world::{self, World};
use judge::Told;
use std::time::Duration;

/// What the topics of the events begin with; the follower of the tables' topics does not see them.
fn prefix(world: &World) -> String {
    format!("{}-events.", world.name())
}

fn config(world: &World) -> Config {
    let mut config = world.config(&["business", "outbox"]);
    let section = format!("connectors.{}.outbox", config.connector);
    let fields = "[{ column = \"type\", place = \"header\", as = \"eventType\" }, \
                   { column = \"trace\", place = \"header\" }]";
    for (key, value) in [
        ("table", text(&format!("{}.outbox", world.database().schema()))),
        ("route_to", text(&format!("{}${{routedByValue}}", prefix(world)))),
        ("key_format", text("text")),
        ("value_format", text("raw")),
        ("fields", fields.to_owned()),
    ] {
        config.set(&section, key, value);
    }
    config
}

async fn killed_under_load(world: World) {
    let (db, mut chance) = (world.database(), Chance::new(seed("outbox")));
    load::prepare(db).await;
    let (config, follower) = (config(&world), world.follower());
    let mut daemon = world.daemon(&config);
    daemon.streaming().await;
    let load = load::Load::start(db, chance.bits());
    let mut behind = Vec::new();
    for turn in 0..scale(4, 40) {
        // Every second time it may be hit while it starts.
        if turn % 2 == 0 {
            let before = behind.last().copied().unwrap_or(0);
            let more = async || (told(&world, &follower).await.events() > before).then_some(());
            wait("events behind the last kill", seconds(30), more).await;
        }
        tokio::time::sleep(Duration::from_millis(200 + chance.below(1000))).await;
        daemon.kill();
        behind.push(agreed(&world, &follower).await);
        daemon = world.daemon(&config);
    }
    daemon.streaming().await;
    tokio::time::sleep(seconds(1)).await;
    let sent = load.stop(db).await;
    let drained = async || (told(&world, &follower).await.events() >= sent.len()).then_some(());
    wait("every event", seconds(60), drained).await;
    follower.quiet(seconds(1)).await;
    let told = told(&world, &follower).await;
    println!("  killed behind {behind:?} of {} events", sent.len());
    judge::judge(&sent, &told);
    let log = std::fs::read_to_string(&daemon.log).unwrap();
    assert!(log.contains("updates of outbox rows are no events"), "updates are told in the log");
    let (exit, _) = daemon.terminate(seconds(10)).await;
    assert!(exit.success(), "{exit}");
}

/// The process is dead: what is visible of its changes and of its events is of the same
/// transactions. Answers how many events that are.
async fn agreed(world: &World, follower: &Follower) -> usize {
    wait("changes and events of the same transactions", seconds(15), async || {
        let told = told(world, follower).await;
        told.agree().then(|| told.events())
    })
    .await
}

async fn told(world: &World, follower: &Follower) -> Told {
    Told::new(crate::support::events::read(prefix(world)).await, &follower.seen())
}

#[test]
fn killed_under_load_pg18() {
    world::run(Server::Pg18, Use::Share, "obpg", killed_under_load);
}

#[test]
fn killed_under_load_mysql() {
    world::run(Server::MySql, Use::Share, "obmy", killed_under_load);
}

#[test]
fn killed_under_load_mariadb() {
    world::run(Server::MariaDb, Use::Share, "obma", killed_under_load);
}
