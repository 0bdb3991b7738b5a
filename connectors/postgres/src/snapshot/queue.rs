//! Who reads what next. Pure.
//!
//! Tables come in their order. The piece that holds the last row of a table waits until all other
//! pieces of it are handed over; the one that holds the last row of all waits for everything.

use std::collections::VecDeque;

/// A piece of work: piece `piece` of table `table`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Place of the table.
    pub table: usize,
    /// Place of the piece in the table's plan.
    pub piece: usize,
    /// Whether the last row of the table is in it.
    pub ends_table: bool,
    /// Whether the last row of the snapshot is in it.
    pub ends_all: bool,
}

/// What a free worker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Reads this.
    Take(Unit),
    /// Waits until another one is finished.
    Wait,
    /// Goes home.
    Nothing,
}

/// The pieces that nobody has taken yet.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: VecDeque<Unit>,
    /// Pieces of each table that are not finished.
    left: Vec<usize>,
    /// Pieces of all tables that are not finished.
    total: usize,
}

impl Queue {
    /// Adds the next table: the number of its pieces, the place of the one with its last row, and
    /// whether that row is the last of all.
    pub fn table(&mut self, pieces: usize, last: usize, ends_all: bool) {
        let table = self.left.len();
        self.left.push(pieces);
        self.total += pieces;
        self.waiting.extend((0..pieces).map(|piece| {
            let ends_table = piece == last;
            Unit { table, piece, ends_table, ends_all: ends_table && ends_all }
        }));
    }

    /// Takes the first piece whose turn it is.
    pub fn take(&mut self) -> Next {
        let ready = |unit: &Unit| {
            let left = self.left.get(unit.table).copied().unwrap_or(0);
            (!unit.ends_table || left == 1) && (!unit.ends_all || self.total == 1)
        };
        match self.waiting.iter().position(ready).and_then(|place| self.waiting.remove(place)) {
            Some(unit) => Next::Take(unit),
            None if self.waiting.is_empty() => Next::Nothing,
            None => Next::Wait,
        }
    }

    /// Everything of `unit` is handed over. Says whether its table is finished.
    pub fn finished(&mut self, unit: Unit) -> bool {
        self.total = self.total.saturating_sub(1);
        self.left.get_mut(unit.table).is_some_and(|left| {
            *left = left.saturating_sub(1);
            *left == 0
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Any number of workers finishing in any order read every piece once, nobody waits for
        /// ever, and what ends a table or all comes after the rest of it.
        #[test]
        fn every_piece_is_read_once_and_ends_come_last(
            tables in proptest::collection::vec((1_usize..5, 0_usize..5), 0..6),
            workers in 1_usize..4,
            order in proptest::collection::vec(0_usize..8, 64),
        ) {
            let mut queue = Queue::default();
            for (number, (pieces, last)) in tables.iter().enumerate() {
                queue.table(*pieces, last % pieces, number + 1 == tables.len());
            }
            let (mut busy, mut done): (Vec<Unit>, Vec<Unit>) = Default::default();
            for pick in order {
                while busy.len() < workers {
                    match queue.take() {
                        Next::Take(unit) => busy.push(unit),
                        Next::Wait => { prop_assert!(!busy.is_empty()); break }
                        Next::Nothing => break,
                    }
                }
                if busy.is_empty() { break }
                let unit = busy.remove(pick % busy.len());
                if unit.ends_table {
                    prop_assert!(busy.iter().all(|other| other.table != unit.table));
                }
                let finished = queue.finished(unit);
                prop_assert_eq!(finished, unit.ends_table);
                done.push(unit);
            }
            prop_assert_eq!(done.len(), tables.iter().map(|(pieces, _)| pieces).sum::<usize>());
            prop_assert!(done.last().is_none_or(|unit| unit.ends_all));
            prop_assert_eq!(queue.take(), Next::Nothing);
        }
    }
}
