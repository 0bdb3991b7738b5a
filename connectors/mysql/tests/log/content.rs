//! What is committed is read, from every kind of start, plain and compressed.

use crate::server::{Seen, both, open};
use walbrook_mysql::binlog::{Body, Event, Identity};
use walbrook_mysql::flavor::Flavor;
use walbrook_mysql::transport::Start;

const EXPECTED: [&str; 17] = [
    "GTID",
    "BEGIN",
    "TABLE t 2",
    "WRITE 14",
    "XID", //
    "GTID",
    "BEGIN",
    "TABLE t 2",
    "UPDATE 14",
    "XID", //
    "GTID",
    "BEGIN",
    "TABLE t 2",
    "DELETE 7",
    "TABLE t 2",
    "WRITE 7",
    "XID",
];

/// Three transactions; MariaDB has no BEGIN of its own and tells statements.
async fn write(server: &mut crate::server::Server) {
    server.run("INSERT INTO t VALUES (1, 'a'), (2, 'b')").await;
    server.run("UPDATE t SET v = 'c' WHERE id = 1").await;
    server.run("BEGIN").await;
    server.run("DELETE FROM t WHERE id = 1").await;
    server.run("INSERT INTO t VALUES (3, 'd')").await;
    server.run("COMMIT").await;
}

fn plain(seen: Seen) -> Vec<String> {
    let known = |line: &String| !line.starts_with("-- ") && line != "BEGIN";
    seen.lines.into_iter().filter(known).collect()
}

fn expected() -> Vec<&'static str> {
    EXPECTED.into_iter().filter(|line| *line != "BEGIN").collect()
}

#[tokio::test]
async fn transactions_are_read_from_gtids_and_from_a_file() {
    both("content", async |mut server| {
        server.run("CREATE TABLE t (id int PRIMARY KEY, v varchar(9))").await;
        let starts = [server.now().await, server.file().await];
        write(&mut server).await;
        server.end().await;
        for start in starts {
            let (mut log, mut seen) = (server.log(&start).await, Seen::of(&server));
            server.drain(&mut log, |event| seen.see(event)).await.unwrap();
            assert_eq!(plain(seen), expected(), "{start:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn reading_goes_on_behind_the_transactions_that_are_known() {
    both("resume", async |mut server| {
        server.run("CREATE TABLE t (id int PRIMARY KEY, v varchar(9))").await;
        let start = server.now().await;
        write(&mut server).await;
        server.end().await;
        let (mut log, mut seen) = (server.log(&start).await, Seen::of(&server));
        server.drain(&mut log, |event| seen.see(event)).await.unwrap();
        let behind_first = match (start, &seen.transactions[0]) {
            (Start::Gtids(mut set), Identity::Numbered(gtid)) => {
                set.insert(gtid);
                Start::Gtids(set)
            }
            (Start::Domains(mut domains), Identity::Domain(newest)) => {
                domains.reach(*newest);
                Start::Domains(domains)
            }
            other => panic!("{other:?}"),
        };
        let (mut log, mut again) = (server.log(&behind_first).await, Seen::of(&server));
        server.drain(&mut log, |event| again.see(event)).await.unwrap();
        assert_eq!(again.transactions, seen.transactions[1..]);
    })
    .await;
}

#[tokio::test]
async fn a_compressed_transaction_says_the_same() {
    let Some(mut server) = open(Flavor::MySql, "payload").await else { return };
    server.run("CREATE TABLE t (id int PRIMARY KEY, v varchar(9))").await;
    server.run("SET SESSION binlog_transaction_compression = ON").await;
    let start = server.now().await;
    write(&mut server).await;
    server.run("SET SESSION binlog_transaction_compression = OFF").await;
    server.end().await;
    let (mut log, mut seen, mut places) = (server.log(&start).await, Seen::of(&server), Vec::new());
    let drained = server.drain(&mut log, |event| {
        if matches!(event.body, Body::Rows(_) | Body::Xid(_)) && inner(event) {
            places.push((event.start, event.end));
        }
        seen.see(event);
    });
    drained.await.unwrap();
    assert_eq!(plain(seen), expected());
    assert_eq!(places[0], places[1], "events of one payload are told at its place");
    assert!(places[0].1 <= places[2].0 && places[0].0 < places[0].1);
}

/// Whether an event lies within a larger one; other tests write beside us, and not compressed.
fn inner(event: &Event<'_>) -> bool {
    event.end - event.start != u64::from(event.size)
}

#[tokio::test]
async fn compressed_events_of_mariadb_say_the_same() {
    let Some(mut server) = open(Flavor::MariaDb, "compressed").await else { return };
    server.run("CREATE TABLE t (id int PRIMARY KEY, v text)").await;
    let start = server.now().await;
    server.run("SET GLOBAL log_bin_compress = ON").await;
    server.run("INSERT INTO t VALUES (1, repeat('abc', 1000))").await;
    let long = format!("CREATE TABLE u (i int COMMENT '{}')", "x".repeat(900));
    server.run(&long).await;
    server.run("SET GLOBAL log_bin_compress = OFF").await;
    server.end().await;
    let (mut log, mut seen) = (server.log(&start).await, Seen::of(&server));
    server.drain(&mut log, |event| seen.see(event)).await.unwrap();
    assert!(seen.lines.contains(&"WRITE 3007".to_owned()), "{:?}", seen.lines);
    assert!(seen.lines.contains(&long), "{:?}", seen.lines);
}

#[tokio::test]
async fn the_log_goes_on_in_the_next_file() {
    both("rotate", async |mut server| {
        server.run("CREATE TABLE t (id int PRIMARY KEY)").await;
        let start = server.now().await;
        server.run("INSERT INTO t VALUES (1)").await;
        server.run("FLUSH BINARY LOGS").await;
        server.run("INSERT INTO t VALUES (2)").await;
        let Start::File { name, .. } = server.file().await else { unreachable!() };
        server.end().await;
        let (mut log, mut places) = (server.log(&start).await, Vec::new());
        let drained = server.drain(&mut log, |event| {
            assert!(event.start <= event.end);
            match &event.body {
                Body::TableMap(map) if map.database == server.database.as_bytes() => {
                    places.push((event.file.to_owned(), event.start));
                }
                // No bytes of a checksum in it.
                Body::Rotate { file, .. } => assert!(file.rsplit_once('.').unwrap().1.len() == 6),
                _ => {}
            }
        });
        drained.await.unwrap();
        assert_eq!(places.len(), 2);
        assert_ne!(places[0].0, name);
        assert_eq!(places[1].0, name);
    })
    .await;
}

#[tokio::test]
async fn positions_are_those_of_the_server() {
    both("places", async |mut server| {
        server.run("CREATE TABLE t (id int PRIMARY KEY)").await;
        let start = server.now().await;
        server.run("INSERT INTO t VALUES (1)").await;
        let Start::File { name, pos } = server.file().await else { unreachable!() };
        server.end().await;
        // Others write too: the server's position is the end of some transaction.
        let (mut log, mut ends) = (server.log(&start).await, Vec::new());
        let drained = server.drain(&mut log, |event| {
            if let Body::Xid(_) | Body::Query(_) = &event.body {
                ends.push((event.file.to_owned(), event.end));
            }
        });
        drained.await.unwrap();
        assert!(ends.contains(&(name, pos)), "{pos}: {ends:?}");
    })
    .await;
}

#[tokio::test]
async fn xa_transactions_have_their_names() {
    both("xa", async |mut server| {
        server.run("CREATE TABLE t (id int PRIMARY KEY, v varchar(9))").await;
        let start = server.now().await;
        for sql in ["XA START 'gl','br'", "INSERT INTO t VALUES (1, 'a')", "XA END 'gl','br'"] {
            server.run(sql).await;
        }
        server.run("XA PREPARE 'gl','br'").await;
        server.run("XA COMMIT 'gl','br'").await;
        server.end().await;
        let (mut log, mut seen) = (server.log(&start).await, Seen::of(&server));
        server.drain(&mut log, |event| seen.see(event)).await.unwrap();
        assert!(seen.lines.contains(&"PREPARE X'676c',X'6272',1".to_owned()), "{:?}", seen.lines);
        let commit = seen.lines.iter().find(|line| line.starts_with("XA COMMIT")).unwrap();
        assert_eq!(commit, "XA COMMIT X'676c',X'6272',1");
    })
    .await;
}
