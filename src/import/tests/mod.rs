//! Every conformance case is translated or refused by name.

mod initial;
mod mysql;

use super::*;
use crate::config::{Connector, MaskForm, PublicationMode, Snapshot, Source, TlsMode};

fn around() -> Surroundings {
    Surroundings {
        brokers: "127.0.0.1:9092".to_owned(),
        registry: "http://127.0.0.1:8081/apis/ccompat/v7".to_owned(),
        admin: "127.0.0.1:18190".to_owned(),
        worker: None,
    }
}

/// The keys that every case has, with `more`, as the driver of the conformance cases writes them.
fn json(more: &str) -> String {
    let more = if more.is_empty() { String::new() } else { format!(", {more}") };
    format!(
        r#"{{"name": "basics--1732155", "config": {{
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector", "tasks.max": "1",
        "plugin.name": "pgoutput", "database.hostname": "127.0.0.1", "database.port": "15418",
        "database.user": "postgres", "database.password": "", "database.dbname": "conf_basics",
        "topic.prefix": "pg_basics", "slot.name": "conf_basics", "publication.name": "conf_basics",
        "poll.interval.ms": "100", "topic.creation.default.replication.factor": "1",
        "topic.creation.default.partitions": "1"{more} }}}}"#
    )
}

fn import(more: &str) -> Imported {
    debezium(&json(more), &around()).unwrap()
}

fn connector(more: &str) -> Connector {
    let imported = import(more);
    assert!(!imported.report.is_refused(), "{}", imported.report);
    let loaded = crate::config::load_text("imported.toml", &imported.toml);
    let mut config = loaded.config.unwrap();
    assert_eq!((config.kafka.partitions, config.kafka.replication), (1, 1));
    config.connectors.remove("basics--1732155").unwrap()
}

fn refused(more: &str) -> Vec<String> {
    let lines = import(more).report.lines;
    let refused = lines.into_iter().filter(|line| line.fate == Fate::Refused);
    refused.map(|line| line.key).collect()
}

#[test]
fn the_defaults_of_debezium_are_kept_where_they_differ_from_ours() {
    let shop = connector("");
    assert_eq!(shop.url.to_string(), "postgres://postgres@127.0.0.1:15418/conf_basics");
    let Source::Postgres(own) = &shop.source else { panic!("{shop:?}") };
    assert_eq!(own.slot, "conf_basics");
    assert_eq!(own.publication_mode, PublicationMode::AllTables);
    assert!(shop.context_headers && shop.tombstones && shop.password.is_none());
    assert_eq!((shop.snapshot, shop.tls.mode), (Snapshot::Initial, TlsMode::Disable));
}

#[test]
fn the_report_says_what_became_of_every_key() {
    let imported =
        import(r#""table.include.list": "public\\.(a|b)", "heartbeat.interval.ms": 300"#);
    insta::assert_snapshot!("report", format!("{}\n{}", imported.report, imported.toml));
}

#[test]
fn lists_mean_whole_names_in_any_case() {
    let shop = connector(
        r#""schema.include.list": "s2", "table.exclude.list": "s2\\.out", "message.key.columns": "public\\.custom:tenant,ext;public\\.custom_nopk:b""#,
    );
    assert!(shop.captures("s2.t") && shop.captures("S2.t") && !shop.captures("s2.out"));
    assert!(!shop.captures("s22.t") && !shop.captures("public.t"));
    assert_eq!(shop.keys.len(), 2);
    assert!(
        shop.keys[0].table.matches("public.custom") && shop.keys[0].columns == ["tenant", "ext"]
    );
    let both = connector(r#""schema.include.list": "s.", "table.include.list": "s1\\.a,t\\.b""#);
    assert!(both.captures("s1.a") && !both.captures("t.b"));
}

#[test]
fn columns_are_filtered_and_masked_in_the_order_of_debezium() {
    let more = r#""column.exclude.list": "public\\.keep\\.(secret|n)",
        "column.mask.hash.v2.SHA-256.with.salt.s3cret": "public\\.keep\\.h",
        "column.mask.with.5.chars": "public\\.keep\\.pass,public\\.keep_key\\.email",
        "column.truncate.to.8.chars": "public\\.keep\\.longtext",
        "column.propagate.source.type": "public\\.keep\\..*", "skip.messages.without.change": "true""#;
    let shop = connector(more);
    assert!(shop.skip_unchanged);
    assert!(shop.columns.exclude[0].matches("public.keep.SECRET"));
    assert!(shop.columns.source_types[0].matches("public.keep.a"));
    let masks = &shop.columns.masks;
    assert_eq!(masks[0].form, MaskForm::Truncate(8));
    assert_eq!(masks[1].form, MaskForm::Constant("*****".into()));
    assert!(masks[1].columns[1].matches("public.keep_key.email"));
    assert!(matches!(masks[2].form, MaskForm::Hash { .. }));
    let report = import(more).report.to_string();
    assert!(!report.contains("s3cret") && report.contains("its salt is written"), "{report}");
}

#[test]
fn what_cannot_be_written_identically_is_refused_by_name() {
    for (more, keys) in [
        (
            r#""key.converter": "org.apache.kafka.connect.storage.StringConverter""#,
            vec!["key.converter"],
        ),
        (
            r#""transforms": "unwrap", "transforms.unwrap.type": "x""#,
            vec!["transforms", "transforms.unwrap.type"],
        ),
        (
            r#""column.mask.hash.SHA3-256.with.salt.s3cret": "public\\.t\\.a""#,
            vec!["column.mask.hash.SHA3-256.with.salt.***"],
        ),
        (r#""column.truncate.to.0.chars": "public\\.t\\.a""#, vec!["column.truncate.to.0.chars"]),
        (r#""column.include.list": "a", "column.exclude.list": "b""#, vec!["column.exclude.list"]),
        (r#""time.precision.mode": "structured""#, vec!["time.precision.mode"]),
        (r#""table.include.list": "public\\.(?!a).*""#, vec!["table.include.list"]),
        (r#""no.such.key": "1""#, vec!["no.such.key"]),
        (r#""database.password": "${file:/x:y}""#, vec!["database.password"]),
        (r#""publish.via.partition.root": "true""#, vec!["publish.via.partition.root"]),
        (r#""skip.messages.without.change": "false", "topic.delimiter": ".""#, vec![]),
    ] {
        assert_eq!(refused(more), keys, "{more}");
    }
}

#[test]
fn messages_are_told_as_debezium_does() {
    let Source::Postgres(own) = connector("").source else { panic!() };
    assert!(own.messages[0].matches("") && own.exclude_messages.is_empty());
    let lists = r#""message.prefix.include.list": "a.*,b", "message.prefix.exclude.list": "ab""#;
    let Source::Postgres(own) = connector(lists).source else { panic!() };
    assert!(own.messages[0].matches("Abc") && own.messages[1].matches("b"));
    assert!(
        !own.messages.iter().any(|it| it.matches("c")) && own.exclude_messages[0].matches("ab")
    );
    let router =
        r#""transforms": "o", "transforms.o.type": "io.debezium.transforms.outbox.EventRouter""#;
    let Source::Postgres(own) = connector(router).source else { panic!() };
    assert!(own.messages.is_empty(), "a router of every table drops them");
}

#[test]
fn a_decoder_in_front_of_a_router_is_an_outbox_of_messages() {
    let more = r#""transforms": "d,o",
        "transforms.d.type": "io.debezium.connector.postgresql.transforms.DecodeLogicalDecodingMessageContent",
        "transforms.o.type": "io.debezium.transforms.outbox.EventRouter",
        "transforms.o.table.expand.json.payload": "true",
        "message.prefix.include.list": "x,y", "message.prefix.exclude.list": "yy""#;
    let shop = connector(more);
    let outbox = shop.outbox.unwrap();
    let crate::config::outbox::From::Messages(prefix) = &outbox.from else { panic!() };
    assert!(prefix.matches("X") && prefix.matches("y") && !prefix.matches("xy"));
    assert!(outbox.expand_json);
    let Source::Postgres(own) = shop.source else { panic!() };
    assert!(own.messages.is_empty() && own.exclude_messages[0].matches("yy"));
}

#[test]
fn a_password_is_a_reference_or_a_warning_and_never_in_the_report() {
    let imported = import(r#""database.password": "hunter2", "database.sslmode": "disable""#);
    assert!(imported.toml.contains("password = \"hunter2\""));
    assert!(!imported.report.to_string().contains("hunter2") && !imported.report.is_refused());
    let imported = import(r#""database.password": "${env:DB_PASSWORD}""#);
    assert!(imported.toml.contains("password = { env = \"DB_PASSWORD\" }"));
}

#[test]
fn every_form_of_json_is_read_and_a_wrong_one_says_why() {
    let bare = r#"{"connector.class": "x", "topic.prefix": "p"}"#;
    assert_eq!(debezium(bare, &around()).unwrap().report.connector, "p");
    assert!(debezium("[]", &around()).is_err() && debezium("{", &around()).is_err());
}

#[test]
fn the_worker_says_which_converters_are_used() {
    let worker = |text: &str| Surroundings { worker: Some(text.to_owned()), ..around() };
    let avro = "key.converter=io.confluent.connect.avro.AvroConverter\nkey.converter.schema.registry.url=http://r\n#x=y\ngroup.id=g";
    assert!(!debezium(&json(""), &worker(avro)).unwrap().report.is_refused());
    let other = "value.converter = org.apache.kafka.connect.json.JsonConverter";
    let report = debezium(&json(""), &worker(other)).unwrap().report;
    assert_eq!(report.lines[0].key, "value.converter");
    assert!(report.is_refused());
}

/// Where the conformance cases are: outside the repository, if at all.
fn corpus() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance")
}

#[test]
fn every_key_of_the_conformance_cases_is_classified() {
    let folder = &corpus().join("postgres");
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(text) = std::fs::read_to_string(entry.path().join("connector.json")) else {
            continue;
        };
        let inner = text.trim().trim_start_matches('{').trim_end_matches('}').trim();
        let report = import(inner).report;
        let unknown = report.lines.iter().find(|line| line.text.contains("does not know"));
        assert_eq!(unknown, None, "{}", entry.path().display());
    }
}
