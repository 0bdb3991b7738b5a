//! What is read of a table where that is not all of it (`walbrook_core::initial::Rows`).
//!
//! ```text
//!  condition   ──▶ one more condition of every chunk
//!  statement   ──▶ in one piece: the statement itself, in its own order
//!                  in chunks:    SELECT * FROM (statement) w WHERE key … ORDER BY key
//!                  its columns   ──▶ by their names in the places of the table's ──▶ conform
//! ```
//!
//! The log is not filtered: a row that changes while a chunk is open is taken from there. A column
//! that the statement lacks is null, as in Debezium.

use crate::codes;
use crate::settings::Settings;
use crate::snapshot::view::read_error;
use crate::source::tables::quoted;
use crate::table::{Select, Taken};
use mysql_async::consts::ColumnType;
use mysql_async::prelude::Queryable;
use mysql_async::{Column, Conn, Statement};
use std::sync::Arc;
use walbrook_core::error::{Class, Error, Result};
use walbrook_core::initial::Rows;
use walbrook_core::layout::Table;

/// What is read of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    #[default]
    All,
    /// The rows for which this holds.
    Where(Arc<str>),
    /// What this statement answers.
    Select(Arc<str>),
}

impl Part {
    /// What the settings say of the table.
    pub(super) fn of(settings: &Settings, table: &Table) -> Self {
        match settings.initial.rows(&table.schema, &table.name) {
            None => Part::All,
            Some(Rows::Where(condition)) => Part::Where(format!("{condition}\n").into()),
            Some(Rows::Select(statement)) => Part::Select(statement.as_str().into()),
        }
    }

    /// The statement, if it is one.
    pub(super) fn statement(&self) -> Option<&Arc<str>> {
        match self {
            Part::Select(statement) => Some(statement),
            _ => None,
        }
    }

    /// The condition, if it is one.
    pub(super) fn condition(&self) -> Option<&str> {
        match self {
            Part::Where(condition) => Some(condition),
            _ => None,
        }
    }

    /// A statement that answers a row where the table has one to be read.
    fn any(&self, table: &Table) -> String {
        match self {
            Part::All => format!("SELECT 1 FROM {} LIMIT 1", quoted(table)),
            Part::Where(condition) => {
                format!("SELECT 1 FROM {} WHERE ({condition}) LIMIT 1", quoted(table))
            }
            Part::Select(statement) => format!("SELECT 1 FROM ({statement}\n) AS w LIMIT 1"),
        }
    }
}

/// Whether there is a row to be read.
pub(crate) async fn any(conn: &mut Conn, settings: &Settings, table: &Table) -> Result<bool> {
    let part = Part::of(settings, table);
    let sql = part.any(table);
    if part == Part::All {
        let row: Option<u8> =
            conn.query_first(sql).await.map_err(|error| read_error(&error, table))?;
        return Ok(row.is_some());
    }
    let prepared = prepare(conn, &sql, 0, table).await?;
    let row: Option<u8> =
        conn.exec_first(&prepared, ()).await.map_err(|error| failure(&error, table))?;
    drop(conn.close(prepared).await);
    Ok(row.is_some())
}

/// Has the server look at a statement, which runs nothing. `own` of its parameters are ours.
pub(crate) async fn prepare(
    conn: &mut Conn,
    sql: &str,
    own: usize,
    table: &Table,
) -> Result<Statement> {
    let prepared = conn.prep(sql).await.map_err(|error| refusal(&error, table))?;
    if usize::from(prepared.num_params()) != own {
        return Err(cannot(table, "it has a parameter, `?`"));
    }
    Ok(prepared)
}

/// Looks whether `rows` can be read and stand for the table, whose columns are `columns`: name, and
/// whether each row needs it.
pub(crate) async fn check(
    conn: &mut Conn,
    table: &Table,
    rows: &Rows,
    columns: &[(String, bool)],
) -> Result<()> {
    let sql = match rows {
        Rows::Where(condition) => format!("SELECT 1 FROM {} WHERE ({condition}\n)", quoted(table)),
        Rows::Select(statement) => statement.clone(),
    };
    let prepared = prepare(conn, &sql, 0, table).await?;
    let answer = prepared.columns();
    let names: Vec<String> = answer.iter().map(|it| it.name_str().into_owned()).collect();
    drop(conn.close(prepared).await);
    match rows {
        Rows::Where(_) => Ok(()),
        Rows::Select(_) => places(table, &names, columns, columns).map(drop),
    }
}

/// Where the fields of `select` are in the rows of a statement. `known` are the table's columns.
pub(super) fn taken(
    table: &Table,
    answer: &[Column],
    select: &Select,
    known: &[(String, bool)],
) -> Result<Vec<Taken>> {
    let names: Vec<String> = answer.iter().map(|it| it.name_str().into_owned()).collect();
    let fields = select.layout.fields.iter();
    let fields: Vec<_> = fields.map(|it| (it.name.to_string(), !it.schema.optional)).collect();
    let places = places(table, &names, &fields, known)?;
    let kind =
        |place: usize| answer.get(place).map_or(ColumnType::MYSQL_TYPE_NULL, Column::column_type);
    Ok(places.into_iter().map(|place| place.map(|place| (place, kind(place)))).collect())
}

/// For each of `fields`, name and whether it must have a value, its place among `names`.
fn places(
    table: &Table,
    names: &[String],
    fields: &[(String, bool)],
    known: &[(String, bool)],
) -> Result<Vec<Option<usize>>> {
    let same = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
    for (number, name) in names.iter().enumerate() {
        if !known.iter().any(|(column, _)| same(column, name)) {
            let message = format!(
                "The statement of `snapshot_rows` for {table} answers a column `{name}`, which the \
                 table does not have."
            );
            return Err(Error::definite(codes::SNAPSHOT_ROWS, message)
                .fix("Name it AS a column of the table, or leave it out."));
        }
        if names.iter().take(number).any(|other| same(other, name)) {
            let message =
                format!("The statement of `snapshot_rows` for {table} answers `{name}` twice.");
            return Err(Error::definite(codes::SNAPSHOT_ROWS, message)
                .fix("Name each column of the table once; of a join write t.* for its columns."));
        }
    }
    let place = |(field, required): &(String, bool)| {
        let place = names.iter().position(|name| same(name, field));
        match (place, required) {
            (None, true) => {
                let message = format!(
                    "The statement of `snapshot_rows` for {table} does not answer `{field}`, which \
                     every row needs."
                );
                Err(Error::definite(codes::SNAPSHOT_ROWS, message)
                    .fix("Add the column to the statement; SELECT * has all that are visible."))
            }
            _ => Ok(place),
        }
    };
    fields.iter().map(place).collect()
}

fn cannot(table: &Table, why: &str) -> Error {
    let message = format!("`snapshot_rows` for {table} cannot be read: {why}.");
    Error::definite(codes::SNAPSHOT_ROWS, message)
        .fix("Try it in a client as the connector's account, and correct it.")
}

/// What it means that the server does not take a statement. Nothing was run: there are no values.
fn refusal(error: &mysql_async::Error, table: &Table) -> Error {
    let mysql_async::Error::Server(server) = error else { return read_error(error, table) };
    let itself = format!("'{}.{}'", table.schema, table.name);
    let gone = server.code == 1146 && server.message.contains(&itself);
    // The dump's, logins', networks' and machines' failures are no matter of the statement.
    let judged = read_error(error, table);
    if gone || judged.class == Class::Transient && !matches!(server.code, 1054 | 1146) {
        return judged;
    }
    let text = server.message.split(" near ").next().unwrap_or_default();
    cannot(table, &format!("{} (error {})", text.trim_end_matches('.'), server.code))
}

/// What it means that a statement fails while it runs. The server's words may hold values.
pub(super) fn failure(error: &mysql_async::Error, table: &Table) -> Error {
    let judged = read_error(error, table);
    match error {
        mysql_async::Error::Server(server) if judged.class != Class::Transient => {
            cannot(table, &format!("the server ends it with error {}", server.code))
        }
        _ => judged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(names: &[(&str, bool)]) -> Vec<(String, bool)> {
        names.iter().map(|(name, required)| ((*name).to_owned(), *required)).collect()
    }

    fn fitted(names: &[&str]) -> Result<Vec<Option<usize>>> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let known = columns(&[("id", true), ("v", false), ("hidden", true)]);
        places(&Table::new("d", "t"), &names, &known[..2], &known)
    }

    #[test]
    fn columns_are_found_by_name_in_any_case() {
        assert_eq!(fitted(&["V", "hidden", "ID"]).unwrap(), [Some(2), Some(0)]);
        assert_eq!(fitted(&["id"]).unwrap(), [Some(0), None]);
    }

    #[test]
    fn columns_that_do_not_fit_are_named() {
        for (names, told) in [
            (&["id", "x"][..], "answers a column `x`, which the table does not have"),
            (&["id", "ID"], "answers `ID` twice"),
            (&["v"], "does not answer `id`, which every row needs"),
        ] {
            let error = fitted(names).unwrap_err();
            assert!(error.message.contains(told), "{error}");
            assert_eq!((error.code, error.fix.is_empty()), (codes::SNAPSHOT_ROWS, false));
        }
    }
}
