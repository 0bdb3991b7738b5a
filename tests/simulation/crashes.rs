//! Every crash point of the stream, and what must be seen after it.

use crate::held;
use crate::life::{Crash, Ended, Kind, Setup, hit};
use crate::oracle::{same, unviolated, visible};
use crate::snapshots;
use walbrook_core::fault::POINTS;

/// What a consumer sees when nothing goes wrong.
pub(crate) fn undisturbed(kind: Kind, seed: u64, count: u64) -> Vec<String> {
    let setup = Setup::new(kind, seed, count);
    assert_eq!(setup.live(seed, None), Ended::Drained);
    unviolated(&setup.world);
    let seen = visible(&setup.broker);
    assert!(!seen.is_empty());
    seen
}

/// Crash points that a stream without a snapshot passes.
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

/// Cuts the power at every `step`th time that any point is met, at most `most` times each.
pub(crate) fn cut_everywhere(kind: Kind, (seed, count): (u64, u64), step: usize, most: usize) {
    let expected = undisturbed(kind, seed, count);
    for &point in PASSED {
        let mut crashed = 0;
        for nth in (1..).step_by(step).take(most) {
            let setup = Setup::new(kind, seed, count);
            let first = setup.live(seed, Some(Crash { point, nth }));
            if first != Ended::Crashed {
                assert_eq!(first, Ended::Drained, "{kind:?} {point}:{nth}");
                break;
            }
            crashed += 1;
            let second = setup.live(seed + 1, None);
            assert_eq!(second, Ended::Drained, "{kind:?} after {point}:{nth}");
            same(&visible(&setup.broker), &expected, &format!("{kind:?} after {point}:{nth}"));
            unviolated(&setup.world);
        }
        assert!(crashed > 0, "{kind:?}: {point} was never met; met: {:?}", hit());
    }
}

#[test]
fn a_crash_at_any_step_of_any_point_changes_nothing_that_is_seen() {
    cut_everywhere(Kind::Scripted, (11, 60), 1, 40);
}

#[test]
fn the_same_over_the_wire() {
    cut_everywhere(Kind::Wire, (3, 50), 3, 16);
}

#[test]
fn a_crash_in_every_life_still_ends_with_the_same_records() {
    let points =
        ["sink.after_commit", "stream.mid_transaction", "sink.mid_produce", "pipeline.split"];
    for (kind, seeds, count) in [(Kind::Scripted, 20, 80), (Kind::Wire, 12, 50)] {
        for seed in 0..seeds {
            let expected = undisturbed(kind, seed, count);
            let setup = Setup::new(kind, seed, count);
            let mut lives = 0;
            loop {
                lives += 1;
                assert!(lives < 200, "{kind:?} seed {seed}: no progress");
                let point = points[lives as usize % points.len()];
                let crash = Some(Crash { point, nth: 3 + (seed + lives) % 30 });
                match setup.live(seed * 1000 + lives, crash) {
                    Ended::Crashed => {}
                    Ended::Drained => break,
                    other => panic!("{kind:?} seed {seed} life {lives}: {other:?}"),
                }
            }
            same(&visible(&setup.broker), &expected, &format!("{kind:?} {seed}, {lives} lives"));
            unviolated(&setup.world);
        }
    }
}

/// Points of the production snapshot lie between SQL statements; the simulated one, which is built
/// of the same parts, meets them in the same places. `tests/integration/kills.rs` cuts the real one.
#[test]
fn every_crash_point_is_cut_at_by_some_simulation() {
    let cut = |point: &&str| {
        PASSED.contains(point) || snapshots::PASSED.contains(point) || held::PASSED.contains(point)
    };
    let missed: Vec<_> = POINTS.iter().filter(|point| !cut(point)).collect();
    assert!(missed.is_empty(), "{missed:?}");
    for kind in [Kind::Wire, Kind::Snapshot] {
        let setup = Setup::new(kind, 3, 60);
        assert_eq!(setup.live(3, None), Ended::Drained);
    }
    held::paused_once();
    let met = hit();
    let missed: Vec<_> = POINTS.iter().filter(|point| !met.contains(point)).collect();
    assert!(missed.is_empty(), "never met: {missed:?}");
}
