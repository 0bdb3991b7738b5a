//! What the checkpoint says about the snapshot of one table (`Part::Table("schema.table")`).

use super::key::Kind;
use serde::{Deserialize, Serialize};

/// Whether a table is finished. A table that is not begun has no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Some of its rows may be delivered.
    Begun,
    /// All of its rows are delivered.
    Done,
}

/// The leading column of the primary key: what segments are ranges of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyColumn {
    /// Its name.
    pub name: String,
    /// How its values are compared.
    pub kind: Kind,
    /// Whether the server must be told to compare bytes: its index is in another order.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub collate: bool,
}

/// Rows whose leading key value is in `[lo, hi)`, read under one snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Smallest value, as text; without it there is no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lo: Option<String>,
    /// First value beyond, as text; without it there is no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hi: Option<String>,
    /// Everything below this value is delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upto: Option<String>,
    /// The consistent point of the snapshot: a transaction whose commit record starts before it is
    /// contained in the rows.
    pub covered: u64,
    /// Whether everything is delivered.
    pub done: bool,
}

/// The snapshot of one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableEntry {
    /// Whether it is finished.
    pub state: State,
    /// What its segments are ranges of. Without it there is one segment: the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyColumn>,
    /// Its segments, in the order of their bounds, without gap and overlap.
    pub segments: Vec<Segment>,
    /// The file of the table when it was begun; TRUNCATE and rewrites change it.
    pub filenode: u32,
    /// Rows delivered.
    pub rows: u64,
    /// Bytes of rows delivered, as the server sent them.
    pub bytes: u64,
    /// Estimated rows of the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_estimated: Option<u64>,
    /// Size of the table in bytes.
    pub bytes_total: u64,
    /// How often it was begun again from its first row after a crash.
    pub repeats: u32,
}

impl TableEntry {
    /// The entry of a table whose rows are told without a snapshot.
    pub(crate) fn told() -> Self {
        Self {
            state: State::Done,
            key: None,
            segments: vec![Segment { done: true, ..Segment::default() }],
            filenode: 0,
            rows: 0,
            bytes: 0,
            rows_estimated: None,
            bytes_total: 0,
            repeats: 0,
        }
    }

    /// The smallest consistent point of its segments.
    pub fn first_covered(&self) -> u64 {
        self.segments.iter().map(|segment| segment.covered).min().unwrap_or(0)
    }

    /// Continues a begun table under another snapshot: what is delivered stays, the rest of each
    /// segment becomes a segment of its own that the new snapshot covers.
    pub fn split(&mut self, covered: u64) {
        let mut segments = Vec::with_capacity(self.segments.len() + 1);
        for mut segment in std::mem::take(&mut self.segments) {
            if segment.done {
                segments.push(segment);
                continue;
            }
            if let Some(upto) = segment.upto.take() {
                let (lo, hi) = (segment.lo.replace(upto.clone()), Some(upto));
                segments.push(Segment { lo, hi, upto: None, covered: segment.covered, done: true });
            }
            segments.push(Segment { covered, ..segment });
        }
        self.segments = segments;
    }

    /// The entry as it is stored: neighbours that are both done under one snapshot are one.
    pub fn compact(&self) -> TableEntry {
        let mut stored = TableEntry { segments: Vec::new(), ..self.clone() };
        for segment in &self.segments {
            match stored.segments.last_mut() {
                Some(last) if last.done && segment.done && last.covered == segment.covered => {
                    last.hi.clone_from(&segment.hi);
                }
                _ => stored.segments.push(segment.clone()),
            }
        }
        stored
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(n: i64) -> Option<String> {
        Some(n.to_string())
    }

    /// An entry over int8 with the given inner bounds.
    pub(crate) fn entry(bounds: &[i64], covered: u64) -> TableEntry {
        let mut edges = vec![None];
        edges.extend(bounds.iter().copied().map(text));
        edges.push(None);
        let segment = |pair: &[Option<String>]| Segment {
            lo: pair[0].clone(),
            hi: pair[1].clone(),
            covered,
            ..Segment::default()
        };
        TableEntry {
            state: State::Begun,
            key: Some(KeyColumn { name: "id".into(), kind: Kind::Int8, collate: false }),
            segments: edges.windows(2).map(segment).collect(),
            filenode: 1,
            rows: 0,
            bytes: 0,
            rows_estimated: None,
            bytes_total: 0,
            repeats: 0,
        }
    }

    /// The only segment that holds `n`.
    pub(crate) fn segment_of(entry: &TableEntry, n: i64) -> &Segment {
        let number = |text: &Option<String>| text.as_ref().map(|t| t.parse::<i64>().unwrap());
        let holds = |s: &&Segment| {
            number(&s.lo).is_none_or(|lo| n >= lo) && number(&s.hi).is_none_or(|hi| n < hi)
        };
        let found: Vec<_> = entry.segments.iter().filter(holds).collect();
        assert_eq!(found.len(), 1, "{n} lies in one segment of {:?}", entry.segments);
        found[0]
    }

    #[test]
    fn the_stored_form_is_small() {
        let text = serde_json::to_string(&entry(&[5], 7)).unwrap();
        assert!(text.contains(r#""segments":[{"hi":"5","covered":7,"done":false},{"lo":"5","#));
        assert_eq!(serde_json::from_str::<TableEntry>(&text).unwrap(), entry(&[5], 7));
    }

    proptest! {
        /// Whatever was delivered stays under its old snapshot, everything else gets the new one,
        /// and every key lies in exactly one segment before, after and in the stored form.
        #[test]
        fn a_split_covers_every_key_once(
            mut bounds in proptest::collection::vec(-100_i64..100, 0..6),
            cursors in proptest::collection::vec(proptest::option::of(0_u8..=10), 7),
        ) {
            bounds.sort_unstable();
            bounds.dedup();
            let mut before = entry(&bounds, 1);
            for (segment, cursor) in before.segments.iter_mut().zip(cursors) {
                let lo = segment.lo.as_ref().map_or(-120, |t| t.parse::<i64>().unwrap());
                let hi = segment.hi.as_ref().map_or(120, |t| t.parse::<i64>().unwrap());
                match cursor {
                    Some(10) => segment.done = true,
                    Some(tenths) => {
                        let at = lo + (hi - lo) * i64::from(tenths) / 10;
                        segment.upto = text(at).filter(|_| at > lo);
                    }
                    None => {}
                }
            }
            let mut after = before.clone();
            after.split(2);
            for n in -110..110 {
                let old = segment_of(&before, n);
                let upto = old.upto.as_ref().map(|t| t.parse::<i64>().unwrap());
                let delivered = old.done || upto.is_some_and(|upto| n < upto);
                let new = segment_of(&after, n);
                prop_assert_eq!((new.done, new.covered), (delivered, if delivered { 1 } else { 2 }));
                let stored = after.compact();
                let stored = segment_of(&stored, n);
                prop_assert_eq!((stored.done, stored.covered), (new.done, new.covered));
            }
        }
    }
}
