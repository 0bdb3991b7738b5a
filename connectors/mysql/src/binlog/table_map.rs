//! TABLE_MAP: how the rows that follow are laid out, and with `binlog_row_metadata=FULL` what the
//! columns are called.

/// A TABLE_MAP event, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableMap {
    /// Number that the rows events refer to, valid until the next TABLE_MAP of that number.
    pub table_id: u64,
    /// Database.
    pub database: String,
    /// Table.
    pub table: String,
    /// Columns in table order.
    pub columns: Vec<Column>,
    /// Places of the primary key's columns in key order, with full metadata; `None` without.
    pub primary_key: Option<Vec<usize>>,
}

/// A column as the log describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// `enum_field_types` as stored: 0xfe with meta for ENUM and SET is resolved to 0xf7 and 0xf8,
    /// so `0xfe` is CHAR or BINARY only.
    pub kind: u8,
    /// Type-specific metadata: length, precision << 8 | scale, fractional digits, pack length.
    pub meta: u16,
    /// Whether NULL is possible.
    pub nullable: bool,
    /// Signedness of a numeric column; `None` where the log does not say (MariaDB's NO_LOG).
    pub unsigned: Option<bool>,
    /// Collation number of a text, ENUM or SET column, 63 for binary; `None` where it is not said.
    pub collation: Option<u16>,
    /// Name, with full metadata.
    pub name: Option<String>,
    /// Labels of ENUM and SET in the column's character set, with full metadata.
    pub labels: Option<Vec<Vec<u8>>>,
    /// Geometry subtype (0 geometry … 7 geometrycollection).
    pub geometry: Option<u8>,
    /// Whether the column is visible, with full metadata of MySQL 8.0.23 and newer.
    pub visible: Option<bool>,
}

impl TableMap {
    /// Whether the columns' names are told.
    pub fn is_full(&self) -> bool {
        self.columns.iter().all(|column| column.name.is_some())
    }
}
