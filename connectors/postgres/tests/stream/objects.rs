//! Slots, publications and checks.

use crate::flow::prepare;
use crate::server::{SERVERS, Server};
use std::time::Duration;
use walbrook_core::finding::Severity;
use walbrook_core::layout::Table;
use walbrook_postgres::publication::{self, Ensured};
use walbrook_postgres::settings::{PublicationMode, Settings, Tls, TlsMode};
use walbrook_postgres::slot::{self, Creation, Snapshot};
use walbrook_postgres::{checks, codes, transport};

const SHORT: Duration = Duration::from_millis(300);

#[tokio::test]
async fn slots_are_made_seen_and_dropped() {
    for variable in SERVERS {
        let Some(server) = Server::fresh(variable).await else { continue };
        server.sql("CREATE TABLE t (id int PRIMARY KEY)").await;
        let at = prepare(&server).await;
        let settings = server.settings();
        let client = transport::client(&settings, "test").await.unwrap();
        let found = slot::inspect(&client, &settings.slot).await.unwrap().unwrap();
        found.verify(&settings.dbname).unwrap();
        assert_eq!(found.confirmed_flush, Some(at));
        assert_eq!(found.failover, variable.ends_with("18"));
        assert!(found.active_pid.is_none() && !found.temporary && found.retained.is_some());

        let mut session = transport::connect(&settings, "stream").await.unwrap();
        session.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await.unwrap();
        let name = format!("{}_side", settings.slot);
        let version = server.number("SELECT current_setting('server_version_num')::int8").await;
        let snapshot = Snapshot::Use;
        let side = Creation { name: &name, temporary: true, failover: true, snapshot };
        slot::create(&mut session, version as u32, &side).await.unwrap();
        let rows = session.query("SELECT pg_export_snapshot()").await.unwrap();
        assert!(rows[0][0].is_some());
        let busy = slot::wait_free(&client, &name, SHORT).await.unwrap_err();
        assert_eq!(busy.code, codes::SLOT_ACTIVE);
        session.close().await;
        slot::drop(&client, &name, Duration::from_secs(5)).await.unwrap();
        slot::drop(&client, "walbrook_nowhere", SHORT).await.unwrap();
        server.remove().await;
    }
}

#[tokio::test]
async fn publications_are_completed_where_they_are_ours() {
    for variable in SERVERS {
        let Some(server) = Server::fresh(variable).await else { continue };
        server
            .sql(
                "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE hidden (id int); \
                 CREATE TABLE tree (id int PRIMARY KEY) PARTITION BY RANGE (id); \
                 CREATE TABLE leaf PARTITION OF tree FOR VALUES FROM (0) TO (9); \
                 CREATE TABLE base (id int PRIMARY KEY); CREATE TABLE heir () INHERITS (base)",
            )
            .await;
        let filtered = server.settings();
        let existing = Settings { publication_mode: PublicationMode::Existing, ..filtered.clone() };
        let client = transport::client(&filtered, "test").await.unwrap();
        let error = publication::ensure(&client, &existing).await.unwrap_err();
        assert_eq!(error.code, codes::PUBLICATION_MISSING);
        let done = publication::ensure(&client, &filtered).await.unwrap();
        assert!(done.created && done.added.is_empty());
        let done = publication::ensure(&client, &filtered).await.unwrap();
        assert_eq!(done, Ensured::default());

        server.sql("CREATE TABLE b (id int PRIMARY KEY)").await;
        let b = vec![Table::new("public", "b")];
        let done = publication::ensure(&client, &existing).await.unwrap();
        assert_eq!(done, Ensured { missing: b.clone(), ..Ensured::default() });
        let done = publication::ensure(&client, &filtered).await.unwrap();
        assert_eq!(done, Ensured { added: b, ..Ensured::default() });
        let found = publication::inspect(&client, &filtered.publication).await.unwrap().unwrap();
        assert!(!found.tables.contains(&Table::new("public", "hidden")));

        publication::drop(&client, &filtered.publication).await.unwrap();
        let all = Settings { publication_mode: PublicationMode::AllTables, ..filtered };
        assert!(publication::ensure(&client, &all).await.unwrap().created);
        server.remove().await;
    }
}

#[tokio::test]
async fn checks_find_what_is_wrong_and_say_the_statement() {
    for variable in SERVERS {
        let Some(server) = Server::fresh(variable).await else { continue };
        server.sql("CREATE TABLE good (id int PRIMARY KEY); CREATE TABLE bare (id int)").await;
        let settings = server.settings();
        let client = transport::client(&settings, "test").await.unwrap();
        let codes = |findings: &[walbrook_core::finding::Finding], severity| {
            let of = |it: &&walbrook_core::finding::Finding| it.severity == severity;
            findings.iter().filter(of).map(|it| it.code).collect::<Vec<_>>()
        };
        let findings = checks::check(&client, &settings).await.unwrap();
        assert_eq!(codes(&findings, Severity::Error), []);
        assert_eq!(
            codes(&findings, Severity::Warning),
            [codes::SLOT_LIMIT, codes::REPLICA_IDENTITY]
        );

        let poor = server.with_password("walbrook", Tls::new(TlsMode::Disable));
        let client = transport::client(&poor, "test").await.unwrap();
        let findings = checks::check(&client, &poor).await.unwrap();
        for finding in &findings {
            println!("{} {} -- {}", finding.code, finding.message, finding.fix);
        }
        let expected = [codes::SELECT, codes::SELECT, codes::RIGHT];
        assert_eq!(codes(&findings, Severity::Error), expected);

        let nothing = Settings { selection: std::sync::Arc::new(|_, _| false), ..settings };
        let findings = checks::check(&client, &nothing).await.unwrap();
        assert!(codes(&findings, Severity::Error).contains(&codes::NO_TABLES));
        server.remove().await;
    }
}
