//! Finding and creating topics; brokers that are not there.

use crate::support::*;
use std::time::{Duration, Instant};
use walbrook_core::error::Class;
use walbrook_core::resolve::{Topic, TopicKind};
use walbrook_kafka::topics::Topics;
use walbrook_kafka::{codes, sink};

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_topic_is_created_as_configured() {
    let Some(mut settings) = settings("create") else { return };
    settings.partitions = 4;
    settings.data_topic_config = [("cleanup.policy", "compact"), ("max.message.bytes", "5000000")]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
    let topics = Topics::new(&settings).unwrap();
    let name = |what: &str| format!("{}.{what}", settings.connector);
    assert_eq!(topics.find(&name("data")).await.unwrap(), None);
    let data = topics.ensure(&name("data"), TopicKind::Data).await.unwrap();
    assert_eq!(data, Topic { partitions: 4, max_bytes: 5_000_000, compacted: true });
    let control = topics.ensure(&name("control"), TopicKind::Control).await.unwrap();
    assert_eq!(control, Topic { partitions: 1, max_bytes: 1_048_588, compacted: false });
    settings.partitions = 7;
    let again = Topics::new(&settings).unwrap().ensure(&name("data"), TopicKind::Data).await;
    assert_eq!(again.unwrap().partitions, 4, "an existing topic is left as it is");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_created_is_said_with_the_way_out() {
    let Some(mut settings) = settings("refuse") else { return };
    let name = format!("{}.t", settings.connector);
    settings.create_topics = false;
    let missing = Topics::new(&settings).unwrap().ensure(&name, TopicKind::Data).await.unwrap_err();
    assert_eq!((missing.class, missing.code), (Class::Definite, codes::NO_TOPIC));
    assert!(missing.fix.contains(&format!("--create --topic {name} --partitions 1")), "{missing}");

    settings.create_topics = true;
    settings.replication = 3;
    let wide = Topics::new(&settings).unwrap().ensure(&name, TopicKind::Data).await.unwrap_err();
    assert_eq!((wide.class, wide.code), (Class::Definite, codes::NOT_CREATED), "{wide}");

    settings.replication = -1;
    let bad = Topics::new(&settings).unwrap().ensure("no spaces", TopicKind::Data).await;
    assert_eq!(bad.unwrap_err().class, Class::Definite);
}

#[tokio::test(flavor = "multi_thread")]
async fn brokers_that_are_away_are_a_transient_error_with_the_reason() {
    let Some(mut settings) = settings("away") else { return };
    settings.brokers = "127.0.0.1:9".to_owned();
    let begin = Instant::now();
    let error = sink::open(&settings, "p", "one").await.unwrap_err();
    assert_eq!((error.class, error.code), (Class::Transient, codes::UNREACHABLE));
    assert!(error.message.contains("Connection refused"), "{error}");
    assert!(begin.elapsed() < Duration::from_secs(15));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_setting_is_named_and_its_value_is_not() {
    let Some(mut settings) = settings("setting") else { return };
    settings.client =
        vec![("sasl.mechanism".into(), "hunter2".into()), ("no.such".into(), "hunter2".into())];
    let error = sink::open(&settings, "p", "one").await.unwrap_err();
    assert_eq!((error.class, error.code), (Class::Definite, codes::SETTING));
    assert!(!error.to_string().contains("hunter2"), "{error}");
}
