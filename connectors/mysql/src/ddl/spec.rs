//! What a statement says of a table, before anything is resolved: what is left out depends on the
//! table, the database and the server.

use crate::structure::{Base, Generated};

/// A table as a statement names it, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TableName {
    /// The database, where it is said.
    pub(super) database: Option<String>,
    /// The table.
    pub(super) name: String,
    /// Where the name begins in the statement.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
}

/// CHARACTER SET and COLLATE, as far as they are said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Charset {
    /// CHARACTER SET
    pub(super) name: Option<String>,
    /// COLLATE
    pub(super) collation: Option<String>,
    /// The attribute BINARY: the collation `_bin` of the character set.
    pub(super) binary: bool,
    /// CHARACTER SET DEFAULT: that of the database.
    pub(super) of_database: bool,
}

impl Charset {
    /// Whether anything is said.
    pub(super) fn is_said(&self) -> bool {
        self != &Self::default()
    }
}

/// A declared type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TypeSpec {
    /// The type, before a character set `binary` or a length changes it.
    pub(super) base: Base,
    /// The words that name it, in small letters.
    pub(super) word: String,
    /// First number in parentheses.
    pub(super) length: Option<u32>,
    /// Second number in parentheses.
    pub(super) scale: Option<u32>,
    /// UNSIGNED
    pub(super) unsigned: bool,
    /// ZEROFILL
    pub(super) zerofill: bool,
    /// Character set of this column.
    pub(super) charset: Charset,
    /// Labels of ENUM and SET.
    pub(super) labels: Vec<String>,
    /// COMPRESSED
    pub(super) compressed: bool,
}

/// A DEFAULT clause as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DefaultSpec {
    /// NULL
    Null,
    /// A string.
    Text(String),
    /// A number, with its sign; TRUE and FALSE.
    Number(String),
    /// A hexadecimal literal.
    Hex(Vec<u8>),
    /// A bit literal.
    Bits(Vec<u8>),
    /// `CURRENT_TIMESTAMP`
    Now,
    /// An expression.
    Expression,
}

/// A column's definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ColumnSpec {
    /// Its name.
    pub(super) name: String,
    /// Its type.
    pub(super) kind: TypeSpec,
    /// NULL or NOT NULL, where it is said.
    pub(super) nullable: Option<bool>,
    /// DEFAULT
    pub(super) default: Option<DefaultSpec>,
    /// GENERATED ALWAYS AS
    pub(super) generated: Option<Generated>,
    /// AUTO_INCREMENT
    pub(super) auto_increment: bool,
    /// ON UPDATE CURRENT_TIMESTAMP
    pub(super) on_update: bool,
    /// INVISIBLE
    pub(super) invisible: bool,
    /// COMMENT
    pub(super) comment: Option<String>,
    /// PRIMARY KEY
    pub(super) primary: bool,
    /// UNIQUE
    pub(super) unique: bool,
    /// MariaDB's WITH SYSTEM VERSIONING, which makes the whole table so.
    pub(super) versioned: bool,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyKind {
    /// PRIMARY KEY
    Primary,
    /// UNIQUE
    Unique,
    /// Any other, of which only the name counts.
    Other,
    /// A foreign key, which makes a key of its own where none fits.
    Foreign,
}

/// A key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeySpec {
    /// What it is for.
    pub(super) kind: KeyKind,
    /// Its name, where it is said.
    pub(super) name: Option<String>,
    /// Its parts.
    pub(super) parts: Vec<Part>,
    /// IF NOT EXISTS
    pub(super) if_not_exists: bool,
    /// MariaDB's `p WITHOUT OVERLAPS`: the period.
    pub(super) period: Option<String>,
}

/// A part of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A column, and how many characters or bytes of its front.
    Column(String, Option<u32>),
    /// An expression.
    Expression,
}

/// What follows a table's parentheses, and what ALTER TABLE may change of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    /// DEFAULT CHARACTER SET, COLLATE
    pub(super) charset: Charset,
    /// COMMENT
    pub(super) comment: Option<String>,
    /// WITH SYSTEM VERSIONING
    pub(super) versioned: bool,
}

/// MariaDB's PERIOD FOR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Period {
    /// Its name.
    pub(super) name: String,
    /// The columns of its begin and its end.
    pub(super) columns: [String; 2],
}

impl Period {
    /// Whether it is that of system versioning.
    pub(super) fn is_system(&self) -> bool {
        self.name.eq_ignore_ascii_case("SYSTEM_TIME")
    }
}

/// What stands between a table's parentheses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Elements {
    /// Columns, in order.
    pub(super) columns: Vec<ColumnSpec>,
    /// Keys in the order in which they are declared, those of columns among them.
    pub(super) keys: Vec<KeySpec>,
    /// Periods.
    pub(super) periods: Vec<Period>,
}
