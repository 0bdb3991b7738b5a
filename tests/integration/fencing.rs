//! Two daemons of one name; a daemon that was away while Kafka gave it up.

use crate::support::consumer::consumer;
use crate::support::daemon::Daemon;
use crate::support::oracle::Allow;
use crate::support::stack::{Server, Use, scale, seconds};
use crate::support::workload::{self, Plan, TABLES, Workload};
use crate::support::world::{self, World};
use rdkafka::consumer::Consumer as _;
use std::time::{Duration, Instant};

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

/// Stops the daemon where it has a Kafka transaction open that holds records of `topic`.
async fn stop_inside(daemon: &Daemon, topic: &str) {
    for _ in 0..100 {
        daemon.signal("-STOP");
        // What it has sent arrives, and a commit that is on its way ends.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let end = |level: &str| {
            let reader = consumer(&[("isolation.level", level)]);
            reader.fetch_watermarks(topic, 0, Duration::from_secs(5)).unwrap().1
        };
        if end("read_committed") < end("read_uncommitted") {
            return;
        }
        daemon.signal("-CONT");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no transaction was ever open");
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
            stop_inside(&daemon, &format!("{}.public.ledger", world.name())).await;
            // The time-out, and 10 s after which the broker looks for it at the latest.
            tokio::time::sleep(scale(seconds(23), seconds(90))).await;
            daemon.signal("-CONT");
            let begin = Instant::now();
            // What was open is lost: nothing is added before it has found its way back.
            let before = daemon.ours().await.unwrap()["records"].as_u64();
            daemon
                .until("more records", seconds(60), |o| {
                    (o["phase"] == "streaming" && o["records"].as_u64() > before).then_some(())
                })
                .await;
            let took = begin.elapsed();
            println!("  round {round}: back after {:.1} s", took.as_secs_f64());
            assert!(took < seconds(10), "the owner record is read after 3 s; all else is quick");
        }
        tokio::time::sleep(seconds(2)).await;
        writers.stop().await;
        world.verdict(&follower, &mut daemon, Allow::default()).await;
    });
}
