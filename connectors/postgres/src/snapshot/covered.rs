//! Which changes of the stream are contained in snapshot rows already, and so are left out.
//!
//! The slot's stream begins before the last snapshot was taken. A transaction is contained in a
//! segment when its commit record *starts* before the consistent point under which the segment was
//! read. (The consistent point is the end of a log record, so the commit record that starts exactly
//! there is not contained.) A key change is judged side by side: the row may have left a segment
//! for one that another snapshot has read.

use super::entry::TableEntry;
use super::key::{Key, Kind};
use std::collections::BTreeMap;

/// All tables of a snapshot.
#[derive(Clone, Debug, Default)]
pub struct Covered {
    /// By schema and name.
    tables: BTreeMap<String, BTreeMap<String, Table>>,
    largest: u64,
}

/// One table: from which key value on which consistent point counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    column: Option<(String, Kind)>,
    /// The first segment has no lower bound.
    first: u64,
    /// Lower bounds of the others, ascending, with their points.
    rest: Vec<(Key, u64)>,
}

impl Covered {
    /// The filter of a stream that begins at `from`, made from the entries of the tables.
    /// An entry that cannot be read is an error that names it.
    pub fn new<'a>(
        entries: impl IntoIterator<Item = (&'a str, &'a TableEntry)>,
        from: u64,
    ) -> Result<Self, String> {
        let mut covered = Self::default();
        for (name, entry) in entries {
            let table = Table::new(entry).ok_or_else(|| format!("bounds of {name}"))?;
            let newest = table.newest();
            if newest > from {
                covered.largest = covered.largest.max(newest);
                // Tables are stored as "schema.name"; a dot in either is told apart by trying all.
                for (dot, _) in name.match_indices('.') {
                    let (schema, rest) = (name[..dot].to_owned(), name[dot + 1..].to_owned());
                    covered.tables.entry(schema).or_default().insert(rest, table.clone());
                }
            }
        }
        Ok(covered)
    }

    /// Whether nothing is left out any more from a commit record at `commit_lsn` on.
    #[inline]
    pub fn passed(&self, commit_lsn: u64) -> bool {
        commit_lsn >= self.largest
    }

    /// The consistent point of the newest snapshot; 0 where nothing is left out.
    pub fn largest(&self) -> u64 {
        self.largest
    }

    /// What is known of a table.
    pub fn table(&self, schema: &str, name: &str) -> Option<&Table> {
        self.tables.get(schema)?.get(name)
    }
}

impl Table {
    fn new(entry: &TableEntry) -> Option<Self> {
        let mut segments = entry.segments.iter();
        let first = segments.next()?.covered;
        let mut table = Self { column: None, first, rest: Vec::new() };
        if let Some(key) = &entry.key {
            table.column = Some((key.name.clone(), key.kind));
            for segment in segments {
                if segment.covered == table.rest.last().map_or(first, |(_, covered)| *covered) {
                    continue;
                }
                let lo = key.kind.text(segment.lo.as_ref()?.as_bytes())?;
                table.rest.push((lo, segment.covered));
            }
        }
        Some(table)
    }

    fn points(&self) -> impl Iterator<Item = u64> {
        self.rest.iter().map(|(_, covered)| *covered).chain([self.first])
    }

    fn newest(&self) -> u64 {
        self.points().max().unwrap_or(0)
    }

    /// The key column that [`Table::contains`] wants the value of; nothing where it does not
    /// matter.
    pub fn column(&self) -> Option<(&str, Kind)> {
        let (name, kind) = self.column.as_ref().filter(|_| !self.rest.is_empty())?;
        Some((name, *kind))
    }

    /// Whether a change of the row with this key value, committed by the record at `commit_lsn`,
    /// is contained. Without a value (TRUNCATE) all segments must contain it.
    pub fn contains(&self, commit_lsn: u64, key: Option<&Key>) -> bool {
        match key {
            Some(key) => {
                let after = self.rest.partition_point(|(lo, _)| lo <= key);
                let segment = after.checked_sub(1).and_then(|place| self.rest.get(place));
                commit_lsn < segment.map_or(self.first, |(_, covered)| *covered)
            }
            None => self.points().all(|covered| commit_lsn < covered),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::tests::{entry, segment_of};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_commit_at_the_consistent_point_is_not_contained() {
        let entry = entry(&[], 100);
        let covered = Covered::new([("public.t", &entry)], 50).unwrap();
        let table = covered.table("public", "t").unwrap();
        assert!(table.contains(99, None) && !table.contains(100, None));
        assert!(!covered.passed(99) && covered.passed(100));
        assert_eq!(table.column(), None);
    }

    #[test]
    fn a_stream_that_begins_later_needs_no_filter() {
        let entry = entry(&[5], 100);
        let covered = Covered::new([("public.t", &entry)], 100).unwrap();
        assert!(covered.table("public", "t").is_none() && covered.passed(0));
    }

    #[test]
    fn a_truncate_is_contained_only_if_all_segments_contain_it() {
        let mut entry = entry(&[5], 100);
        entry.segments[1].covered = 200;
        let covered = Covered::new([("public.t", &entry)], 0).unwrap();
        let table = covered.table("public", "t").unwrap();
        assert!(table.contains(99, None) && !table.contains(150, None));
    }

    #[test]
    fn an_unreadable_bound_names_its_table() {
        let mut entry = entry(&[5], 100);
        entry.segments[1].covered = 200;
        entry.segments[1].lo = Some("five".into());
        assert_eq!(Covered::new([("public.t", &entry)], 0).unwrap_err(), "bounds of public.t");
    }

    proptest! {
        /// The filter agrees with a plain search through the segments.
        #[test]
        fn the_segment_of_the_key_decides(
            mut bounds in proptest::collection::vec(-50_i64..50, 0..8),
            points in proptest::collection::vec(1_u64..5, 9),
            n in -60_i64..60,
            lsn in 0_u64..6,
        ) {
            bounds.sort_unstable();
            bounds.dedup();
            let mut entry = entry(&bounds, 0);
            for (segment, covered) in entry.segments.iter_mut().zip(points) {
                segment.covered = covered;
            }
            let covered = Covered::new([("public.t", &entry)], 0).unwrap();
            let key = Kind::Int8.text(n.to_string().as_bytes());
            let found = covered.table("public", "t").unwrap().contains(lsn, key.as_ref());
            prop_assert_eq!(found, lsn < segment_of(&entry, n).covered);
        }
    }
}
