//! A connector that people have wait and go on, cut short anywhere meanwhile: what is seen is what
//! the undisturbed run shows, and what was answered is kept.

use crate::crashes::undisturbed;
use crate::life::{Crash, Kind, Setup, has_crashed, simulate};
use crate::oracle::{same, unviolated, visible};
use crate::random::Random;
use crate::world::lock;
use std::time::Duration;
use walbrook::pipeline::Control;
use walbrook::pipeline::orders::{Ask, Desk, Refusal, Reply};
use walbrook_core::checkpoint::{Desired, Part};
use walbrook_kafka::twin;

/// Crash points that only a connector passes that was asked for something.
pub(crate) const PASSED: &[&str] = &["pipeline.held", "pipeline.wanted"];

const SEED: u64 = 5;
const COUNT: u64 = 80;

/// What the checkpoint says that people want.
fn stored(setup: &Setup) -> Desired {
    // Before the very first start there is none.
    let held = twin::load(&setup.broker, "sim", "c").unwrap_or_default();
    held.read(&Part::Desired).expect("readable").unwrap_or_default()
}

/// Returns when the planned crash has happened, which may be in another task.
async fn cut(planned: bool) {
    while !planned || !has_crashed() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn ask<T>(desk: &Desk, ask: impl FnOnce(Reply<T>) -> Ask) -> Result<T, Refusal> {
    let (reply, answer) = Reply::new();
    if !desk.ask(ask(reply)) {
        return Err(Refusal::not_now("has crashed"));
    }
    // A crash takes the reply with it.
    answer.await.unwrap_or_else(|_| Err(Refusal::not_now("has crashed")))
}

/// Lives a life in which somebody pauses, stops, resumes and restarts it all the time. Answers
/// whether it was cut short.
fn bothered(setup: &Setup, seed: u64, crash: Option<Crash>) -> bool {
    let mut random = Random::new(seed * 31 + 7);
    simulate(crash, async {
        let (control, orders) = Control::new();
        let (desk, orders) = orders.with_desk();
        let begun = stored(setup);
        let starts = lock(&setup.world).starts;
        let mut running = setup.run(seed, orders);
        if begun != Desired::Running {
            tokio::time::sleep(Duration::from_secs(20)).await;
            if running.is_finished() {
                return true;
            }
            assert_eq!(lock(&setup.world).starts, starts, "the source was opened while {begun:?}");
        }
        for round in 0..400 {
            tokio::select! {
                done = &mut running => {
                    assert!(done.is_err(), "it ended by itself: {done:?}");
                    return true;
                }
                () = cut(crash.is_some()) => return true,
                () = bother(setup, &desk, &mut random, round) => {}
            }
            if setup.drained() {
                control.stop();
                return running.await.is_err();
            }
        }
        let world = lock(&setup.world);
        panic!("{:?} seed {seed}: at {:?} of {}", setup.kind, world.confirmed, world.goal);
    })
}

/// Has it wait, looks that it does, and has it go on: each time for a little longer, as the log may
/// have nothing to say for a while.
async fn bother(setup: &Setup, desk: &Desk, random: &mut Random, round: u64) {
    tokio::time::sleep(Duration::from_millis(random.below(4000))).await;
    let desired = if random.below(2) == 0 { Desired::Paused } else { Desired::Stopped };
    if ask(desk, |reply| Ask::Desire(desired, reply)).await.is_ok() {
        assert_eq!(stored(setup), desired, "it is stored when it is answered");
        let seen = visible(&setup.broker).len();
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(visible(&setup.broker).len(), seen, "nothing is written while {desired:?}");
        if random.below(3) == 0 {
            let _ = ask(desk, Ask::Restart).await;
            tokio::time::sleep(Duration::from_secs(5)).await;
            assert_eq!(visible(&setup.broker).len(), seen, "a restart does not resume");
        }
    }
    while ask(desk, |reply| Ask::Desire(Desired::Running, reply)).await.is_err() {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    if random.below(3) == 0 {
        let _ = ask(desk, Ask::Restart).await;
    }
    tokio::time::sleep(Duration::from_millis(random.below(6000 + 500 * round))).await;
}

/// Passes every point of a connector that is asked for something.
pub(crate) fn paused_once() {
    let setup = Setup::new(Kind::Scripted, SEED, COUNT);
    assert!(!bothered(&setup, SEED, None));
}

#[test]
fn paused_stopped_and_restarted_at_any_time_the_records_are_the_same() {
    for kind in [Kind::Scripted, Kind::Wire] {
        for seed in 0..20 {
            let expected = undisturbed(kind, seed, COUNT);
            let setup = Setup::new(kind, seed, COUNT);
            assert!(!bothered(&setup, seed, None));
            same(&visible(&setup.broker), &expected, &format!("{kind:?} {seed}"));
            unviolated(&setup.world);
        }
    }
}

#[test]
fn a_crash_anywhere_while_people_pause_and_resume_changes_nothing_that_is_seen() {
    let points = [
        "sink.after_init",
        "sink.after_owner",
        "pipeline.after_load",
        "sink.before_commit",
        "sink.after_checkpoint_produced",
        "sink.after_commit",
        "pipeline.before_confirm",
        "pipeline.after_confirm",
        "pipeline.split",
        "pipeline.held",
        "pipeline.wanted",
        "stream.mid_transaction",
    ];
    let expected = undisturbed(Kind::Scripted, SEED, COUNT);
    for point in points {
        let mut crashed = 0;
        for nth in (1..).take(12) {
            let setup = Setup::new(Kind::Scripted, SEED, COUNT);
            if !bothered(&setup, SEED, Some(Crash { point, nth })) {
                break;
            }
            crashed += 1;
            assert!(!bothered(&setup, SEED + 1, None), "after {point}:{nth}");
            same(&visible(&setup.broker), &expected, &format!("after {point}:{nth}"));
            unviolated(&setup.world);
        }
        assert!(crashed > 0, "{point} was never met");
    }
}
