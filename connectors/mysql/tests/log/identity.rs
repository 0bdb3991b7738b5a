//! Who reads: what the server shows, and what happens when two are the same.

use crate::server::{both, failure};
use mysql_async::Row;
use mysql_async::prelude::Queryable;
use std::time::Duration;
use walbrook_core::error::Class;
use walbrook_mysql::codes;
use walbrook_mysql::flavor::Flavor;
use walbrook_mysql::settings::Settings;
use walbrook_mysql::transport::Log;

#[tokio::test]
async fn the_server_names_us_among_its_replicas() {
    both("named", async |mut server| {
        let start = server.now().await;
        let mut log = server.log(&start).await;
        log.next().await.unwrap();
        let sql = match server.settings.flavor {
            Flavor::MySql => "SHOW REPLICAS",
            Flavor::MariaDb => "SHOW SLAVE HOSTS",
        };
        let rows: Vec<Row> = server.conn.query(sql).await.unwrap();
        let ours = rows.iter().find(|row| row.get::<u32, _>(0) == Some(server.settings.server_id));
        let name: String = ours.expect("us").get(1).unwrap();
        assert_eq!(name, format!("walbrook-{}", server.settings.connector));
    })
    .await;
}

#[tokio::test]
async fn the_first_of_two_readers_with_one_identity_is_told_so() {
    both("twice", async |mut server| {
        let start = server.now().await;
        let mut first = server.log(&start).await;
        first.next().await.unwrap();
        let mut second = server.log(&start).await;
        second.next().await.unwrap();
        let error = failure(Ok(first)).await;
        assert_eq!((error.code, error.class), (codes::SERVER_ID, Class::Definite), "{error}");
        // The second lives.
        server.end().await;
        server.drain(&mut second, |_| {}).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn two_connectors_read_beside_each_other() {
    both("beside", async |mut server| {
        let start = server.now().await;
        let mut first = server.log(&start).await;
        let other = Settings {
            connector: format!("{}-other", server.settings.connector),
            server_id: server.settings.server_id + 50_000_000,
            ..server.settings.clone()
        };
        let mut second = Log::open(&other, &start).await.unwrap();
        server.end().await;
        server.drain(&mut first, |_| {}).await.unwrap();
        server.drain(&mut second, |_| {}).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn heartbeats_come_when_there_is_nothing_else() {
    both("idle", async |mut server| {
        let start = server.now().await;
        let settings = Settings { heartbeat: Duration::from_millis(50), ..server.settings.clone() };
        let mut log = Log::open(&settings, &start).await.unwrap();
        let idle = async {
            let mut count = 0;
            while count < 3 {
                let event = log.next().await.unwrap();
                count += usize::from(matches!(event.body, walbrook_mysql::binlog::Body::Heartbeat));
            }
        };
        tokio::time::timeout(Duration::from_secs(30), idle).await.unwrap();
    })
    .await;
}
