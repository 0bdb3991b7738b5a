//! What a table looks like, as statements described it: what the log alone does not tell (names
//! without full metadata, defaults, generated columns, `tinyint(1)`, comments).
//!
//! ```text
//!  SHOW CREATE TABLE ─┐
//!                     ├─▶ ddl ─▶ Structure ─▶ table::compile ─▶ layout, codecs
//!  DDL in the log ────┘             ▲
//!  TABLE_MAP with names ────────────┘ wins where it speaks
//! ```

pub mod charset;
pub mod guard;
mod logged;
#[cfg(test)]
mod tests;

pub use logged::from_map;
use serde::{Deserialize, Serialize};

/// A table's structure, complete: nothing in it depends on a default of the server or the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Structure {
    /// Database that the table is in.
    pub database: String,
    /// Name of the table.
    pub name: String,
    /// Default character set of new text columns, such as `utf8mb4`.
    pub charset: String,
    /// Default collation of new text columns, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    /// Columns in table order.
    pub columns: Vec<Column>,
    /// Columns of the primary key, in key order; empty without one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub primary_key: Vec<String>,
    /// Unique keys in the order in which the server lists them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unique_keys: Vec<UniqueKey>,
    /// Every other key: not unique, or over expressions. They matter to names that the server invents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_keys: Vec<OtherKey>,
    /// Comment of the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A unique key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UniqueKey {
    /// Name of the index.
    pub name: String,
    /// Its columns in key order. A key with an expression among its parts is not kept.
    pub columns: Vec<String>,
    /// Whether a part covers only the front of its column: the server lists such keys later.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub prefixed: bool,
}

/// A key that identifies nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherKey {
    /// Name of the index.
    pub name: String,
    /// Its columns in key order, without expressions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Name as declared.
    pub name: String,
    /// Declared type.
    #[serde(rename = "type")]
    pub kind: Type,
    /// Whether NULL is allowed. Columns of a primary key are never nullable.
    #[serde(default)]
    pub nullable: bool,
    /// DEFAULT clause.
    #[serde(default, skip_serializing_if = "Default::is_none")]
    pub default: Default,
    /// `GENERATED ALWAYS AS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<Generated>,
    /// AUTO_INCREMENT
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub auto_increment: bool,
    /// `ON UPDATE CURRENT_TIMESTAMP`
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_update: bool,
    /// INVISIBLE
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub invisible: bool,
    /// One of MariaDB's two system-versioning columns that no statement declares: SHOW CREATE TABLE
    /// does not tell of it, the log has it, after every other column.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub implicit: bool,
    /// Comment of the column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Where the values of a generated column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Generated {
    /// Computed when read. In the log all the same.
    Virtual,
    /// Stored with the row.
    Stored,
}

/// A DEFAULT clause.
#[derive(Clone, Debug, std::default::Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Default {
    /// There is none.
    #[default]
    None,
    /// `DEFAULT NULL`, said or implied.
    Null,
    /// A literal, unquoted and unescaped: `5`, `-1.50`, `it's`, `b'101'` as `Bits`.
    Literal(String),
    /// A bit or hexadecimal literal (`b'101'`, `x'0aff'`, `0x4142`) as its bytes, big-endian.
    Bytes(Vec<u8>),
    /// `CURRENT_TIMESTAMP` and its synonyms.
    Now,
    /// An expression in parentheses, or in MariaDB any other function: its value is not known.
    Expression,
}

impl Default {
    /// Whether there is no DEFAULT clause.
    pub fn is_none(&self) -> bool {
        matches!(self, Default::None)
    }
}

/// A declared type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Type {
    /// The type without its parameters.
    pub base: Base,
    /// First number in parentheses: length in characters or bytes, precision, bits, display width.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u32>,
    /// Second number in parentheses: digits after the point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<u32>,
    /// UNSIGNED, or ZEROFILL, which implies it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsigned: bool,
    /// ZEROFILL
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub zerofill: bool,
    /// Character set of a text, ENUM or SET column, resolved; `binary` never stands here: such a
    /// column is of the binary type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
    /// Collation, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    /// Labels of ENUM and SET, unescaped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// MariaDB's COMPRESSED attribute.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub compressed: bool,
    /// The word that was written where the reference maps it differently from what the server
    /// makes of it: `bool`, `serial`, `real`, `float4`… SHOW CREATE TABLE never has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<String>,
}

/// A type without its parameters, as information_schema's DATA_TYPE names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "each is the SQL type of its name")]
pub enum Base {
    TinyInt,
    SmallInt,
    MediumInt,
    Int,
    BigInt,
    Decimal,
    Float,
    Double,
    Bit,
    Date,
    Time,
    DateTime,
    Timestamp,
    Year,
    Char,
    VarChar,
    TinyText,
    Text,
    MediumText,
    LongText,
    Binary,
    VarBinary,
    TinyBlob,
    Blob,
    MediumBlob,
    LongBlob,
    Enum,
    Set,
    Json,
    Geometry,
    Point,
    LineString,
    Polygon,
    MultiPoint,
    MultiLineString,
    MultiPolygon,
    GeometryCollection,
    Vector,
    Uuid,
    Inet4,
    Inet6,
}
