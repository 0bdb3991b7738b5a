//! What the first snapshot reads of a table, where that is not all of it: that the server takes it,
//! and that it fits the table.

use crate::codes;
use crate::settings::{Settings, SnapshotMode};
use crate::snapshot::rows;
use crate::source::tables;
use crate::transport::sql_error;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use walbrook_core::error::{Error, Result};
use walbrook_core::finding::Finding;
use walbrook_core::layout::Table;

pub(super) async fn check(conn: &mut Conn, settings: &Settings) -> Result<Vec<Finding>> {
    if settings.snapshot_mode == SnapshotMode::NoData || settings.initial.rows.is_empty() {
        return Ok(Vec::new());
    }
    let listed = tables::selected(conn, settings).await?;
    let mut findings = Vec::new();
    for (name, part) in settings.initial.rows.iter() {
        let Some(listed) = listed.iter().find(|listed| listed.table.to_string() == *name) else {
            findings.push(unknown(name));
            continue;
        };
        let table = &listed.table;
        if !settings.initial.reads(&table.schema, &table.name) {
            continue;
        }
        let columns = columns(conn, table).await?;
        match rows::check(conn, table, part, &columns).await {
            Ok(()) => {}
            Err(Error { code: codes::SNAPSHOT_ROWS, message, fix, .. }) => {
                findings.push(Finding::error(codes::SNAPSHOT_ROWS, message, fix));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(findings)
}

/// The columns of a table, and whether each row must have a value of it. Only the key's are asked
/// for here: others may be left out by `exclude_columns`.
async fn columns(conn: &mut Conn, table: &Table) -> Result<Vec<(String, bool)>> {
    let sql = "SELECT COLUMN_NAME, COLUMN_KEY = 'PRI' FROM information_schema.COLUMNS \
               WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION";
    let of = (table.schema.to_string(), table.name.to_string());
    let failed = |error| sql_error(&error, "asking for the columns of a table");
    conn.exec(sql, of).await.map_err(failed)
}

fn unknown(name: &str) -> Finding {
    let message = format!("`snapshot_rows` names {name}, which is not captured.");
    let fix = "Correct the name, which is told from others by its case too, or `tables`.";
    Finding::warning(codes::SNAPSHOT_ROWS, message, fix)
}
