//! Into which pieces a table is cut. Pure: facts in, pieces out.
//!
//! ```text
//!  fits one Kafka transaction        Whole    visible at once or not at all
//!  larger, key order known here      Keys     segments of the leading key; goes on where it was
//!  larger, anything else             Blocks   ranges of blocks; begun again after a crash
//! ```

use super::entry::{KeyColumn, Segment, State, TableEntry};
use super::key::Key;

/// A table up to this size is one unit, and segments of larger ones have about this size.
pub const UNIT: u64 = 64 << 20;
/// At most this many segments: the entry of the table is part of every commit.
const SEGMENTS: u64 = 64;
/// Where the index is in another order, each segment reads the whole table: they are larger.
const COLLATED_UNIT: u64 = 1 << 30;
/// Percentiles asked for: finer than segments, so that groups of equal values show.
const PERCENTILES: u64 = 1024;
/// Size of a block.
pub const BLOCK: u64 = 8192;

/// What is known of a table before it is begun.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Size in bytes.
    pub bytes: u64,
    /// Estimated rows.
    pub rows_estimated: Option<u64>,
    /// The file it is stored in.
    pub filenode: u32,
    /// Its leading key column, where that is compared here as there and old values of it are
    /// always in the log.
    pub key: Option<KeyColumn>,
    /// Percentiles of that column, ascending, as text; see [`percentiles`].
    pub bounds: Vec<String>,
}

/// A piece of a table that is read at one go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// All of it.
    Whole,
    /// What is left of this segment of the entry.
    Keys(usize),
    /// Blocks `[from, to)`; without an end up to the last one.
    Blocks(u64, Option<u64>),
}

/// A table's entry as it will be when the first row is delivered, and what is left to read.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The entry.
    pub entry: TableEntry,
    /// The pieces in order.
    pub pieces: Vec<Piece>,
    /// Why the table is begun again though rows of it are delivered, for the log.
    pub again: Option<&'static str>,
}

/// How many percentiles of the key are wanted to plan a table: none where no bound is needed.
pub fn percentiles(bytes: u64, key: Option<&KeyColumn>) -> u64 {
    if bytes <= UNIT || key.is_none() { 0 } else { bytes.div_ceil(UNIT / 4).clamp(8, PERCENTILES) }
}

/// Plans a table that is to be read under a snapshot with the consistent point `covered`.
pub fn plan(facts: &Facts, stored: Option<&TableEntry>, covered: u64) -> Plan {
    let Some(stored) = stored else { return fresh(facts, covered) };
    let reason = if stored.key.is_none() {
        Some("it has no key whose order is known here")
    } else if stored.key != facts.key {
        Some("its key has changed")
    } else if stored.filenode != facts.filenode {
        Some("it was truncated or rewritten")
    } else {
        None
    };
    if let Some(reason) = reason {
        let mut plan = fresh(facts, covered);
        plan.entry.repeats = stored.repeats + 1;
        // What is delivered already must not outlive its deletion: the log since then is told.
        let first = stored.first_covered();
        plan.entry.segments.iter_mut().for_each(|segment| segment.covered = first);
        plan.again = Some(reason);
        return plan;
    }
    let mut entry = stored.clone();
    // The same holds for the rest of a table that was begun again.
    entry.split(if stored.repeats > 0 { stored.first_covered() } else { covered });
    entry.bytes_total = facts.bytes;
    entry.rows_estimated = facts.rows_estimated.or(entry.rows_estimated);
    let pieces = keys(&entry.segments);
    Plan { entry, pieces, again: None }
}

fn fresh(facts: &Facts, covered: u64) -> Plan {
    let mut entry = TableEntry {
        state: State::Begun,
        key: None,
        segments: vec![Segment { covered, ..Segment::default() }],
        filenode: facts.filenode,
        rows: 0,
        bytes: 0,
        rows_estimated: facts.rows_estimated,
        bytes_total: facts.bytes,
        repeats: 0,
    };
    if facts.bytes <= UNIT {
        return Plan { entry, pieces: vec![Piece::Whole], again: None };
    }
    if let Some((key, bounds)) = usable(facts) {
        entry.segments = segments(&bounds, covered);
        entry.key = Some(key.clone());
        let pieces = keys(&entry.segments);
        return Plan { entry, pieces, again: None };
    }
    Plan { entry, pieces: blocks(facts.bytes), again: None }
}

fn keys(segments: &[Segment]) -> Vec<Piece> {
    let left = segments.iter().enumerate().filter(|(_, segment)| !segment.done);
    left.map(|(number, _)| Piece::Keys(number)).collect()
}

/// The key and the bounds of its segments, if the percentiles are good for it: ascending here too,
/// and none twice: rows of one value are delivered in one Kafka transaction.
fn usable(facts: &Facts) -> Option<(&KeyColumn, Vec<String>)> {
    let key = facts.key.as_ref()?;
    let values = facts.bounds.iter().map(|text| key.kind.text(text.as_bytes()));
    let values = values.collect::<Option<Vec<Key>>>()?;
    if values.is_empty() || !values.is_sorted_by(|a, b| a < b) {
        return None;
    }
    let unit = if key.collate { COLLATED_UNIT } else { UNIT };
    let wanted = facts.bytes.div_ceil(unit).clamp(1, SEGMENTS) as usize;
    let count = values.len() + 1;
    let mut bounds: Vec<String> = Vec::with_capacity(wanted);
    for number in 1..wanted {
        let place = number * count / wanted;
        if let Some(bound) = place.checked_sub(1).and_then(|place| facts.bounds.get(place))
            && bounds.last() != Some(bound)
        {
            bounds.push(bound.clone());
        }
    }
    Some((key, bounds))
}

fn segments(bounds: &[String], covered: u64) -> Vec<Segment> {
    let mut segments = Vec::with_capacity(bounds.len() + 1);
    let mut lo = None;
    for bound in bounds.iter().cloned().map(Some).chain([None]) {
        let hi = bound.clone();
        segments.push(Segment { lo, hi, covered, ..Segment::default() });
        lo = bound;
    }
    segments
}

fn blocks(bytes: u64) -> Vec<Piece> {
    let (total, step) = (bytes.div_ceil(BLOCK), UNIT / BLOCK);
    let ranges = (0..total.max(1)).step_by(step as usize);
    ranges.map(|from| Piece::Blocks(from, Some(from + step).filter(|to| *to < total))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::entry::tests::{entry, segment_of};
    use super::super::key::Kind;
    use super::*;
    use proptest::prelude::*;

    fn key() -> Option<KeyColumn> {
        Some(KeyColumn { name: "id".into(), kind: Kind::Int8, collate: false })
    }

    fn facts(bytes: u64, bounds: &[i64]) -> Facts {
        let bounds = bounds.iter().map(ToString::to_string).collect();
        Facts { bytes, rows_estimated: None, filenode: 1, key: key(), bounds }
    }

    #[test]
    fn a_small_table_is_one_unit_and_needs_no_bounds() {
        assert_eq!(percentiles(UNIT, key().as_ref()), 0);
        let plan = plan(&facts(UNIT, &[]), None, 9);
        assert_eq!(plan.pieces, [Piece::Whole]);
        assert_eq!((plan.entry.key, plan.entry.segments[0].covered), (None, 9));
    }

    #[test]
    fn groups_as_large_as_a_segment_are_read_by_blocks() {
        let coarse = facts(4 * UNIT, &[1, 1, 2]);
        let unordered = facts(4 * UNIT, &[3, 1, 2]);
        for facts in [coarse, unordered, facts(4 * UNIT, &[])] {
            assert!(matches!(plan(&facts, None, 9).pieces[0], Piece::Blocks(0, _)), "{facts:?}");
        }
    }

    #[test]
    fn blocks_have_no_gap_and_no_end() {
        let step = UNIT / BLOCK;
        let expected = [
            Piece::Blocks(0, Some(step)),
            Piece::Blocks(step, Some(2 * step)),
            Piece::Blocks(2 * step, None),
        ];
        assert_eq!(blocks(2 * UNIT + 1), expected);
        assert_eq!(blocks(2 * UNIT), [Piece::Blocks(0, Some(step)), Piece::Blocks(step, None)]);
    }

    #[test]
    fn a_begun_table_goes_on_unless_it_cannot() {
        let mut stored = entry(&[10, 20], 5);
        stored.segments[0].done = true;
        stored.segments[1].upto = Some("15".into());
        let same = facts(10 * UNIT, &[]);
        let on = plan(&same, Some(&stored), 8);
        assert_eq!(on.pieces, [Piece::Keys(2), Piece::Keys(3)]);
        assert_eq!(on.entry.segments[2].lo.as_deref(), Some("15"));
        let other_file = Facts { filenode: 2, ..same.clone() };
        let other_key = Facts { key: None, ..same };
        for facts in [other_file, other_key] {
            let again = plan(&facts, Some(&stored), 8);
            assert_eq!(again.entry.repeats, 1);
            assert!(again.again.is_some() && again.entry.segments.iter().all(|s| s.covered == 5));
        }
    }

    /// A TRUNCATE between two snapshots is told; what the newer one has read must be told after it.
    #[test]
    fn the_rest_of_a_table_begun_again_keeps_the_first_point() {
        let mut stored = entry(&[10, 20], 5);
        stored.segments[0].done = true;
        stored.segments[1].upto = Some("15".into());
        stored.repeats = 1;
        let on = plan(&facts(10 * UNIT, &[]), Some(&stored), 8);
        assert_eq!(on.pieces, [Piece::Keys(2), Piece::Keys(3)]);
        assert!(on.again.is_none() && on.entry.segments.iter().all(|s| s.covered == 5));
    }

    proptest! {
        #[test]
        fn every_key_is_in_one_piece(
            mut bounds in proptest::collection::vec(-1000_i64..1000, 1..200),
            units in 2_u64..200,
        ) {
            bounds.sort_unstable();
            bounds.dedup();
            let plan = plan(&facts(units * UNIT, &bounds), None, 3);
            prop_assert_eq!(plan.pieces.len(), plan.entry.segments.len());
            prop_assert!(plan.pieces.len() as u64 <= units.min(SEGMENTS));
            for n in [-2000, -1, 0, 1, 2000].into_iter().chain(bounds) {
                segment_of(&plan.entry, n);
            }
        }
    }
}
