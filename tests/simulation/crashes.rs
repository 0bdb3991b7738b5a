//! Every crash point, and what must be seen after it.

use crate::life::{Crash, Ended, hit, live, visible};
use crate::world::{Shared, World};
use std::sync::{Arc, Mutex};
use walbrook::pipeline::commit::Limits;
use walbrook_kafka::twin;

/// Limits small enough that the simulated transactions meet all of them.
pub(crate) fn limits() -> Limits {
    Limits { records: 20, hard_records: 25, ..Limits::default() }
}

/// A world and a broker of their own.
pub(crate) fn fresh(seed: u64, count: u64) -> (Shared, twin::Shared) {
    (Arc::new(Mutex::new(World::new(seed, count, true))), twin::Shared::default())
}

/// What a consumer sees when nothing goes wrong.
pub(crate) fn undisturbed(seed: u64, count: u64) -> Vec<String> {
    let (world, broker) = fresh(seed, count);
    assert_eq!(live(&world, &broker, seed, None, limits()), Ended::Drained);
    let seen = visible(&broker);
    assert!(!seen.is_empty());
    seen
}

/// Compares what is seen with what should be, and names the first difference only.
pub(crate) fn same(seen: &[String], expected: &[String], when: &str) {
    let differs = seen.iter().zip(expected).position(|(a, b)| a != b);
    if let Some(place) = differs {
        panic!("{when}: record {place} is {} and not {}", seen[place], expected[place]);
    }
    assert_eq!(seen.len(), expected.len(), "{when}: number of records");
}

/// Checks what no life may have done.
pub(crate) fn unviolated(world: &Shared) {
    let world = world.lock().expect("a sound world");
    assert_eq!(world.violations, Vec::<String>::new());
}

/// Crash points that the scripted source and the twins pass.
const PASSED: &[&str] = &[
    "sink.after_init",
    "sink.after_owner",
    "pipeline.after_load",
    "source.after_intent",
    "source.after_slot",
    "resolve.schema",
    "resolve.topic",
    "stream.after_begin",
    "stream.mid_transaction",
    "stream.after_commit",
    "sink.before_produce",
    "sink.mid_produce",
    "sink.before_commit",
    "sink.after_checkpoint_produced",
    "sink.after_commit",
    "pipeline.before_confirm",
    "pipeline.after_confirm",
    "pipeline.split",
    "pipeline.stopping",
];

#[test]
fn a_crash_at_any_step_of_any_point_changes_nothing_that_is_seen() {
    let (seed, count) = (11, 60);
    let expected = undisturbed(seed, count);
    for &point in PASSED {
        let mut crashed = 0;
        for nth in (1..).take(40) {
            let (world, broker) = fresh(seed, count);
            let crash = Crash { point, nth };
            let first = live(&world, &broker, seed, Some(crash), limits());
            if first != Ended::Crashed {
                assert_eq!(first, Ended::Drained, "{point}:{nth}");
                break;
            }
            crashed += 1;
            let second = live(&world, &broker, seed + 1, None, limits());
            assert_eq!(second, Ended::Drained, "after {point}:{nth}");
            same(&visible(&broker), &expected, &format!("after {point}:{nth}"));
            unviolated(&world);
        }
        assert!(crashed > 0, "{point} was never met; met: {:?}", hit());
    }
}

#[test]
fn a_crash_in_every_life_still_ends_with_the_same_records() {
    let points =
        ["sink.after_commit", "stream.mid_transaction", "sink.mid_produce", "pipeline.split"];
    for seed in 0..20 {
        let count = 80;
        let expected = undisturbed(seed, count);
        let (world, broker) = fresh(seed, count);
        let mut lives = 0;
        loop {
            lives += 1;
            assert!(lives < 200, "seed {seed}: no progress");
            let point = points[lives as usize % points.len()];
            let crash = Some(Crash { point, nth: 3 + (seed + lives) % 30 });
            match live(&world, &broker, seed * 1000 + lives, crash, limits()) {
                Ended::Crashed => {}
                Ended::Drained => break,
                other => panic!("seed {seed} life {lives}: {other:?}"),
            }
        }
        same(&visible(&broker), &expected, &format!("seed {seed}, {lives} lives"));
        unviolated(&world);
    }
}
