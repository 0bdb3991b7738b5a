//! Two daemons of one name; a daemon that was away while Kafka gave it up.

use crate::support::daemon::Daemon;
use crate::support::oracle::Allow;
use crate::support::stack::{Server, Use, scale, seconds};
use crate::support::workload::{self, Plan, TABLES, Workload};
use crate::support::world::{self, World};
use std::time::Instant;

/// The second instance takes over; the first one says so and writes nothing more.
#[test]
fn second_instance_fences_the_first() {
    world::run(Server::Pg18, Use::Share, "fence", second_instance);
}

/// A second instance of the same name, on any server.
pub async fn second_instance(world: World) {
    workload::prepare(world.database(), 500, 10).await;
    let writers = Workload::start(world.database(), &Plan::new(3, 500));
    let follower = world.follower();
    let config = world.config(TABLES);
    let mut first = world.daemon(&config);
    first.streaming().await;
    tokio::time::sleep(seconds(2)).await;

    let begin = Instant::now();
    let mut second = Daemon::start(&config, world.directory());
    let ours = first.phase("fenced", seconds(30)).await;
    let fenced = begin.elapsed();
    second.streaming().await;
    let took_over = begin.elapsed();
    println!(
        "  fenced after {:.1} s, taken over after {:.1} s: {}",
        fenced.as_secs_f64(),
        took_over.as_secs_f64(),
        ours["error"]
    );
    assert!(ours["error"]["code"].is_string(), "{ours}");
    let written = first.ours().await.unwrap()["records"].clone();
    tokio::time::sleep(seconds(3)).await;
    writers.stop().await;
    world.verdict(&follower, &mut second, Allow::default()).await;
    let ours = first.ours().await.expect("the fenced process lives on");
    assert_eq!((&ours["phase"], &ours["records"]), (&"fenced".into(), &written));
    let position = second.ours().await.unwrap()["position"].clone();
    assert!(!position.is_null());
    let state = first.status().await.unwrap()["connector"]["state"].clone();
    println!("  state of the fenced one: {state}");
}

/// Stopped for longer than Kafka keeps a transaction open, it finds its way back alone.
#[test]
fn own_timeout_recovers_alone() {
    world::run(Server::Pg18, Use::Share, "stopped", |world| async move {
        workload::prepare(world.database(), 500, 10).await;
        let writers = Workload::start(world.database(), &Plan::new(4, 500));
        let follower = world.follower();
        let mut config = world.config(TABLES);
        config.set("kafka.client", "transaction.timeout.ms", scale("10000", "60000"));
        let mut daemon = world.daemon(&config);
        daemon.streaming().await;
        for round in 0..scale(1, 2) {
            tokio::time::sleep(seconds(2)).await;
            let before = daemon.ours().await.unwrap()["records"].as_u64();
            daemon.signal("-STOP");
            tokio::time::sleep(scale(seconds(15), seconds(90))).await;
            daemon.signal("-CONT");
            let begin = Instant::now();
            daemon
                .until("more records", seconds(60), |o| {
                    (o["phase"] == "streaming" && o["records"].as_u64() > before).then_some(())
                })
                .await;
            println!("  round {round}: back after {:.1} s", begin.elapsed().as_secs_f64());
        }
        tokio::time::sleep(seconds(2)).await;
        writers.stop().await;
        world.verdict(&follower, &mut daemon, Allow::default()).await;
    });
}
