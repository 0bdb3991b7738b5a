//! A server under test, and readers of its log.

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Row};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use walbrook_core::error::{Error, Result};
use walbrook_mysql::binlog::{Body, Event, Identity, Rows, RowsKind, TableMapEvent};
use walbrook_mysql::flavor::Flavor;
use walbrook_mysql::settings::{Settings, SnapshotMode, Tls, TlsMode};
use walbrook_mysql::transport::{Log, Start, client};

pub(crate) struct Server {
    pub(crate) settings: Settings,
    pub(crate) conn: Conn,
    pub(crate) database: String,
}

/// Every reader gets an id of its own.
static READERS: AtomicU32 = AtomicU32::new(0);

#[allow(clippy::disallowed_methods, reason = "tests get their servers from the environment")]
pub(crate) fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok();
    if value.is_none() {
        eprintln!("skipped because {name} is not set: eval \"$(dev/stack env)\"");
    }
    value
}

pub(crate) fn settings(flavor: Flavor) -> Option<Settings> {
    let name = match flavor {
        Flavor::MySql => "WALBROOK_TEST_MYSQL",
        Flavor::MariaDb => "WALBROOK_TEST_MARIADB",
    };
    let url = variable(name)?;
    let address = url.split('@').nth(1).expect("an address").trim_end_matches('/');
    let (host, port) = address.rsplit_once(':').expect("a port");
    let number = READERS.fetch_add(1, Ordering::Relaxed) + std::process::id() * 100;
    Some(Settings {
        flavor,
        host: host.to_owned(),
        port: port.parse().expect("a port"),
        user: "root".to_owned(),
        password: Arc::new(|| Ok(None)),
        database: None,
        tls: Tls::new(TlsMode::Disable),
        server_id: 0x7000_0000 + number % 0x0fff_ffff,
        selection: Arc::new(|_, _| true),
        patterns: walbrook_core::settings::plain_names(),
        topic_prefix: "t".to_owned(),
        cluster: "test".to_owned(),
        connector: format!("log-{number}"),
        modes: Default::default(),
        snapshot_mode: SnapshotMode::NoData,
        snapshot_workers: 1,
        initial: walbrook_core::initial::Initial::all(),
        schema_changes: false,
        include_query: false,
        heartbeat: Duration::from_secs(1),
    })
}

/// Opens a server and makes a database of the test's own; `None` without an address.
pub(crate) async fn open(flavor: Flavor, test: &str) -> Option<Server> {
    let settings = settings(flavor)?;
    let mut conn = client(&settings, "test").await.expect("a connection");
    let database = format!("h_binlog_{test}");
    for sql in [
        format!("DROP DATABASE IF EXISTS {database}"),
        format!("CREATE DATABASE {database}"),
        format!("USE {database}"),
    ] {
        conn.query_drop(sql).await.expect("a database");
    }
    Some(Server { settings, conn, database })
}

/// The test on both servers.
pub(crate) async fn both(test: &str, run: impl AsyncFn(Server)) {
    for flavor in [Flavor::MySql, Flavor::MariaDb] {
        if let Some(server) = open(flavor, test).await {
            run(server).await;
        }
    }
}

impl Server {
    pub(crate) async fn run(&mut self, sql: impl AsRef<str>) {
        let sql = sql.as_ref();
        if let Err(error) = self.conn.query_drop(sql).await {
            panic!("{error}: {}", &sql[..sql.len().min(200)]);
        }
    }

    pub(crate) async fn one(&mut self, sql: &str) -> String {
        let row: Row = self.conn.query_first(sql).await.unwrap().unwrap();
        row.get(0).unwrap()
    }

    /// The end of the log in the server's own terms.
    pub(crate) async fn now(&mut self) -> Start {
        match self.settings.flavor {
            Flavor::MySql => {
                Start::Gtids(self.one("SELECT @@gtid_executed").await.parse().unwrap())
            }
            Flavor::MariaDb => {
                Start::Domains(self.one("SELECT @@gtid_binlog_pos").await.parse().unwrap())
            }
        }
    }

    /// The end of the log as file and position.
    pub(crate) async fn file(&mut self) -> Start {
        let sql = match self.settings.flavor {
            Flavor::MySql => "SHOW BINARY LOG STATUS",
            Flavor::MariaDb => "SHOW MASTER STATUS",
        };
        let row: Row = self.conn.query_first(sql).await.unwrap().unwrap();
        Start::File { name: row.get(0).unwrap(), pos: row.get(1).unwrap() }
    }

    pub(crate) async fn log(&self, start: &Start) -> Log {
        Log::open(&self.settings, start).await.expect("a dump")
    }

    /// Writes an end that [`Server::drain`] stops at.
    pub(crate) async fn end(&mut self) {
        self.run("CREATE TABLE the_end (i int)").await;
        self.run("DROP TABLE the_end").await;
    }

    /// Whether it is what [`Server::end`] has written.
    pub(crate) fn is_end(&self, event: &Event<'_>) -> bool {
        let Body::Query(query) = &event.body else { return false };
        query.database == self.database.as_bytes()
            && query.sql.starts_with(b"DROP TABLE")
            && memchr::memmem::find(query.sql, b"the_end").is_some()
    }

    /// Reads up to what [`Server::end`] has written; `see` gets every event before.
    pub(crate) async fn drain(&self, log: &mut Log, mut see: impl FnMut(&Event<'_>)) -> Result<()> {
        loop {
            let event = tokio::time::timeout(Duration::from_secs(60), log.next()).await;
            let event = event.expect("the end of the log within a minute")?;
            if self.is_end(&event) {
                return Ok(());
            }
            see(&event);
        }
    }
}

/// The error that a reader comes to.
pub(crate) async fn failure(log: Result<Log>) -> Error {
    let mut log = match log {
        Ok(log) => log,
        Err(error) => return error,
    };
    let error = async {
        loop {
            if let Err(error) = log.next().await {
                return error;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), error).await.expect("an error")
}

/// One line for each event of the transactions in one database, up to [`Server::end`].
pub(crate) struct Seen {
    database: String,
    pub(crate) lines: Vec<String>,
    pub(crate) transactions: Vec<Identity>,
    /// The transaction that has begun, and whether it is in the database.
    current: (Option<Identity>, Vec<String>, bool),
}

impl Seen {
    pub(crate) fn of(server: &Server) -> Self {
        let (lines, transactions) = (Vec::new(), Vec::new());
        let database = server.database.clone();
        Self { database, lines, transactions, current: (None, Vec::new(), false) }
    }

    pub(crate) fn see(&mut self, event: &Event<'_>) {
        let database = match &event.body {
            Body::TableMap(map) => map.database,
            Body::Query(query) => query.database,
            _ => &[],
        };
        let line = match &event.body {
            Body::Gtid(gtid) => {
                self.keep();
                self.current.0 = Some(gtid.identity.clone());
                "GTID".to_owned()
            }
            Body::Query(query) => String::from_utf8_lossy(query.sql).into_owned(),
            Body::Xid(_) => "XID".to_owned(),
            Body::TableMap(map) => table(map),
            Body::Rows(rows) => describe(rows),
            Body::XaPrepare(xa) => format!("PREPARE {}", xa.quoted()),
            Body::RowsQuery(sql) => format!("-- {}", String::from_utf8_lossy(sql)),
            Body::Incident { .. } => "INCIDENT".to_owned(),
            Body::Statement(kind) => format!("STATEMENT {kind:?}"),
            _ => return,
        };
        self.current.2 |= database == self.database.as_bytes() && !line.contains("the_end");
        self.current.1.push(line);
    }

    /// Keeps the transaction that has ended, if it is in the database.
    fn keep(&mut self) {
        let (identity, lines, ours) = std::mem::take(&mut self.current);
        if ours {
            self.transactions.extend(identity);
            self.lines.extend(lines);
        }
    }
}

fn table(map: &TableMapEvent<'_>) -> String {
    let map = map.decode().expect("a table map");
    format!("TABLE {} {}", map.table, map.columns.len())
}

fn describe(rows: &Rows<'_>) -> String {
    let kind = match rows.kind {
        RowsKind::Write => "WRITE",
        RowsKind::Update => "UPDATE",
        RowsKind::Delete => "DELETE",
        RowsKind::PartialUpdate => "PARTIAL",
    };
    format!("{kind} {}", rows.bytes.len())
}

/// Whether the long forms are asked for.
pub(crate) fn long() -> bool {
    std::env::var_os("WALBROOK_ACCEPTANCE").is_some()
}
