//! Tables as the server lists them now.

use crate::settings::Settings;
use crate::transport::sql_error;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use walbrook_core::error::Result;
use walbrook_core::layout::Table;

/// What is being done when a statement fails.
const DOING: &str = "listing the tables";

/// Databases of the server itself.
const OWN: &str = "'mysql','information_schema','performance_schema','sys'";

/// A table that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Database and name.
    pub table: Table,
    /// Storage engine.
    pub engine: String,
    /// Rows as the server estimates them.
    pub rows: u64,
    /// Bytes of the rows as the server estimates them.
    pub bytes: u64,
}

/// Every base table outside the server's own databases, in the order of their names with the
/// database's before them, in which `a-b.t` comes before `a.t`.
pub async fn all(conn: &mut Conn) -> Result<Vec<Listed>> {
    let sql = format!(
        "SELECT TABLE_SCHEMA, TABLE_NAME, IFNULL(ENGINE, ''), IFNULL(TABLE_ROWS, 0), \
         IFNULL(DATA_LENGTH, 0) FROM information_schema.TABLES \
         WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND TABLE_SCHEMA NOT IN ({OWN})"
    );
    let rows: Vec<(String, String, String, u64, u64)> =
        conn.query(sql).await.map_err(|error| sql_error(&error, DOING))?;
    let listed = |(database, name, engine, rows, bytes)| Listed {
        table: Table::new(String::as_str(&database), String::as_str(&name)),
        engine,
        rows,
        bytes,
    };
    let mut tables: Vec<Listed> = rows.into_iter().map(listed).collect();
    tables.sort_by_cached_key(|listed| listed.table.to_string());
    Ok(tables)
}

/// The selected ones of them.
pub async fn selected(conn: &mut Conn, settings: &Settings) -> Result<Vec<Listed>> {
    let mut tables = all(conn).await?;
    tables.retain(|listed| (settings.selection)(&listed.table.schema, &listed.table.name));
    Ok(tables)
}

/// `` `database`.`table` ``, quoted for a statement.
pub fn quoted(table: &Table) -> String {
    format!("{}.{}", identifier(&table.schema), identifier(&table.name))
}

/// A name, quoted for a statement.
pub fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
