//! Snapshots of tables that are written meanwhile, cut short anywhere and gone on with.

use crate::faults::{disturbed, seeds};
use crate::life::{Crash, Ended, Kind, Setup, hit};
use crate::oracle::{judge, unviolated};
use crate::world::lock;
use std::collections::BTreeMap;
use std::time::Duration;

/// Crash points that only a snapshot passes, and those next to it.
pub(crate) const PASSED: &[&str] = &[
    "source.after_intent",
    "source.after_slot",
    "source.after_snapshot_export",
    "snapshot.table_begun",
    "snapshot.mid_segment",
    "snapshot.segment_done",
    "snapshot.table_done",
    "snapshot.before_streaming",
    "sink.before_commit",
    "sink.after_commit",
    "stream.mid_transaction",
    "pipeline.after_confirm",
];

const COUNT: u64 = 60;

/// Judges a finished run and adds up what it counted.
fn end(setup: &Setup, when: &str, counts: &mut BTreeMap<&'static str, u64>) {
    if let Err(wrong) = judge(&setup.world, &setup.broker) {
        panic!("{when}: {wrong}");
    }
    unviolated(&setup.world);
    for (what, count) in &lock(&setup.world).counts {
        *counts.entry(what).or_default() += count;
    }
}

#[test]
fn an_undisturbed_snapshot_is_the_tables() {
    for seed in 0..seeds(60) {
        let setup = Setup::new(Kind::Snapshot, seed, COUNT);
        assert_eq!(setup.live(seed, None), Ended::Drained, "seed {seed}");
        let mut counts = BTreeMap::new();
        end(&setup, &format!("seed {seed}"), &mut counts);
        if lock(&setup.world).starts > 1 {
            // The stream was lost before the last rows were committed: they are read again.
            continue;
        }
        assert_eq!(counts["tables repeated"], 0, "seed {seed}");
        assert_eq!(counts["tables with several consistent points"], 0, "seed {seed}");
    }
}

#[test]
fn a_crash_at_any_step_of_a_snapshot_loses_and_repeats_nothing() {
    let mut counts = BTreeMap::new();
    for &point in PASSED {
        let mut crashed = 0;
        for seed in [21, 22] {
            for nth in (1..).take(24) {
                let setup = Setup::new(Kind::Snapshot, seed, COUNT);
                let first = setup.live(seed, Some(Crash { point, nth }));
                if first != Ended::Crashed {
                    assert_eq!(first, Ended::Drained, "{point}:{nth}");
                    break;
                }
                crashed += 1;
                let second = setup.live(seed + nth, None);
                assert_eq!(second, Ended::Drained, "{seed} after {point}:{nth}");
                end(&setup, &format!("{seed} after {point}:{nth}"), &mut counts);
            }
        }
        assert!(crashed > 0, "{point} was never met; met: {:?}", hit());
    }
    // Otherwise the test says less than its name.
    for what in [
        "tables not read again",
        "tables gone on with",
        "tables begun again",
        "tables with several consistent points",
        "snapshots continued",
    ] {
        assert!(counts.get(what).is_some_and(|count| *count > 0), "{what}: {counts:?}");
    }
}

#[test]
fn snapshots_under_faults_and_power_cuts_lose_and_repeat_nothing() {
    let mut counts = BTreeMap::new();
    for seed in 0..seeds(150) {
        let mut setup = Setup::new(Kind::Snapshot, seed, COUNT);
        if seed % 3 == 0 {
            setup.heartbeat = Some(Duration::from_secs(3));
        }
        disturbed(&setup, seed, 40, true);
        end(&setup, &format!("seed {seed}"), &mut counts);
    }
    assert!(counts["tables with several consistent points"] > 0, "{counts:?}");
}
