//! Transactions in two phases: what is prepared is no change yet, and perhaps never becomes one.

use crate::support::consumer::Follower;
use crate::support::daemon::Daemon;
use crate::support::session::{Session, connect};
use crate::support::stack::{self, seconds};
use crate::support::world::World;
use std::time::Duration;

/// A transaction under the name `xid` that inserts the rows `first..first + 3`, prepared. The
/// session ends: a prepared transaction outlives it.
async fn prepare(world: &World, xid: &str, first: i64) {
    let mut c = begin(world, xid, first).await;
    c.run(format!("XA PREPARE '{xid}'")).await.unwrap();
    let Session::MySql(c) = c else { return };
    sqlx::Connection::close(c).await.unwrap();
}

async fn begin(world: &World, xid: &str, first: i64) -> Session {
    let mut c = connect(&world.database().url()).await;
    c.run(format!(
        "XA START '{xid}'; INSERT INTO t VALUES ({first}, 'a'), ({}, 'b'); \
         INSERT INTO t VALUES ({}, 'c'); XA END '{xid}'",
        first + 1,
        first + 2
    ))
    .await
    .unwrap();
    c
}

/// The server lets go of a transaction only when it has noticed that its session is gone.
async fn decide(world: &World, verb: &str, xid: &str) {
    stack::wait("the prepared transaction is free", seconds(10), async || {
        let sql = format!("XA {verb} '{xid}'");
        world.database().connect().await.run(sql).await.ok()
    })
    .await;
}

/// An ordinary row, and the wait until it is delivered: what came before it is delivered too.
async fn mark(world: &World, follower: &Follower, id: i64) {
    world.database().run(format!("INSERT INTO t VALUES ({id}, 'mark')")).await;
    stack::wait("the ordinary row", seconds(30), async || {
        delivered(follower).contains(&id).then_some(())
    })
    .await;
}

/// The rows that were delivered, in their order.
fn delivered(follower: &Follower) -> Vec<i64> {
    let seen = follower.seen();
    seen.iter().filter_map(|s| s.change()?.after.as_ref()?.number("id")).collect()
}

async fn table(world: &World) {
    world.database().run("CREATE TABLE t (id int PRIMARY KEY, v text)").await;
    world.database().run("INSERT INTO t VALUES (0, 'there')").await;
}

/// Rolled back: nothing. Committed after a new start of the daemon: once. In one phase: once.
pub async fn two_phases(world: World) {
    table(&world).await;
    let config = world.config(&["t"]);
    let follower = world.follower();
    let mut daemon = world.daemon(&config);
    daemon.streaming().await;
    let names: Vec<_> = ["a", "b", "c"].iter().map(|n| format!("{}-{n}", world.name())).collect();
    prepare(&world, &names[0], 10).await;
    prepare(&world, &names[1], 20).await;
    mark(&world, &follower, 1).await;
    assert_eq!(delivered(&follower), [0, 1], "prepared is not committed");

    decide(&world, "ROLLBACK", &names[0]).await;
    mark(&world, &follower, 2).await;
    daemon.kill();
    let mut daemon = world.daemon(&config);
    daemon.streaming().await;
    mark(&world, &follower, 3).await;
    decide(&world, "COMMIT", &names[1]).await;
    mark(&world, &follower, 4).await;
    let mut c = begin(&world, &names[2], 30).await;
    c.run(format!("XA COMMIT '{}' ONE PHASE", names[2])).await.unwrap();
    mark(&world, &follower, 5).await;
    daemon.kill();

    let mut daemon = world.daemon(&config);
    daemon.streaming().await;
    mark(&world, &follower, 6).await;
    follower.quiet(seconds(1)).await;
    assert_eq!(delivered(&follower), [0, 1, 2, 3, 20, 21, 22, 4, 30, 31, 32, 5, 6]);
}

/// Prepared before the connector's first start: it waits or refuses, and loses nothing.
pub async fn before_the_first_start(world: World) {
    table(&world).await;
    let xid = format!("{}-early", world.name());
    prepare(&world, &xid, 10).await;
    let config = world.config(&["t"]);
    let follower = world.follower();
    let mut daemon = world.daemon(&config);
    let told = daemon
        .until("it streams, waits or refuses", seconds(30), |o| {
            let settled = o["phase"] == "streaming" || o["phase"] == "failed";
            (settled || !o["waiting"].is_null() || o["error"].is_object()).then(|| o.clone())
        })
        .await;
    println!("  with a prepared transaction: {told}");
    tokio::time::sleep(Duration::from_millis(500)).await;
    decide(&world, "COMMIT", &xid).await;
    if told["phase"] == "failed" {
        assert_eq!(told["error"]["code"], "WB-MYSQL-039", "{told}");
        assert!(told["error"].to_string().contains(&xid), "the transaction is named: {told}");
        drop(daemon);
        daemon = Daemon::start(&config, world.directory());
    }
    daemon.streaming().await;
    mark(&world, &follower, 1).await;
    follower.quiet(seconds(1)).await;
    let mut rows = delivered(&follower);
    rows.sort_unstable();
    assert_eq!(rows, [0, 1, 10, 11, 12], "each row once, read or streamed");
}
