//! Measurements; they print, and fail only where something is grossly wrong.

use crate::support::*;
use std::time::{Duration, Instant};
use walbrook_core::record::Records;
use walbrook_core::sink::{Command, Cut, Deliver};
use walbrook_kafka::sink;

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_takes_milliseconds() {
    let Some(settings) = settings("latency") else { return };
    let (name, topic) = topic(&settings).await;
    let sink = sink::open(&settings, "p", "one").await.unwrap();
    announce(&sink, &name, topic).await;
    let mut times = Vec::new();
    for n in 0..200 {
        let begin = Instant::now();
        sink.commands.send(numbers(n * 10..n * 10 + 10, 1, true)).await.unwrap();
        receipt(&sink).await.unwrap();
        times.push(begin.elapsed());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    times.sort();
    let (p50, p90, max) = (times[100], times[180], times[199]);
    eprintln!("200 commits of 10 records: p50 {p50:.1?}, p90 {p90:.1?}, max {max:.1?}");
    assert!(p50 < Duration::from_millis(100), "rdkafka's own wrapper would be as slow");
    assert_once(&settings, &name, 1, 2000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_million_records() {
    if !acceptance() {
        return;
    }
    for (headers, partitions) in [(false, 1), (false, 4), (true, 4)] {
        let Some(mut settings) = settings("million") else { return };
        settings.partitions = partitions;
        let (name, topic) = topic(&settings).await;
        let sink = sink::open(&settings, "p", "one").await.unwrap();
        announce(&sink, &name, topic).await;
        let filling: Vec<u8> = (0..192u8).map(|n| n.wrapping_mul(37) ^ (n >> 2)).collect();
        let (total, each) = (1_000_000u64, 2_500u64);
        let begin = Instant::now();
        for chunk in 0..total / each {
            let mut records = sink.spare.try_recv().unwrap_or_default();
            fill(&mut records, chunk * each..(chunk + 1) * each, partitions, &filling, headers);
            let at = records.records.len();
            let close = (chunk + 1) % 20 == 0;
            let cut = close.then(|| Cut { at, updates: vec![stored((chunk + 1) * each)] });
            sink.commands.send(Command::Deliver(Deliver { records, cut })).await.unwrap();
        }
        for _ in 0..total / each / 20 {
            receipt(&sink).await.unwrap();
        }
        let time = begin.elapsed();
        eprintln!(
            "1 M records of 200 B, {partitions} partitions, headers {headers}: {time:.2?}, {:.0} k/s",
            total as f64 / time.as_secs_f64() / 1000.0
        );
        drop(sink);
        assert_eq!(committed(&settings, &name, partitions).len() as u64, total);
    }
}

fn fill(records: &mut Records, range: std::ops::Range<u64>, n: i32, filling: &[u8], headers: bool) {
    for number in range {
        push(records, (number % n as u64) as i32, number, filling);
        if headers {
            header(records, "id", Some(b"0123456789"));
        }
    }
}
