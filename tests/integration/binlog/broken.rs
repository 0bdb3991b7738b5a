//! Broken worlds of MySQL and MariaDB: each gives one sentence with code and fix in the status, and
//! the process goes on.

use crate::broken::says;
use crate::support::daemon::{Config, Daemon, free_port, text};
use crate::support::session::connect;
use crate::support::stack::{self, Dialect, Server, Use, seconds, stack_with};
use crate::support::world::{self, World};
use serde_json::Value;
use std::process::Command;

/// A table with one row.
async fn one_table(world: &World) {
    let sql = "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'x')";
    world.database().run(sql).await;
}

/// Runs `test` in a world of its own beside others.
pub fn world(server: Server, name: &str, test: impl AsyncFnOnce(World) + 'static) {
    world::run(server, Use::Share, name, |w| test(w));
}

/// The same with nobody beside it, for it changes what all share.
pub fn alone(server: Server, name: &str, test: impl AsyncFnOnce(World) + 'static) {
    world::run(server, Use::Alone, name, |w| test(w));
}

/// Waits for the failure and requires its code.
async fn fails(world: &World, daemon: &mut Daemon, code: &str) -> Value {
    let (ours, told) = says(world, daemon, "failed").await;
    assert_eq!(ours["error"]["code"], code, "{told}");
    assert!(ours["error"]["fix"].as_str().is_some_and(|fix| !fix.is_empty()), "no fix: {ours}");
    ours
}

/// The configuration of a connector that comes as somebody else than root.
fn config_as(world: &World, user: &str) -> Config {
    let url = world.database().url().replace("root@", &format!("{user}@"));
    let tables = [format!("{}.*", world.database().name)];
    Config::new(world.name(), &url, world.name(), &tables)
}

/// An account of this test alone.
async fn account(world: &World, rights: &str) -> String {
    let user = format!("r_{}", world.name());
    let name = format!("'{user}'@'127.0.0.1'");
    world.database().run(format!("CREATE USER {name}")).await;
    world.undo(format!("DROP USER {name}"));
    for right in rights.split("; ").filter(|r| !r.is_empty()) {
        world.database().run(format!("GRANT {right} TO {name}")).await;
    }
    user
}

/// The account has a password, and it is not this one.
pub async fn wrong_password(w: World) {
    one_table(&w).await;
    let mut config = config_as(&w, "walbrook_pw");
    config.key("password", text("not this one"));
    let mut daemon = w.daemon(&config);
    fails(&w, &mut daemon, "WB-MYSQL-002").await;
}

/// The account may read tables, not the log.
pub async fn no_replication_right(w: World) {
    one_table(&w).await;
    let user = account(&w, "SELECT ON *.*").await;
    let mut daemon = w.daemon(&config_as(&w, &user));
    let told = fails(&w, &mut daemon, "WB-MYSQL-037").await;
    assert!(told.to_string().contains("REPLICATION SLAVE"), "the right is named: {told}");
}

/// The account may read the log, not the table.
pub async fn no_select_right(w: World) {
    one_table(&w).await;
    let watch = match w.database().dialect() {
        Dialect::MariaDb => "BINLOG MONITOR",
        _ => "REPLICATION CLIENT",
    };
    let name = &w.database().name;
    let rights = format!("REPLICATION SLAVE, {watch} ON *.*; INSERT ON {name}.t");
    let user = account(&w, &rights).await;
    let mut daemon = w.daemon(&config_as(&w, &user));
    let told = fails(&w, &mut daemon, "WB-MYSQL-038").await;
    assert!(told.to_string().contains("SELECT"), "the right is named: {told}");
}

/// A server with other options, on a stack of its own.
struct Other {
    home: std::path::PathBuf,
    port: u16,
    service: &'static str,
    options: &'static str,
}

impl Other {
    async fn start(w: &World, options: &'static str) -> Self {
        let home = std::env::temp_dir().join(format!("walbrook-{}", w.name()));
        let service = w.database().server.service();
        let other = Self { home, port: free_port(), service, options };
        stack_with("up", other.service, other.environment()).await;
        other
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        let upper = |suffix: &str| match (self.service, suffix) {
            ("mysql", "PORT") => "WALBROOK_MYSQL_PORT",
            ("mysql", _) => "WALBROOK_MYSQL_OPTIONS",
            (_, "PORT") => "WALBROOK_MARIADB_PORT",
            _ => "WALBROOK_MARIADB_OPTIONS",
        };
        vec![
            ("WALBROOK_RUN", self.home.display().to_string()),
            (upper("PORT"), self.port.to_string()),
            (upper("OPTIONS"), self.options.to_owned()),
        ]
    }

    fn url(&self) -> String {
        let scheme = if self.service == "mysql" { "mysql" } else { "mariadb" };
        format!("{scheme}://root@127.0.0.1:{}/", self.port)
    }
}

/// Whatever becomes of the test, its server is not left behind.
impl Drop for Other {
    fn drop(&mut self) {
        let kill = Command::new(stack::address("WALBROOK_TEST_STACK"))
            .args(["kill", self.service])
            .envs(self.environment())
            .status();
        if kill.is_ok_and(|status| status.success()) {
            let _ = std::fs::remove_dir_all(&self.home);
        } else {
            eprintln!("  left behind: {} in {}", self.service, self.home.display());
        }
    }
}

/// A server that is started with `options` is refused for what they do.
pub async fn options(w: World, options: &'static str, code: &'static str) {
    let other = Other::start(&w, options).await;
    let mut c = connect(&other.url()).await;
    c.run("CREATE DATABASE d; CREATE TABLE d.t (id int PRIMARY KEY)").await.unwrap();
    let mut daemon = w.daemon(&Config::new(w.name(), &other.url(), w.name(), &["d.*"]));
    fails(&w, &mut daemon, code).await;
}

/// The connector was away, and what it needs was deleted.
pub async fn purged(w: World) {
    one_table(&w).await;
    let config = w.config(&["t"]);
    let mut daemon = w.daemon(&config);
    daemon.streaming().await;
    let (exit, _) = daemon.terminate(seconds(10)).await;
    assert!(exit.success());
    let db = w.database();
    db.run("INSERT INTO t VALUES (2, 'never to be seen'); FLUSH BINARY LOGS").await;
    db.run("INSERT INTO t VALUES (3, 'y'); FLUSH BINARY LOGS").await;
    let newest = db.list("SHOW BINARY LOGS").await.pop().expect("a log file");
    // A reader of another test may hold a file for a moment.
    stack::wait("the log is purged", seconds(20), async || {
        db.run(format!("PURGE BINARY LOGS TO '{newest}'")).await;
        (db.list("SHOW BINARY LOGS").await.len() == 1).then_some(())
    })
    .await;
    let mut daemon = w.daemon(&config);
    fails(&w, &mut daemon, "WB-MYSQL-014").await;
}

/// Two connectors read under one server id. MariaDB throws one of them out, again and again: that one
/// says so. MySQL goes by the replica's UUID and may serve both.
pub async fn server_id_taken(w: World) {
    one_table(&w).await;
    let name = format!("second_{}", w.name());
    let mut configs = [w.config(&["t"]), w.config_named(&name, &["t"])];
    let followers = [w.follower(), w.follower_of(&name)];
    let mut daemons = Vec::new();
    for (n, config) in configs.iter_mut().enumerate() {
        config.key("server_id", "4100000001");
        let directory = w.directory().join(n.to_string());
        std::fs::create_dir_all(&directory).unwrap();
        daemons.push(Daemon::start(config, &directory));
    }
    tokio::time::sleep(seconds(5)).await;
    w.database().run("INSERT INTO t VALUES (2, 'y')").await;
    stack::wait("one of them says so, or both deliver", seconds(60), async || {
        for daemon in &daemons {
            let ours = daemon.ours().await.unwrap_or_default();
            if ours["error"]["code"] == "WB-MYSQL-015" {
                println!("  {ours}");
                return Some(());
            }
        }
        let both = followers.iter().all(|f| f.changes("t") == 2);
        (both && w.database().dialect() == Dialect::MySql).then_some(())
    })
    .await;
}

/// The URL says MySQL and the server is MariaDB, or the other way round.
pub async fn wrong_kind(w: World) {
    one_table(&w).await;
    let url = w.database().url();
    let url = match w.database().dialect() {
        Dialect::MariaDb => url.replace("mariadb://", "mysql://"),
        _ => url.replace("mysql://", "mariadb://"),
    };
    let tables = [format!("{}.*", w.database().name)];
    let mut daemon = w.daemon(&Config::new(w.name(), &url, w.name(), &tables));
    fails(&w, &mut daemon, "WB-MYSQL-020").await;
}

/// The connector's name and checkpoint, and a server that knows nothing of its position.
pub async fn another_server(w: World) {
    one_table(&w).await;
    let config = w.config(&["t"]);
    let mut daemon = w.daemon(&config);
    daemon.streaming().await;
    daemon.terminate(seconds(10)).await;
    let other = Other::start(&w, "").await;
    let name = &w.database().name;
    let mut c = connect(&other.url()).await;
    c.run(format!("CREATE DATABASE {name}; CREATE TABLE {name}.t (id int PRIMARY KEY, v text)"))
        .await
        .unwrap();
    let url = format!("{}{name}", other.url());
    let mut daemon = w.daemon(&Config::new(w.name(), &url, w.name(), &[format!("{name}.*")]));
    fails(&w, &mut daemon, "WB-MYSQL-022").await;
}

/// Without its checkpoint a connector reads its tables again: nothing on the server says that it was
/// there. It must not stream from nowhere.
pub async fn checkpoint_deleted(w: World) {
    one_table(&w).await;
    let config = w.config(&["t"]);
    let mut daemon = w.daemon(&config);
    daemon.streaming().await;
    daemon.terminate(seconds(10)).await;
    w.without_topic(&config.checkpoint_topic()).await;
    let follower = w.follower();
    let mut daemon = w.daemon(&config);
    daemon.streaming().await;
    w.database().run("INSERT INTO t VALUES (2, 'y')").await;
    follower
        .until("the row read again and the new one", seconds(30), |seen| {
            let of = |id: &str| {
                seen.iter().filter(|s| s.key.as_ref().is_some_and(|k| k.text() == id)).count()
            };
            of("1") == 2 && of("2") == 1
        })
        .await;
}
