//! Deliveries for tests: records that hold their own number.

use std::ops::Range;
use walbrook_core::batch::Span;
use walbrook_core::checkpoint::{Checkpoint, Part, put};
use walbrook_core::position::{Log, Position};
use walbrook_core::record::{Record, Records};
use walbrook_core::sink::{Cut, Deliver};

/// Records `numbers` for topic 0; the cut comes before number `at` and stores the position `to`.
pub(crate) fn deliver(numbers: Range<u64>, cut: Option<(u64, u64)>) -> Deliver {
    let mut records = Records::default();
    for number in numbers.clone() {
        let start = records.bytes.len() as u32;
        records.bytes.extend_from_slice(&number.to_be_bytes());
        let span = Some(Span { start, len: 8 });
        let (key, value) = (span, span);
        records.records.push(Record {
            topic: 0,
            partition: 0,
            key,
            value,
            headers: 0,
            header_count: 0,
            timestamp: None,
        });
    }
    let cut = cut.map(|(at, to)| Cut {
        at: at.saturating_sub(numbers.start) as usize,
        updates: vec![put(Part::Position, &Position::at("s", Log::Lsn(to)))],
    });
    Deliver { records, cut }
}

/// The number in a record.
pub(crate) fn take(value: &[u8]) -> u64 {
    u64::from_be_bytes(value.try_into().unwrap())
}

/// The stored position as a number.
pub(crate) fn position(checkpoint: &Checkpoint) -> u64 {
    checkpoint.position().unwrap().map_or(0, |position| position.lsn())
}
