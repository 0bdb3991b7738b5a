//! How fast the log is read; the figures are printed. Run it alone and optimised:
//! `cargo test --release -p walbrook-mysql --test log -- --ignored --nocapture speed`.

use crate::server::{both, variable};
use std::process::{Command, Stdio};
use std::time::Instant;
use walbrook_mysql::binlog::Body;
use walbrook_mysql::flavor::Flavor;
use walbrook_mysql::transport::Start;

/// Reads from `start` to the end and prints what that makes a second.
async fn measure(server: &mut crate::server::Server, what: &str, rows: u64, transactions: u64) {
    let Start::File { name, .. } = server.file().await else { unreachable!() };
    server.run("FLUSH BINARY LOGS").await;
    server.end().await;
    let start = Start::File { name: name.clone(), pos: 4 };
    let mut log = server.log(&start).await;
    let (begin, mut seen, mut bytes, mut end) = (Instant::now(), 0, 0, 0);
    let drained = server.drain(&mut log, |event| {
        seen += u64::from(matches!(event.body, Body::Xid(_)));
        if event.file == name {
            bytes += event.end - event.start;
            end = begin.elapsed().as_micros();
        }
    });
    drained.await.unwrap();
    let seconds = end as f64 / 1e6;
    println!(
        "{:?} {what}: {:.0} transactions/s, {:.0} rows/s, {:.0} MB/s",
        server.settings.flavor,
        seen as f64 / seconds,
        rows as f64 / seconds,
        bytes as f64 / 1e6 / seconds
    );
    assert!(seen >= transactions);
    if server.settings.flavor == Flavor::MySql {
        theirs(server.settings.port, &name, transactions);
    }
}

/// The same file read by `mysqlbinlog`.
fn theirs(port: u16, file: &str, transactions: u64) {
    let Some(program) = variable("WALBROOK_TEST_MYSQLBINLOG") else { return };
    let directory = std::env::temp_dir().join(format!("walbrook-speed-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let begin = Instant::now();
    let mut command = Command::new(program);
    command
        .args(["--no-defaults", "-h", "127.0.0.1", "-u", "root", "-P", &port.to_string()])
        .args(["--ssl-mode=DISABLED", "--read-from-remote-server", "--raw", file])
        .current_dir(&directory)
        .stdout(Stdio::null());
    assert!(command.status().unwrap().success());
    let seconds = begin.elapsed().as_secs_f64();
    let bytes = std::fs::metadata(directory.join(file)).unwrap().len() as f64;
    println!(
        "  mysqlbinlog: {:.0} transactions/s, {:.0} MB/s",
        transactions as f64 / seconds,
        bytes / 1e6 / seconds
    );
    std::fs::remove_dir_all(directory).unwrap();
}

/// Takes minutes.
#[tokio::test]
async fn speed() {
    if !crate::server::long() {
        return;
    }
    both("speed", async |mut server| {
        server
            .run("CREATE TABLE t (id int PRIMARY KEY AUTO_INCREMENT, v varchar(200), n bigint)")
            .await;
        let verb = "CREATE PROCEDURE small(many int) BEGIN DECLARE n int DEFAULT 0; \
                    WHILE n < many DO INSERT INTO t (v, n) VALUES (repeat('v', 100), n); \
                    SET n = n + 1; END WHILE; END";
        server.run(verb).await;
        server.run("FLUSH BINARY LOGS").await;
        server.run("CALL small(300000)").await;
        measure(&mut server, "one row each", 300_000, 300_000).await;
        server.run("CREATE TABLE s AS SELECT * FROM t LIMIT 1000").await;
        server.run("FLUSH BINARY LOGS").await;
        for _ in 0..1500 {
            server.run("INSERT INTO t (v, n) SELECT v, n FROM s").await;
        }
        measure(&mut server, "a thousand rows each", 1_500_000, 1500).await;
        server.run("DROP TABLE t").await;
    })
    .await;
}
