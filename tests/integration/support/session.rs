//! A connection to any of the servers: statements as text in, rows of text out.

use super::stack::{self, Dialect, seconds};
use sqlx::mysql::MySqlConnection;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, ColumnIndex, Connection, Database, Decode, Row, Type};

/// A row of text; null is `None`.
pub type Cells = Vec<Option<String>>;

/// A connection to any of the servers.
pub enum Session {
    /// To PostgreSQL.
    Postgres(PgConnection),
    /// To MySQL or MariaDB.
    MySql(MySqlConnection),
}

/// Connects to `url` within a minute: a test may just have restarted the server.
pub async fn connect(url: &str) -> Session {
    stack::wait("the database answers", seconds(60), async || Session::open(url).await.ok()).await
}

impl Session {
    /// Connects to `url`, once.
    pub async fn open(url: &str) -> sqlx::Result<Self> {
        Ok(if url.starts_with("postgres") {
            Self::Postgres(PgConnection::connect(url).await?)
        } else {
            Self::MySql(MySqlConnection::connect(url).await?)
        })
    }

    /// Runs statements.
    pub async fn run(&mut self, sql: impl Into<String>) -> sqlx::Result<()> {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.into()));
        match self {
            Self::Postgres(c) => sql.execute(c).await.map(|_| ()),
            Self::MySql(c) => sql.execute(c).await.map(|_| ()),
        }
    }

    /// The rows that the statements answer, in the servers' own text.
    pub async fn rows(&mut self, sql: impl Into<String>) -> sqlx::Result<Vec<Cells>> {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.into()));
        Ok(match self {
            Self::Postgres(c) => sql.fetch_all(c).await?.iter().map(cells).collect(),
            Self::MySql(c) => sql.fetch_all(c).await?.iter().map(cells).collect(),
        })
    }
}

/// Without parameters every answer is text, whatever its type.
fn cells<R: Row>(row: &R) -> Cells
where
    for<'r> String: Decode<'r, R::Database> + Type<R::Database>,
    usize: ColumnIndex<R>,
    R::Database: Database,
{
    (0..row.len()).map(|i| row.try_get_unchecked(i).unwrap()).collect()
}

impl Dialect {
    /// A literal of text.
    pub fn quoted(self, text: &str) -> String {
        let text = text.replace('\'', "''");
        match self {
            Dialect::Postgres => format!("'{text}'"),
            Dialect::MySql | Dialect::MariaDb => format!("'{}'", text.replace('\\', "\\\\")),
        }
    }

    /// What calls one of the workload's verbs.
    pub fn call(self, verb: &str, arguments: &str) -> String {
        match self {
            Dialect::Postgres => format!("SELECT {verb}({arguments})"),
            Dialect::MySql | Dialect::MariaDb => format!("CALL {verb}({arguments})"),
        }
    }

    /// What begins a transaction; `xid` names it in the ledger where the server has no number for it.
    pub fn begin(self, xid: u64) -> String {
        match self {
            Dialect::Postgres => "BEGIN".into(),
            Dialect::MySql | Dialect::MariaDb => {
                format!("START TRANSACTION; SET @xid = {xid}")
            }
        }
    }

    /// What fills `table (columns)` with `values`, an expression list over `i`, for `i` from `first`
    /// to `last`.
    pub fn generate(self, table: &str, values: &str, first: u64, last: u64) -> String {
        match self {
            Dialect::Postgres => {
                format!(
                    "INSERT INTO {table} SELECT {values} FROM generate_series({first}, {last}) i"
                )
            }
            Dialect::MySql => format!(
                "SET SESSION cte_max_recursion_depth = 4294967295;
                 INSERT INTO {table} WITH RECURSIVE s (i) AS
                     (SELECT {first} UNION ALL SELECT i + 1 FROM s WHERE i < {last})
                     SELECT {values} FROM s"
            ),
            Dialect::MariaDb => format!(
                "INSERT INTO {table} SELECT {values} FROM \
                 (SELECT seq AS i FROM seq_{first}_to_{last}) s"
            ),
        }
    }
}
