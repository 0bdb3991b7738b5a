//! A backlog drained: one-row transactions beside the server's own reader, large ones beside the path
//! from PostgreSQL in the same run.

use crate::support::consumer::{BULK, now_us};
use crate::support::daemon::Daemon;
use crate::support::stack::{self, Dialect, Server, acceptance, scale, seconds};
use crate::support::world::{self, World};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Sessions that write a backlog of small transactions.
const SESSIONS: u64 = 4;

/// Rows a second from the log to a consumer; the rows were written while no daemon ran.
async fn ours(world: &World, backlog: impl AsyncFnOnce(&World), rows: u64) -> (f64, u64) {
    let mut config = world.config(&[BULK]);
    config.key("transaction_metadata", "false");
    let follower = world.follower();
    let mut daemon = world.daemon(&config);
    daemon.streaming().await;
    daemon.terminate(seconds(15)).await;
    backlog(world).await;
    let mut daemon = Daemon::start(&config, world.directory());
    daemon.streaming().await;
    let streaming = now_us();
    stack::wait("the backlog", scale(seconds(60), seconds(300)), async || {
        (follower.bulk().len() as u64 >= rows).then_some(())
    })
    .await;
    let read: Vec<_> = follower.bulk().iter().map(|(_, us)| *us).collect();
    // From when the log flows: known by the status, or by the first row where that is earlier.
    let begin = streaming.min(read[0]);
    (rows as f64 * 1e6 / (read[read.len() - 1] - begin) as f64, daemon.peak_mib())
}

async fn table(world: &World) {
    let sql = "CREATE TABLE bulk (id bigint PRIMARY KEY, v varchar(100), n int)";
    world.database().run(sql).await;
}

/// Transactions of `size` rows, `transactions` of them, from several sessions.
async fn backlog(world: &World, transactions: u64, size: u64) {
    let db = world.database();
    let insert = db.dialect().generate("bulk", "(f + n) * s + i, concat('value ', i), i", 0, 999);
    let one = "INSERT INTO bulk VALUES (f + n, concat('value ', n), n)";
    let insert = insert.rsplit_once(";\n").map_or(insert.as_str(), |(_, sql)| sql.trim());
    let verb = |name: &str, sql: &str| {
        format!(
            "CREATE PROCEDURE {name}(f bigint, many bigint, s bigint)
             BEGIN
                 DECLARE n bigint DEFAULT 0;
                 WHILE n < many DO {sql}; SET n = n + 1; END WHILE;
             END"
        )
    };
    db.run(verb("small", one)).await;
    db.run(verb("large", insert)).await;
    let (each, name) = (transactions / SESSIONS, if size == 1 { "small" } else { "large" });
    let sessions: Vec<_> = (0..SESSIONS)
        .map(|k| {
            let (db, call) = (db.clone(), format!("CALL {name}({}, {each}, {size})", k * each));
            tokio::task::spawn_local(async move { db.run(call).await })
        })
        .collect();
    for session in sessions {
        session.await.unwrap();
    }
}

/// `mysqlbinlog`. MySQL's cannot log in to MariaDB, and MariaDB's own is not among the servers of
/// the tests.
fn reader(dialect: Dialect) -> Option<PathBuf> {
    (dialect == Dialect::MySql).then(|| stack::address("WALBROOK_TEST_MYSQLBINLOG").into())
}

/// Transactions a second of `mysqlbinlog --read-from-remote-server --raw` from `file` on.
async fn theirs(world: &World, reader: PathBuf, file: &str, transactions: u64) -> f64 {
    let url = world.database().server.url();
    let port = url.trim_end_matches('/').rsplit(':').next().unwrap().to_owned();
    let mut command = Command::new(reader);
    command
        .args(["--no-defaults", "-h", "127.0.0.1", "-u", "root", "--read-from-remote-server"])
        .args(["--raw", "--to-last-log", "-P", &port, file])
        .current_dir(world.directory())
        .stdout(Stdio::null());
    let begin = Instant::now();
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    transactions as f64 / begin.elapsed().as_secs_f64()
}

/// The newest log file.
async fn newest_log(world: &World) -> String {
    let files = world.database().list("SHOW BINARY LOGS").await;
    files.last().cloned().expect("a log file")
}

/// One-row transactions: at least 0.3 of the server's own reader.
pub async fn one_row(world: World) {
    let transactions: u64 = scale(40_000, 400_000);
    table(&world).await;
    world.database().run("FLUSH BINARY LOGS").await;
    let file = newest_log(&world).await;
    let (ours, peak) =
        ours(&world, async |w| backlog(w, transactions, 1).await, transactions).await;
    println!("  {transactions} one-row transactions: {ours:.0}/s to a consumer, peak {peak} MiB");
    let Some(reader) = reader(world.database().dialect()) else { return };
    let theirs = theirs(&world, reader, &file, transactions).await;
    println!("  mysqlbinlog {theirs:.0}/s, ratio {:.2}", ours / theirs);
    let floor = if acceptance() { 0.3 } else { 0.1 };
    assert!(ours / theirs >= floor, "{:.2}, at least {floor} is asked for", ours / theirs);
}

/// Transactions of a thousand rows, beside the same rows from PostgreSQL.
pub async fn thousand_rows(world: World) {
    let rows: u64 = scale(200_000, 2_000_000);
    let (send, receive) = tokio::sync::oneshot::channel();
    world::alone(Server::Pg18, "beside", |pg| async move {
        table(&pg).await;
        let write = async |w: &World| {
            for first in (0..rows).step_by(1_000) {
                w.database()
                    .generate("bulk", "i, concat('value ', i), i", first, first + 999)
                    .await;
            }
        };
        let _ = send.send(ours(&pg, write, rows).await);
    })
    .await;
    let (postgres, _) = receive.await.unwrap();
    table(&world).await;
    let (ours, peak) = ours(&world, async |w| backlog(w, rows / 1_000, 1_000).await, rows).await;
    println!(
        "  {rows} rows in thousands: {ours:.0}/s, from PostgreSQL {postgres:.0}/s, \
         ratio {:.2}, peak {peak} MiB",
        ours / postgres
    );
    let floor = if acceptance() { 0.5 } else { 0.2 };
    assert!(ours >= floor * postgres, "at least {floor} of the other path is asked for");
}
