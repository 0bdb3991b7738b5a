//! Which `source.snapshot` a row gets. Decided as the reference does.

use walbrook_core::change::Marker;

/// Where a row stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// It is the first row of its table.
    pub first_row: bool,
    /// It is the last row of its table.
    pub last_row: bool,
    /// Its table is the first one by name, empty ones counted.
    pub first_table: bool,
    /// Its table is the last one by name that has rows.
    pub last_table: bool,
}

/// The marker of a row.
pub fn marker(place: Place) -> Marker {
    match place {
        Place { last_row: true, last_table: true, .. } => Marker::Last,
        Place { first_row: true, first_table: true, .. } => Marker::First,
        Place { last_row: true, .. } => Marker::LastInCollection,
        Place { first_row: true, .. } => Marker::FirstInCollection,
        _ => Marker::True,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Markers of tables with the given numbers of rows.
    fn markers(tables: &[usize]) -> Vec<&'static str> {
        let last = tables.iter().rposition(|rows| *rows > 0);
        let mut all = Vec::new();
        for (table, rows) in tables.iter().enumerate() {
            for row in 0..*rows {
                all.push(
                    marker(Place {
                        first_row: row == 0,
                        last_row: row + 1 == *rows,
                        first_table: table == 0,
                        last_table: Some(table) == last,
                    })
                    .text(),
                );
            }
        }
        all
    }

    #[test]
    fn as_the_reference_sets_them() {
        assert_eq!(
            markers(&[3, 3, 2]),
            [
                "first",
                "true",
                "last_in_data_collection",
                "first_in_data_collection",
                "true",
                "last_in_data_collection",
                "first_in_data_collection",
                "last"
            ]
        );
    }

    #[test]
    fn one_row_tables() {
        assert_eq!(markers(&[1, 1, 1]), ["first", "last_in_data_collection", "last"]);
        assert_eq!(markers(&[1]), ["last"]);
    }

    #[test]
    fn empty_tables_take_first_but_not_last() {
        assert_eq!(markers(&[0, 2, 0]), ["first_in_data_collection", "last"]);
    }
}
