//! Tables are read again, and the power is cut at every place where that can be cut, while others
//! write.

use super::{AGAIN, JOB, again, finished, wished};
use crate::support::chance::Chance;
use crate::support::daemon::Daemon;
use crate::support::oracle::{self, Allow, Truth};
use crate::support::stack::{Dialect, Server, Use, scale, seconds};
use crate::support::workload::{self, Plan, TABLES, Workload};
use crate::support::world::{self, World};
use serde_json::json;
use walbrook_core::fault::RESNAPSHOT;

/// What a source meets on the way, in such an order that there is something left to be read for each.
/// MySQL and MariaDB read tables again as they read them first.
fn points(dialect: Dialect) -> Vec<(&'static str, u64)> {
    let most = |point: &str| match point {
        "snapshot.mid_segment" => 2000,
        // Once for each table; and only where a chunk is larger than a batch.
        "snapshot.table_done" | "resnapshot.mid_chunk" => 1,
        _ => scale(2, 8),
    };
    let points = match dialect {
        Dialect::Postgres => RESNAPSHOT,
        Dialect::MySql | Dialect::MariaDb => {
            &["snapshot.mid_segment", "snapshot.segment_done", "snapshot.table_done"][..]
        }
    };
    points.iter().map(|point| (*point, most(point))).collect()
}

async fn cut_at_every_point(world: World) {
    let (mut chance, items) = (Chance::new(11), scale(80_000, 300_000));
    workload::prepare(world.database(), items, items / 20).await;
    let (config, follower) = (world.config(TABLES), world.follower());
    let writers = Workload::start(world.database(), &Plan::new(11, items));
    let mut daemon = world.daemon(&config);
    daemon.streaming().await;
    let from = follower.seen().len();
    let schema = world.database().schema();
    let wish = json!({ "id": JOB, "tables": AGAIN.map(|table| format!("{schema}.{table}")) });
    wished(&daemon, &wish).await;
    daemon.kill();
    for (point, most) in points(world.database().dialect()) {
        let fault = format!("{point}:{}", 1 + chance.below(most));
        let environment = [("WALBROOK_FAULT", fault.as_str())];
        let mut daemon = Daemon::start_with(&config, world.directory(), &environment);
        match daemon.ended(seconds(30)).await {
            Some(exit) => assert!(!exit.success(), "{fault}: ended with {exit}\n{}", daemon.tail()),
            None => panic!("{fault} was not met\n{}", daemon.tail()),
        }
        let told = follower.seen().iter().filter(|one| again::is_again(one)).count();
        println!("  {}: died at {fault}, {told} rows were told again", world.name());
    }
    let mut daemon = world.daemon(&config);
    daemon.streaming().await;
    let job = finished(&mut daemon).await;
    assert_eq!(job["state"], "done", "{job}");
    tokio::time::sleep(seconds(1)).await;
    writers.stop().await;
    super::drained(&world, &follower, &mut daemon).await;
    follower.quiet(seconds(1)).await;
    let (truth, seen) = (Truth::read(world.database()).await, follower.seen());
    let again::Found { told, faults } = again::judge(&seen, &truth, from);
    assert!(faults.is_empty(), "{} faults, such as {:?}", faults.len(), faults.first());
    assert!(AGAIN.iter().all(|table| told[*table] > 0), "{told:?}");
    let verdict = oracle::judge(&again::without(&seen), &truth, Allow::NOTHING);
    println!("  read again: {told:?}\n{verdict}");
    assert!(verdict.faults.is_empty(), "the oracle found faults in {}:\n{verdict}", world.name());
}

#[test]
fn cut_at_every_point_of_reading_again_pg18() {
    world::run(Server::Pg18, Use::Share, "dayat", cut_at_every_point);
}

#[test]
fn cut_at_every_point_of_reading_again_mysql() {
    world::run(Server::MySql, Use::Share, "dayatmy", cut_at_every_point);
}

#[test]
fn cut_at_every_point_of_reading_again_mariadb() {
    world::run(Server::MariaDb, Use::Share, "dayatma", cut_at_every_point);
}
