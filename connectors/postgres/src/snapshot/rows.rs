//! What is read of a table where that is not all of it (`walbrook_core::initial::Rows`).
//!
//! ```text
//!  condition   ──▶ one more condition beside those of the piece
//!  statement   ──▶ (SELECT cast(s.a), … FROM (statement) s) w      stands where the table stands
//! ```
//!
//! A statement's columns are cast to the types of the table's: whatever it computes, the rows have
//! the form that the log gives them. A column that it lacks is null, as in Debezium.

use super::sql;
use crate::catalog::TableInfo;
use crate::codes;
use crate::transport::{identifier, literal, sql_error};
use std::collections::BTreeSet;
use tokio_postgres::Client;
use walbrook_core::error::{Error, Result};
use walbrook_core::initial::Rows;
use walbrook_core::layout::{Layout, Table};

/// What stands for a table, fitted to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it.
    #[default]
    All,
    /// The rows for which this holds.
    Where(String),
    /// A statement in the form of the table.
    Select {
        /// What follows FROM, with its alias.
        from: String,
        /// Columns of the table that it does not answer.
        lacks: BTreeSet<String>,
    },
}

impl Part {
    /// Whether a statement stands for the table.
    pub(crate) fn is_select(&self) -> bool {
        matches!(self, Part::Select { .. })
    }

    /// What a refusal of a statement over the table means, made while `doing`.
    pub(super) fn failure(
        &self,
        error: &tokio_postgres::Error,
        info: &TableInfo,
        doing: &str,
    ) -> Error {
        let TableInfo { schema, name, .. } = info;
        match self {
            Part::All => sql_error(error, &format!("{doing} {schema}.{name}")),
            _ => failure(error, &Table::new(schema.as_str(), name.as_str())),
        }
    }

    /// Whether every column that must have a value gets one.
    pub(crate) fn fills(&self, layout: &Layout) -> Result<()> {
        let Part::Select { lacks, .. } = self else { return Ok(()) };
        let lacking = layout
            .fields
            .iter()
            .find(|field| !field.schema.optional && lacks.contains(&*field.name));
        match lacking {
            Some(field) => Err(lacks_column(&layout.table, &field.name)),
            None => Ok(()),
        }
    }
}

/// Looks whether `rows` can be read and stand for the table with this OID.
pub(crate) async fn fit(
    client: &Client,
    (oid, table): (u32, &Table),
    rows: &Rows,
    key: &[String],
) -> Result<Part> {
    let failed = |error| failure(&error, table);
    match rows {
        Rows::Where(condition) => {
            let name = sql::name(&table.schema, &table.name);
            let probe = format!("SELECT FROM ONLY {name} w WHERE ({condition}\n)");
            client.prepare(&probe).await.map_err(failed)?;
            Ok(Part::Where(format!("({condition}\n)")))
        }
        Rows::Select(statement) => {
            let answer = client.prepare(statement).await.map_err(failed)?;
            let names: Vec<&str> = answer.columns().iter().map(|column| column.name()).collect();
            let columns = columns(client, oid, table).await?;
            select(table, statement, &names, &columns, key)
        }
    }
}

/// A column of a table, and its type as SQL writes it.
type Typed = (String, String);

/// The columns of a table. A text is not cut by a cast, so its length is left out.
async fn columns(client: &Client, oid: u32, table: &Table) -> Result<Vec<Typed>> {
    let sql = "SELECT attname::text, CASE WHEN atttypid IN (1043, 1562) \
               THEN pg_catalog.format_type(atttypid, NULL) \
               ELSE pg_catalog.format_type(atttypid, atttypmod) END \
               FROM pg_catalog.pg_attribute \
               WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped ORDER BY attnum";
    let rows = client.query(sql, &[&oid]).await;
    let rows = rows.map_err(|e| sql_error(&e, &format!("asking for the columns of {table}")))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// The statement in the form of the table. Pure.
fn select(
    table: &Table,
    statement: &str,
    names: &[&str],
    columns: &[Typed],
    key: &[String],
) -> Result<Part> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !columns.iter().any(|(column, _)| column == name) {
            let message = format!(
                "The statement of `snapshot_rows` for {table} answers a column {}, which the table \
                 does not have.",
                identifier(name)
            );
            return Err(Error::definite(codes::SNAPSHOT_ROWS, message)
                .fix("Name it AS a column of the table, or leave it out."));
        }
        if !seen.insert(*name) {
            let name = identifier(name);
            let message =
                format!("The statement of `snapshot_rows` for {table} answers {name} twice.");
            return Err(Error::definite(codes::SNAPSHOT_ROWS, message)
                .fix("Name each column of the table once; of a join write t.* for its columns."));
        }
    }
    if let Some(column) = key.iter().find(|column| !seen.contains(column.as_str())) {
        return Err(lacks_column(table, column));
    }
    let list = columns.iter().map(|(name, kind)| {
        let quoted = identifier(name);
        match seen.contains(name.as_str()) {
            true => format!("CAST(s.{quoted} AS {kind}) AS {quoted}"),
            false => format!("CAST(NULL AS {kind}) AS {quoted}"),
        }
    });
    let list = list.collect::<Vec<_>>().join(", ");
    let lacks = columns.iter().map(|(name, _)| name.clone());
    let lacks = lacks.filter(|name| !seen.contains(name.as_str())).collect();
    Ok(Part::Select { from: format!("(SELECT {list} FROM ({statement}\n) AS s) AS w"), lacks })
}

fn lacks_column(table: &Table, column: &str) -> Error {
    let column = identifier(column);
    let message = format!(
        "The statement of `snapshot_rows` for {table} does not answer {column}, which every row \
         needs."
    );
    Error::definite(codes::SNAPSHOT_ROWS, message)
        .fix("Add the column to the statement; SELECT * has them all.")
}

/// What a refusal of the server means. A message about values is not repeated: it may hold them.
pub(crate) fn failure(error: &tokio_postgres::Error, table: &Table) -> Error {
    let Some(reported) = error.as_db_error() else {
        return sql_error(error, &format!("reading {table}"));
    };
    let state = reported.code().code();
    let what = match state.get(..2) {
        // Syntax and names.
        Some("42" | "0A") => reported.message().trim_end_matches('.').to_owned(),
        Some("22") => "a value does not fit the type of its column".to_owned(),
        Some("21") => "a sub-select answers more than one row".to_owned(),
        Some("25") => "it would change something".to_owned(),
        _ => return sql_error(error, &format!("reading {table}")),
    };
    let message = format!("`snapshot_rows` for {table} cannot be read: {what} (SQLSTATE {state}).");
    Error::definite(codes::SNAPSHOT_ROWS, message)
        .fix("Try it in psql as the connector's role, and correct it.")
}

/// Asks for the columns of the table's primary key.
pub(crate) async fn key(client: &Client, table: &Table) -> Result<Vec<String>> {
    let name = literal(&sql::name(&table.schema, &table.name));
    let sql = format!(
        "SELECT a.attname::text FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a \
         ON a.attrelid = i.indrelid AND a.attnum = ANY((i.indkey::int2[])[0:i.indnkeyatts - 1]) \
         WHERE i.indrelid = {name}::regclass AND i.indisprimary"
    );
    let rows = client.query(&sql, &[]).await;
    let rows = rows.map_err(|e| sql_error(&e, &format!("asking for the key of {table}")))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(names: &[&str]) -> Result<Part> {
        let columns = [("id", "integer"), ("v", "character varying"), ("n", "numeric(10,2)")];
        let columns = columns.map(|(name, kind)| (name.to_owned(), kind.to_owned()));
        select(&Table::new("public", "t"), "SELECT 1 -- x", names, &columns, &["id".to_owned()])
    }

    #[test]
    fn a_statement_gets_the_types_of_the_table() {
        let Part::Select { from, lacks } = fitted(&["v", "id"]).unwrap() else { panic!() };
        assert_eq!(
            from,
            "(SELECT CAST(s.\"id\" AS integer) AS \"id\", CAST(s.\"v\" AS character varying) AS \
             \"v\", CAST(NULL AS numeric(10,2)) AS \"n\" FROM (SELECT 1 -- x\n) AS s) AS w"
        );
        assert_eq!(lacks, BTreeSet::from(["n".to_owned()]));
    }

    #[test]
    fn columns_that_do_not_fit_are_named() {
        for (names, told) in [
            (&["id", "x"][..], "answers a column \"x\", which the table does not have"),
            (&["id", "id"], "answers \"id\" twice"),
            (&["v"], "does not answer \"id\", which every row needs"),
        ] {
            let error = fitted(names).unwrap_err();
            assert!(error.message.contains(told), "{error}");
            assert_eq!((error.code, error.fix.is_empty()), (codes::SNAPSHOT_ROWS, false));
        }
    }
}
