//! Reading a table in chunks while it is written to: which changes of the log are published, which
//! are contained in rows still to be read, and which ran beside the reading of a chunk.
//!
//! ```text
//!  keys      ───────published───────┤ open chunk ├──────── beyond ────────
//!  change       goes out as it is     held until    left out: the row that is
//!                                     `high`        read later contains it
//!
//!  log       ──── opened ──── (view of the SELECT lies here) ──── high ────
//!                    changes between the two may or may not be in the rows:
//!                    the row's last state in the log wins over the row read
//! ```
//!
//! So the first record of every key is its row, and every change of it comes after.

mod key;
mod window;

pub use key::{Key, Order, Part};
pub use window::{Held, Incomplete, Window, identity, is_same_row};

use std::cmp::Ordering;

/// Where a key lies in a table that is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Its row is published, or known not to exist.
    Published,
    /// In the open chunk of this number.
    Open(usize),
    /// In no chunk yet.
    Beyond,
}

/// The chunks of a table: what is published, and what is being read. All of them are told apart
/// by their upper ends, so a key is compared with a few ends only.
#[derive(Debug, Default)]
pub struct Chunks {
    /// Upper ends in order: of the part that is published, if any, then of each open chunk.
    /// `None` is the end of the table.
    pub published: Option<Key>,
    /// Upper ends of the open chunks, in key order; `None`, which can only be the last, is the end
    /// of the table.
    pub open: Vec<Option<Key>>,
}

impl Chunks {
    /// Where `key` lies, by comparing it with the ends. `compare` says how the key relates to an
    /// end; nothing where that is not known here: then the server must be asked.
    pub fn place(&self, mut compare: impl FnMut(&Key) -> Option<Ordering>) -> Option<Place> {
        if let Some(published) = &self.published
            && compare(published)? != Ordering::Greater
        {
            return Some(Place::Published);
        }
        for (number, end) in self.open.iter().enumerate() {
            let inside = match end {
                None => true,
                Some(end) => compare(end)? != Ordering::Greater,
            };
            if inside {
                return Some(Place::Open(number));
            }
        }
        Some(Place::Beyond)
    }
}

#[cfg(test)]
mod tests;
