//! Structures as the server has them now.

use super::tables::{self, quoted};
use crate::codes;
use crate::ddl::{Context, Structures, read_show_create};
use crate::schema_change::Found;
use crate::settings::Settings;
use crate::structure::Structure;
use crate::transport::{self, sql_error};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use std::collections::BTreeSet;
use walbrook_core::error::{Error, Result};
use walbrook_core::layout::Table;

/// What a missing table is answered with.
const NO_SUCH_TABLE: u16 = 1146;

/// Every table of the databases that have captured ones: a statement may copy or rename one into
/// the selection. With them what the server shows of each, where statements are told.
pub(crate) async fn all(
    conn: &mut Conn,
    settings: &Settings,
    context: &Context,
) -> Result<(Structures, Vec<Found>)> {
    let mut structures = Structures::default();
    let mut found = Vec::new();
    let listed = tables::all(conn).await?;
    let captured = |table: &Table| (settings.selection)(&table.schema, &table.name);
    let databases: BTreeSet<_> =
        listed.iter().filter(|it| captured(&it.table)).map(|it| it.table.schema.clone()).collect();
    defaults(conn, &mut structures).await?;
    for listed in listed.iter().filter(|it| databases.contains(&it.table.schema)) {
        match ask(conn, context, &listed.table).await {
            Ok(Some((structure, create))) => {
                let structure = structures.insert(structure);
                if settings.schema_changes {
                    found.push(Found { structure, create });
                }
            }
            Ok(None) => {}
            Err(error) if captured(&listed.table) => return Err(error),
            Err(error) => tracing::debug!(table = %listed.table, %error, "left out"),
        }
    }
    Ok((structures, found))
}

/// Default collations of the databases: what a new table gets.
pub(crate) async fn defaults(conn: &mut Conn, structures: &mut Structures) -> Result<()> {
    let sql = "SELECT SCHEMA_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA";
    let failed = |error| sql_error(&error, "listing the databases");
    let rows: Vec<(String, String)> = conn.query(sql).await.map_err(failed)?;
    for (name, collation) in rows {
        structures.set_database(&name, &collation);
    }
    Ok(())
}

/// The structure of one table over a connection of its own; nothing where there is no such table.
pub(crate) async fn one(
    settings: &Settings,
    context: &Context,
    table: &Table,
) -> Result<Option<Structure>> {
    let mut conn = transport::client(settings, "structures").await?;
    let structure = ask(&mut conn, context, table).await;
    drop(conn.disconnect().await);
    Ok(structure?.map(|(structure, _)| structure))
}

/// The structure of a table, and the statement that it was read from.
async fn ask(
    conn: &mut Conn,
    context: &Context,
    table: &Table,
) -> Result<Option<(Structure, String)>> {
    let sql = format!("SHOW CREATE TABLE {}", quoted(table));
    let row: Option<mysql_async::Row> = match conn.query_first(sql).await {
        Ok(row) => row,
        Err(mysql_async::Error::Server(error)) if error.code == NO_SUCH_TABLE => return Ok(None),
        Err(error) => {
            return Err(sql_error(&error, &format!("asking for the structure of {table}")));
        }
    };
    let text = row.and_then(|row| row.get_opt::<String, _>(1)).and_then(std::result::Result::ok);
    let Some(text) = text else { return Ok(None) };
    match read_show_create(&table.schema, &text, context) {
        Ok(structure) => Ok(Some((structure, text))),
        Err(reason) => {
            let message = format!("The structure of table {table} cannot be understood: {reason}.");
            let fix = "Report it, or leave the table out of `tables`.";
            Err(Error::definite(codes::DDL, message).fix(fix))
        }
    }
}
