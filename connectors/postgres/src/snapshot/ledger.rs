//! The bookkeeping of one table while it is read. Pure.

use super::entry::{Segment, State, TableEntry};
use super::plan::{Piece, Plan};
use walbrook_core::checkpoint::{Part, put};
use walbrook_core::source::Progress;

/// What is handed over of a table, in the order in which it is handed over.
#[derive(Debug)]
pub struct Ledger {
    /// `schema.name`
    pub name: String,
    entry: TableEntry,
    pieces: Vec<Piece>,
    left: usize,
}

impl Ledger {
    /// The ledger of a planned table.
    pub fn new(name: String, plan: Plan) -> Self {
        let left = plan.pieces.len();
        Self { name, entry: plan.entry, pieces: plan.pieces, left }
    }

    /// What to read as piece number `piece`.
    pub fn piece(&self, piece: usize) -> Option<&Piece> {
        self.pieces.get(piece)
    }

    /// Everything that was left to read when the table was planned.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The table's entry as it stands.
    pub fn entry(&self) -> &TableEntry {
        &self.entry
    }

    /// Whether a row of the table has been handed over, by any run.
    pub fn has_rows(&self) -> bool {
        self.entry.rows > 0
    }

    fn segment(&mut self, piece: usize) -> Option<&mut Segment> {
        let Some(Piece::Keys(segment)) = self.pieces.get(piece) else { return None };
        self.entry.segments.get_mut(*segment)
    }

    /// Rows of piece `piece` are handed over, and with them everything below `upto`.
    pub fn delivered(&mut self, piece: usize, rows: u64, bytes: u64, upto: Option<String>) {
        self.entry.rows += rows;
        self.entry.bytes += bytes;
        if let Some(upto) = upto
            && let Some(segment) = self.segment(piece)
        {
            segment.upto = Some(upto);
        }
    }

    /// Everything of piece `piece` is handed over.
    pub fn finished(&mut self, piece: usize) {
        self.left = self.left.saturating_sub(1);
        if let Some(segment) = self.segment(piece) {
            segment.upto = None;
            segment.done = true;
        }
        if self.left == 0 {
            self.entry.state = State::Done;
            self.entry.segments.iter_mut().for_each(|segment| segment.done = true);
        }
    }

    /// Whether the table is finished.
    pub fn done(&self) -> bool {
        self.left == 0
    }

    /// What the checkpoint says from here on.
    pub fn update(&self) -> (Part, Option<serde_json::Value>) {
        put(Part::Table(self.name.clone()), &self.entry.compact())
    }

    /// How far the table is, for people.
    pub fn progress(&self) -> Progress {
        let entry = &self.entry;
        let share = match entry.rows_estimated {
            _ if self.done() => 1.0,
            Some(rows) if rows > 0 => (entry.rows as f64 / rows as f64).min(0.99),
            _ if entry.bytes_total > 0 => (entry.bytes as f64 / entry.bytes_total as f64).min(0.99),
            _ => 0.0,
        };
        Progress {
            table: self.name.clone(),
            rows: entry.rows,
            rows_estimated: entry.rows_estimated,
            bytes: (entry.bytes_total as f64 * share) as u64,
            bytes_total: entry.bytes_total,
            done: self.done(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::tests::{entry, segment_of};
    use super::*;

    fn ledger() -> Ledger {
        let pieces = vec![Piece::Keys(0), Piece::Keys(1)];
        Ledger::new("public.t".into(), Plan { entry: entry(&[10], 5), pieces, again: None })
    }

    #[test]
    fn a_cursor_moves_and_ends() {
        let mut ledger = ledger();
        ledger.delivered(1, 3, 30, Some("13".into()));
        assert_eq!(segment_of(ledger.entry(), 12).upto.as_deref(), Some("13"));
        ledger.finished(1);
        assert!(!ledger.done() && segment_of(ledger.entry(), 12).done);
        ledger.finished(0);
        assert!(ledger.done() && ledger.entry().state == State::Done);
        let (part, value) = ledger.update();
        assert_eq!(part, Part::Table("public.t".into()));
        let stored: TableEntry = serde_json::from_value(value.unwrap()).unwrap();
        assert_eq!((stored.segments.len(), stored.rows), (1, 3), "one segment says it all");
    }

    #[test]
    fn progress_never_says_all_before_the_end() {
        let mut ledger = ledger();
        ledger.entry.bytes_total = 1000;
        ledger.entry.rows_estimated = Some(10);
        ledger.delivered(0, 5, 50, None);
        assert_eq!(ledger.progress().bytes, 500);
        ledger.delivered(0, 50, 500, None);
        assert_eq!((ledger.progress().bytes, ledger.progress().done), (990, false));
        ledger.finished(0);
        ledger.finished(1);
        assert_eq!((ledger.progress().bytes, ledger.progress().done), (1000, true));
    }
}
