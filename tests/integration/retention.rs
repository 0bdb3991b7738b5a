//! An idle table is captured while others are written: the slot must not hold the log back.

use crate::support::database::Database;
use crate::support::stack::{Server, Use, seconds};
use crate::support::world::{self, World};
use std::time::{Duration, Instant};

const MIB: i64 = 1 << 20;

/// How long others write.
const WRITING: Duration = Duration::from_secs(40);
/// How far behind the slot may be meanwhile: after so much log a place is stored…
const STORED: i64 = 16;
/// …once the server has said so, and confirmed then: each takes a second.
const BEHIND: Duration = Duration::from_secs(5);

/// MiB of log behind the slot's confirmed position and its restart position.
async fn behind(database: &Database) -> (i64, i64) {
    let of = |column: &str| {
        format!(
            "SELECT (pg_current_wal_lsn() - {column})::bigint FROM pg_replication_slots \
             WHERE database = current_database()"
        )
    };
    let confirmed = database.number(of("confirmed_flush_lsn")).await;
    (confirmed / MIB, database.number(of("restart_lsn")).await / MIB)
}

async fn idle(world: World) {
    let db = world.database();
    db.run(
        "CREATE TABLE idle (id int PRIMARY KEY); INSERT INTO idle VALUES (1);
         CREATE TABLE noise (v text)",
    )
    .await;
    let mut daemon = world.daemon(&world.config(&["idle"]));
    daemon.streaming().await;
    let start = db.number("SELECT (pg_current_wal_lsn() - '0/0')::bigint").await;
    let begin = Instant::now();
    let mut worst = 0;
    while begin.elapsed() < WRITING {
        db.run("INSERT INTO noise SELECT repeat('x', 1000) FROM generate_series(1, 6000)").await;
        worst = worst.max(behind(db).await.0);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let end = db.number("SELECT (pg_current_wal_lsn() - '0/0')::bigint").await;
    println!("  {} MiB of foreign changes, at worst {worst} MiB behind", (end - start) / MIB);
    assert!((end - start) / MIB > 100);
    // restart_lsn follows when the server has written down its running transactions.
    let limit = Instant::now() + seconds(30);
    loop {
        db.run("CHECKPOINT").await;
        let (confirmed, restart) = behind(db).await;
        if confirmed == 0 && restart <= 16 {
            println!("  quiet: {confirmed} MiB unconfirmed, {restart} MiB retained");
            break;
        }
        assert!(
            Instant::now() < limit,
            "after 30 quiet seconds {confirmed} MiB unconfirmed, {restart} MiB retained; {:?}",
            daemon.ours().await
        );
        tokio::time::sleep(seconds(1)).await;
    }
    let rate = (end - start) / MIB / WRITING.as_secs() as i64;
    let limit = STORED + rate * BEHIND.as_secs() as i64;
    assert!(worst <= limit, "confirmed up to {worst} MiB behind while others write {rate} MiB/s");
    // What was stored on the way is no event, and the stream still works.
    let follower = world.follower();
    db.run("INSERT INTO idle VALUES (2)").await;
    follower
        .until("the change after the quiet time", seconds(20), |seen| {
            seen.iter().any(|s| s.key.as_ref().is_some_and(|k| k.text() == "2"))
        })
        .await;
}

#[test]
fn idle_table_pg15() {
    world::run(Server::Pg15, Use::Alone, "idle15", idle);
}

#[test]
fn idle_table_pg18() {
    world::run(Server::Pg18, Use::Alone, "idle18", idle);
}
