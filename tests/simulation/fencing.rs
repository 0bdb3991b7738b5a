//! Two instances of one connector at once.

use crate::crashes::undisturbed;
use crate::faults::{disturbed, seeds};
use crate::life::{Kind, Setup, simulate};
use crate::oracle::{judge, same, unviolated, visible};
use crate::random::Random;
use std::time::Duration;
use walbrook::pipeline::lifecycle::State;
use walbrook_core::checkpoint::{Owner, Part};
use walbrook_kafka::twin;

/// The second instance opens while the first is at work. The first must end fenced by itself, as
/// soon as it has anything to say to Kafka. Answers whether it had.
fn overtaken(setup: &Setup, seed: u64, after: Duration) -> bool {
    let fenced = simulate(None, async {
        let (first, one) = setup.begin(seed * 2);
        tokio::time::sleep(after).await;
        if setup.drained() {
            one.stop();
            first.await.expect("no panic");
            return None;
        }
        let (second, two) = setup.begin(seed * 2 + 1);
        for _ in 0..40_000 {
            if setup.drained() || second.is_finished() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        if !setup.drained() {
            let (first, over) = (first.is_finished(), second.is_finished());
            let second = if over { format!("{:?}", second.await) } else { "stuck".to_owned() };
            panic!("seed {seed}: first ended {first}, second {second}");
        }
        let fenced = first.is_finished();
        one.stop();
        two.stop();
        let first = first.await.expect("no panic");
        assert!(!fenced || matches!(first, State::Fenced(_)), "seed {seed}: {first:?}");
        assert_eq!(second.await.expect("no panic"), State::Stopped, "seed {seed}");
        Some(fenced)
    });
    let Some(fenced) = fenced else { return false };
    let held = twin::load(&setup.broker, "sim", "c").expect("a checkpoint");
    let owner: Owner = held.read(&Part::Owner).expect("readable").expect("an owner");
    // A first instance that took over again would be the newest owner.
    assert_eq!(owner.instance, format!("life-{}", seed * 2 + 1), "seed {seed}");
    fenced
}

#[test]
fn the_first_of_two_instances_ends_fenced_and_the_records_are_the_same() {
    let mut fenced = 0;
    for seed in 0..60 {
        for kind in [Kind::Scripted, Kind::Wire] {
            let expected = undisturbed(kind, seed, 40);
            let mut setup = Setup::new(kind, seed, 40);
            if seed % 2 == 0 {
                setup.heartbeat = Some(Duration::from_secs(1));
            }
            let longest = if kind == Kind::Scripted { 1500 } else { 30_000 };
            let after = Duration::from_millis(1 + Random::new(seed).below(longest));
            fenced += u64::from(overtaken(&setup, seed, after));
            same(&visible(&setup.broker), &expected, &format!("{kind:?} {seed}"));
            unviolated(&setup.world);
        }
    }
    assert!(fenced > 40, "only {fenced} were fenced");
}

#[test]
fn an_instance_is_overtaken_in_the_middle_of_a_snapshot() {
    let mut fenced = 0;
    for seed in 0..40 {
        let setup = Setup::new(Kind::Snapshot, seed, 60);
        let after = Duration::from_millis(1 + Random::new(seed).below(3000));
        fenced += u64::from(overtaken(&setup, seed, after));
        judge(&setup.world, &setup.broker).unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}"));
        unviolated(&setup.world);
    }
    assert!(fenced > 20, "only {fenced} were fenced");
}

/// Which of the two goes on depends on the faults; what is seen does not. Who has ended is not
/// started again before the other has ended, too.
#[test]
fn two_instances_under_faults_of_the_broker_write_the_same_records() {
    for seed in 0..seeds(40) {
        let expected = undisturbed(Kind::Wire, seed, 30);
        let setup = Setup::new(Kind::Wire, seed, 30);
        twin::lock(&setup.broker).scatter(seed, 40);
        simulate(None, async {
            let (first, one) = setup.begin(seed * 100);
            tokio::time::sleep(Duration::from_millis(1 + Random::new(seed).below(20_000))).await;
            let (second, two) = setup.begin(seed * 100 + 1);
            for _ in 0..40_000 {
                if setup.drained() || (first.is_finished() && second.is_finished()) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            one.stop();
            two.stop();
            first.await.expect("no panic");
            second.await.expect("no panic");
        });
        disturbed(&setup, seed, 40, false);
        same(&visible(&setup.broker), &expected, &format!("seed {seed}"));
    }
}
