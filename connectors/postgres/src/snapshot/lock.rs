//! The lock that keeps a table's file in place while it is read.

use super::sql;
use crate::catalog::TableInfo;
use crate::codes;
use crate::transport::sql_error;
use futures_util::future::{Either, select};
use std::pin::pin;
use std::time::Duration;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use walbrook_core::error::{Error, Result};

/// When to look who is in the way: a little before the lock is given up.
const LOOK: Duration = Duration::from_secs(4);

/// Locks the table in the open transaction of `client` and makes sure that the snapshot still sees
/// its file. `control` asks who is in the way.
pub(super) async fn lock(client: &Client, control: &Client, info: &TableInfo) -> Result<()> {
    let name = format!("{}.{}", info.schema, info.name);
    let doing = format!("locking {name}");
    let failed = |error: tokio_postgres::Error| sql_error(&error, &doing);
    let pid: i32 = one(client, "SELECT pg_catalog.pg_backend_pid()").await.map_err(failed)?;
    let statement = format!("LOCK TABLE ONLY {} IN ACCESS SHARE MODE", sql::table(info));
    let waiting = pin!(client.batch_execute(&statement));
    let mut blockers = None;
    let locked = match select(waiting, pin!(tokio::time::sleep(LOOK))).await {
        Either::Left((locked, _)) => locked,
        Either::Right(((), waiting)) => {
            blockers = blocking(control, pid).await;
            waiting.await
        }
    };
    match locked {
        Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
            return Err(in_the_way(&name, blockers));
        }
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => {
            return Err(rewritten(&name, "dropped"));
        }
        locked => locked.map_err(failed)?,
    }
    // The function answers for now, not for the time of the snapshot.
    let sql = "SELECT coalesce(pg_catalog.pg_relation_filenode($1::oid::regclass), 0)::oid";
    let row = client.query_one(sql, &[&info.oid]).await.map_err(failed)?;
    match row.get::<_, u32>(0) == info.relfilenode {
        true => Ok(()),
        false => Err(rewritten(&name, "truncated or rewritten")),
    }
}

async fn one(client: &Client, sql: &str) -> Result<i32, tokio_postgres::Error> {
    client.query_one(sql, &[]).await.map(|row| row.get(0))
}

/// Who keeps `pid` waiting, without the text of a statement: that may hold values.
async fn blocking(control: &Client, pid: i32) -> Option<(i32, String)> {
    let sql = "SELECT a.pid, format('process %s (%s, user %s)', a.pid, \
               coalesce(nullif(a.application_name, ''), 'no name'), a.usename) \
               FROM unnest(pg_catalog.pg_blocking_pids($1)) b(pid) \
               JOIN pg_catalog.pg_stat_activity a USING (pid) LIMIT 1";
    let row = control.query_opt(sql, &[&pid]).await.ok()??;
    Some((row.get(0), row.get(1)))
}

fn in_the_way(name: &str, blocker: Option<(i32, String)>) -> Error {
    let (who, fix) = match blocker {
        Some((pid, who)) => (who, format!("SELECT pg_terminate_backend({pid}) ends it.")),
        None => ("another session".to_owned(), String::new()),
    };
    let message = format!("The table {name} cannot be read: {who} has held a lock on it for 5 s.");
    Error::transient(codes::TABLE_LOCKED, message).fix(fix)
}

fn rewritten(name: &str, what: &str) -> Error {
    let message = format!("The table {name} was {what} after the snapshot was taken.");
    Error::transient(codes::TABLE_REWRITTEN, message)
        .fix("What is left is read under a new snapshot.")
}
