//! What the topic of schema changes is told first: everything that was there before the log.
//!
//! ```text
//!  SHOW CREATE TABLE ─▶ Found ─┐
//!  default character sets ─────┴▶ of_snapshot ─▶ told before the first row
//! ```

use crate::schema_change::{Database, Found, Told, of_snapshot};
use crate::settings::{Settings, SnapshotMode};
use crate::snapshot::rows;
use crate::transport::sql_error;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use walbrook_core::error::Result;
use walbrook_core::layout::Table;

/// What is being done when a statement fails.
const DOING: &str = "asking what there is";

/// What a connector that begins has to tell of the server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inventory {
    /// The records, in their order.
    pub(crate) told: Vec<Told>,
    /// Whether rows come after them: the last record of a snapshot says so of itself.
    pub(crate) rows_follow: bool,
}

impl Inventory {
    /// Of the tables that were `found`; of none where it is not wanted.
    pub(super) async fn take(
        conn: &mut Conn,
        settings: &Settings,
        found: Vec<Found>,
    ) -> Result<Self> {
        if !settings.schema_changes {
            return Ok(Self::default());
        }
        let rows_follow = rows_follow(conn, settings, &found).await?;
        let databases = databases(conn, found).await?;
        let sql = "SELECT @@GLOBAL.character_set_server, @@GLOBAL.collation_server";
        let row = conn.query_first(sql).await.map_err(|error| sql_error(&error, DOING))?;
        let (charset, collation): (String, String) = row.unwrap_or_default();
        Ok(Self { told: of_snapshot(&charset, &collation, &databases), rows_follow })
    }
}

/// The databases that the tables lie in, with their defaults.
async fn databases(conn: &mut Conn, found: Vec<Found>) -> Result<Vec<Database>> {
    let sql = "SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME \
               FROM information_schema.SCHEMATA";
    let rows: Vec<(String, String, String)> =
        conn.query(sql).await.map_err(|error| sql_error(&error, DOING))?;
    let of = |(name, charset, collation)| Database { name, charset, collation, tables: Vec::new() };
    let mut databases: Vec<Database> = rows.into_iter().map(of).collect();
    for found in found {
        let lies_in = |database: &&mut Database| database.name == found.structure.database;
        if let Some(database) = databases.iter_mut().find(lies_in) {
            database.tables.push(found);
        }
    }
    databases.retain(|database| !database.tables.is_empty());
    Ok(databases)
}

async fn rows_follow(conn: &mut Conn, settings: &Settings, found: &[Found]) -> Result<bool> {
    if settings.snapshot_mode == SnapshotMode::NoData {
        return Ok(false);
    }
    for Found { structure, .. } in found {
        let (space, name) = (structure.database.as_str(), structure.name.as_str());
        if !(settings.selection)(space, name) || !settings.initial.reads(space, name) {
            continue;
        }
        if rows::any(conn, settings, &Table::new(space, name)).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
