//! A database of its own for each test, and load on it.

use super::model::Model;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, NoTls};
use walbrook_postgres::settings::{PublicationMode, Settings, SnapshotMode, Tls, TlsMode};
use walbrook_postgres::table::Modes;

pub struct Server {
    variable: &'static str,
    config: Config,
    database: String,
    slot: String,
}

static NEXT: AtomicU64 = AtomicU64::new(0);

impl Server {
    /// The server that `variable` names.
    #[expect(clippy::disallowed_methods, reason = "tests are configured by the environment")]
    pub async fn new(variable: &'static str) -> Option<Self> {
        let Ok(url) = std::env::var(variable) else {
            println!("skipped because {variable} is not set");
            return None;
        };
        let config = url.parse().unwrap();
        Some(Self { variable, config, database: "postgres".into(), slot: String::new() })
    }

    /// A new database on it.
    pub async fn fresh(self) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("walbrook_snap_{}_{number}", std::process::id());
        self.sql(&format!("CREATE DATABASE {name}")).await;
        Self { database: name.clone(), slot: name, ..self }
    }

    pub fn name(&self) -> &str {
        self.variable
    }

    pub async fn client(&self) -> Client {
        let mut config = self.config.clone();
        let (client, connection) = config.dbname(&self.database).connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    pub async fn sql(&self, sql: &str) {
        self.client().await.batch_execute(sql).await.unwrap();
    }

    /// Role and publication; the tables belong to somebody else.
    pub async fn grant(&self) {
        self.sql(
            "DO $$ BEGIN CREATE ROLE walbrook_t LOGIN REPLICATION; \
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
        )
        .await;
        self.sql(
            "GRANT SELECT ON ALL TABLES IN SCHEMA public TO walbrook_t; \
             CREATE PUBLICATION p FOR ALL TABLES",
        )
        .await;
    }

    /// Who owns the tables.
    #[allow(dead_code, reason = "not in every test that uses this file")]
    pub fn owner(&self) -> String {
        self.config.get_user().unwrap().to_owned()
    }

    pub async fn make_slot(&self) {
        let slot = &self.slot;
        self.sql(&format!("SELECT pg_create_logical_replication_slot('{slot}', 'pgoutput')")).await;
    }

    /// Drops the slot as soon as nobody uses it.
    pub async fn drop_slot(&self) {
        let client = self.client().await;
        let sql = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots \
                   WHERE slot_name = $1";
        for _ in 0..100 {
            if client.execute(sql, &[&self.slot]).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the slot is still in use");
    }

    pub async fn drop(&self) {
        self.drop_slot().await;
        let home = Self {
            database: "postgres".into(),
            config: self.config.clone(),
            slot: String::new(),
            ..*self
        };
        home.sql(&format!("DROP DATABASE {} WITH (FORCE)", self.database)).await;
    }

    pub fn settings(&self, snapshot_mode: SnapshotMode) -> Settings {
        let host = match &self.config.get_hosts()[0] {
            tokio_postgres::config::Host::Tcp(host) => host.clone(),
            tokio_postgres::config::Host::Unix(path) => path.display().to_string(),
        };
        Settings {
            host,
            port: self.config.get_ports()[0],
            user: "walbrook_t".into(),
            password: Arc::new(|| Ok(None)),
            dbname: self.database.clone(),
            tls: Tls::new(TlsMode::Disable),
            slot: self.slot.clone(),
            owns_slot: true,
            messages: None,
            slot_failover: false,
            publication: "p".into(),
            publication_mode: PublicationMode::Existing,
            selection: Arc::new(|schema, _| schema == "public"),
            patterns: walbrook_core::settings::plain_names(),
            topic_prefix: "prefix".into(),
            cluster: "test".into(),
            connector: "snap".into(),
            modes: Modes::default(),
            snapshot_mode,
            snapshot_workers: 2,
            initial: walbrook_core::initial::Initial::all(),
            snapshot_as_published: true,
            feedback: Duration::from_secs(1),
        }
    }

    /// The model has exactly the rows of the database.
    pub async fn compare(&self, model: &Model) {
        let client = self.client().await;
        let mut truth = BTreeMap::new();
        for table in ["a_one", "b_empty", "big", "c_small", "d.Odd \"name", "e_nokey", "z_empty"] {
            let quoted = table.replace('"', "\"\"");
            let rows =
                client.query(&format!("SELECT id, ver FROM \"{quoted}\""), &[]).await.unwrap();
            for row in rows {
                truth.insert(
                    super::key(table, row.get(0)),
                    super::row(i64::from(row.get::<_, i32>(1))),
                );
            }
        }
        let wrong =
            |(key, state): &(&super::Key, &super::State)| model.rows().get(*key) != Some(*state);
        let missing: Vec<_> = truth.iter().filter(wrong).take(5).collect();
        let ghosts = model.rows().keys().filter(|key| !truth.contains_key(*key)).take(5);
        assert_eq!(missing, [], "missing or stale");
        assert_eq!(ghosts.collect::<Vec<_>>(), Vec::<&super::Key>::new(), "ghosts");
        assert_eq!(truth.len(), model.rows().len());
    }
}

/// Random writes until it is stopped: every update raises `ver` by one.
pub struct Load {
    stop: watch::Sender<bool>,
    task: JoinHandle<u64>,
}

impl Load {
    pub async fn start(server: &Server, range: i64) -> Self {
        let (stop, stopped) = watch::channel(false);
        let client = server.client().await;
        let task = tokio::spawn(async move {
            let (mut seed, mut writes) = (0x9e37_79b9_7f4a_7c15_u64, 0);
            while !*stopped.borrow() {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                let id = (seed % range as u64) as i64;
                let other = ((seed >> 20) % range as u64) as i64;
                let statement = match seed % 8 {
                    0..=2 => {
                        format!("UPDATE big SET ver = ver + 1 WHERE id BETWEEN {id} AND {id} + 6")
                    }
                    3 => format!("DELETE FROM big WHERE id = {id} / 2 * 2"),
                    4 => format!(
                        "INSERT INTO big VALUES ({id} / 2 * 2 + 1, 1, 'new') ON CONFLICT DO NOTHING"
                    ),
                    // A row leaves its segment for another.
                    5 | 6 => format!(
                        "UPDATE big SET id = {other} / 2 * 2 + 1, ver = ver + 1 WHERE id = {id} / 2 * 2 \
                         AND NOT EXISTS (SELECT FROM big WHERE id = {other} / 2 * 2 + 1)"
                    ),
                    _ => format!("UPDATE c_small SET ver = ver + 1 WHERE id = {id} % 20000 + 1"),
                };
                client.batch_execute(&statement).await.unwrap();
                writes += 1;
                if writes % 20 == 0 {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
            writes
        });
        Self { stop, task }
    }

    pub async fn stop(self) {
        self.stop.send_replace(true);
        println!("{} writes during the test", self.task.await.unwrap());
    }
}
