//! A broker that fails at random: refused calls, unknown outcomes, own time-outs, lost producers;
//! over the wire lost connections and a catalog out of reach besides, and power cuts.

use crate::crashes::undisturbed;
use crate::life::{Crash, Ended, ID, Kind, Setup, simulate};
use crate::oracle::{same, unviolated, visible};
use crate::random::Random;
use crate::world::lock;
use std::time::Duration;
use walbrook_core::fault::POINTS;
use walbrook_kafka::twin;

/// One world under a broker that fails once in `one_in` calls. With `cuts` most lives end in a
/// power cut, and heartbeats are on in every other seed.
pub(crate) fn disturbed(setup: &Setup, seed: u64, one_in: u64, cuts: bool) {
    twin::lock(&setup.broker).scatter(seed, one_in);
    let mut random = Random::new(seed ^ 0x5eed);
    for life in 0..80 {
        let point = POINTS[random.below(POINTS.len() as u64) as usize];
        let crash = Crash { point, nth: 1 + random.below(12) };
        let crash = (cuts && random.below(4) > 0).then_some(crash);
        match setup.live(seed * 100 + life, crash) {
            Ended::Drained => return unviolated(&setup.world),
            // A producer that cannot go on may end a connector; an operator starts it again.
            Ended::Stopped(_) => {}
            Ended::Crashed if crash.is_some() => {}
            other => panic!("seed {seed} life {life}: {other:?}"),
        }
    }
    panic!("seed {seed}: never drained");
}

fn seen(kind: Kind, (seed, count): (u64, u64), one_in: u64, cuts: bool) -> Vec<String> {
    let mut setup = Setup::new(kind, seed, count);
    if cuts && seed % 2 == 0 {
        setup.heartbeat = Some(Duration::from_secs(4));
    }
    disturbed(&setup, seed, one_in, cuts);
    visible(&setup.broker)
}

/// Number of worlds to try: some in every run, many in `make acceptance`.
#[allow(clippy::disallowed_methods, reason = "a test's knob")]
pub(crate) fn seeds(default: u64) -> u64 {
    std::env::var("WALBROOK_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

#[test]
fn whatever_the_broker_does_the_same_records_are_seen() {
    for seed in 0..seeds(1000) {
        let expected = undisturbed(Kind::Scripted, seed, 30);
        same(&seen(Kind::Scripted, (seed, 30), 25, false), &expected, &format!("seed {seed}"));
    }
}

#[test]
fn the_same_over_the_wire_with_lost_connections() {
    for seed in 0..seeds(150) {
        let expected = undisturbed(Kind::Wire, seed, 30);
        same(&seen(Kind::Wire, (seed, 30), 25, false), &expected, &format!("seed {seed}"));
    }
}

#[test]
fn power_cuts_come_on_top() {
    for seed in 0..seeds(120) {
        for (kind, count) in [(Kind::Scripted, 40), (Kind::Wire, 30)] {
            let expected = undisturbed(kind, seed, count);
            same(&seen(kind, (seed, count), 30, true), &expected, &format!("{kind:?} {seed}"));
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    same(
        &seen(Kind::Scripted, (7, 40), 20, false),
        &seen(Kind::Scripted, (7, 40), 20, false),
        "seed 7 twice",
    );
}

/// Everything that happened, aborted and internal records included, not only what is seen.
#[test]
fn the_same_seed_gives_the_same_history_over_the_wire() {
    for seed in 0..6 {
        let history = || {
            let setup = Setup::new(Kind::Wire, seed, 30);
            disturbed(&setup, seed, 25, true);
            let (broker, world) = (twin::lock(&setup.broker), lock(&setup.world));
            (format!("{broker:?}"), broker.calls(), world.starts, world.confirmed)
        };
        let (once, twice) = (history(), history());
        assert_eq!((once.1, once.2, once.3), (twice.1, twice.2, twice.3), "seed {seed}");
        assert!(once.0 == twice.0, "seed {seed}: the brokers' logs differ");
    }
}

/// The broker ends the transaction of a slow producer: that looks like a fence, and is none.
#[test]
fn an_own_time_out_is_recovered_from_without_anybody() {
    let (mut times, mut longest) = (0, 0);
    for seed in 0..seeds(40) {
        for kind in [Kind::Scripted, Kind::Wire] {
            let expected = undisturbed(kind, seed, 30);
            let setup = Setup::new(kind, seed, 30);
            let (mut random, mut last, mut row) = (Random::new(seed), None, 0);
            let ended = simulate(None, async {
                let (running, control) = setup.begin(seed);
                for _ in 0..200_000 {
                    if setup.drained() {
                        break;
                    }
                    // Sooner or later it happens to a transaction that is open.
                    tokio::time::sleep(Duration::from_millis(1 + random.below(20))).await;
                    if random.below(9) > 0 {
                        continue;
                    }
                    // Up to six in a row with nothing committed between: more might never end.
                    let held = twin::load(&setup.broker, "sim", "c").expect("a checkpoint");
                    let held = held.position().expect("readable");
                    if held != last {
                        (row, last) = (0, held);
                    }
                    if row < 6 && time_out(&setup) {
                        (times, row) = (times + 1, row + 1);
                        longest = longest.max(row);
                        tokio::time::sleep(Duration::from_secs(random.below(9))).await;
                    }
                }
                control.stop();
                running.await.map(|state| format!("{state:?}"))
            });
            assert_eq!(ended.expect("no panic"), "Stopped", "{kind:?} {seed}");
            assert!(setup.drained(), "{kind:?} {seed}");
            same(&visible(&setup.broker), &expected, &format!("{kind:?} {seed}"));
            unviolated(&setup.world);
        }
    }
    assert!(times > seeds(40) / 2, "only {times} transactions were open");
    assert!(longest >= 4, "only {longest} in a row");
}

/// Ends the open transaction, if one is open: then there are markers that were not there before.
fn time_out(setup: &Setup) -> bool {
    let mut broker = twin::lock(&setup.broker);
    let ends = |broker: &twin::Broker| -> u64 {
        let all = |name| (0..broker.partitions(name).unwrap_or(0)).map(move |n| (name, n));
        broker.topics().flat_map(all).map(|(name, n)| broker.high_watermark(name, n)).sum()
    };
    let before = ends(&broker);
    broker.time_out(ID);
    ends(&broker) > before
}
