//! A database of its own for each test, dropped with its slots at the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio_postgres::{Client, Config, NoTls};
use walbrook_postgres::settings::{PublicationMode, Settings, SnapshotMode, Tls, TlsMode};
use walbrook_postgres::slot;
use walbrook_postgres::table::Modes;

pub const SERVERS: [&str; 2] = ["WALBROOK_TEST_PG15", "WALBROOK_TEST_PG18"];

static NEXT: AtomicU64 = AtomicU64::new(0);

pub struct Server {
    config: Config,
    pub name: String,
}

#[expect(clippy::disallowed_methods, reason = "tests are configured by the environment")]
pub fn variable(name: &'static str) -> Option<String> {
    let value = std::env::var(name).ok();
    if value.is_none() {
        println!("skipped because {name} is not set");
    }
    value
}

impl Server {
    /// A new database on the server that `variable` names.
    pub async fn fresh(name: &'static str) -> Option<Self> {
        let config: Config = variable(name)?.parse().unwrap();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let database = format!("walbrook_stream_{}_{number}", std::process::id());
        let server = Self { config, name: database };
        let create = format!("CREATE DATABASE {}", server.name);
        server.connect("postgres").await.batch_execute(&create).await.unwrap();
        Some(server)
    }

    async fn connect(&self, database: &str) -> Client {
        let mut config = self.config.clone();
        let (client, connection) = config.dbname(database).connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    pub async fn client(&self) -> Client {
        self.connect(&self.name).await
    }

    pub async fn sql(&self, sql: &str) {
        self.client().await.batch_execute(sql).await.unwrap();
    }

    pub async fn number(&self, sql: &str) -> i64 {
        self.client().await.query_one(sql, &[]).await.unwrap().get(0)
    }

    pub fn settings(&self) -> Settings {
        Settings {
            host: "127.0.0.1".into(),
            port: self.config.get_ports()[0],
            user: "postgres".into(),
            password: Arc::new(|| Ok(None)),
            dbname: self.name.clone(),
            tls: Tls::new(TlsMode::Disable),
            slot: self.name.clone(),
            owns_slot: true,
            messages: None,
            slot_failover: true,
            publication: self.name.clone(),
            publication_mode: PublicationMode::Filtered,
            selection: Arc::new(|schema, name| schema == "public" && name != "hidden"),
            patterns: walbrook_core::settings::plain_names(),
            topic_prefix: "p".into(),
            cluster: "walbrook".into(),
            connector: "test".into(),
            modes: Modes::default(),
            snapshot_mode: SnapshotMode::NoData,
            snapshot_workers: 1,
            initial: walbrook_core::initial::Initial::all(),
            snapshot_as_published: true,
            feedback: Duration::from_secs(1),
        }
    }

    /// The role that has to show a password.
    pub fn with_password(&self, password: &'static str, tls: Tls) -> Settings {
        let password: walbrook_postgres::settings::Password =
            Arc::new(move || Ok(Some(password.into())));
        Settings { user: "walbrook_pw".into(), password, tls, ..self.settings() }
    }

    pub async fn remove(self) {
        let client = self.client().await;
        slot::drop(&client, &self.name, Duration::from_secs(10)).await.unwrap();
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        self.connect("postgres").await.batch_execute(&drop).await.unwrap();
    }
}
