//! A database of its own for each test, and what the oracle reads from it.

use super::record::Row;
use super::stack::{self, Server, seconds};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Connection, Row as _};
use std::sync::Arc;
use std::time::Duration;

/// A database on one of the servers.
#[derive(Clone, Debug)]
pub struct Database {
    /// Where.
    pub server: Server,
    /// Its name.
    pub name: String,
}

/// `url` with another database.
pub fn other(url: &str, database: &str) -> String {
    let (base, _) = url.rsplit_once('/').unwrap();
    format!("{base}/{database}")
}

impl Database {
    /// Creates it.
    pub async fn create(server: Server, name: &str) -> Self {
        let mut c = PgConnection::connect(&server.url()).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut c)
            .await
            .unwrap();
        Self { server, name: name.to_owned() }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        other(&self.server.url(), &self.name)
    }

    /// Connects, patiently: a test may just have restarted the server.
    pub async fn connect(&self) -> PgConnection {
        connect(&self.url()).await
    }

    /// Runs statements without parameters.
    pub async fn run(&self, sql: impl Into<String>) {
        let sql = sql.into();
        let mut c = self.connect().await;
        if let Err(e) = sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&mut c).await {
            panic!("{sql}: {e}");
        }
    }

    /// The first column of the first row, if there is a row and it is not null.
    pub async fn ask(&self, sql: impl Into<String>) -> Option<String> {
        let sql = format!("SELECT (x.*)::text FROM ({}) x(v)", sql.into())
            .replace("(x.*)::text", "x.v::text");
        let mut c = self.connect().await;
        let row = sqlx::query(AssertSqlSafe(sql.clone())).fetch_optional(&mut c).await;
        row.unwrap_or_else(|e| panic!("{sql}: {e}")).and_then(|r| r.get(0))
    }

    /// The answer of [`Database::ask`] as a number.
    pub async fn number(&self, sql: impl Into<String>) -> i64 {
        self.ask(sql).await.and_then(|n| n.parse().ok()).unwrap_or(0)
    }

    /// Drops its slots, whoever reads from them.
    pub async fn drop_slots(&self) {
        let mut c = connect(&self.server.url()).await;
        let slots =
            "SELECT slot_name::text, active_pid FROM pg_replication_slots WHERE database = $1";
        for _ in 0..50 {
            let rows = sqlx::query(slots).bind(&self.name).fetch_all(&mut c).await.unwrap();
            if rows.is_empty() {
                break;
            }
            for row in rows {
                let (slot, pid): (String, Option<i32>) = (row.get(0), row.get(1));
                if let Some(pid) = pid {
                    let sql = "SELECT pg_terminate_backend($1)";
                    let _ = sqlx::query(sql).bind(pid).execute(&mut c).await;
                }
                let sql = "SELECT pg_drop_replication_slot($1)";
                let _ = sqlx::query(sql).bind(slot).execute(&mut c).await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Drops its slots and the database, whoever is connected.
    pub async fn drop(&self) {
        self.drop_slots().await;
        let mut c = connect(&self.server.url()).await;
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        if let Err(e) = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut c).await {
            eprintln!("  left behind: database {}: {e}", self.name);
        }
    }

    /// All rows of `table`, every cell in the oracle's canonical text.
    pub async fn rows(&self, c: &mut PgConnection, table: &str) -> Vec<Row> {
        let columns = sqlx::query(
            "SELECT attname::text, atttypid::regtype::text FROM pg_attribute \
             WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        );
        let columns = columns.bind(table).fetch_all(&mut *c).await.unwrap();
        let names: Arc<[String]> = columns.iter().map(|r| r.get(0)).collect();
        let cells: Vec<_> = columns.iter().map(canonical).collect();
        let sql = format!("SELECT ARRAY[{}] FROM {table}", cells.join(", "));
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(c).await.unwrap();
        rows.iter().map(|r| Row { names: names.clone(), cells: r.get(0) }).collect()
    }
}

/// The expression that gives a column's canonical text.
fn canonical(column: &PgRow) -> String {
    let (name, kind): (String, String) = (column.get(0), column.get(1));
    match kind.as_str() {
        "timestamp with time zone" | "timestamp without time zone" => {
            format!("(extract(epoch from {name}) * 1000000)::bigint::text")
        }
        "date" => format!("({name} - date '1970-01-01')::text"),
        "bytea" => format!("encode({name}, 'hex')"),
        _ => format!("{name}::text"),
    }
}

/// Connects to `url` within a minute.
pub async fn connect(url: &str) -> PgConnection {
    stack::wait("the database answers", seconds(60), async || PgConnection::connect(url).await.ok())
        .await
}
