//! Which tables, and which rows of them, are read before the log: under load, killed in the middle.
//!
//! ```text
//!  picked    rows of a statement with a join, in an order of its own
//!  half      rows of a condition
//!  aside     not read at all
//!  ── writers of all three ─────────────────────────────────▶
//!       start ─▶ kill -9 ─▶ start ─▶ streaming ─▶ kill -9 ─▶ start ─▶ `aside` is asked for
//! ```
//!
//! A row has a version that grows with each of its changes, so a key's records tell by themselves
//! whether one is lost, told twice, or out of order.

mod judge;
mod load;

use crate::support::consumer::Follower;
use crate::support::daemon::{Config, Daemon, text};
use crate::support::record::Seen;
use crate::support::stack::{Dialect, Server, Use, scale, seconds, wait};
use crate::support::world::{self, World};
use load::{Load, create};
use serde_json::json;
use std::time::Duration;

/// The tables.
const PICKED: &str = "picked";
const HALF: &str = "half";
const ASIDE: &str = "aside";

/// Rows that `aside` begins with.
const FEW: u64 = 300;

fn config(world: &World, statement: &str) -> Config {
    let mut config = world.config(&[PICKED, HALF, ASIDE]);
    let schema = world.database().schema();
    config.key("snapshot_tables", format!("[\"{schema}.picked\", \"{schema}.ha*\"]"));
    config.key("transaction_metadata", "false");
    let section = format!("connectors.{}.snapshot_rows", config.connector);
    config.set(&section, &format!("{schema}.{PICKED}"), text(statement));
    config.set(&section, &format!("{schema}.{HALF}"), text("side = 1"));
    config
}

const STATEMENT: &str =
    "SELECT p.* FROM picked p JOIN sides s ON s.id = p.side WHERE s.kept = 1 ORDER BY p.id DESC";

async fn parts(world: World) {
    let db = world.database();
    // In the long form so many that also what a statement answers is read in parts.
    let long = if db.dialect() == Dialect::Postgres { 1_300_000 } else { 700_000 };
    let rows = scale(40_000, long);
    create(db, rows).await;
    let config = config(
        &world,
        &STATEMENT
            .replace("picked", &table_name(&world, PICKED))
            .replace("sides", &table_name(&world, "sides")),
    );
    let follower = world.follower();
    let load = Load::start(db, rows);
    let mut kills = 0;
    for commits in [1, 3, 8] {
        let fault = [("WALBROOK_FAULT", format!("sink.after_commit:{commits}"))];
        let fault = fault.each_ref().map(|(name, value)| (*name, value.as_str()));
        let mut daemon = Daemon::start_with(&config, world.directory(), &fault);
        // Dropped where it lives on: that is a `kill -9` too.
        kills += usize::from(daemon.ended(seconds(20)).await.is_some());
    }
    let mut daemon = world.daemon(&config);
    daemon.phase("streaming", seconds(scale(60, 300))).await;
    let streaming = load.mark();
    tokio::time::sleep(seconds(2)).await;
    daemon.kill();
    let mut daemon = world.daemon(&config);
    daemon.streaming().await;
    // As long as it takes to be looked at as a new table.
    tokio::time::sleep(seconds(7)).await;
    let told = load.stop().await;
    let mut awaited = judge::Awaited::new(&told, streaming);
    let all = |seen: &[_]| awaited.are_there(seen);
    // A follower that is not optimised reads some 10 000 rows a second.
    let limit = seconds(scale(60, 300));
    follower.until("every change made while it streams", limit, all).await;
    follower.quiet(seconds(2)).await;
    let found = judge::judge(&follower.seen(), &told, streaming);
    println!("  {kills} kills before the stream; {found}");
    assert!(
        found.faults.is_empty(),
        "{} faults: {:?}",
        found.faults.len(),
        &found.faults[..5.min(found.faults.len())]
    );
    assert!(found.read_rows > rows as usize / 2, "the halves are read: {found}");
    asked_for(&world, &follower, &mut daemon).await;
}

/// The table that was left out is read where somebody asks for it.
async fn asked_for(world: &World, follower: &Follower, daemon: &mut Daemon) {
    let name = table_name(world, ASIDE);
    let wish = json!({ "id": "aside", "tables": [name] });
    wait("the wish is taken", seconds(20), async || {
        let (status, answer) = daemon.ask("POST", "snapshot", Some(wish.clone())).await;
        assert!([202, 503, 0].contains(&status), "{status}: {answer}");
        (status == 202).then_some(())
    })
    .await;
    let there = world.database().number(format!("SELECT count(*) FROM {ASIDE}")).await as usize;
    let read = |seen: &[Seen]| judge::reads(seen, ASIDE) == there;
    follower.until("rows of the table that was left out", seconds(60), read).await;
}

fn table_name(world: &World, table: &str) -> String {
    format!("{}.{table}", world.database().schema())
}

/// A statement that cannot stand for its table is told at once, by one sentence.
async fn refused(world: World) {
    create(world.database(), 10).await;
    for (statement, told) in [
        ("SELECT side, ver FROM picked", "which every row needs"),
        ("SELECT id, side, ver, v AS w FROM picked", "which the table does not have"),
        ("SELECT FROM WHERE", "cannot be read"),
    ] {
        let table = table_name(&world, PICKED);
        let config = config(&world, &statement.replace(PICKED, &table));
        let mut daemon = world.daemon(&config);
        let ours = daemon.phase("failed", seconds(30)).await;
        let (code, message) = (ours["error"]["code"].as_str(), ours["error"]["message"].as_str());
        assert!(["WB-PG-089", "WB-MYSQL-085"].map(Some).contains(&code), "{ours}");
        assert!(message.is_some_and(|it| it.contains(told)), "{ours}");
        daemon.terminate(Duration::from_secs(10)).await;
    }
}

#[test]
fn parts_pg15() {
    world::run(Server::Pg15, Use::Share, "parts15", parts);
}

#[test]
fn parts_pg18() {
    world::run(Server::Pg18, Use::Share, "parts18", parts);
}

#[test]
fn parts_mysql() {
    world::run(Server::MySql, Use::Share, "partsmy", parts);
}

#[test]
fn parts_mariadb() {
    world::run(Server::MariaDb, Use::Share, "partsma", parts);
}

#[test]
fn refused_pg18() {
    world::run(Server::Pg18, Use::Share, "refused18", refused);
}

#[test]
fn refused_mysql() {
    world::run(Server::MySql, Use::Share, "refusedmy", refused);
}

#[test]
fn refused_mariadb() {
    world::run(Server::MariaDb, Use::Share, "refusedma", refused);
}
