//! A snapshot that was cut goes on: finished tables are not read again.

use crate::support::consumer::Follower;
use crate::support::daemon::{Config, Daemon};
use crate::support::oracle::Allow;
use crate::support::stack::{Server, Use, seconds};
use crate::support::workload;
use crate::support::world::{self, World};

/// Tables that are only read.
pub const SHELVES: usize = 9;
/// The rows of each.
pub const ROWS: usize = 30_000;

/// Lets the daemon die after a few commits until some of the shelves, but not all, are delivered
/// whole; answers which. On a busy machine its first commits hold less than a shelf.
pub async fn cut_in_the_middle(world: &World, config: &Config, follower: &Follower) -> Vec<usize> {
    let fault = [("WALBROOK_FAULT", "sink.after_commit:5")];
    for _ in 0..5 {
        let mut daemon = Daemon::start_with(config, world.directory(), &fault);
        let exit = daemon.ended(seconds(30)).await;
        assert!(exit.is_some_and(|e| !e.success()), "{exit:?}\n{}", daemon.tail());
        follower.quiet(seconds(1)).await;
        let is_finished = |n: &usize| follower.changes(&format!("shelf_{n}")) >= ROWS;
        let finished: Vec<_> = (1..=SHELVES).filter(is_finished).collect();
        println!("  finished before the end: {finished:?}");
        assert!(finished.len() < SHELVES, "cut in the middle");
        if !finished.is_empty() {
            return finished;
        }
    }
    panic!("no shelf is finished");
}

/// Killed in the middle; then the right to read the finished tables is taken away. Only a daemon
/// that does not read them again can finish.
async fn without_select(world: World) {
    let db = world.database();
    let role = format!("r_{}", world.name());
    workload::prepare(db, 1_000, 10).await;
    db.run(format!(
        "CREATE ROLE {role} LOGIN REPLICATION;
         GRANT CREATE ON DATABASE {db_name} TO {role};
         DO $$ DECLARE t text; BEGIN
             FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
                 EXECUTE format('ALTER TABLE %I OWNER TO {role}', t);
             END LOOP;
         END $$;",
        db_name = db.name
    ))
    .await;
    for n in 1..=SHELVES {
        db.run(format!(
            "CREATE TABLE shelf_{n} (id int PRIMARY KEY, lane int, ver bigint, v text);
             INSERT INTO shelf_{n} SELECT i, -1, 1, 'v' || i FROM generate_series(1, {ROWS}) i;
             ALTER TABLE shelf_{n} OWNER TO {role}"
        ))
        .await;
    }
    let url = db.url().replace("postgres@", &format!("{role}@"));
    let config = Config::new(world.name(), &url, world.name(), &["public.*"]);
    let follower = world.follower();
    let finished = cut_in_the_middle(&world, &config, &follower).await;
    for n in &finished {
        db.run(format!("REVOKE SELECT ON shelf_{n} FROM {role}")).await;
    }
    let mut daemon = world.daemon(&config);
    daemon.streaming().await;
    db.call(&["put_item(1, 7, 'after', '1.00', true, 0)"]).await;
    world.verdict(&follower, &mut daemon, Allow::INTERRUPTED).await;
    drop(daemon);
    db.drop_slots().await;
    db.run(format!("REASSIGN OWNED BY {role} TO postgres; DROP OWNED BY {role}; DROP ROLE {role}"))
        .await;
}

#[test]
fn without_select_pg15() {
    world::run(Server::Pg15, Use::Share, "resume15", without_select);
}

#[test]
fn without_select_pg18() {
    world::run(Server::Pg18, Use::Share, "resume18", without_select);
}
