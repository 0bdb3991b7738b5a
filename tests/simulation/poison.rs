//! Changes that cannot be told, in the middle of transactions that are cut and told again: each is
//! one dead letter, whatever crashes wherever.

use crate::crashes::{cut_everywhere, undisturbed};
use crate::life::{Ended, Kind, Setup};
use crate::source::is_poison;
use std::collections::BTreeSet;
use walbrook_kafka::twin;

/// Where the dead letters stand, `transaction#number`.
fn letters(setup: &Setup) -> Vec<String> {
    let broker = twin::lock(&setup.broker);
    let letters = broker.committed("p.dlq", 0, 0);
    let position = |value: &[u8]| {
        let letter: serde_json::Value = serde_json::from_slice(value).expect("JSON");
        letter["position"].as_str().expect("a position").to_owned()
    };
    letters.iter().map(|record| position(record.value.as_deref().expect("a value"))).collect()
}

#[test]
fn every_poison_change_is_one_dead_letter_and_every_other_is_told() {
    let setup = Setup::new(Kind::Poison, 11, 60);
    assert_eq!(setup.live(11, None), Ended::Drained);
    let poison = {
        let world = setup.world.lock().expect("a sound world");
        let rows =
            |t: &crate::world::Transaction| t.rows.iter().filter(|row| is_poison(row)).count();
        world.log.iter().map(rows).sum::<usize>()
    };
    let letters = letters(&setup);
    let places: BTreeSet<_> = letters.iter().collect();
    assert!(poison > 10, "{poison}");
    assert_eq!((letters.len(), places.len()), (poison, poison));
}

#[test]
fn a_crash_at_any_step_of_any_point_leaves_the_same_dead_letters() {
    assert!(undisturbed(Kind::Poison, 11, 60).iter().any(|record| record.starts_with("p.dlq")));
    cut_everywhere(Kind::Poison, (11, 60), 2, 20);
}
