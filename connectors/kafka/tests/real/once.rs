//! Exactly once: instances that fence each other, die in the middle, or run out of time.

use crate::support::*;
use std::time::{Duration, Instant};
use walbrook_core::error::Class;
use walbrook_kafka::{codes, sink};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_instance_fences_the_first_which_writes_nothing_more() {
    let Some(mut settings) = settings("fence") else { return };
    settings.partitions = 3;
    let (name, topic) = topic(&settings).await;
    let first = sink::open(&settings, "p", "first").await.unwrap();
    announce(&first, &name, topic).await;
    first.commands.send(numbers(0..100, 3, true)).await.unwrap();
    assert_eq!(receipt(&first).await.unwrap().records, 100);
    first.commands.send(numbers(100..150, 3, false)).await.unwrap();

    let second = sink::open(&settings, "p", "second").await.unwrap();
    assert_eq!(position(&second.checkpoint), 100);
    first.commands.send(numbers(150..200, 3, true)).await.unwrap();
    let fenced = error(&first).await;
    assert_eq!((fenced.class, fenced.code), (Class::Fenced, codes::FENCED), "{fenced}");
    let stop = sink::reopen_allowed(&settings, "first").await.unwrap_err();
    assert_eq!((stop.class, stop.code), (Class::Fenced, codes::OWNED), "{stop}");
    assert!(stop.message.contains("(second, takeover 2)"), "{stop}");

    announce(&second, &name, topic).await;
    second.commands.send(numbers(100..300, 3, true)).await.unwrap();
    receipt(&second).await.unwrap();
    assert_once(&settings, &name, 3, 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn takeovers_in_the_middle_of_transactions_lose_and_double_nothing() {
    let Some(mut settings) = settings("takeover") else { return };
    settings.partitions = 2;
    let (name, topic) = topic(&settings).await;
    let mut old = Vec::new();
    let mut expected = 0;
    for round in 0..8 {
        let sink = sink::open(&settings, "p", &format!("i{round}")).await.unwrap();
        let from = position(&sink.checkpoint);
        assert_eq!(from, expected);
        announce(&sink, &name, topic).await;
        sink.commands.send(numbers(from..from + 500, 2, true)).await.unwrap();
        receipt(&sink).await.unwrap();
        sink.commands.send(numbers(from + 500..from + 700, 2, false)).await.unwrap();
        expected = from + 500;
        // Some are dropped with a transaction open, some stay and are fenced.
        if round % 2 == 0 {
            old.push(sink);
        }
    }
    for sink in &old {
        let _ = sink.commands.send(numbers(0..1, 2, true)).await;
        assert_eq!(error(sink).await.class, Class::Fenced);
    }
    assert_once(&settings, &name, 2, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_own_transaction_timeout_recovers_alone() {
    let Some(mut settings) = settings("timeout") else { return };
    settings.transaction_timeout = Duration::from_secs(2);
    let (name, topic) = topic(&settings).await;
    let sink = sink::open(&settings, "p", "only").await.unwrap();
    announce(&sink, &name, topic).await;
    sink.commands.send(numbers(0..10, 1, true)).await.unwrap();
    receipt(&sink).await.unwrap();
    sink.commands.send(numbers(10..20, 1, false)).await.unwrap();
    // The broker looks for transactions that are out of time every 10 s.
    tokio::time::sleep(Duration::from_secs(13)).await;
    sink.commands.send(numbers(20..30, 1, true)).await.unwrap();
    let error = error(&sink).await;
    assert_eq!(error.class, Class::Fenced, "{error}");
    drop(sink);
    let begin = Instant::now();
    sink::reopen_allowed(&settings, "only").await.unwrap();
    assert!(begin.elapsed() >= Duration::from_secs(3));
    let sink = sink::open(&settings, "p", "only").await.unwrap();
    let from = position(&sink.checkpoint);
    announce(&sink, &name, topic).await;
    sink.commands.send(numbers(from..40, 1, true)).await.unwrap();
    receipt(&sink).await.unwrap();
    assert_once(&settings, &name, 1, 40);
}
