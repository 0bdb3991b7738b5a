//! Binary log coordinates, file and offset on one server: marks that are never stored.

use std::cmp::Ordering;
use std::sync::Arc;

/// A byte offset in a log file. Files are told apart by the number that their names end with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coordinates {
    /// Name of the file, such as `bin.000042`.
    pub file: Arc<str>,
    /// Offset in bytes.
    pub pos: u64,
}

impl Coordinates {
    /// Coordinates by file and offset.
    pub fn new(file: impl Into<Arc<str>>, pos: u64) -> Self {
        Self { file: file.into(), pos }
    }

    /// The coordinates as one number, as if every file had the default size of 1 GiB: for lag in bytes.
    pub fn offset(&self) -> u64 {
        (self.number() << 30).saturating_add(self.pos)
    }

    /// The number at the end of the file's name; 0 without one.
    fn number(&self) -> u64 {
        self.file.rsplit('.').next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
    }
}

impl PartialOrd for Coordinates {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Coordinates {
    fn cmp(&self, other: &Self) -> Ordering {
        self.number().cmp(&other.number()).then(self.pos.cmp(&other.pos))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_ordered_by_number() {
        assert!(Coordinates::new("bin.000009", 500) < Coordinates::new("bin.000010", 4));
        assert!(Coordinates::new("bin.999999", 4) < Coordinates::new("bin.1000000", 4));
        assert!(Coordinates::new("bin.000009", 4) < Coordinates::new("bin.000009", 5));
    }
}
