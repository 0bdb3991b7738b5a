//! Records of every form, and of every size.

use crate::support::*;
use walbrook_core::error::Class;
use walbrook_core::record::Records;
use walbrook_core::sink::{Command, Cut, Deliver, SinkHandle};
use walbrook_kafka::settings::Settings;
use walbrook_kafka::{codes, sink};

fn whole(records: Records, to: u64) -> Command {
    let cut = Some(Cut { at: records.records.len(), updates: vec![stored(to)] });
    Command::Deliver(Deliver { records, cut })
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_values_and_headers_arrive_as_they_are() {
    let Some(settings) = settings("forms") else { return };
    let (name, topic) = topic(&settings).await;
    let sink = sink::open(&settings, "p", "one").await.unwrap();
    announce(&sink, &name, topic).await;
    let mut records = Records::default();
    push(&mut records, 0, 1, b"plain");
    push(&mut records, 0, 2, b"with headers");
    header(&mut records, "a", Some(b"1"));
    header(&mut records, "null", None);
    header(&mut records, "empty", Some(b""));
    push(&mut records, 0, 3, b"tombstone");
    records.records[2].value = None;
    push(&mut records, 0, 4, b"no key");
    records.records[3].key = None;
    push(&mut records, 0, 5, b"empty");
    let last = records.records.last_mut().unwrap();
    for span in [&mut last.key, &mut last.value] {
        span.as_mut().unwrap().len = 0;
    }
    sink.commands.send(whole(records, 5)).await.unwrap();
    assert_eq!(receipt(&sink).await.unwrap().records, 5);
    assert!(sink.spare.recv().await.unwrap().records.is_empty(), "the arena comes back empty");

    let seen = committed(&settings, &name, 1);
    let value = |number: u64, text: &str| [&number.to_be_bytes()[..], text.as_bytes()].concat();
    assert_eq!(seen[0].value, Some(value(1, "plain")));
    assert_eq!(seen[0].headers, []);
    let headers = [("a", Some(&b"1"[..])), ("null", None), ("empty", Some(b""))];
    let headers = headers.map(|(name, v)| (name.to_owned(), v.map(<[u8]>::to_vec)));
    assert_eq!(
        (&seen[1].value, &seen[1].headers[..]),
        (&Some(value(2, "with headers")), &headers[..])
    );
    assert_eq!((&seen[2].key, &seen[2].value), (&Some(value(3, "")), &None));
    assert_eq!((&seen[3].key, &seen[3].value), (&None, &Some(value(4, "no key"))));
    assert_eq!((&seen[4].key, &seen[4].value), (&Some(vec![]), &Some(vec![])));
}

/// Bytes that no compression makes smaller.
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let byte = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..len).map(byte).collect()
}

/// Opens the sink and delivers; the pipeline's way on after a transient error is to open again.
async fn delivered(settings: &Settings, make: impl Fn() -> Records) -> (String, u32) {
    let (name, topic) = topic(settings).await;
    for refits in 0..3 {
        let sink = sink::open(settings, "p", "one").await.unwrap();
        announce(&sink, &name, topic).await;
        if sink.commands.send(whole(make(), 1)).await.is_ok() {
            match receipt(&sink).await {
                Ok(_) => return (name, refits),
                Err(error) => assert_eq!(error.code, codes::REFIT, "{error}"),
            }
        }
    }
    panic!("it never fits");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_with_a_small_limit_gets_small_batches() {
    let Some(mut settings) = settings("small") else { return };
    settings.data_topic_config = vec![("max.message.bytes".into(), "10000".into())];
    let make = || {
        let mut records = Records::default();
        (0..200).for_each(|number| push(&mut records, 0, number, &noise(number, 3000)));
        records
    };
    let (name, refits) = delivered(&settings, make).await;
    assert_eq!(refits, 1, "the first producer was made before the topic was known");
    assert_eq!(committed(&settings, &name, 1).len(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_larger_than_the_queue_makes_the_queue_grow() {
    let Some(mut settings) = settings("large") else { return };
    settings.data_topic_config = vec![("max.message.bytes".into(), "50000000".into())];
    let make = || {
        let mut records = Records::default();
        push(&mut records, 0, 0, &vec![7; 20_000_000]);
        records
    };
    let (name, refits) = delivered(&settings, make).await;
    assert_eq!(refits, 1);
    assert_eq!(committed(&settings, &name, 1)[0].value.as_ref().unwrap().len(), 20_000_008);
}

async fn refused(sink: &SinkHandle, filling: usize) -> walbrook_core::error::Error {
    let mut records = Records::default();
    push(&mut records, 0, 0, b"fits");
    push(&mut records, 0, 1, &vec![b'x'; filling]);
    sink.commands.send(whole(records, 1)).await.unwrap();
    error(sink).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_over_the_limit_is_poison_and_leaves_nothing_behind() {
    let Some(settings) = settings("over") else { return };
    let (name, topic) = topic(&settings).await;
    let sink = sink::open(&settings, "p", "one").await.unwrap();
    announce(&sink, &name, topic).await;
    sink.commands.send(numbers(0..5, 1, false)).await.unwrap();
    let error = refused(&sink, 2_000_000).await;
    assert_eq!((error.class, error.code), (Class::Poison, codes::TOO_LARGE), "{error}");
    assert!(error.message.contains("2000113 bytes; the topic allows 1048588"), "{error}");
    assert!(!error.to_string().contains("xxx"), "never the value");
    assert_eq!(committed(&settings, &name, 1), []);

    // The broker's own refusal, where the limit was lowered behind our back, loses nothing either.
    let sink = sink::open(&settings, "p", "one").await.unwrap();
    let max_bytes = 10_000_000;
    let lie = Command::Topic { id: 0, name: name.clone(), max_bytes };
    sink.commands.send(lie).await.unwrap();
    let mut records = Records::default();
    push(&mut records, 0, 1, &noise(1, 2_000_000));
    sink.commands.send(whole(records, 1)).await.unwrap();
    let error = crate::support::error(&sink).await;
    assert_eq!((error.class, error.code), (Class::Transient, codes::TOO_LARGE), "{error}");
    assert_eq!(committed(&settings, &name, 1), []);
}
