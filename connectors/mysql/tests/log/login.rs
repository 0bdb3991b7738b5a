//! Ways of logging in, and their failures.

use crate::server::{Server, both, failure, open, settings, variable};
use std::sync::Arc;
use walbrook_core::error::Class;
use walbrook_mysql::codes;
use walbrook_mysql::flavor::Flavor;
use walbrook_mysql::settings::{Settings, Tls, TlsMode};
use walbrook_mysql::transport::{Log, client};

pub(crate) fn with(settings: &Settings, user: &str, password: &'static str) -> Settings {
    Settings {
        user: user.to_owned(),
        password: Arc::new(move || Ok(Some(password.to_owned()))),
        ..settings.clone()
    }
}

/// Logs in both ways, and reads an event.
async fn works(server: &mut Server, settings: &Settings) {
    let start = server.now().await;
    let mut log = Log::open(settings, &start).await.unwrap();
    log.next().await.unwrap();
    client(settings, "test").await.unwrap();
}

pub(crate) async fn account(server: &mut Server, name: &str, how: &str) {
    server.run(format!("DROP USER IF EXISTS {name}@'127.0.0.1'")).await;
    server.run(format!("CREATE USER {name}@'127.0.0.1' {how}")).await;
    server.run(format!("GRANT SELECT, REPLICATION SLAVE ON *.* TO {name}@'127.0.0.1'")).await;
}

#[tokio::test]
async fn caching_sha2_logs_in_with_and_without_the_cache_and_tls() {
    let Some(mut server) = open(Flavor::MySql, "sha2").await else { return };
    let how = "IDENTIFIED WITH caching_sha2_password BY 'pass word'";
    let plain = with(&server.settings, "h_binlog_sha2", "pass word");
    let tls = Settings { tls: Tls::new(TlsMode::Require), ..plain.clone() };
    // The first login of a new account is the full one; the second finds it in the cache.
    for settings in [&plain, &tls] {
        account(&mut server, "h_binlog_sha2", how).await;
        let start = server.now().await;
        // Not private: what another machine would see of this one.
        Log::open(settings, &start).await.unwrap();
        works(&mut server, settings).await;
    }
    server.run("DROP USER h_binlog_sha2@'127.0.0.1'").await;
}

#[tokio::test]
async fn native_password_logs_in() {
    let Some(mut server) = open(Flavor::MariaDb, "native").await else { return };
    account(&mut server, "h_binlog_native", "IDENTIFIED BY 'pass word'").await;
    let settings = with(&server.settings, "h_binlog_native", "pass word");
    works(&mut server, &settings).await;
    server.run("DROP USER h_binlog_native@'127.0.0.1'").await;
}

#[tokio::test]
async fn tls_is_verified_as_far_as_it_is_asked_for() {
    let Some(ca) = variable("WALBROOK_TEST_CA") else { return };
    both("tls", async |mut server| {
        for mode in [TlsMode::Require, TlsMode::VerifyCa, TlsMode::VerifyFull] {
            let tls = Tls { ca: Some(ca.clone().into()), ..Tls::new(mode) };
            let settings = Settings { tls, ..server.settings.clone() };
            works(&mut server, &settings).await;
        }
        // The authority is none of the operating system's.
        let tls = Tls::new(TlsMode::VerifyFull);
        let settings = Settings { tls, ..server.settings.clone() };
        let start = server.now().await;
        let error = failure(Log::open(&settings, &start).await).await;
        assert_eq!((error.code, error.class), (codes::TLS, Class::Definite), "{error}");
        let error = client(&settings, "test").await.unwrap_err();
        assert_eq!((error.code, error.class), (codes::TLS, Class::Definite), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_wrong_password_is_definite_and_not_told() {
    both("wrong", async |mut server| {
        account(&mut server, "h_binlog_wrong", "IDENTIFIED BY 'right'").await;
        let settings = with(&server.settings, "h_binlog_wrong", "s3cret");
        let start = server.now().await;
        let errors = [
            failure(Log::open(&settings, &start).await).await,
            client(&settings, "test").await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!((error.code, error.class), (codes::LOGIN, Class::Definite), "{error}");
            assert!(!error.to_string().contains("s3cret"));
        }
        server.run("DROP USER h_binlog_wrong@'127.0.0.1'").await;
    })
    .await;
}

#[tokio::test]
async fn an_account_without_the_right_is_told_what_it_lacks() {
    both("right", async |mut server| {
        account(&mut server, "h_binlog_right", "IDENTIFIED BY 'right'").await;
        server.run("REVOKE REPLICATION SLAVE ON *.* FROM h_binlog_right@'127.0.0.1'").await;
        let settings = with(&server.settings, "h_binlog_right", "right");
        let start = server.now().await;
        let error = failure(Log::open(&settings, &start).await).await;
        assert_eq!((error.code, error.class), (codes::RIGHT, Class::Definite), "{error}");
        assert!(error.fix.contains("REPLICATION SLAVE"), "{error}");
        server.run("DROP USER h_binlog_right@'127.0.0.1'").await;
    })
    .await;
}

#[tokio::test]
async fn another_kind_of_server_is_noticed() {
    for flavor in [Flavor::MySql, Flavor::MariaDb] {
        let Some(settings) = settings(flavor) else { return };
        let other = match flavor {
            Flavor::MySql => Flavor::MariaDb,
            Flavor::MariaDb => Flavor::MySql,
        };
        let settings = Settings { flavor: other, ..settings };
        let start = walbrook_mysql::transport::Start::File { name: String::new(), pos: 4 };
        let error = failure(Log::open(&settings, &start).await).await;
        assert_eq!(error.code, codes::OTHER_SERVER, "{error}");
    }
}

#[tokio::test]
async fn nobody_there_is_transient() {
    let Some(settings) = settings(Flavor::MySql) else { return };
    let settings = Settings { port: 1, ..settings };
    let start = walbrook_mysql::transport::Start::File { name: String::new(), pos: 4 };
    for error in [
        failure(Log::open(&settings, &start).await).await,
        client(&settings, "test").await.unwrap_err(),
    ] {
        assert_eq!((error.code, error.class), (codes::CONNECT, Class::Transient), "{error}");
    }
}
