//! Sequences of MariaDB: the server hands their values out in advance, and whoever locks the tables
//! makes it forget those that nobody has taken.

use crate::support::stack::seconds;
use crate::support::world::World;

/// Reading the tables takes nothing from a sequence and leaves no gap in it.
pub async fn not_disturbed(world: World) {
    let db = world.database();
    db.run("CREATE SEQUENCE numbers START WITH 100").await;
    db.run("CREATE TABLE t (id int PRIMARY KEY, n int DEFAULT nextval(numbers))").await;
    db.run("INSERT INTO t (id) VALUES (1)").await;
    let follower = world.follower();
    let mut daemon = world.daemon(&world.config(&["t"]));
    daemon.streaming().await;
    db.run("INSERT INTO t (id) VALUES (2)").await;
    let count =
        |seen: &[crate::support::record::Seen]| seen.iter().filter(|s| &*s.table == "t").count();
    follower.until("both rows", seconds(20), |seen| count(seen) == 2).await;
    let numbers: Vec<_> = follower
        .seen()
        .iter()
        .filter_map(|seen| seen.change()?.after.as_ref()?.number("n"))
        .collect();
    assert_eq!(numbers, [100, 101]);
}
