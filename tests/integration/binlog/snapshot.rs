//! The first reading of tables that are written meanwhile, and one that was cut.

use crate::resume::{ROWS, SHELVES, cut_in_the_middle};
use crate::support::daemon::Config;
use crate::support::meanwhile::Meanwhile;
use crate::support::oracle::Allow;
use crate::support::record::Seen;
use crate::support::stack::{Dialect, scale, seconds, wait};
use crate::support::workload::{self, Plan, Workload};
use crate::support::world::World;
use std::time::Duration;

/// Writers without a pause while the tables are read. That no key's first record is an update or a
/// delete is the oracle's `chain`.
pub async fn under_load(world: World, meanwhile: Meanwhile) {
    let items = scale(60_000, 500_000);
    let db = world.database();
    workload::prepare(db, items, 10).await;
    let pause = Duration::from_millis(2);
    let writers = Workload::start(db, &Plan { pause, ..Plan::new(11, items) });
    let running = meanwhile.start(db);
    wait("the writers are at work", seconds(60), async || (writers.committed() > 20).then_some(()))
        .await;
    let before = writers.committed();
    let follower = world.follower();
    let mut daemon = world.daemon(&world.config(&["*"]));
    daemon.streaming().await;
    let during = writers.committed();
    tokio::time::sleep(seconds(1)).await;
    running.end().await;
    writers.stop().await;
    println!("  {} transactions while the tables were read", during - before);
    assert!(during > before, "no transaction was committed while the tables were read");
    world.verdict(&follower, &mut daemon, Allow::NOTHING).await;
}

/// The same while transactions are in the log before anybody can see them.
pub async fn behind_the_log(world: World) {
    withhold(&world).await;
    under_load(world, Meanwhile::Withhold).await;
}

/// A transaction that is in the log and not executed yet when the connector begins, and becomes visible
/// before the tables are read, is told once: in its row or behind it. The lock on the first table holds the
/// view of the second back until then.
pub async fn begun_before_it_is_executed(world: World) {
    let db = world.database();
    for table in ["first", "second"] {
        db.run(format!("CREATE TABLE {table} (id int PRIMARY KEY, v text)")).await;
        db.run(format!("INSERT INTO {table} VALUES (1, 'old')")).await;
    }
    let mut lock = db.connect().await;
    lock.run(format!("LOCK TABLES {}.first WRITE", db.name)).await.unwrap();
    let prefix = withhold(&world).await;
    db.run(format!("SET GLOBAL {prefix}_timeout = 4000; SET GLOBAL {prefix}_enabled = ON")).await;
    let pending = tokio::task::spawn_local({
        let db = db.clone();
        async move { db.run("UPDATE second SET v = 'new' WHERE id = 1").await }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!pending.is_finished(), "nobody answers for it");
    let follower = world.follower();
    let mut daemon = world.daemon(&world.config(&["first", "second"]));
    pending.await.unwrap();
    drop(lock);
    daemon.streaming().await;
    db.run("INSERT INTO second VALUES (2, 'end')").await;
    let told = |seen: &[Seen]| -> Vec<(char, String)> {
        let second = seen.iter().filter(|s| &*s.table == "second").filter_map(Seen::change);
        let row = second.filter_map(|c| Some((c.op, c.after.as_ref()?.get("v")?.to_owned())));
        row.collect()
    };
    let end = ('c', "end".to_owned());
    follower.until("the last row", seconds(60), |seen| told(seen).contains(&end)).await;
    let told = told(&follower.seen());
    let told: Vec<_> = told.iter().map(|(op, v)| (*op, v.as_str())).collect();
    println!("  {told:?}");
    let read = [('r', "new"), ('c', "end")];
    let streamed = [('r', "old"), ('u', "new"), ('c', "end")];
    assert!(told == read || told == streamed, "read or streamed, not both: {told:?}");
}

/// Has the server wait 200 ms for a replica that never answers, before it shows what it has logged.
/// Answers how its settings' names begin.
pub async fn withhold(world: &World) -> &'static str {
    let db = world.database();
    let prefix = match db.dialect() {
        Dialect::MariaDb => "rpl_semi_sync_master",
        _ => {
            let install = "INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'";
            db.run(install).await;
            world.undo("UNINSTALL PLUGIN rpl_semi_sync_source".into());
            "rpl_semi_sync_source"
        }
    };
    world.global(&format!("{prefix}_enabled"), "0").await;
    world.global(&format!("{prefix}_wait_point"), "AFTER_SYNC").await;
    world.global(&format!("{prefix}_timeout"), "200").await;
    prefix
}

/// Killed in the middle; then the right to read the finished tables is taken away. Only a daemon
/// that does not read them again can finish.
pub async fn without_select(world: World) {
    let db = world.database();
    let role = format!("r_{}", world.name());
    let account = format!("'{role}'@'127.0.0.1'");
    workload::prepare(db, 1_000, 10).await;
    for n in 1..=SHELVES {
        let table = format!("shelf_{n}");
        db.run(format!("CREATE TABLE {table} (id int PRIMARY KEY, lane int, ver bigint, v text)"))
            .await;
        db.generate(&table, "i, -1, 1, concat('v', i)", 1, ROWS as u64).await;
    }
    db.run(format!(
        "CREATE USER {account}; GRANT REPLICATION SLAVE, {} ON *.* TO {account}",
        if db.dialect() == Dialect::MariaDb { "BINLOG MONITOR" } else { "REPLICATION CLIENT" }
    ))
    .await;
    world.undo(format!("DROP USER {account}"));
    // Whoever may insert sees how a table is made, and no row of it.
    let tables = db.tables(&mut db.connect().await).await;
    for table in &tables {
        db.run(format!("GRANT SELECT, INSERT ON {}.{table} TO {account}", db.name)).await;
    }
    let url = db.url().replace("root@", &format!("{role}@"));
    let config = Config::new(world.name(), &url, world.name(), &[format!("{}.*", db.name)]);
    let follower = world.follower();
    let finished = cut_in_the_middle(&world, &config, &follower).await;
    for n in &finished {
        db.run(format!("REVOKE SELECT ON {}.shelf_{n} FROM {account}", db.name)).await;
    }
    let mut daemon = world.daemon(&config);
    daemon.streaming().await;
    db.call(&["put_item(1, 7, 'after', '1.00', true, 0)"]).await;
    world.verdict(&follower, &mut daemon, Allow::INTERRUPTED).await;
}
