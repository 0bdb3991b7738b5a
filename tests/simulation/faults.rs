//! A broker that fails at random: refused calls, unknown outcomes, own time-outs, lost producers.

use crate::crashes::{fresh, limits, same, undisturbed, unviolated};
use crate::life::{Ended, live, visible};
use walbrook_kafka::twin;

/// One world under a broker that fails once in `one_in` calls.
fn disturbed(seed: u64, count: u64, one_in: u64) -> Vec<String> {
    let (world, broker) = fresh(seed, count);
    twin::lock(&broker).scatter(seed, one_in);
    for life in 0..50 {
        match live(&world, &broker, seed * 100 + life, None, limits()) {
            Ended::Drained => {
                unviolated(&world);
                return visible(&broker);
            }
            // A producer that cannot go on may end a connector; an operator starts it again.
            Ended::Stopped(_) => {}
            other => panic!("seed {seed} life {life}: {other:?}"),
        }
    }
    panic!("seed {seed}: never drained");
}

/// Number of worlds to try: some in every run, many in `make acceptance`.
#[allow(clippy::disallowed_methods, reason = "a test's knob")]
fn seeds() -> u64 {
    std::env::var("WALBROOK_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(2000)
}

#[test]
fn whatever_the_broker_does_the_same_records_are_seen() {
    let seeds = seeds();
    for seed in 0..seeds {
        let count = 30;
        same(&disturbed(seed, count, 25), &undisturbed(seed, count), &format!("seed {seed}"));
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    same(&disturbed(7, 40, 20), &disturbed(7, 40, 20), "seed 7 twice");
}
