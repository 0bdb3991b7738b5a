//! What a wish means: which tables, whether they can be read, and whether the condition holds water.

use super::predicate;
use crate::codes;
use crate::flavor::Flavor;
use crate::settings::Settings;
use crate::snapshot::order;
use crate::snapshot::view::read_error;
use crate::source::tables::{self, quoted};
use crate::structure::Structure;
use crate::table::{Modes, Select};
use crate::transport;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use walbrook_core::error::{Error, Result};
use walbrook_core::layout;
use walbrook_core::resnapshot::{Job, Reason, State, Table, Wish};

/// Makes a job of a wish, without doing anything. `captured`: every captured table that the log
/// knows.
pub(super) async fn plan(
    settings: &Settings,
    captured: &[Arc<Structure>],
    wish: Wish,
) -> Result<Job> {
    if let Some(predicate) = &wish.predicate {
        predicate::check(predicate)?;
    }
    let chosen = choose(settings, captured, &wish.tables)?;
    let mut conn = transport::client(settings, "resnapshot").await?;
    let listed = tables::selected(&mut conn, settings).await?;
    let mut planned = BTreeMap::new();
    for structure in chosen {
        let name = layout::Table::new(structure.database.as_str(), structure.name.as_str());
        if key(structure, settings.flavor).is_none() {
            return Err(unordered(&name));
        }
        try_out(&mut conn, settings, structure, &name, wish.predicate.as_deref()).await?;
        let estimate = listed.iter().find(|it| it.table == name).map(|it| it.rows);
        planned.insert(name.to_string(), Table { rows_estimated: estimate, ..Table::default() });
    }
    drop(conn.disconnect().await);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let asked_us = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
    Ok(Job { wish, reason: Reason::Asked, asked_us, state: State::Waiting, tables: planned })
}

/// The key columns by which the server can walk through a table.
pub(super) fn key(structure: &Structure, flavor: Flavor) -> Option<Vec<order::KeyColumn>> {
    // Keys do not depend on how values are told.
    let layout = Select::compile(structure, &Modes::of_keys(), flavor).layout;
    let fields = layout.key.iter().filter_map(|&place| layout.fields.get(place));
    let names: Vec<String> = fields.map(|field| field.name.to_string()).collect();
    order::walked(structure, &names)
}

/// The captured tables that the patterns mean; each pattern must mean one.
fn choose<'a>(
    settings: &Settings,
    captured: &'a [Arc<Structure>],
    patterns: &[String],
) -> Result<Vec<&'a Arc<Structure>>> {
    let mut chosen: Vec<&Arc<Structure>> = Vec::new();
    for pattern in patterns {
        let means = (settings.patterns)(pattern).map_err(|why| {
            let message = format!("The pattern {pattern:?} cannot be read: {why}.");
            Error::definite(codes::NO_SUCH_TABLE, message).fix(PATTERNS)
        })?;
        let found: Vec<_> = captured.iter().filter(|it| means(&it.database, &it.name)).collect();
        if found.is_empty() {
            let message = format!("The pattern {pattern:?} means no captured table.");
            return Err(Error::definite(codes::NO_SUCH_TABLE, message).fix(PATTERNS));
        }
        for one in found {
            if !chosen.iter().any(|it| Arc::ptr_eq(it, one)) {
                chosen.push(one);
            }
        }
    }
    match chosen.is_empty() {
        true => {
            let message = "No table is named.";
            Err(Error::definite(codes::NO_SUCH_TABLE, message).fix(PATTERNS))
        }
        false => Ok(chosen),
    }
}

const PATTERNS: &str = "Name captured tables as database.table, with * and ?, or as /expression/.";

/// Has the server prepare the statement that will read the table: it checks names and rights, and
/// runs nothing.
async fn try_out(
    conn: &mut Conn,
    settings: &Settings,
    structure: &Structure,
    table: &layout::Table,
    predicate: Option<&str>,
) -> Result<()> {
    let list = Select::compile(structure, &settings.modes, settings.flavor).select_list();
    let plain = format!("SELECT {list} FROM {}", quoted(table));
    let prepared = conn.prep(plain.as_str()).await.map_err(|error| read_error(&error, table))?;
    drop(conn.close(prepared).await);
    let Some(predicate) = predicate else { return Ok(()) };
    let sql = format!("{plain} WHERE ({predicate})");
    let prepared = conn.prep(sql).await.map_err(|error| match &error {
        mysql_async::Error::Server(server) => predicate::refused(&format!(
            "the server says of table {table}: {} ({})",
            // What comes behind is the condition itself, perhaps with values.
            server.message.split(" near ").next().unwrap_or_default().trim_end_matches('.'),
            server.code
        )),
        _ => read_error(&error, table),
    })?;
    let parameters = prepared.num_params();
    drop(conn.close(prepared).await);
    match parameters {
        0 => Ok(()),
        _ => Err(predicate::refused("it has a parameter")),
    }
}

fn unordered(table: &layout::Table) -> Error {
    let message = format!(
        "Table {table} cannot be read beside the log: it has no key by which it can be walked through."
    );
    Error::definite(codes::UNORDERED, message)
        .fix("Give it a primary key of numbers, texts, dates or decimals, or leave it out.")
}
