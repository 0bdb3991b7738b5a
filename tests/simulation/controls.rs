//! Deliberate mistakes: an oracle that cannot fail proves nothing.

use crate::crashes::undisturbed;
use crate::life::{Crash, Ended, Kind, Setup, Wrong};
use crate::oracle::{difference, judge, visible};
use crate::world::lock;

const SEEDS: u64 = 8;

/// Lives with a mistake, cut once: what is seen against what should be, and the violations.
fn found(kind: Kind, seed: u64, wrong: Wrong, (point, nth): (&'static str, u64)) -> (bool, bool) {
    let expected = undisturbed(kind, seed, 40);
    let mut setup = Setup::new(kind, seed, 40);
    setup.wrong = Some(wrong);
    for life in 0..4 {
        let crash = (life < 3).then_some(Crash { point, nth });
        let ended = setup.live(seed + life, crash);
        if ended != Ended::Crashed {
            break;
        }
    }
    let differs = difference(&visible(&setup.broker), &expected).is_some();
    (differs, !lock(&setup.world).violations.is_empty())
}

#[test]
fn a_source_that_confirms_what_is_not_committed_is_found() {
    let (mut lost, mut violated) = (0, 0);
    for seed in 0..SEEDS {
        for nth in [20, 45, 70, 95, 120] {
            let cut = ("stream.mid_transaction", nth);
            let (differs, told) = found(Kind::Wire, seed, Wrong::ConfirmsEarly, cut);
            (lost, violated) = (lost + u64::from(differs), violated + u64::from(told));
        }
    }
    assert_eq!(violated, 5 * SEEDS, "the slot was ahead of Kafka");
    assert!(lost > 0, "and nothing was ever lost by that");
}

#[test]
fn a_sink_that_commits_a_checkpoint_without_its_records_is_found() {
    for kind in [Kind::Scripted, Kind::Wire] {
        let found = (0..SEEDS)
            .filter(|seed| found(kind, *seed, Wrong::ForgetsRecords, ("sink.after_commit", 20)).0);
        assert_eq!(found.count() as u64, SEEDS, "{kind:?}");
    }
}

#[test]
fn a_sink_that_commits_records_without_their_position_is_found() {
    for kind in [Kind::Scripted, Kind::Wire] {
        let found = (0..SEEDS).filter(|seed| {
            let (differs, violated) =
                found(kind, *seed, Wrong::ForgetsPosition, ("sink.after_commit", 7));
            differs || violated
        });
        assert!(found.count() as u64 > SEEDS / 2, "{kind:?}");
    }
}

#[test]
fn a_stream_that_tells_what_the_snapshot_contains_is_found() {
    let (mut found, mut resumed) = (0, 0);
    for seed in 0..SEEDS {
        for nth in [12, 20, 28] {
            let mut setup = Setup::new(Kind::Snapshot, seed, 60);
            setup.wrong = Some(Wrong::LeavesNothingOut);
            let _cut = setup.live(seed, Some(Crash { point: "snapshot.mid_segment", nth }));
            assert_eq!(setup.live(seed + 1, None), Ended::Drained);
            resumed += lock(&setup.world).counts.get("snapshots continued").copied().unwrap_or(0);
            found += u64::from(judge(&setup.world, &setup.broker).is_err());
        }
    }
    assert!(found > resumed / 2 && found > 4, "found in {found} of {resumed}");
}

#[test]
fn a_stream_that_leaves_out_the_commit_at_the_consistent_point_is_found() {
    let found = (0..4 * SEEDS).filter(|seed| {
        let mut setup = Setup::new(Kind::Snapshot, *seed, 60);
        setup.wrong = Some(Wrong::LeavesOutTooMuch);
        assert_eq!(setup.live(*seed, None), Ended::Drained);
        judge(&setup.world, &setup.broker).is_err()
    });
    // In one of three a commit starts exactly there; it may change nothing that is captured.
    let found = found.count();
    assert!(found > 4, "found in {found} of {}", 4 * SEEDS);
}
