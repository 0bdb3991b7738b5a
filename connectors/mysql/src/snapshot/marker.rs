//! Which `source.snapshot` a row gets. Decided as the reference does.

use walbrook_core::change::Marker;

/// Where a table stands among those of a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// It has no rows.
    pub(super) empty: bool,
    /// It is the first one by name, empty ones counted.
    pub(super) first: bool,
    /// It is the last one by name that has rows.
    pub(super) last: bool,
    /// It is no part of a first snapshot: its rows are told in between.
    pub(super) between: bool,
}

impl Extent {
    /// Sets the places of tables that come in the order of their names.
    pub(super) fn place<'a>(extents: impl Iterator<Item = &'a mut Extent>) {
        let mut extents: Vec<&mut Extent> = extents.collect();
        if let Some(first) = extents.first_mut() {
            first.first = true;
        }
        if let Some(last) = extents.iter_mut().rev().find(|extent| !extent.empty) {
            last.last = true;
        }
    }

    /// The marker of a row of the table that is its first or its last.
    pub(super) fn marker(self, first_row: bool, last_row: bool) -> Marker {
        match (first_row, last_row) {
            _ if self.between => Marker::Incremental,
            (_, true) if self.last => Marker::Last,
            (true, _) if self.first => Marker::First,
            (_, true) => Marker::LastInCollection,
            (true, _) => Marker::FirstInCollection,
            _ => Marker::True,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Markers of tables with the given numbers of rows.
    fn markers(tables: &[usize]) -> Vec<&'static str> {
        let extent = |rows: &usize| Extent { empty: *rows == 0, ..Extent::default() };
        let mut extents: Vec<Extent> = tables.iter().map(extent).collect();
        Extent::place(extents.iter_mut());
        let rows = extents.iter().zip(tables);
        rows.flat_map(|(extent, &rows)| {
            (0..rows).map(move |row| extent.marker(row == 0, row + 1 == rows).text())
        })
        .collect()
    }

    #[test]
    fn as_the_reference_sets_them() {
        assert_eq!(
            markers(&[2, 3, 2]),
            [
                "first",
                "last_in_data_collection",
                "first_in_data_collection",
                "true",
                "last_in_data_collection",
                "first_in_data_collection",
                "last"
            ]
        );
        assert_eq!(markers(&[1, 1, 1]), ["first", "last_in_data_collection", "last"]);
        assert_eq!(markers(&[0, 2, 0]), ["first_in_data_collection", "last"]);
    }
}
