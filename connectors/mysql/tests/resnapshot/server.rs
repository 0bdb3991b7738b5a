//! A server under test, and who writes to it.

use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use walbrook_mysql::flavor::Flavor;
use walbrook_mysql::settings::{Settings, SnapshotMode, Tls, TlsMode};
use walbrook_mysql::transport::client;

pub(crate) struct Server {
    pub(crate) settings: Settings,
    conn: Conn,
}

#[allow(clippy::disallowed_methods, reason = "tests get their servers from the environment")]
fn settings(flavor: Flavor, database: &str) -> Option<Settings> {
    let name = match flavor {
        Flavor::MySql => "WALBROOK_TEST_MYSQL",
        Flavor::MariaDb => "WALBROOK_TEST_MARIADB",
    };
    let Ok(url) = std::env::var(name) else {
        eprintln!("skipped because {name} is not set: eval \"$(dev/stack env)\"");
        return None;
    };
    let address = url.split('@').nth(1).expect("an address").trim_end_matches('/');
    let (host, port) = address.rsplit_once(':').expect("a port");
    let captured = database.to_owned();
    let connector = format!("{database}-{}", std::process::id());
    Some(Settings {
        flavor,
        host: host.to_owned(),
        port: port.parse().expect("a port"),
        user: "root".to_owned(),
        password: Arc::new(|| Ok(None)),
        database: None,
        tls: Tls::new(TlsMode::Disable),
        server_id: Settings::default_server_id("resnapshot", &connector),
        selection: Arc::new(move |database, _| *database == captured),
        patterns: walbrook_core::settings::plain_names(),
        topic_prefix: "t".to_owned(),
        cluster: "test".to_owned(),
        connector,
        modes: Default::default(),
        snapshot_mode: SnapshotMode::Initial,
        snapshot_workers: 2,
        initial: walbrook_core::initial::Initial::all(),
        schema_changes: false,
        include_query: false,
        heartbeat: Duration::from_secs(1),
    })
}

/// The test on both servers, each in a database of its own.
pub(crate) async fn both(test: &str, run: impl AsyncFn(Server)) {
    for flavor in [Flavor::MySql, Flavor::MariaDb] {
        let database = format!("h_again_{test}_{}", std::process::id());
        let Some(settings) = settings(flavor, &database) else { continue };
        let mut conn = client(&settings, "test").await.expect("a connection");
        conn.query_drop(format!("CREATE DATABASE {database}")).await.expect("a database");
        conn.query_drop(format!("USE {database}")).await.expect("a database");
        println!("  {test} on {}", flavor.connector());
        run(Server { settings: settings.clone(), conn }).await;
        let mut conn = client(&settings, "test").await.expect("a connection");
        conn.query_drop(format!("DROP DATABASE {database}")).await.expect("no database");
    }
}

impl Server {
    /// The database of the test.
    pub(crate) fn database(&self) -> String {
        self.settings.connector.rsplit_once('-').unwrap().0.to_owned()
    }

    pub(crate) async fn run(&mut self, sql: impl AsRef<str>) {
        let sql = sql.as_ref();
        if let Err(error) = self.conn.query_drop(sql).await {
            panic!("{error}: {}", &sql[..sql.len().min(200)]);
        }
    }

    /// `(k int PRIMARY KEY, ver int, v text)` with rows 1 to `count`.
    pub(crate) async fn table(&mut self, name: &str, count: u32) {
        self.run(format!("CREATE TABLE {name} (k int PRIMARY KEY, ver int, v varchar(40))")).await;
        let mut k = 1;
        while k <= count {
            let last = (k + 999).min(count);
            let rows: Vec<_> = (k..=last).map(|k| format!("({k}, 1, 'row {k}')")).collect();
            self.run(format!("INSERT INTO {name} VALUES {}", rows.join(","))).await;
            k = last + 1;
        }
    }

    /// Key and version of every row.
    pub(crate) async fn rows(&mut self, name: &str) -> Vec<(i64, i64)> {
        self.conn.query(format!("SELECT k, ver FROM {name} ORDER BY k")).await.unwrap()
    }

    /// Writes to `tables` of `count` keys until told to stop: updates, deletes, inserts, and rows
    /// that get another key. Answers how many statements were run.
    pub(crate) fn writer(
        &self,
        tables: &[&str],
        count: u32,
        stop: &Arc<AtomicBool>,
    ) -> tokio::task::JoinHandle<u64> {
        let (settings, database) = (self.settings.clone(), self.database());
        let tables: Vec<String> = tables.iter().map(|name| format!("{database}.{name}")).collect();
        let stop = Arc::clone(stop);
        tokio::spawn(async move {
            let mut conn = client(&settings, "writer").await.unwrap();
            let (mut n, mut done) = (1_u64, 0);
            while !stop.load(Relaxed) {
                n = n
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let k = (n >> 33) % u64::from(count) + 1;
                let table = &tables[(n >> 20) as usize % tables.len()];
                let sql = match (n >> 50) % 10 {
                    0 => format!("DELETE FROM {table} WHERE k = {k}"),
                    1 | 2 => format!(
                        "INSERT INTO {table} (k, ver, v) VALUES ({k}, 1, 'new') ON DUPLICATE KEY UPDATE ver = ver + 1"
                    ),
                    3 => format!(
                        "UPDATE IGNORE {table} SET k = {}, ver = ver + 1 WHERE k = {k}",
                        count + 1 + (n >> 11) as u32 % 1_000
                    ),
                    _ => {
                        format!("UPDATE {table} SET ver = ver + 1 WHERE k BETWEEN {k} AND {k} + 3")
                    }
                };
                conn.query_drop(sql).await.unwrap();
                done += 1;
            }
            done
        })
    }
}
