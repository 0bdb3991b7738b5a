//! Paused at every step, over a broker that writes its markers late: who is told `paused` sees
//! everything that is ever to be seen of what was written before.

use crate::crashes::undisturbed;
use crate::life::{Kind, Setup, simulate};
use crate::oracle::{same, visible};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use walbrook::pipeline::Control;
use walbrook::pipeline::orders::{Ask, Desk, Reply};
use walbrook::pipeline::report::{Committed, Phase, Report};
use walbrook_core::checkpoint::Desired;
use walbrook_core::error::Error;
use walbrook_core::position::Position;
use walbrook_core::resnapshot::Job;
use walbrook_core::source::{Gauges, Progress};
use walbrook_kafka::twin;

const SEED: u64 = 3;
const COUNT: u64 = 12;

/// Keeps the newest phase.
struct Told(watch::Sender<Phase>);

impl Report for Told {
    fn phase(&self, phase: Phase, _: Option<&Error>) {
        self.0.send_replace(phase);
    }
    fn stored(&self, _: &Position) {}
    fn opened(&self, _: Arc<Gauges>, _: Option<&Position>, _: Option<u64>) {}
    fn committed(&self, _: &Committed) {}
    fn snapshot(&self, _: &Progress) {}
    fn resnapshot(&self, _: &Job) {}
    fn resnapshots(&self, _: Vec<Job>) {}
    fn topic(&self, _: &str) {}
    fn split(&self) {}
    fn waiting(&self, _: Option<&Error>) {}
}

/// Returns at call number `nth` of the broker, or when everything is delivered.
async fn reached(setup: &Setup, nth: u64) {
    loop {
        for _ in 0..20 {
            if twin::lock(&setup.broker).calls() >= nth || setup.drained() {
                return;
            }
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn want(desk: &Desk, desired: Desired) {
    let (reply, answer) = Reply::new();
    assert!(desk.ask(Ask::Desire(desired, reply)));
    answer.await.expect("an answer").expect("it is stored");
}

/// Pauses at call number `nth`, looks, and goes on to the end. Answers whether it was met.
fn paused_at(nth: u64, setup: &Setup) -> bool {
    simulate(None, async {
        let (control, orders) = Control::new();
        let (desk, orders) = orders.with_desk();
        let (told, mut phase) = watch::channel(Phase::Starting);
        let running = setup.run_told(SEED, orders, Arc::new(Told(told)));
        reached(setup, nth).await;
        let met = !setup.drained();
        want(&desk, Desired::Paused).await;
        phase.wait_for(|phase| *phase == Phase::Paused).await.expect("it lives");
        let seen = visible(&setup.broker);
        twin::lock(&setup.broker).write_markers();
        same(&visible(&setup.broker), &seen, &format!("at once behind call {nth}"));
        tokio::time::sleep(Duration::from_secs(10)).await;
        same(&visible(&setup.broker), &seen, &format!("10 s behind call {nth}"));
        want(&desk, Desired::Running).await;
        reached(setup, u64::MAX).await;
        control.stop();
        running.await.expect("no crash");
        met
    })
}

#[test]
fn whenever_it_is_paused_nothing_becomes_visible_afterwards() {
    for kind in [Kind::Scripted, Kind::Wire] {
        let expected = undisturbed(kind, SEED, COUNT);
        let (mut nth, mut met) = (0, true);
        while met {
            let setup = Setup::new(kind, SEED, COUNT);
            twin::lock(&setup.broker).tarry("p.");
            met = paused_at(nth, &setup);
            twin::lock(&setup.broker).write_markers();
            same(&visible(&setup.broker), &expected, &format!("{kind:?}, paused at call {nth}"));
            nth += 1;
        }
        assert!(nth > 20, "{kind:?}: {nth} steps only");
    }
}
