//! A database of its own for each test, and what the oracle reads from it.

use super::record::Row;
use super::session::{Session, connect};
use super::stack::{Dialect, Server};
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
        let mut c = connect(&server.url()).await;
        c.run(format!("CREATE DATABASE {name}")).await.unwrap();
        Self { server, name: name.to_owned() }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        other(&self.server.url(), &self.name)
    }

    /// What it speaks.
    pub fn dialect(&self) -> Dialect {
        self.server.dialect()
    }

    /// The name before the point in `schema.table`.
    pub fn schema(&self) -> &str {
        match self.dialect() {
            Dialect::Postgres => "public",
            Dialect::MySql | Dialect::MariaDb => &self.name,
        }
    }

    /// Connects, patiently: a test may just have restarted the server.
    pub async fn connect(&self) -> Session {
        connect(&self.url()).await
    }

    /// Runs statements without parameters.
    pub async fn run(&self, sql: impl Into<String>) {
        let sql = sql.into();
        if let Err(e) = self.connect().await.run(sql.as_str()).await {
            panic!("{sql}: {e}");
        }
    }

    /// Calls verbs of the workload, `verb(arguments)` each, and runs other statements, in one
    /// transaction.
    pub async fn call(&self, statements: &[&str]) {
        let xid = super::consumer::now_us() as u64;
        let mut sql = vec![self.dialect().begin(xid)];
        sql.extend(statements.iter().map(|statement| match statement.split_once('(') {
            Some((verb, arguments)) if !verb.contains(' ') => {
                self.dialect().call(verb, arguments.strip_suffix(')').unwrap())
            }
            _ => (*statement).to_owned(),
        }));
        sql.push("COMMIT".into());
        self.run(sql.join("; ")).await;
    }

    /// The first column of every row.
    pub async fn list(&self, sql: impl Into<String>) -> Vec<String> {
        let sql = sql.into();
        let rows = self.connect().await.rows(sql.as_str()).await;
        let rows = rows.unwrap_or_else(|e| panic!("{sql}: {e}"));
        rows.into_iter().filter_map(|row| row.into_iter().next()?).collect()
    }

    /// Fills a table: see [`Dialect::generate`].
    pub async fn generate(&self, table: &str, values: &str, first: u64, last: u64) {
        if first <= last {
            self.run(self.dialect().generate(table, values, first, last)).await;
        }
    }

    /// The first column of the first row, if there is a row and it is not null.
    pub async fn ask(&self, sql: impl Into<String>) -> Option<String> {
        let sql = sql.into();
        let rows = self.connect().await.rows(sql.as_str()).await;
        rows.unwrap_or_else(|e| panic!("{sql}: {e}")).into_iter().next()?.into_iter().next()?
    }

    /// The answer of [`Database::ask`] as a number.
    pub async fn number(&self, sql: impl Into<String>) -> i64 {
        self.ask(sql).await.and_then(|n| n.parse().ok()).unwrap_or(0)
    }

    /// Drops its slots, whoever reads from them. Only PostgreSQL has any.
    pub async fn drop_slots(&self) {
        if self.dialect() != Dialect::Postgres {
            return;
        }
        let mut c = connect(&self.server.url()).await;
        let slots = format!(
            "SELECT slot_name, active_pid FROM pg_replication_slots WHERE database = '{}'",
            self.name
        );
        for _ in 0..50 {
            let rows = c.rows(slots.as_str()).await.unwrap();
            if rows.is_empty() {
                break;
            }
            for row in rows {
                if let Some(pid) = &row[1] {
                    let _ = c.run(format!("SELECT pg_terminate_backend({pid})")).await;
                }
                let slot = row[0].clone().unwrap_or_default();
                let _ = c.run(format!("SELECT pg_drop_replication_slot('{slot}')")).await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Rolls back what a test has prepared under names that begin with the database's, but for `wb_`.
    /// Its locks would keep the database from being dropped.
    async fn forget_prepared(&self, c: &mut Session) {
        let mine = self.name.trim_start_matches("wb_");
        for row in c.rows("XA RECOVER").await.unwrap_or_default() {
            if let Some(xid) = row[3].as_deref().filter(|xid| xid.starts_with(mine)) {
                let _ = c.run(format!("XA ROLLBACK '{xid}'")).await;
            }
        }
    }

    /// Drops its slots and the database, whoever is connected.
    pub async fn drop(&self) {
        self.drop_slots().await;
        let mut c = connect(&self.server.url()).await;
        if self.dialect() != Dialect::Postgres {
            self.forget_prepared(&mut c).await;
        }
        let force = if self.dialect() == Dialect::Postgres { " WITH (FORCE)" } else { "" };
        if let Err(e) = c.run(format!("DROP DATABASE IF EXISTS {}{force}", self.name)).await {
            eprintln!("  left behind: database {}: {e}", self.name);
        }
    }

    /// The names of its tables.
    pub async fn tables(&self, c: &mut Session) -> Vec<String> {
        let sql = format!(
            "SELECT table_name FROM information_schema.tables \
             WHERE table_schema = '{}' AND table_type = 'BASE TABLE' ORDER BY 1",
            self.schema()
        );
        c.rows(sql).await.unwrap().into_iter().filter_map(|row| row[0].clone()).collect()
    }

    /// All rows of `table`, every cell in the oracle's canonical text.
    pub async fn rows(&self, c: &mut Session, table: &str) -> Vec<Row> {
        let sql = format!(
            "SELECT column_name, data_type FROM information_schema.columns \
             WHERE table_schema = '{}' AND table_name = '{table}' ORDER BY ordinal_position",
            self.schema()
        );
        let columns = c.rows(sql).await.unwrap();
        let columns = columns.iter().map(|c| (c[0].as_deref().unwrap(), c[1].as_deref().unwrap()));
        let names: Arc<[String]> = columns.clone().map(|(name, _)| name.to_owned()).collect();
        let cells: Vec<_> = columns
            .map(|(name, kind)| match self.dialect() {
                Dialect::Postgres => canonical_postgres(name, kind),
                Dialect::MySql | Dialect::MariaDb => canonical_mysql(name, kind),
            })
            .collect();
        let sql = format!("SELECT {} FROM {table}", cells.join(", "));
        let rows = c.rows(sql).await.unwrap();
        rows.into_iter().map(|cells| Row { names: names.clone(), cells }).collect()
    }
}

/// The expression that gives a column's canonical text.
fn canonical_postgres(name: &str, kind: &str) -> String {
    match kind {
        "timestamp with time zone" | "timestamp without time zone" => {
            format!("(extract(epoch from {name}) * 1000000)::bigint::text")
        }
        "date" => format!("({name} - date '1970-01-01')::text"),
        "bytea" => format!("encode({name}, 'hex')"),
        _ => format!("{name}::text"),
    }
}

/// The same for MySQL and MariaDB, in a session whose time zone is UTC, as sqlx sets it.
fn canonical_mysql(name: &str, kind: &str) -> String {
    match kind.to_ascii_lowercase().as_str() {
        "timestamp" | "datetime" => format!("timestampdiff(MICROSECOND, '1970-01-01', {name})"),
        "date" => format!("datediff({name}, '1970-01-01')"),
        // A bit is a boolean to Kafka.
        "bit" => format!("if({name} IS NULL, NULL, if({name}, 'true', 'false'))"),
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => {
            format!("lower(hex({name}))")
        }
        _ => format!("`{name}`"),
    }
}
