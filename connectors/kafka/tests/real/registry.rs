//! Schemas against a real registry.

use crate::support::server;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use walbrook_core::error::Class;
use walbrook_kafka::codes;
use walbrook_kafka::registry::{Levels, Registry, RegistrySettings};

fn registry(urls: &[&str]) -> Registry {
    let urls = urls.iter().map(|url| (*url).to_owned()).collect();
    Registry::new(RegistrySettings { urls, auth: None, levels: None }).unwrap()
}

fn subject(what: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    format!("{what}-{now}-value")
}

/// The latest text under a subject, asked for without our code.
async fn latest(url: &str, escaped: &str) -> (u64, String) {
    let answer = reqwest::get(format!("{url}/subjects/{escaped}/versions/latest")).await.unwrap();
    let answer: serde_json::Value = answer.json().await.unwrap();
    (answer["id"].as_u64().unwrap(), answer["schema"].as_str().unwrap().to_owned())
}

/// Connect's properties on primitives, odd order and spacing: what a parser would lose.
const TEXT: &str = r#"{"type":"record","name":"Value","namespace":"p.s.t",  "fields":[{"name":"a","type":{"type":"int","connect.version":1,"connect.parameters":{"x":"1"},"connect.default":0,"connect.name":"io.debezium.time.Date"},"default":0},{"name":"ü","type":["null",{"type":"bytes","scale":2,"precision":10,"logicalType":"decimal"}],"default":null}],"connect.name":"p.s.t.Value"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_text_is_registered_byte_for_byte() {
    let Some(url) = server("WALBROOK_TEST_REGISTRY") else { return };
    let registry = registry(&[&format!("{url}/")]);
    registry.check().await.unwrap();
    let name = subject("bytes");
    // The name "ü" is no Avro name; use an accepted one, but keep the rest as odd as it is.
    let text = TEXT.replace('ü', "u");
    let id = registry.register(&name, &text).await.unwrap();
    assert_eq!(latest(&url, &name).await, (u64::from(id), text.clone()));
    assert_eq!(registry.register(&name, &text).await.unwrap(), id);
    let other = self::registry(&[&url]);
    assert_eq!(other.register(&name, &text).await.unwrap(), id, "the same text is the same id");
}

#[tokio::test(flavor = "multi_thread")]
async fn subjects_with_odd_names_are_kept_apart() {
    let Some(url) = server("WALBROOK_TEST_REGISTRY") else { return };
    let registry = registry(&[&url]);
    let base = subject("odd");
    for (name, escaped) in [
        (format!("{base}a%b"), format!("{base}a%25b")),
        (format!("{base}täble 1"), format!("{base}t%C3%A4ble%201")),
        (format!("{base}a/b"), format!("{base}a%2Fb")),
    ] {
        let text =
            format!(r#"{{"type":"enum","name":"e","symbols":["a"],"doc":"{}"}}"#, escaped.len());
        match registry.register(&name, &text).await {
            Ok(id) => assert_eq!(latest(&url, &escaped).await, (u64::from(id), text), "{name}"),
            // Some registries refuse an encoded slash in a path before they look at it.
            Err(error) if name.contains('/') => {
                eprintln!("{name}: {error}");
                assert_eq!(error.class, Class::Definite);
            }
            Err(error) => panic!("{name}: {error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incompatible_schema_is_definite_with_the_way_out() {
    let Some(url) = server("WALBROOK_TEST_REGISTRY") else { return };
    let registry = registry(&[&url]);
    let name = subject("incompatible");
    let text = |fields: &str| format!(r#"{{"type":"record","name":"V","fields":[{fields}]}}"#);
    registry.register(&name, &text("")).await.unwrap();
    registry.set_compatibility(&name, "BACKWARD").await.unwrap();
    assert_eq!(registry.compatibility(&name).await.unwrap(), "BACKWARD");
    let fields = r#"{"name":"a","type":"int"}"#;
    let error = registry.register(&name, &text(fields)).await.unwrap_err();
    assert_eq!((error.class, error.code), (Class::Poison, codes::INCOMPATIBLE), "{error}");
    assert!(error.message.contains("mode BACKWARD"), "{error}");
    assert!(error.fix.contains(&format!("curl -X PUT {url}/config/{name}")), "{error}");
    eprintln!("{error}");
    registry.set_compatibility(&name, "NONE").await.unwrap();
    registry.register(&name, &text(fields)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_subject_gets_its_level_and_an_old_one_keeps_its_own() {
    let Some(url) = server("WALBROOK_TEST_REGISTRY") else { return };
    let leveled = |level: &'static str| {
        let levels: Levels =
            Arc::new(move |name: &str| name.starts_with("leveled").then(|| level.to_owned()));
        let settings =
            RegistrySettings { urls: vec![url.clone()], auth: None, levels: Some(levels) };
        Registry::new(settings).unwrap()
    };
    let (name, other) = (subject("leveled"), subject("other"));
    let full = leveled("FULL");
    full.register(&name, r#"{"type":"int"}"#).await.unwrap();
    full.register(&other, r#"{"type":"int"}"#).await.unwrap();
    assert_eq!(full.compatibility(&name).await.unwrap(), "FULL");
    assert_ne!(full.compatibility(&other).await.unwrap(), "FULL", "no glob fits");
    let refused = full.register(&name, r#"{"type":"string"}"#).await.unwrap_err();
    assert_eq!(refused.code, codes::INCOMPATIBLE, "it is in force");

    full.set_compatibility(&name, "NONE").await.unwrap();
    full.register(&name, r#"{"type":"string"}"#).await.unwrap();
    leveled("FULL").register(&name, r#"{"type":"string"}"#).await.unwrap();
    assert_eq!(full.compatibility(&name).await.unwrap(), "NONE", "two versions: its owner's");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_have_their_class() {
    let Some(url) = server("WALBROOK_TEST_REGISTRY") else { return };
    let text = r#"{"type":"int"}"#;
    let name = subject("class");
    let invalid = registry(&[&url]).register(&name, r#"{"type":"nonsense"}"#).await.unwrap_err();
    assert_eq!(
        (invalid.class, invalid.code),
        (Class::Definite, codes::INVALID_SCHEMA),
        "{invalid}"
    );

    let away = registry(&["http://127.0.0.1:9"]).register(&name, text).await.unwrap_err();
    assert_eq!((away.class, away.code), (Class::Transient, codes::REGISTRY_UNREACHABLE));
    assert!(away.message.contains("refused"), "{away}");

    let wrong = registry(&[&format!("{url}/nowhere")]).register(&name, text).await.unwrap_err();
    assert_eq!(wrong.class, Class::Definite, "{wrong}");

    let second = registry(&["http://127.0.0.1:9", &url]).register(&name, text).await;
    assert!(second.is_ok(), "the next address is tried: {second:?}");
}
