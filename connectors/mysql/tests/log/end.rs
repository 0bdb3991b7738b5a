//! Ways in which reading ends.

use crate::login::{account, with};
use crate::server::{both, failure};
use std::time::Duration;
use tokio::io::copy;
use tokio::net::{TcpListener, TcpStream};
use walbrook_core::error::Class;
use walbrook_mysql::binlog::Body;
use walbrook_mysql::codes;
use walbrook_mysql::flavor::Flavor;
use walbrook_mysql::settings::Settings;
use walbrook_mysql::transport::{Log, Start};

#[tokio::test]
async fn positions_that_the_server_does_not_have_are_definite() {
    both("purged", async |mut server| {
        let Start::File { name, pos } = server.file().await else { unreachable!() };
        let mut starts = vec![
            Start::File { name: "nothing.000001".into(), pos: 4 },
            Start::File { name: name.clone(), pos: pos + 1_000_000_000 },
            Start::File { name, pos: 5_000_000_000 },
        ];
        starts.push(match server.settings.flavor {
            // More than the server has of its own.
            Flavor::MySql => {
                let uuid = server.one("SELECT @@server_uuid").await;
                Start::Gtids(format!("{uuid}:1-1000000000").parse().unwrap())
            }
            Flavor::MariaDb => Start::Domains("0-99-1000000000".parse().unwrap()),
        });
        for start in starts {
            let error = failure(Log::open(&server.settings, &start).await).await;
            let found = (error.code, error.class);
            assert_eq!(found, (codes::PURGED, Class::Definite), "{start:?}: {error}");
        }
    })
    .await;
}

/// Takes the old log files from the server: not where others use it.
#[tokio::test]
async fn a_log_file_that_was_purged_is_told_so() {
    if !crate::server::long() {
        return;
    }
    both("gone", async |mut server| {
        let start = server.file().await;
        server.run("FLUSH BINARY LOGS").await;
        let Start::File { name, .. } = server.file().await else { unreachable!() };
        server.run(format!("PURGE BINARY LOGS TO '{name}'")).await;
        let error = failure(Log::open(&server.settings, &start).await).await;
        assert_eq!((error.code, error.class), (codes::PURGED, Class::Definite), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_killed_connection_is_transient() {
    both("killed", async |mut server| {
        account(&mut server, "h_binlog_killed", "IDENTIFIED BY 'k'").await;
        let settings = with(&server.settings, "h_binlog_killed", "k");
        let start = server.now().await;
        let mut log = Log::open(&settings, &start).await.unwrap();
        log.next().await.unwrap();
        let sql = "SELECT id FROM information_schema.processlist WHERE user = 'h_binlog_killed'";
        let id = server.one(sql).await;
        server.run(format!("KILL {id}")).await;
        let error = failure(Ok(log)).await;
        assert_eq!(error.class, Class::Transient, "{error}");
        server.run("DROP USER h_binlog_killed@'127.0.0.1'").await;
    })
    .await;
}

/// A way to the server that stops to carry anything after a while, without closing.
async fn black_hole(server: &Settings, open: Duration) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, address) =
        (listener.local_addr().unwrap().port(), (server.host.clone(), server.port));
    tokio::spawn(async move {
        let (near, _) = listener.accept().await.unwrap();
        let far = TcpStream::connect(address).await.unwrap();
        let ((mut a, mut b), (mut c, mut d)) = (near.into_split(), far.into_split());
        let carry = async { tokio::join!(copy(&mut a, &mut d), copy(&mut c, &mut b)) };
        let _ = tokio::time::timeout(open, carry).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop((a, b, c, d));
    });
    port
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    both("silent", async |mut server| {
        let start = server.now().await;
        let port = black_hole(&server.settings, Duration::from_secs(2)).await;
        let heartbeat = Duration::from_millis(300);
        let settings = Settings { port, heartbeat, ..server.settings.clone() };
        let begin = std::time::Instant::now();
        let error = failure(Log::open(&settings, &start).await).await;
        assert_eq!((error.code, error.class), (codes::SILENT, Class::Transient), "{error}");
        assert!(begin.elapsed() > Duration::from_millis(2500));
    })
    .await;
}

#[tokio::test]
async fn dropping_a_wait_loses_nothing() {
    both("dropped", async |mut server| {
        server.run("CREATE TABLE t (id int PRIMARY KEY, v longblob)").await;
        let start = server.now().await;
        for id in 0..20 {
            server.run(format!("INSERT INTO t VALUES ({id}, repeat('x', 700000))")).await;
        }
        server.end().await;
        let (mut log, mut rows, mut dropped) = (server.log(&start).await, 0, 0);
        let drain = async {
            loop {
                tokio::select! {
                    biased;
                    event = log.next() => {
                        let event = event.unwrap();
                        if server.is_end(&event) {
                            break;
                        }
                        let large = matches!(event.body, Body::Rows(rows) if rows.bytes.len() > 700_000);
                        rows += usize::from(large);
                    }
                    () = tokio::task::yield_now() => dropped += 1,
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(60), drain).await.unwrap();
        assert_eq!(rows, 20);
        assert!(dropped > 0);
        server.run("DROP TABLE t").await;
    })
    .await;
}
