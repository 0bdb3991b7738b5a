//! One table, a snapshot and a stream; `validate`; the status endpoint.

use crate::support::daemon::{binary, text};
use crate::support::database::Database;
use crate::support::meanwhile::Meanwhile;
use crate::support::oracle::{Allow, Truth, judge};
use crate::support::record::Seen;
use crate::support::replay;
use crate::support::stack::{Server, Use, seconds, stack};
use crate::support::workload::{self, Plan, TABLES, Workload};
use crate::support::world::{self, World};
use std::process::Command;
use std::time::{Duration, Instant};

/// The smallest thing that must work: rows of the snapshot, then a change, a delete, a tombstone.
pub async fn one_table(world: World) {
    let db = world.database();
    db.run(
        "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'one'), (2, NULL)",
    )
    .await;
    let config = world.config(&["t"]);
    let follower = world.follower();
    let mut daemon = world.daemon(&config);
    daemon.streaming().await;
    db.run("UPDATE t SET v = 'uno' WHERE id = 1").await;
    db.run("DELETE FROM t WHERE id = 2").await;
    let is = |t: &str| t == "t";
    follower
        .until("five records", seconds(20), |seen| {
            seen.iter().filter(|s| is(&s.table)).count() == 5
        })
        .await;
    let told: Vec<_> = follower
        .seen()
        .iter()
        .filter(|s| is(&s.table))
        .map(|s| {
            let key = s.key.as_ref().map(|k| k.text()).unwrap_or_default();
            s.change().map_or(format!("{key} tombstone"), |c| {
                let after = c.after.as_ref().map_or("-".into(), |r| r.text());
                format!("{key} {} {after} {}", c.op, c.snapshot)
            })
        })
        .collect();
    assert_eq!(
        told,
        ["1 r 1/one first", "2 r 2/null last", "1 u 1/uno false", "2 d - false", "2 tombstone"]
    );

    let status = daemon.status().await.unwrap();
    assert_eq!(status["name"], world.name());
    assert_eq!(status["connector"]["state"], "RUNNING", "{status}");
    assert_eq!(status["tasks"][0]["state"], "RUNNING", "{status}");
    assert_eq!(status["walbrook"]["phase"], "streaming", "{status}");

    let (exit, time) = daemon.terminate(seconds(10)).await;
    println!("  SIGTERM: {exit} after {:.2} s", time.as_secs_f64());
    assert!(exit.success(), "{exit}");
}

#[test]
fn one_table_pg15() {
    world::run(Server::Pg15, Use::Share, "smoke15", one_table);
}

#[test]
fn one_table_pg18() {
    world::run(Server::Pg18, Use::Share, "smoke18", one_table);
}

/// The workload's own books: without gaps, and its tables are what its ledger says. No daemon.
#[test]
fn workload_keeps_its_books() {
    world::run(Server::Pg18, Use::Alone, "books", |w| books(w, Meanwhile::Nothing));
}

/// The books of the workload on any server.
pub async fn books(world: World, meanwhile: Meanwhile) {
    let db = world.database();
    workload::prepare(db, 500, 10).await;
    let writers = Workload::start(db, &Plan::new(2, 500));
    let running = meanwhile.start(db);
    tokio::time::sleep(seconds(2)).await;
    if meanwhile == Meanwhile::Nothing {
        stack("restart", db.server.service()).await;
    }
    tokio::time::sleep(seconds(3)).await;
    running.end().await;
    assert!(writers.committed() > 50, "{} transactions", writers.committed());
    writers.stop().await;
    let gaps = "SELECT count(*) FROM \
                (SELECT max(seq) - count(*) d FROM ledger GROUP BY lane) x WHERE d <> 0";
    assert_eq!(db.number(gaps).await, 0, "gaps in the ledger");
    let wrong = "SELECT count(*) FROM items i JOIN ledger l ON l.tbl = 'items' AND l.pk = concat(i.id, '') \
                 WHERE l.ver = (SELECT max(ver) FROM ledger m WHERE m.tbl = 'items' AND m.pk = l.pk) \
                 AND (l.op = 'd' OR l.ver <> i.ver)";
    assert_eq!(db.number(wrong).await, 0, "rows that are not what the ledger says");
    let twice = "SELECT count(*) FROM \
                 (SELECT tbl, pk, ver FROM ledger GROUP BY 1, 2, 3 HAVING count(*) > 1) x";
    assert_eq!(db.number(twice).await, 0, "versions that are there twice");
    let kinds = db.list("SELECT DISTINCT concat(tbl, op) FROM ledger ORDER BY 1").await.join(" ");
    assert_eq!(kinds, "itemsc itemsd itemsu keyless_logc pairsc pairsd pairsu");
    oracle_agrees(db, meanwhile).await;
}

/// The oracle accepts what a faultless daemon would have delivered of these books, and nothing less.
async fn oracle_agrees(db: &Database, meanwhile: Meanwhile) {
    let allow = Allow { altered: meanwhile == Meanwhile::Alter, ..Allow::NOTHING };
    let truth = Truth::read(db).await;
    let mut seen = replay::records(&truth, db.dialect());
    let verdict = judge(&seen, &truth, allow);
    println!("{verdict}");
    assert!(verdict.faults.is_empty(), "{verdict}");
    let streamed = |s: &Seen| s.change().is_some_and(|c| c.op == 'u');
    let at = seen.iter().rposition(streamed).unwrap();
    seen.remove(at);
    assert!(judge(&seen, &truth, allow).faults.contains_key("lost"));
}

/// The whole workload, undisturbed: the oracle and the daemon agree on what is right.
#[test]
fn workload_without_faults() {
    world::run(Server::Pg18, Use::Share, "calm", |world| calm(world, "", Allow::NOTHING));
}

/// The same on any server, the writers' sessions set as `session` says.
pub async fn calm(world: World, session: &'static str, allow: Allow) {
    workload::prepare(world.database(), 5_000, 10).await;
    let plan = Plan { session, ..Plan::new(1, 5_000) };
    let writers = Workload::start(world.database(), &plan);
    let follower = world.follower();
    let mut daemon = world.daemon(&world.config(TABLES));
    daemon.streaming().await;
    tokio::time::sleep(seconds(5)).await;
    writers.stop().await;
    world.verdict(&follower, &mut daemon, allow).await;
}

/// `validate` needs no network and says where the mistake is.
#[test]
fn validate() {
    world::run(Server::Pg18, Use::Share, "validate", |world| async move {
        let check = |toml: String| {
            let file = world.directory().join("validate.toml");
            std::fs::write(&file, toml).unwrap();
            let begin = Instant::now();
            let output =
                Command::new(binary()).args(["validate", "--config"]).arg(&file).output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            (output.status.code(), said, begin.elapsed())
        };
        let mut config = world.config(&["t"]);
        let (code, said, time) = check(config.toml());
        assert_eq!(code, Some(0), "{said}");
        assert!(time < Duration::from_millis(500), "{time:?}");
        println!("  validate: {:.0} ms", time.as_secs_f64() * 1e3);

        config.key("snapshot", text("sometimes"));
        let (code, said, _) = check(config.toml());
        assert_eq!(code, Some(78), "{said}");
        assert!(said.contains("validate.toml:") && said.contains("snapshot"), "{said}");
    });
}
