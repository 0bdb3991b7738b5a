//! Connectors to MySQL and MariaDB, and their conformance cases.

use super::*;
use crate::config::{BigintUnsigned, MySql, Server};

const MYSQL: &str = "io.debezium.connector.mysql.MySqlConnector";
const MARIADB: &str = "io.debezium.connector.mariadb.MariaDbConnector";

/// The keys that every case has, with `more`, as the driver of the conformance cases writes them.
fn json(class: &str, more: &str) -> String {
    let more = if more.is_empty() { String::new() } else { format!(", {more}") };
    format!(
        r#"{{"name": "shop", "config": {{
        "connector.class": "{class}", "tasks.max": "1", "database.hostname": "127.0.0.1",
        "database.port": "13306", "database.user": "root", "database.password": "",
        "database.server.id": "20000007", "topic.prefix": "my_basics",
        "topic.creation.default.partitions": "1", "topic.creation.default.replication.factor": "1",
        "poll.interval.ms": "100", "schema.history.internal.kafka.topic": "hist",
        "schema.history.internal.kafka.bootstrap.servers": "127.0.0.1:9092"{more} }}}}"#
    )
}

fn imported(class: &str, more: &str) -> Imported {
    debezium(&json(class, more), &around()).unwrap()
}

fn connector(class: &str, more: &str) -> (Connector, MySql) {
    let imported = imported(class, more);
    assert!(!imported.report.is_refused(), "{}", imported.report);
    let loaded = crate::config::load_text("imported.toml", &imported.toml);
    let shop = loaded.config.unwrap().connectors.remove("shop").unwrap();
    let Source::MySql(own) = shop.source.clone() else { panic!("{shop:?}") };
    (shop, own)
}

fn refused(class: &str, more: &str) -> Vec<String> {
    let lines = imported(class, more).report.lines;
    let refused = lines.into_iter().filter(|line| line.fate == Fate::Refused);
    refused.map(|line| line.key).collect()
}

#[test]
fn a_connector_becomes_ours_with_the_defaults_of_debezium() {
    let (shop, own) = connector(MYSQL, "");
    assert_eq!(shop.url.to_string(), "mysql://root@127.0.0.1:13306/");
    assert_eq!(own.server_id, Some(20_000_007));
    assert!(own.schema_changes && own.adjust_years && !own.include_query && !own.comments);
    assert!(shop.context_headers && shop.captures("any.table"));
    let (shop, _) = connector(MARIADB, r#""include.schema.changes": "false""#);
    assert_eq!((shop.url.server, shop.tls.mode), (Server::MariaDb, TlsMode::Disable));
}

#[test]
fn its_own_keys_become_settings() {
    let (shop, own) = connector(
        MYSQL,
        r#""include.schema.changes": "false", "include.query": "true",
        "bigint.unsigned.handling.mode": "precise", "enable.time.adjuster": "false",
        "include.schema.comments": "true", "converters": "bool",
        "bool.type": "io.debezium.connector.binlog.converters.TinyIntOneToBooleanConverter",
        "database.include.list": "crm, shop.*", "table.include.list": "shop2.orders,erp\\.t""#,
    );
    assert!(!own.schema_changes && own.include_query && !own.adjust_years && own.comments);
    assert!(own.tinyint_boolean && own.bigint_unsigned == BigintUnsigned::Precise);
    assert!(shop.captures("shop2.orders") && !shop.captures("erp.t") && !shop.captures("crm.t"));
}

#[test]
fn encryption_is_as_strict_as_it_was() {
    let remote = |class: &str, mode: &str| {
        let text = json(class, mode);
        let text = text.replacen("127.0.0.1", "db.example", 1);
        let imported = debezium(&text, &around()).unwrap();
        let loaded = crate::config::load_text("imported.toml", &imported.toml);
        (loaded.config.unwrap().connectors["shop"].tls.mode, imported.report)
    };
    for (class, word, mode) in [
        (MYSQL, "disabled", TlsMode::Disable),
        (MYSQL, "required", TlsMode::Require),
        (MYSQL, "verify_identity", TlsMode::VerifyFull),
        (MARIADB, "trust", TlsMode::Require),
        (MARIADB, "verify-ca", TlsMode::VerifyCa),
    ] {
        let (got, _) = remote(class, &format!(r#""database.ssl.mode": "{word}""#));
        assert_eq!(got, mode, "{word}");
    }
    assert_eq!(remote(MARIADB, "").0, TlsMode::Disable, "Debezium's default");
    let (mode, report) = remote(MYSQL, "");
    assert_eq!(mode, TlsMode::VerifyFull);
    assert!(report.to_string().contains("falls back to plain text"), "{report}");
}

#[test]
fn what_cannot_be_written_identically_is_refused_by_name() {
    for (more, keys) in [
        (r#""time.precision.mode": "adaptive""#, vec!["(result)"]),
        (r#""snapshot.mode": "recovery""#, vec!["snapshot.mode"]),
        (r#""gtid.source.includes": "a""#, vec!["gtid.source.includes"]),
        (r#""database.ssl.truststore": "/x.jks""#, vec!["database.ssl.truststore"]),
        (r#""slot.name": "s""#, vec!["slot.name"]),
        (
            r#""converters": "sink", "sink.type": "x.JdbcSinkDataTypesConverter""#,
            vec!["converters", "sink.type"],
        ),
        (r#""snapshot.locking.mode": "none", "connect.timeout.ms": "1000""#, vec![]),
    ] {
        assert_eq!(refused(MYSQL, more), keys, "{more}");
    }
}

#[test]
fn statements_of_other_databases_are_told_about() {
    let lines = |more: &str| imported(MYSQL, more).report.to_string();
    let store = "schema.history.internal.store.only.captured.databases.ddl";
    assert!(lines("").contains("statements about databases that are not captured"));
    assert!(!lines(&format!(r#""{store}": "true""#)).contains("not captured are not told"));
}

/// The cases that must run: importing them must succeed.
#[test]
fn the_conformance_cases_that_we_promise_are_imported() {
    const CASES: &[&str] = &[
        "mysql/basics",
        "mysql/tx_metadata",
        "mysql/dml_variants",
        "mysql/message_key_columns",
        "mysql/defaults",
        "mysql/types_*",
        "mysql/ddl_columns",
        "mysql/ddl_tables",
        "mysql/row_metadata_minimal",
        "mysql/compressed_tx",
        "mysql/restart",
        "mariadb/basics",
        "mariadb/tx_metadata",
        "mariadb/types_*",
        "mariadb/ddl",
        "mariadb/row_metadata_no_log",
    ];
    for (case, report) in cases() {
        let unknown = report.lines.iter().find(|line| line.text.contains("does not know"));
        assert_eq!(unknown, None, "{case}");
        let fits = |promised: &&str| match promised.strip_suffix('*') {
            Some(start) => case.starts_with(start),
            None => case == *promised,
        };
        if CASES.iter().any(fits) {
            assert!(!report.is_refused(), "{case}: {report}");
        }
    }
}

/// Every case with what importing it tells.
fn cases() -> Vec<(String, Report)> {
    let mut reports = Vec::new();
    for database in ["mysql", "mariadb"] {
        let folder = corpus().join(database);
        let read = |path: std::path::PathBuf| std::fs::read_to_string(path).ok();
        let Some(defaults) = read(folder.join("defaults.json")) else { continue };
        for entry in std::fs::read_dir(&folder).unwrap().flatten() {
            let Some(own) = read(entry.path().join("connector.json")) else { continue };
            let case = format!("{database}/{}", entry.file_name().to_string_lossy());
            reports.push((case.clone(), import_case(&defaults, &own, &case)));
        }
    }
    reports
}

/// As the driver of the cases writes it: defaults, the case's own keys, and where the server is.
fn import_case(defaults: &str, own: &str, case: &str) -> Report {
    let object = |text: &str| -> serde_json::Map<String, serde_json::Value> {
        serde_json::from_str(text).unwrap()
    };
    let around_case = r#"{"database.hostname": "127.0.0.1", "database.port": "13306",
        "database.server.id": "7", "topic.prefix": "p", "name": "shop",
        "schema.history.internal.kafka.topic": "h",
        "schema.history.internal.kafka.bootstrap.servers": "b:1"}"#;
    let mut config = object(defaults);
    config.extend(object(own));
    config.extend(object(around_case));
    config.retain(|key, _| !key.starts_with("conf."));
    let (_, name) = case.split_once('/').unwrap();
    let prefix = if case.starts_with("mysql/") { "my" } else { "ma" };
    config.entry("database.include.list").or_insert(format!("{prefix}_{name}").into());
    let text = serde_json::Value::Object(config).to_string();
    debezium(&text, &around()).unwrap().report
}
