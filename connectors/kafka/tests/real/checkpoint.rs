//! The checkpoint topic.

use crate::support::*;
use serde_json::json;
use std::time::Instant;
use walbrook_core::checkpoint::Part;
use walbrook_core::error::Class;
use walbrook_core::record::Records;
use walbrook_core::sink::{Command, Cut, Deliver};
use walbrook_kafka::settings::Settings;
use walbrook_kafka::topics::Topics;
use walbrook_kafka::{codes, sink};

fn store(updates: walbrook_core::checkpoint::Updates) -> Command {
    let cut = Some(Cut { at: 0, updates });
    Command::Deliver(Deliver { records: Records::default(), cut })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_part_is_stored_replaced_and_removed() {
    let Some(settings) = settings("parts") else { return };
    assert_eq!(sink::load(&settings).await.unwrap().entries().count(), 0, "nothing is no error");
    let one = sink::open(&settings, "p", "one").await.unwrap();
    let parts = [
        Part::Source,
        Part::Table("public.ünï\"x".into()),
        Part::Partitions("p.t".into()),
        Part::Structure("0f".into()),
        Part::Desired,
        Part::Export,
    ];
    let all = parts.iter().map(|part| (part.clone(), Some(json!({ "a": [1, null] })))).collect();
    one.commands.send(store(all)).await.unwrap();
    receipt(&one).await.unwrap();
    let gone = vec![(parts[1].clone(), None), (Part::Desired, Some(json!("paused")))];
    one.commands.send(store(gone)).await.unwrap();
    receipt(&one).await.unwrap();

    let read = sink::load(&settings).await.unwrap();
    let names: Vec<_> = read.entries().map(|(part, _)| part.clone()).collect();
    let (source, partitions) = (Part::Source, Part::Partitions("p.t".into()));
    let structure = Part::Structure("0f".into());
    assert_eq!(names, [Part::Owner, source, partitions, structure, Part::Desired]);
    assert_eq!(read.get(&Part::Desired), Some(&json!("paused")));
    let two = sink::open(&settings, "p", "two").await.unwrap();
    assert_eq!(two.checkpoint.get(&Part::Source), Some(&json!({ "a": [1, null] })));
    // Connect's form is there for other tools.
    let topic = settings.checkpoint_topic();
    let export = format!(r#"["{}",{{"server":"p"}}]"#, settings.connector);
    let seen = committed(&settings, &topic, 1);
    assert!(seen.iter().any(|record| record.key.as_deref() == Some(export.as_bytes())));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_transaction_does_not_stop_a_reader() {
    let Some(settings) = settings("reader") else { return };
    let (name, topic) = topic(&settings).await;
    let sink = sink::open(&settings, "p", "one").await.unwrap();
    announce(&sink, &name, topic).await;
    sink.commands.send(numbers(0..5, 1, true)).await.unwrap();
    receipt(&sink).await.unwrap();
    sink.commands.send(numbers(5..9, 1, false)).await.unwrap();
    assert_eq!(position(&sink::load(&settings).await.unwrap()), 5);
    sink.commands.send(numbers(9..10, 1, true)).await.unwrap();
    assert_eq!(receipt(&sink).await.unwrap().records, 5, "loading has fenced nobody");
}

/// A topic under the checkpoint topic's name, as somebody else would make it.
async fn foreign(settings: &Settings, policy: &str, partitions: i32) {
    let mut other = settings.clone();
    other.connector = "somebody".to_owned();
    other.partitions = partitions;
    other.data_topic_config = vec![("cleanup.policy".to_owned(), policy.to_owned())];
    let kind = walbrook_core::resolve::TopicKind::Data;
    Topics::new(&other).unwrap().ensure(&settings.checkpoint_topic(), kind).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_topic_that_may_forget_is_refused() {
    for (policy, partitions, words) in [
        ("delete", 1, "has cleanup.policy=delete"),
        ("compact,delete", 1, "has cleanup.policy=compact,delete"),
        ("compact", 2, "has 2 partitions"),
    ] {
        let Some(settings) = settings("policy") else { return };
        foreign(&settings, policy, partitions).await;
        let error = sink::open(&settings, "p", "one").await.unwrap_err();
        assert_eq!((error.class, error.code), (Class::Definite, codes::CHECKPOINT_TOPIC));
        assert!(error.message.contains(words) && !error.fix.is_empty(), "{error}");
    }
}

async fn load_after(commits: u64) {
    let Some(settings) = settings("many") else { return };
    let sink = sink::open(&settings, "p", "one").await.unwrap();
    let begin = Instant::now();
    let mut asked = 0;
    for commit in 1..=commits {
        sink.commands
            .send(store(vec![stored(commit), (Part::Export, Some(json!({"lsn": commit})))]))
            .await
            .unwrap();
        asked += 1;
        while asked > 3 {
            receipt(&sink).await.unwrap();
            asked -= 1;
        }
    }
    for _ in 0..asked {
        receipt(&sink).await.unwrap();
    }
    let wrote = begin.elapsed();
    let begin = Instant::now();
    assert_eq!(position(&sink::load(&settings).await.unwrap()), commits);
    let load = begin.elapsed();
    let begin = Instant::now();
    let sink = sink::open(&settings, "p", "two").await.unwrap();
    assert_eq!(position(&sink.checkpoint), commits);
    eprintln!(
        "{commits} commits in {wrote:.1?}; load {load:.0?}, whole takeover {:.0?}",
        begin.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_is_found_after_many_commits() {
    load_after(if acceptance() { 20_000 } else { 2_000 }).await;
}
