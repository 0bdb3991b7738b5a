//! The transport, slots, publications, checks and the stream against real servers.
//!
//! `WALBROOK_TEST_PG15` and `WALBROOK_TEST_PG18` name the servers, `WALBROOK_TEST_CA` the authority
//! of their certificates (`eval "$(dev/stack env)"`).

#![allow(unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::print_stdout)]

mod drain;
mod flow;
mod login;
mod objects;
mod server;

use crate::flow::{Flow, prepare};
use crate::server::{SERVERS, Server};
use std::time::Duration;
use walbrook_core::change::Op;
use walbrook_core::error::Class;
use walbrook_postgres::stream::Timing;
use walbrook_postgres::{slot, transport};

const TABLE: &str = "CREATE TABLE t (id int PRIMARY KEY, note text); CREATE TABLE hidden (id int)";

fn zigzag(number: i64) -> Vec<u8> {
    let mut out = Vec::new();
    walbrook_core::avro::write::long(&mut out, number);
    out
}

#[tokio::test]
async fn changes_come_in_order_and_the_stream_goes_on_where_it_was_cut() {
    for variable in SERVERS {
        let Some(server) = Server::fresh(variable).await else { continue };
        server.sql(TABLE).await;
        let at = prepare(&server).await;
        let settings = server.settings();
        let mut flow = Flow::start(&settings, at, Timing::default()).await;
        server.sql("INSERT INTO t VALUES (1, 'a'), (2, 'b')").await;
        server
            .sql("BEGIN; INSERT INTO hidden VALUES (1); UPDATE t SET id = 3 WHERE id = 2; COMMIT")
            .await;
        server.sql("DELETE FROM t WHERE id = 3").await;
        server.sql("BEGIN; INSERT INTO t VALUES (9); ROLLBACK").await;
        server.sql("ALTER TABLE t REPLICA IDENTITY FULL").await;
        server.sql("UPDATE t SET note = NULL").await;
        server.sql("TRUNCATE t").await;
        flow.until(6).await;
        let expected = [
            (Op::Create, 1, zigzag(1)),
            (Op::Create, 2, zigzag(2)),
            (Op::Update, 1, zigzag(3)),
            (Op::Delete, 1, zigzag(3)),
            (Op::Update, 1, zigzag(1)),
            (Op::Truncate, 1, Vec::new()),
        ];
        assert_eq!(flow.seen, expected, "{variable}");

        let walsender = "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots \
                         WHERE slot_name = current_database()";
        let at = flow.at;
        server.sql(walsender).await;
        let error = flow.failure().await;
        assert_eq!(error.class, Class::Transient, "{error}");

        server.sql("INSERT INTO t VALUES (5)").await;
        let client = transport::client(&settings, "test").await.unwrap();
        slot::wait_free(&client, &settings.slot, Duration::from_secs(5)).await.unwrap();
        let mut flow = Flow::start(&settings, at, Timing::default()).await;
        flow.until(1).await;
        assert_eq!(flow.seen, [(Op::Create, 1, zigzag(5))]);
        flow.stop().await;
        server.remove().await;
    }
}

#[tokio::test]
async fn a_transaction_larger_than_all_batches_comes_whole() {
    for variable in SERVERS {
        let Some(server) = Server::fresh(variable).await else { continue };
        server.sql(TABLE).await;
        let at = prepare(&server).await;
        let mut flow = Flow::start(&server.settings(), at, Timing::default()).await;
        let rows = 100_000;
        server
            .sql(&format!(
                "INSERT INTO t SELECT n, repeat('x', 60) FROM generate_series(1, {rows}) n"
            ))
            .await;
        flow.until(rows).await;
        assert_eq!(flow.transactions.len(), 1);
        assert!(
            flow.seen
                .iter()
                .zip(1..)
                .all(|((_, number, key), n)| { *number == n as u64 && *key == zigzag(n) })
        );
        flow.stop().await;
        server.remove().await;
    }
}

#[tokio::test]
async fn an_idle_table_keeps_no_log() {
    for variable in SERVERS {
        let Some(server) = Server::fresh(variable).await else { continue };
        server.sql(TABLE).await;
        let at = prepare(&server).await;
        let (feedback, progress) = (Duration::from_millis(200), Duration::from_millis(500));
        let timing = Timing { feedback, progress, ..Timing::default() };
        let mut flow = Flow::start(&server.settings(), at, timing).await;
        server.sql("INSERT INTO hidden SELECT generate_series(1, 100000)").await;
        let end = server.number("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::int8").await;
        flow.pass(end as u64).await;
        assert!(flow.seen.is_empty());
        assert!(flow.gauges.head.load(std::sync::atomic::Ordering::Relaxed) >= end as u64);
        let confirmed = "SELECT pg_wal_lsn_diff(confirmed_flush_lsn, '0/0')::int8 \
                         FROM pg_replication_slots WHERE slot_name = current_database()";
        let mut waited = 0;
        while server.number(confirmed).await < end {
            waited += 1;
            assert!(waited < 50, "{variable}: the slot is not moved");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        flow.stop().await;
        server.remove().await;
    }
}
