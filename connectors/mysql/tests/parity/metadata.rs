//! How much the log says of a table: `binlog_row_metadata`, without touching the server.

use walbrook_mysql::binlog::table_map::TableMap;

/// An amount of metadata.
#[derive(Clone, Copy, Debug)]
pub enum Metadata {
    /// As the server logged it.
    Logged,
    /// Without names, labels and keys: MySQL's MINIMAL.
    Minimal,
    /// Without signs, character sets and kinds of geometry either: MariaDB's NO_LOG.
    Nothing,
}

impl Metadata {
    pub const ALL: [Metadata; 3] = [Metadata::Logged, Metadata::Minimal, Metadata::Nothing];

    /// The map with no more than this.
    pub fn of(self, map: &TableMap) -> TableMap {
        let mut map = map.clone();
        if matches!(self, Metadata::Logged) {
            return map;
        }
        map.primary_key = None;
        for column in &mut map.columns {
            (column.name, column.labels, column.visible) = (None, None, None);
            if matches!(self, Metadata::Nothing) {
                (column.unsigned, column.collation, column.geometry) = (None, None, None);
            }
        }
        map
    }
}
