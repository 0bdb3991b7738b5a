//! What is read before the log, and what is done about events that fail.

use super::*;
use crate::config::choice::Poison;
use walbrook_core::initial::Rows;

#[test]
fn tables_and_rows_of_the_snapshot_are_named() {
    let shop = connector(
        r#""snapshot.include.collection.list": "public\\.(ov|plain)",
        "publication.autocreate.mode": "disabled",
        "snapshot.select.statement.overrides": "public.ov,basics.public.x, public.missing",
        "snapshot.select.statement.overrides.public.ov": "SELECT id FROM public.ov ORDER BY id DESC;",
        "snapshot.select.statement.overrides.basics.public.x": "",
        "snapshot.select.statement.overrides.public.other": "SELECT 1""#,
    );
    assert!(shop.reads_first("public.ov") && shop.reads_first("Public.plain"));
    assert!(!shop.reads_first("public.ovx") && shop.captures("public.ovx"));
    let rows = Rows::Select("SELECT id FROM public.ov ORDER BY id DESC".into());
    assert_eq!(shop.snapshot_rows.into_iter().collect::<Vec<_>>(), [("public.ov".into(), rows)]);
    let Source::Postgres(own) = &shop.source else { panic!("{:?}", shop.source) };
    assert!(!own.snapshot_as_published, "Debezium reads whole tables");
}

#[test]
fn statements_that_are_none_are_refused_by_name() {
    let start = "snapshot.select.statement.overrides";
    for (name, statement) in [("public.t", "id > 5"), ("t", "SELECT 1"), ("a.b.c", "SELECT 1")] {
        let more = format!(r#""{start}": "{name}", "{start}.{name}": "{statement}""#);
        assert_eq!(refused(&more), [format!("{start}.{name}")]);
    }
}

#[test]
fn events_that_fail_are_skipped_where_debezium_skips_them() {
    const MODE: &str = "event.processing.failure.handling.mode";
    let policy = |more: &str| connector(more).poison.policy;
    assert_eq!(policy(""), Poison::Halt);
    assert_eq!(policy(&format!(r#""{MODE}": "fail", "errors.tolerance": "none""#)), Poison::Halt);
    for word in ["warn", "skip", "ignore", "WARN"] {
        assert_eq!(policy(&format!(r#""{MODE}": "{word}""#)), Poison::Skip, "{word}");
    }
    assert_eq!(policy(r#""errors.tolerance": "all""#), Poison::Skip);
    let topic = r#""errors.deadletterqueue.topic.name": "dlq", "errors.deadletterqueue.topic.replication.factor": 1"#;
    assert_eq!(policy(topic), Poison::Halt, "without tolerance nothing is left out");
    assert_eq!(policy(&format!(r#"{topic}, "errors.tolerance": "all""#)), Poison::DeadLetter);
    assert_eq!(refused(&format!(r#""{MODE}": "perhaps""#)), [MODE]);
    assert_eq!(refused(r#""errors.tolerance": "some""#), ["errors.tolerance"]);
}
