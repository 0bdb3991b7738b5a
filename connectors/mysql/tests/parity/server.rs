//! A database of its own on a real server.

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Row, Value};
use std::sync::Arc;
use std::time::Duration;
use walbrook_mysql::ddl::{self, Context};
use walbrook_mysql::flavor::Flavor;
use walbrook_mysql::settings::{Settings, SnapshotMode, Tls, TlsMode};
use walbrook_mysql::structure::Structure;
use walbrook_mysql::table::Modes;
use walbrook_mysql::transport::{self, Start};

pub struct Server {
    pub flavor: Flavor,
    host: String,
    port: u16,
}

impl Server {
    /// The server that `variable` names.
    #[expect(clippy::disallowed_methods, reason = "tests are configured by the environment")]
    #[expect(clippy::print_stdout, reason = "a skipped test says so")]
    pub fn new(variable: &str) -> Option<Self> {
        let Ok(url) = std::env::var(variable) else {
            println!("skipped because {variable} is not set");
            return None;
        };
        let (scheme, rest) = url.split_once("://").unwrap();
        let (host, port) = rest.split('@').next_back().unwrap().split_once(':').unwrap();
        let flavor = if scheme == "mysql" { Flavor::MySql } else { Flavor::MariaDb };
        Some(Self { flavor, host: host.into(), port: port.trim_end_matches('/').parse().unwrap() })
    }

    pub fn settings(&self) -> Settings {
        Settings {
            flavor: self.flavor,
            host: self.host.clone(),
            port: self.port,
            user: "root".into(),
            password: Arc::new(|| Ok(None)),
            database: None,
            tls: Tls::new(TlsMode::Disable),
            server_id: Settings::default_server_id("parity", &std::process::id().to_string()),
            selection: Arc::new(|_, _| true),
            patterns: walbrook_core::settings::plain_names(),
            topic_prefix: "p".into(),
            cluster: "c".into(),
            connector: format!("parity-{}", std::process::id()),
            modes: Modes::default(),
            snapshot_mode: SnapshotMode::Initial,
            snapshot_workers: 1,
            initial: walbrook_core::initial::Initial::all(),
            schema_changes: false,
            include_query: false,
            heartbeat: Duration::from_secs(5),
        }
    }

    async fn client(&self) -> Conn {
        transport::client(&self.settings(), "parity").await.unwrap()
    }

    /// An empty database, and the end of the log.
    pub async fn fresh(&self, database: &str) -> Start {
        let mut client = self.client().await;
        let create = format!("CREATE DATABASE `{database}` CHARACTER SET utf8mb4");
        client.query_drop(format!("DROP DATABASE IF EXISTS `{database}`")).await.unwrap();
        client.query_drop(create).await.unwrap();
        let status = match self.flavor {
            Flavor::MySql => "SHOW BINARY LOG STATUS",
            Flavor::MariaDb => "SHOW MASTER STATUS",
        };
        let row: Row = client.query_first(status).await.unwrap().unwrap();
        Start::File { name: row.get(0).unwrap(), pos: row.get(1).unwrap() }
    }

    /// Runs a script in one session: statements end with `;` at the end of a line.
    pub async fn run(&self, database: &str, script: &str) {
        let mut client = self.client().await;
        client.query_drop(format!("USE `{database}`")).await.unwrap();
        client.query_drop("SET sql_mode = DEFAULT").await.unwrap();
        for statement in script.split(";\n").map(str::trim).filter(|text| !text.is_empty()) {
            let statement = statement.trim_end_matches(';');
            let head = statement.chars().take(60).collect::<String>();
            let done = client.query_drop(statement).await;
            done.unwrap_or_else(|error| panic!("{head}: {error}"));
        }
    }

    /// What the database's tables look like, read from SHOW CREATE TABLE.
    pub async fn structures(&self, database: &str) -> Vec<Structure> {
        let mut client = self.client().await;
        let version = if self.flavor == Flavor::MySql { 90_704 } else { 101_119 };
        let context = Context::new(self.flavor, version);
        client.query_drop(format!("USE `{database}`")).await.unwrap();
        let mut structures = Vec::new();
        for name in client.query::<String, _>("SHOW TABLES").await.unwrap() {
            if name == "last_of_all" {
                continue;
            }
            let row: Row =
                client.query_first(format!("SHOW CREATE TABLE `{name}`")).await.unwrap().unwrap();
            let text: String = row.get(1).unwrap();
            structures.push(ddl::read_show_create(database, &text, &context).unwrap());
        }
        structures
    }

    /// All rows of a table over the binary protocol.
    pub async fn select(&self, database: &str, table: &str, list: &str) -> Vec<Vec<Value>> {
        let mut client = self.client().await;
        let sql = format!("SELECT {list} FROM `{database}`.`{table}`");
        let rows: Vec<Row> = client.exec(sql, ()).await.unwrap();
        rows.into_iter().map(Row::unwrap).collect()
    }

    pub async fn drop(&self, database: &str) {
        self.client().await.query_drop(format!("DROP DATABASE `{database}`")).await.unwrap();
    }
}
