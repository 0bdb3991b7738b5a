//! Large rows and large transactions, and how much memory they take.

use crate::server::{Seen, both, open};
use walbrook_mysql::binlog::Body;
use walbrook_mysql::flavor::Flavor;

/// Resident memory of this process in MiB.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4 / 1024
}

/// Whether this is the process that runs the test `name` and no other: one that counts its memory must
/// not count what its neighbours hold. In the process of all tests it runs the test in one of its own.
fn alone(name: &str) -> bool {
    if std::env::var_os("WALBROOK_TEST_ALONE").is_some() {
        return true;
    }
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", name, "--nocapture"]).env("WALBROOK_TEST_ALONE", "1");
    let output = child.output().unwrap();
    print!("{}", String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{name} was not run");
    false
}

#[tokio::test]
async fn a_row_of_forty_megabytes_is_read() {
    both("wide", async |mut server| {
        server.run("CREATE TABLE t (id int PRIMARY KEY, v longblob)").await;
        let before = server.one("SELECT @@global.max_allowed_packet").await;
        server.run("SET GLOBAL max_allowed_packet = 1073741824").await;
        let start = server.now().await;
        let mut writer = walbrook_mysql::transport::client(&server.settings, "test").await.unwrap();
        let sql = format!("INSERT INTO {}.t VALUES (1, repeat('x', 40000000))", server.database);
        mysql_async::prelude::Queryable::query_drop(&mut writer, sql).await.unwrap();
        server.run(format!("SET GLOBAL max_allowed_packet = {before}")).await;
        server.end().await;
        let (mut log, mut seen) = (server.log(&start).await, Seen::of(&server));
        server.drain(&mut log, |event| seen.see(event)).await.unwrap();
        assert!(seen.lines.contains(&"WRITE 40000009".to_owned()), "{:?}", seen.lines);
        server.run("DROP TABLE t").await;
    })
    .await;
}

#[tokio::test]
async fn a_compressed_transaction_of_300_megabytes_takes_little_memory() {
    const NAME: &str = "size::a_compressed_transaction_of_300_megabytes_takes_little_memory";
    if !alone(NAME) {
        return;
    }
    let Some(mut server) = open(Flavor::MySql, "large").await else { return };
    server.run("CREATE TABLE t (id int PRIMARY KEY AUTO_INCREMENT, v varchar(1000))").await;
    server.run("SET SESSION binlog_transaction_compression = ON").await;
    let start = server.now().await;
    server.run("BEGIN").await;
    // A third of it does not compress.
    for _ in 0..30 {
        let value = "concat(hex(random_bytes(150)), repeat('y', 600))";
        server
            .run(format!(
                "INSERT INTO t (v) WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i + 1 FROM n \
                 WHERE i < 11000) SELECT /*+ SET_VAR(cte_max_recursion_depth = 20000) */ {value} FROM n"
            ))
            .await;
    }
    server.run("COMMIT").await;
    server.run("SET SESSION binlog_transaction_compression = OFF").await;
    server.end().await;
    let mut log = server.log(&start).await;
    let (before, mut peak, mut bytes, mut payload) = (resident(), 0, 0, 0);
    let begin = std::time::Instant::now();
    let drained = server.drain(&mut log, |event| {
        if let Body::Rows(rows) = &event.body {
            bytes += rows.bytes.len();
            // Others write beside us: ours is the largest.
            payload = payload.max(event.end - event.start);
            if bytes % 16 == 0 {
                peak = peak.max(resident());
            }
        }
    });
    drained.await.unwrap();
    let growth = peak.saturating_sub(before);
    println!(
        "payload {} MB, inflated {} MB in {:?}, memory +{growth} MiB",
        payload / 1_000_000,
        bytes / 1_000_000,
        begin.elapsed()
    );
    assert!(bytes > 290_000_000 && payload > 50_000_000);
    assert!(growth <= 60);
    server.run("DROP TABLE t").await;
}
