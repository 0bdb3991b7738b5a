//! Who reads `paused` may count on it: nothing of the connector becomes visible any more.
//!
//! ```text
//!  load ──────────────────────────────────────────────────▶
//!  pause ─▶ status says paused ─▶ ends of all topics ─ 1 s ─▶ the same ends ─▶ resume
//! ```

use crate::support::chance::Chance;
use crate::support::daemon::Daemon;
use crate::support::oracle::Allow;
use crate::support::stack::{Server, Use, scale, seconds, wait};
use crate::support::workload::{self, Plan, TABLES, Workload};
use crate::support::world::{self, World};
use std::time::{Duration, Instant};

/// Asks for the status without a rest between the questions: what is late is seen.
async fn paused(daemon: &Daemon) {
    let begin = Instant::now();
    while daemon.ours().await.is_none_or(|ours| ours["phase"] != "paused") {
        assert!(begin.elapsed() < seconds(10), "never paused\n{}", daemon.tail());
    }
}

/// Large and small transactions without a rest, so that a pause meets them anywhere.
fn plan() -> Plan {
    let (pause, sizes) = (Duration::from_millis(2), vec![1, 3, 20, 100, 800]);
    Plan { pause, sizes, ..Plan::new(17, 2_000) }
}

async fn still(world: World) {
    workload::prepare(world.database(), 2_000, 10).await;
    let writers = Workload::start(world.database(), &plan());
    let follower = world.follower();
    let mut daemon = world.daemon(&world.config(TABLES));
    daemon.streaming().await;
    let (mut chance, mut moved) = (Chance::new(17), Vec::new());
    for nth in 0..scale(10, 30) {
        tokio::time::sleep(Duration::from_millis(300 + chance.below(700))).await;
        daemon.put("pause").await;
        paused(&daemon).await;
        let (first, written) = (follower.ends(), writers.committed());
        tokio::time::sleep(seconds(1)).await;
        let later = follower.ends();
        let goes_on = async || (writers.committed() > written).then_some(());
        wait("the database goes on", seconds(10), goes_on).await;
        let grown = later.iter().filter(|(place, end)| first.get(*place) != Some(*end));
        moved.extend(
            grown.map(|(place, end)| (nth, place.clone(), first.get(place).copied(), *end)),
        );
        daemon.put("resume").await;
        daemon.streaming().await;
    }
    assert!(moved.is_empty(), "{} ends moved while it was paused: {moved:?}", moved.len());
    writers.stop().await;
    world.verdict(&follower, &mut daemon, Allow::default()).await;
}

#[test]
fn nothing_becomes_visible_while_paused_pg18() {
    world::run(Server::Pg18, Use::Share, "still", still);
}

#[test]
fn nothing_becomes_visible_while_paused_mysql() {
    world::run(Server::MySql, Use::Share, "mystill", still);
}
