//! What only a connector to MySQL or MariaDB has: its place among the replicas, and types of its own.

use super::choice::BigintUnsigned;
use super::reader::Reader;
use crate::codes;

/// The keys read here; a connector to another server has none of them.
pub(super) const KEYS: &[&str] = &[
    "server_id",
    "schema_changes",
    "include_query",
    "bigint_unsigned",
    "tinyint_boolean",
    "adjust_years",
    "comments",
];

/// What only a connector to MySQL or MariaDB has.
#[derive(Clone, Debug, PartialEq)]
pub struct MySql {
    /// The number under which the log is read, unique among the server's replicas; without one it
    /// is made of the names of cluster and connector.
    pub server_id: Option<u32>,
    /// Whether statements that change captured tables are told, in the topic called like the prefix.
    pub schema_changes: bool,
    /// Whether `source.query` holds the statement, where the server logs it.
    pub include_query: bool,
    /// BIGINT UNSIGNED
    pub bigint_unsigned: BigintUnsigned,
    /// Whether TINYINT(1) is a boolean.
    pub tinyint_boolean: bool,
    /// Whether years of two digits are of this century (00–69) or the last (70–99).
    pub adjust_years: bool,
    /// Whether schemas carry the comments of tables and columns.
    pub comments: bool,
}

/// Reads what only MySQL and MariaDB have.
pub(super) fn read(reader: &mut Reader<'_>) -> MySql {
    MySql {
        server_id: server_id(reader),
        schema_changes: reader.or("schema_changes", false),
        include_query: reader.or("include_query", false),
        bigint_unsigned: reader.or("bigint_unsigned", BigintUnsigned::Long),
        tinyint_boolean: reader.or("tinyint_boolean", false),
        adjust_years: reader.or("adjust_years", true),
        comments: reader.or("comments", false),
    }
}

fn server_id(reader: &mut Reader<'_>) -> Option<u32> {
    let number: i64 = reader.optional("server_id")?;
    let id = u32::try_from(number).ok().filter(|&id| id > 0);
    if id.is_none() {
        let message = format!("`server_id = {number}` is outside 1 to {}.", u32::MAX);
        let fix = "Take a number that no other replica has, or leave the key out.".to_owned();
        reader.problem("server_id", codes::RANGE, message, fix);
    }
    id
}
