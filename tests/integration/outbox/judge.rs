//! What was told, against what was sent.

use super::load::{LANES, Sent};
use crate::support::events::Event;
use crate::support::record::Seen;

/// A change as far as its record names it: row, kind, and the number in the row where there is one.
type Change = (u64, char, Option<u64>);

/// What is visible in Kafka.
pub struct Told {
    events: Vec<Event>,
    /// Those of `business`, in their order.
    changes: Vec<Change>,
    /// Records of the outbox as a table, of which there must be none.
    rows: usize,
}

impl Told {
    /// Of the events' topics, and of the tables'.
    pub fn new(events: Vec<Event>, seen: &[Seen]) -> Self {
        let of = |table: &'static str| seen.iter().filter(move |one| &*one.table == table);
        Self {
            events,
            changes: of("business").filter_map(change).collect(),
            rows: of("outbox").count(),
        }
    }

    /// How many events.
    pub fn events(&self) -> usize {
        self.events.len()
    }

    /// Every change has its event, and every event its change.
    pub fn agree(&self) -> bool {
        let mut events: Vec<_> = self.events.iter().map(change_of).collect();
        let mut changes = self.changes.clone();
        events.sort_unstable();
        changes.sort_unstable();
        events == changes
    }
}

/// Nothing of a delete's row is known but its key.
fn change(one: &Seen) -> Option<Change> {
    let change = one.change()?;
    let row = one.key.as_ref()?.number("id")? as u64;
    let seq = change.after.as_ref().and_then(|row| row.number("seq"));
    Some((row, change.op, seq.map(|seq| seq as u64)))
}

/// The change that an event speaks of.
fn change_of(event: &Event) -> Change {
    let op = event.header("eventType").unwrap().chars().last().unwrap();
    let number = |name: &str| event.value[name].as_u64().unwrap();
    (number("row"), op, (op != 'd').then(|| number("seq")))
}

/// Everything that was sent is told once, by each lane in its order, the way it was written.
pub fn judge(sent: &[Sent], told: &Told) {
    for op in ['c', 'u', 'd'] {
        assert!(sent.iter().filter(|one| one.op == op).count() > 30, "a load with {op}");
    }
    assert_eq!(told.rows, 0, "the outbox is told as a table");
    assert!(told.agree(), "a change without its event, or an event without its change");
    for lane in 0..LANES {
        let of_lane = |row: u64| row / 1_000_000 == lane;
        let wanted: Vec<_> = sent.iter().filter(|one| one.lane == lane).map(event).collect();
        let key = lane.to_string();
        let found: Vec<_> =
            told.events.iter().filter(|one| one.key.as_deref() == Some(&key)).cloned().collect();
        same(&wanted, &found);
        let wanted: Vec<_> = wanted.iter().map(change_of).collect();
        let found: Vec<_> = told.changes.iter().filter(|one| of_lane(one.0)).copied().collect();
        same(&wanted, &found);
    }
    assert_eq!(told.events(), sent.len());
}

/// The record of what was sent.
fn event(sent: &Sent) -> Event {
    let Sent { lane, seq, row, op } = sent;
    Event {
        topic: sent.topic().to_owned(),
        key: Some(lane.to_string()),
        headers: vec![
            ("id".to_owned(), Some(format!("{lane}-{seq}"))),
            ("eventType".to_owned(), Some(format!("Row_{op}"))),
            ("trace".to_owned(), sent.trace()),
        ],
        value: serde_json::json!({ "seq": seq, "row": row }),
    }
}

/// Names the first place where they differ.
fn same<T: PartialEq + std::fmt::Debug>(wanted: &[T], found: &[T]) {
    let place = wanted.iter().zip(found).position(|(wanted, found)| wanted != found);
    let place = place.unwrap_or(wanted.len().min(found.len()));
    assert!(
        wanted == found,
        "lost, repeated or out of order at {place}: wanted {:?}, found {:?}",
        wanted.get(place),
        found.get(place)
    );
}

#[test]
fn notices() {
    let sent: Vec<_> = (1..=400)
        .map(|seq| Sent { lane: 0, seq, row: seq / 4, op: ['c', 'u', 'u', 'd'][seq as usize % 4] })
        .collect();
    let told = || {
        let events: Vec<_> = sent.iter().map(event).collect();
        Told { changes: events.iter().map(change_of).collect(), events, rows: 0 }
    };
    let fails = |spoil: fn(&mut Told)| {
        let mut told = told();
        spoil(&mut told);
        std::panic::catch_unwind(|| judge(&sent, &told)).is_err()
    };
    assert!(!fails(|_| ()), "the truth");
    assert!(fails(|told| _ = told.events.remove(7)), "an event is lost");
    assert!(fails(|told| _ = told.changes.remove(7)), "a change is lost");
    assert!(fails(|told| told.events.push(told.events[9].clone())), "an event comes twice");
    assert!(fails(|told| told.events.swap(3, 4)), "events change places");
    assert!(fails(|told| told.changes.swap(3, 4)), "changes change places");
    assert!(fails(|told| told.events[6].headers[2].1 = None), "a header is gone");
    assert!(fails(|told| told.rows = 1), "the outbox is told as a table");
}
