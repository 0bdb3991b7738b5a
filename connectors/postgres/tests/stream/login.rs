//! Getting in: SCRAM, TLS in all its modes, and refusals that say what is wrong.

use crate::server::{SERVERS, Server, variable};
use std::path::PathBuf;
use walbrook_core::error::{Class, Code};
use walbrook_postgres::settings::{Settings, Tls, TlsMode};
use walbrook_postgres::{codes, transport};

fn tls(mode: TlsMode, ca: Option<&str>) -> Tls {
    Tls { ca: ca.map(PathBuf::from), ..Tls::new(mode) }
}

/// Both kinds of connection, and whether the server sees them encrypted.
async fn encrypted(settings: &Settings) -> Vec<bool> {
    let sql = "SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let mut session = transport::connect(settings, "test").await.unwrap();
    let rows = session.query(sql).await.unwrap();
    session.close().await;
    let client = transport::client(settings, "test").await.unwrap();
    let row = client.query_one(sql, &[]).await.unwrap();
    vec![rows[0][0].as_deref() == Some("true"), row.get::<_, String>(0) == "true"]
}

async fn refused(settings: &Settings) -> Vec<(Code, Class)> {
    let first = transport::connect(settings, "test").await.map(drop).unwrap_err();
    let second = transport::client(settings, "test").await.map(drop).unwrap_err();
    println!("{first}\n{second}");
    assert!(!first.fix.is_empty());
    vec![(first.code, first.class), (second.code, second.class)]
}

#[tokio::test]
async fn scram_and_tls() {
    for name in SERVERS {
        let Some(server) = Server::fresh(name).await else { continue };
        let Some(ca) = variable("WALBROOK_TEST_CA") else { continue };
        let ca = Some(ca.as_str());
        let plain = server.with_password("walbrook", tls(TlsMode::Disable, None));
        assert_eq!(encrypted(&plain).await, [false, false]);
        for (host, mode, ca) in [
            ("127.0.0.1", TlsMode::VerifyFull, ca),
            ("localhost", TlsMode::VerifyFull, ca),
            ("127.0.0.1", TlsMode::VerifyCa, ca),
            ("127.0.0.1", TlsMode::Require, None),
        ] {
            let settings = server.with_password("walbrook", tls(mode, ca));
            let settings = Settings { host: host.into(), ..settings };
            assert_eq!(encrypted(&settings).await, [true, true], "{name} {host} {mode:?}");
        }
        server.remove().await;
    }
}

#[tokio::test]
async fn refusals() {
    for name in SERVERS {
        let Some(server) = Server::fresh(name).await else { continue };
        let Some(ca) = variable("WALBROOK_TEST_CA") else { continue };
        let twice = |code, class| vec![(code, class); 2];
        let definite = |code| twice(code, Class::Definite);
        let good = tls(TlsMode::VerifyFull, Some(&ca));

        let wrong = server.with_password("wrong", good.clone());
        assert_eq!(refused(&wrong).await, definite(codes::LOGIN));
        let system = server.with_password("walbrook", tls(TlsMode::VerifyFull, None));
        assert_eq!(refused(&system).await, definite(codes::TLS), "not the system's authority");
        let missing = server.with_password("walbrook", tls(TlsMode::VerifyFull, Some("/nowhere")));
        assert_eq!(refused(&missing).await, definite(codes::CERTIFICATE_FILE));
        let base = server.with_password("walbrook", good);
        let database = Settings { dbname: "nowhere".into(), ..base.clone() };
        assert_eq!(refused(&database).await, definite(codes::NO_DATABASE));
        let port = Settings { port: 1, ..base };
        assert_eq!(refused(&port).await, twice(codes::CONNECT, Class::Transient));
        server.remove().await;
    }
}
