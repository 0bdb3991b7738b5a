//! A connector that people have wait, stop, begin anew and go on, by the admin interface.

mod still;

use crate::support::consumer::Follower;
use crate::support::daemon::{Config, Daemon, text};
use crate::support::oracle::Allow;
use crate::support::record::Seen;
use crate::support::stack::{Dialect, Server, Use, scale, seconds, wait};
use crate::support::workload::{self, Plan, TABLES, Workload};
use crate::support::world::{self, World};
use serde_json::{Value, json};
use std::time::Duration;

/// Nothing more may come out of a connector that waits.
pub async fn is_silent(follower: &Follower, writers: &Workload) {
    let (ends, written) = (follower.ends(), writers.committed());
    tokio::time::sleep(seconds(2)).await;
    assert_eq!(follower.ends(), ends, "a connector that waits");
    assert!(writers.committed() > written, "the database goes on");
}

/// Whether somebody reads the world's slot; nothing on servers without slots.
async fn is_read(world: &World) -> Option<bool> {
    let db = world.database();
    if db.dialect() != Dialect::Postgres {
        return None;
    }
    let sql = "SELECT count(*) FILTER (WHERE active) + 10 * count(*) FROM pg_replication_slots \
               WHERE database = current_database()";
    Some(match db.number(sql).await {
        10 => false,
        11 => true,
        other => panic!("{other}: not one slot"),
    })
}

/// Paused and stopped under load, killed while it waits and while it is told to: it waits on, goes
/// on when it is told to, and nothing is lost or told twice.
pub async fn paused_under_load(world: World) {
    workload::prepare(world.database(), 2_000, 10).await;
    let writers = Workload::start(world.database(), &Plan::new(11, 2_000));
    let follower = world.follower();
    let config = world.config(TABLES);
    let mut daemon = world.daemon(&config);
    daemon.streaming().await;
    for (verb, phase) in [("pause", "paused"), ("stop", "stopped")] {
        tokio::time::sleep(seconds(2)).await;
        daemon.put(verb).await;
        daemon.phase(phase, seconds(10)).await;
        is_silent(&follower, &writers).await;
        assert_ne!(is_read(&world).await, Some(true), "the session is closed");
        daemon.kill();
        daemon = world.daemon(&config);
        daemon.phase(phase, seconds(30)).await;
        daemon.post("restart").await;
        daemon.phase(phase, seconds(10)).await;
        is_silent(&follower, &writers).await;
        assert_ne!(is_read(&world).await, Some(true), "the source is not opened");
        daemon.put("resume").await;
        daemon.streaming().await;
    }
    died_when_told(&world, &config, daemon).await;
    let mut daemon = world.daemon(&config);
    daemon.phase("paused", seconds(30)).await;
    daemon.put("resume").await;
    daemon.streaming().await;
    for _ in 0..scale(4, 20) {
        daemon.put("pause").await;
        daemon.put("resume").await;
        daemon.post("restart").await;
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    daemon.streaming().await;
    writers.stop().await;
    world.verdict(&follower, &mut daemon, Allow::default()).await;
}

/// Dies at the moment when it is stored that it is to wait, before anybody is told: in the open
/// pipeline and outside of it.
async fn died_when_told(world: &World, config: &Config, before: Daemon) {
    before.kill();
    for (point, verbs) in
        [("pipeline.held", ["pause", ""]), ("pipeline.wanted", ["resume", "pause"])]
    {
        let fault = format!("{point}:{}", verbs.iter().filter(|verb| !verb.is_empty()).count());
        let environment = [("WALBROOK_FAULT", fault.as_str())];
        let mut daemon = Daemon::start_with(config, world.directory(), &environment);
        let begun = if point == "pipeline.held" { "streaming" } else { "paused" };
        daemon.phase(begun, seconds(60)).await;
        for verb in verbs.into_iter().filter(|verb| !verb.is_empty()) {
            // The second pause may find the pipeline open or not: both store it.
            let _ = daemon.ask("PUT", verb, None).await;
        }
        if daemon.ended(seconds(10)).await.is_none() {
            println!("  {point} was not met: the pipeline was open by then");
            daemon.kill();
        }
    }
}

#[test]
fn paused_under_load_pg18() {
    world::run(Server::Pg18, Use::Share, "held", paused_under_load);
}

fn key(seen: &Seen) -> String {
    seen.key.as_ref().map(|key| key.text()).unwrap_or_default()
}

fn message(answer: &(u16, Value)) -> String {
    answer.1.to_string()
}

/// Offsets are shown always, moved and forgotten only where the connector is stopped, and never to
/// where the server cannot go on from.
pub async fn offsets(world: World) {
    let db = world.database();
    db.run("CREATE TABLE t (id int PRIMARY KEY, v varchar(20))").await;
    db.run("INSERT INTO t VALUES (1, 'one'), (2, 'two')").await;
    let follower = world.follower();
    let mut daemon = world.daemon(&world.config(&["t"]));
    daemon.streaming().await;
    db.run("INSERT INTO t VALUES (3, 'three')").await;
    follower.until("the insert", seconds(20), |seen| seen.iter().any(|s| key(s) == "3")).await;
    let (status, running) = daemon.ask("GET", "offsets", None).await;
    assert_eq!(status, 200, "{running}");
    assert_eq!(running["offsets"][0]["partition"], json!({ "server": world.name() }));
    let offset = running["offsets"][0]["offset"].clone();
    let refused = daemon.ask("PATCH", "offsets", Some(running.clone())).await;
    assert_eq!(refused.0, 400, "it runs: {}", message(&refused));

    daemon.put("stop").await;
    daemon.phase("stopped", seconds(10)).await;
    let (_, stored) = daemon.ask("GET", "offsets", None).await;
    let same = daemon.ask("PATCH", "offsets?dry_run=true", Some(stored.clone())).await;
    assert_eq!(same.0, 200, "{}", message(&same));
    assert!(message(&same).contains("nothing is repeated or skipped"), "{}", message(&same));
    let with = |offset: Value| json!({ "offsets": [{ "partition": { "server": world.name() }, "offset": offset }] });
    let (wrong, code) = match db.dialect() {
        Dialect::Postgres => (json!({ "lsn": 1 }), "WB-PG-065"),
        _ => (json!({ "file": "nowhere", "pos": 4, "gtids": nowhere(db.dialect()) }), "WB-MYSQL-"),
    };
    for (bad, code) in [(wrong, code), (json!({ "x": 1 }), "WB-"), (json!(7), "WB-")] {
        let refused = daemon.ask("PATCH", "offsets", Some(with(bad))).await;
        assert_eq!(refused.0, 400, "{}", message(&refused));
        assert!(message(&refused).contains(code), "{}", message(&refused));
    }
    let other = json!({ "offsets": [{ "partition": { "server": "x" }, "offset": offset }] });
    assert_eq!(daemon.ask("PATCH", "offsets", Some(other)).await.0, 400);

    // Ahead: what is written while it is stopped is skipped.
    db.run("INSERT INTO t VALUES (4, 'skipped')").await;
    let ahead = end_of_log(&world).await;
    let moved = daemon.ask("PATCH", "offsets", Some(with(ahead))).await;
    assert_eq!(moved.0, 200, "{}", message(&moved));
    assert!(message(&moved).contains("never delivered"), "{}", message(&moved));
    daemon.put("resume").await;
    daemon.streaming().await;
    db.run("INSERT INTO t VALUES (5, 'five')").await;
    follower
        .until("what comes after", seconds(20), |seen| seen.iter().any(|s| key(s) == "5"))
        .await;
    assert!(!follower.seen().iter().any(|s| key(s) == "4"), "skipped as it was said");

    // Forgotten: everything is read again.
    daemon.put("stop").await;
    daemon.phase("stopped", seconds(10)).await;
    let forgotten = daemon.ask("DELETE", "offsets", None).await;
    assert_eq!(forgotten.0, 200, "{}", message(&forgotten));
    daemon.put("resume").await;
    daemon.streaming().await;
    follower
        .until("the tables again", seconds(30), |seen| {
            seen.iter().any(|s| key(s) == "4" && s.change().is_some_and(|c| c.op == 'r'))
        })
        .await;

    // And gone.
    let name = world.name().to_owned();
    let refused = daemon.ask("POST", "drop", Some(json!({ "confirm": name }))).await;
    assert_eq!(refused.0, 409, "it runs: {}", message(&refused));
    daemon.put("stop").await;
    daemon.phase("stopped", seconds(10)).await;
    let dropped = daemon.ask("POST", "drop", Some(json!({ "confirm": name }))).await;
    assert_eq!(dropped.0, 200, "{}", message(&dropped));
    assert!(message(&dropped).contains("checkpoint"), "{}", message(&dropped));
    if db.dialect() == Dialect::Postgres {
        let left = "SELECT (SELECT count(*) FROM pg_replication_slots WHERE database = current_database()) \
                    + (SELECT count(*) FROM pg_publication)";
        assert_eq!(db.number(left).await, 0);
    }
}

/// GTIDs that no server here has.
fn nowhere(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::MariaDb => "0-1-9999999999",
        _ => "00000000-0000-0000-0000-00000000beef:1-5",
    }
}

/// The end of the log as an offset of Debezium's form.
async fn end_of_log(world: &World) -> Value {
    let db = world.database();
    let ask = async |sql: &str| db.ask(sql).await.unwrap();
    match db.dialect() {
        Dialect::Postgres => {
            let lsn = db.number("SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint").await;
            json!({ "lsn": lsn, "txId": 1, "ts_usec": 1 })
        }
        Dialect::MariaDb => {
            let gtids = ask("SELECT @@GLOBAL.gtid_binlog_pos").await;
            json!({ "file": "mariadb-bin.000001", "pos": 4, "gtids": gtids, "row": 0 })
        }
        Dialect::MySql => {
            let gtids = ask("SELECT REPLACE(@@GLOBAL.gtid_executed, '\n', '')").await;
            json!({ "file": "binlog.000001", "pos": 4, "gtids": gtids, "server_id": 1 })
        }
    }
}

#[test]
fn offsets_pg18() {
    world::run(Server::Pg18, Use::Share, "offsets", offsets);
}

/// A paused connector's log is measured; where it is too much, it is told, or the slot is dropped.
#[test]
fn the_guard_drops_a_slot_that_keeps_too_much() {
    world::run(Server::Pg18, Use::Share, "guard", |world| async move {
        let db = world.database();
        db.run("CREATE TABLE t (id int PRIMARY KEY, v text)").await;
        let mut config = world.config(&["t"]);
        config.key("max_retained_wal", text("32MiB"));
        let mut daemon = world.daemon(&config);
        daemon.streaming().await;
        daemon.put("pause").await;
        daemon.phase("paused", seconds(10)).await;
        let fill =
            "INSERT INTO t SELECT g, repeat(md5(g::text), 30) FROM generate_series(1, 45000) g";
        db.run(fill).await;
        let over = daemon
            .until("too much is kept", seconds(40), |ours| {
                (ours["retained"]["over_limit"] == true).then(|| ours["retained"].clone())
            })
            .await;
        println!("  kept: {over}");
        assert!(over["bytes"].as_u64().unwrap() > 32 << 20);
        assert_eq!(daemon.ours().await.unwrap()["phase"], "paused", "alert only says so");
        daemon.kill();

        config.key("on_wal_limit", text("drop-slot"));
        let mut daemon = world.daemon(&config);
        let ours = daemon.phase("failed", seconds(60)).await;
        assert_eq!(ours["error"]["code"], "WB-RUN-069", "{ours}");
        let slots = "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()";
        wait("the slot is gone", seconds(5), async || (db.number(slots).await == 0).then_some(()))
            .await;
        // As the fix says.
        daemon.put("stop").await;
        daemon.phase("stopped", seconds(10)).await;
        let forgotten = daemon.ask("DELETE", "offsets", None).await;
        assert_eq!(forgotten.0, 200, "{}", message(&forgotten));
        daemon.put("resume").await;
        daemon.streaming().await;
        assert_eq!(db.number(slots).await, 1);
    });
}
