//! What a wish means: which tables, and whether they can be read beside the log.

use super::read::{self, Keyed};
use super::{Name, Own, sql};
use crate::codes;
use crate::publication::{self, Listed};
use crate::settings::Settings;
use crate::snapshot::bytewise;
use crate::transport::{self, sql_error};
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio_postgres::Client;
use walbrook_core::error::{Error, Result};
use walbrook_core::resnapshot::{Job, Reason, State, Table, Wish};

/// Checks the wish and names its tables.
pub(super) async fn plan(settings: &Settings, wish: Wish) -> Result<Job> {
    let client = transport::client(settings, "plan").await?;
    let failed = |error| sql_error(&error, "preparing to look at the tables");
    client.batch_execute("SET lock_timeout = '5s'").await.map_err(failed)?;
    let bytewise = bytewise(&client).await?;
    let mut tables = BTreeMap::new();
    for name in matching(&client, settings, &wish.tables).await? {
        let keyed = read::key(&client, &name, bytewise).await?;
        let Some(keyed) = keyed else { continue };
        suits(&name, &keyed)?;
        may_read(&client, settings, &name).await?;
        if let Some(predicate) = &wish.predicate {
            holds(&client, &name, predicate).await?;
        }
        tables.insert(name.to_string(), table(&name, keyed.rows_estimated));
    }
    Ok(Job { wish, reason: Reason::Asked, asked_us: now_us(), state: State::Waiting, tables })
}

/// A table that is not begun.
pub(super) fn table(name: &Name, rows_estimated: Option<u64>) -> Table {
    let own = Own { name: name.clone(), ..Own::default() };
    let own = serde_json::to_value(own).unwrap_or_default();
    Table { own, rows_estimated, ..Table::default() }
}

pub(super) fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// The captured tables that the patterns mean. The name of a partitioned table means its partitions.
async fn matching(client: &Client, settings: &Settings, patterns: &[String]) -> Result<Vec<Name>> {
    let listed = publication::selected(client, settings).await?;
    let published = publication::inspect(client, &settings.publication).await?;
    let sent = |it: &Listed| published.as_ref().is_none_or(|published| published.holds(it));
    let mut found = Vec::new();
    for text in patterns {
        let means = (settings.patterns)(text).map_err(|reason| {
            let message = format!("{text:?} is not a pattern of tables: {reason}.");
            Error::definite(codes::PATTERN, message)
                .fix("Write it as in `tables`: \"schema.table\", with * and ?, or /regex/.")
        })?;
        let meant = |it: &&Listed| {
            let root = it.root.as_ref();
            means(&it.table.schema, &it.table.name)
                || root.is_some_and(|root| means(&root.schema, &root.name))
        };
        let before = found.len();
        for it in listed.iter().filter(|it| !it.partitioned && sent(it)).filter(meant) {
            let (schema, name) = (it.table.schema.to_string(), it.table.name.to_string());
            found.push(Name { schema, name });
        }
        if found.len() == before {
            let message = format!("No captured table matches {text:?}.");
            return Err(Error::definite(codes::NOT_CAPTURED, message)
                .fix("Name tables that `tables` of the connector captures, as \"schema.table\"."));
        }
    }
    Ok(found)
}

/// Whether the table can be read in the order of its key, and the log tells each row's key.
pub(super) fn suits(name: &Name, keyed: &Keyed) -> Result<()> {
    let refuse = |reason: &str, fix: &str| {
        let message = format!("{name} cannot be read beside the log: {reason}.");
        Err(Error::definite(codes::NOT_BESIDE, message).fix(fix))
    };
    if keyed.columns.columns.is_empty() {
        return refuse(
            "it has neither a primary key nor a unique index",
            "Add a primary key, or read it with a new snapshot of the connector.",
        );
    }
    if !keyed.required {
        return refuse(
            "its first unique index has columns that may be null, and it has no primary key",
            "Add a primary key, or make the columns NOT NULL.",
        );
    }
    if keyed.identity == 'i' && !keyed.identified {
        return refuse(
            "its replica identity is an index that lacks columns of its key",
            "Run ALTER TABLE … REPLICA IDENTITY DEFAULT, or FULL.",
        );
    }
    if keyed.hides {
        return refuse(
            "row security hides rows from the connector's role",
            "Run ALTER ROLE … BYPASSRLS for the connector's role.",
        );
    }
    Ok(())
}

pub(super) async fn may_read(client: &Client, settings: &Settings, name: &Name) -> Result<()> {
    let sql = "SELECT pg_catalog.has_any_column_privilege($1::text, 'SELECT')";
    let failed = |error| sql_error(&error, &format!("asking for the rights on {name}"));
    let row = client.query_one(sql, &[&sql::quoted(name)]).await.map_err(failed)?;
    if row.try_get::<_, bool>(0).map_err(failed)? {
        return Ok(());
    }
    let user = transport::identifier(&settings.user);
    Err(Error::definite(codes::SELECT, format!("The role may not read {name}."))
        .fix(format!("Run GRANT SELECT ON {} TO {user}.", sql::quoted(name))))
}

/// Whether the condition is one of the table's, and one condition only. It is not run.
async fn holds(client: &Client, name: &Name, predicate: &str) -> Result<()> {
    let refuse = |reason: &str| {
        let message = format!("The condition does not fit {name}: {reason}.");
        Err(Error::definite(codes::PREDICATE, message)
            .fix("Write what stands behind WHERE, with columns of every table that is named."))
    };
    if !is_one_expression(predicate) {
        return refuse("it is not one expression");
    }
    let sql = format!("SELECT FROM ONLY {} WHERE ({predicate})", sql::quoted(name));
    match client.prepare(&sql).await {
        Ok(statement) if statement.params().is_empty() => Ok(()),
        Ok(_) => refuse("it has parameters"),
        Err(error) => match error.as_db_error() {
            Some(reported) => refuse(reported.message().trim_end_matches('.')),
            None => Err(sql_error(&error, "checking the condition")),
        },
    }
}

/// Whether the text stays inside the parentheses that are put around it.
fn is_one_expression(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (mut depth, mut quote, mut before) = (0_i32, None, 0_u8);
    for &byte in bytes {
        match (quote, byte) {
            (Some(open), byte) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'(') => depth += 1,
            (None, b')') => depth -= 1,
            // Dollar quotes, comments and escapes could hide the end of the text.
            (None, b';' | b'$' | b'\\') => return false,
            (None, b'-') if before == b'-' => return false,
            (None, b'*') if before == b'/' => return false,
            _ => {}
        }
        if depth < 0 || (byte == b'\\' && quote.is_some()) {
            return false;
        }
        before = byte;
    }
    depth == 0 && quote.is_none() && !text.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_one_expression() {
        for good in
            ["id > 5", "a = ')' AND (b < 2 OR c)", "x = 'it''s'", "\"a)b\" = 1", "a - -1 > 0"]
        {
            assert!(is_one_expression(good), "{good}");
        }
        for bad in [
            "",
            " ",
            "true) OR (true",
            "true) UNION SELECT 1 --",
            "1 = 1; DROP TABLE x",
            "a = 'x",
            "a -- b",
            "a /* b",
            "a = $1",
            "(a",
            r"a = E'\''",
        ] {
            assert!(!is_one_expression(bad), "{bad}");
        }
    }
}
