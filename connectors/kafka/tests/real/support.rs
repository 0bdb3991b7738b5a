//! Settings, deliveries and an independent read_committed consumer.

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Headers, Message};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use std::ops::Range;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use walbrook_core::batch::Span;
use walbrook_core::checkpoint::{Checkpoint, Part, put};
use walbrook_core::error::{Error, Result};
use walbrook_core::position::{Log, Position};
use walbrook_core::record::{Header, Record, Records};
use walbrook_core::resolve::{Topic, TopicKind};
use walbrook_core::sink::{Command, Cut, Deliver, Receipt, SinkHandle};
use walbrook_kafka::settings::Settings;
use walbrook_kafka::topics::Topics;

/// The address of a server that tests need; says loudly when it is missing.
#[allow(clippy::disallowed_methods, reason = "tests get their servers from the environment")]
pub(crate) fn server(variable: &str) -> Option<String> {
    let found = std::env::var(variable).ok();
    if found.is_none() {
        eprintln!("skipped because {variable} is not set: eval \"$(dev/stack env)\"");
    }
    found
}

/// Whether everything runs at full length, measurements of minutes included (`make acceptance`).
#[allow(clippy::disallowed_methods, reason = "a test's knob")]
pub(crate) fn acceptance() -> bool {
    std::env::var_os("WALBROOK_ACCEPTANCE").is_some()
}

/// Settings of a connector that nobody else has.
pub(crate) fn settings(what: &str) -> Option<Settings> {
    let brokers = server("WALBROOK_TEST_KAFKA")?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    Some(Settings::new(brokers, "test", format!("{what}-{now}")))
}

/// A data topic of the connector, created.
pub(crate) async fn topic(settings: &Settings) -> (String, Topic) {
    let name = format!("{}.t", settings.connector);
    let topics = Topics::new(settings).unwrap();
    let topic = topics.ensure(&name, TopicKind::Data).await.unwrap();
    (name, topic)
}

pub(crate) async fn announce(sink: &SinkHandle, name: &str, topic: Topic) {
    let command = Command::Topic { id: 0, name: name.to_owned(), max_bytes: topic.max_bytes };
    sink.commands.send(command).await.unwrap();
}

/// Appends a record; the key is the number, the value the number and `filling`.
pub(crate) fn push(records: &mut Records, partition: i32, number: u64, filling: &[u8]) {
    let start = records.bytes.len() as u32;
    records.bytes.extend_from_slice(&number.to_be_bytes());
    records.bytes.extend_from_slice(filling);
    let key = Some(Span { start, len: 8 });
    let value = Some(Span { start, len: 8 + filling.len() as u32 });
    let record =
        Record { topic: 0, partition, key, value, headers: 0, header_count: 0, timestamp: None };
    records.records.push(record);
}

/// Gives the last record a header.
pub(crate) fn header(records: &mut Records, name: &str, value: Option<&[u8]>) {
    let mut span = |bytes: &[u8]| {
        let start = records.bytes.len() as u32;
        records.bytes.extend_from_slice(bytes);
        Span { start, len: bytes.len() as u32 }
    };
    let (name, value) = (span(name.as_bytes()), value.map(&mut span));
    let first = records.headers.len() as u32;
    let last = records.records.last_mut().unwrap();
    if last.header_count == 0 {
        last.headers = first;
    }
    last.header_count += 1;
    records.headers.push(Header { name, value });
}

/// Records over `partitions`, closed with the position after them where `close`.
pub(crate) fn numbers(range: Range<u64>, partitions: i32, close: bool) -> Command {
    let mut records = Records::default();
    for number in range.clone() {
        push(&mut records, (number % partitions as u64) as i32, number, b"");
    }
    let at = records.records.len();
    let cut = close.then(|| Cut { at, updates: vec![stored(range.end)] });
    Command::Deliver(Deliver { records, cut })
}

pub(crate) fn stored(at: u64) -> (Part, Option<serde_json::Value>) {
    put(Part::Position, &Position::at("s", Log::Lsn(at)))
}

pub(crate) fn position(checkpoint: &Checkpoint) -> u64 {
    checkpoint.position().unwrap().map_or(0, |position| position.lsn())
}

/// The next receipt.
pub(crate) async fn receipt(sink: &SinkHandle) -> Result<Receipt> {
    let next = tokio::time::timeout(Duration::from_secs(90), sink.receipts.recv()).await;
    next.expect("the sink says something").expect("and before it ends")
}

/// Waits for the error that ends the sink.
pub(crate) async fn error(sink: &SinkHandle) -> Error {
    receipt(sink).await.expect_err("no receipt was due")
}

/// A record as a consumer saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) partition: i32,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Seen {
    pub(crate) fn number(&self) -> u64 {
        u64::from_be_bytes(self.value.as_ref().unwrap()[..8].try_into().unwrap())
    }
}

/// Everything that is committed in a topic, partition by partition, in order.
pub(crate) fn committed(settings: &Settings, topic: &str, partitions: i32) -> Vec<Seen> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &settings.brokers)
        .set("group.id", "independent")
        .set("isolation.level", "read_committed")
        .set("enable.partition.eof", "true")
        .set("enable.auto.commit", "false")
        .set("fetch.message.max.bytes", "60000000")
        .create()
        .unwrap();
    let mut places = TopicPartitionList::new();
    for partition in 0..partitions {
        places.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&places).unwrap();
    let (mut seen, mut ended) = (Vec::new(), 0);
    let deadline = Instant::now() + Duration::from_secs(60);
    while ended < partitions {
        assert!(Instant::now() < deadline, "the consumer does not come to an end");
        match consumer.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => seen.push(Seen {
                partition: message.partition(),
                key: message.key().map(<[u8]>::to_vec),
                value: message.payload().map(<[u8]>::to_vec),
                headers: message.headers().map_or_else(Vec::new, |headers| {
                    let own = |h: rdkafka::message::Header<'_, &[u8]>| {
                        (h.key.to_owned(), h.value.map(<[u8]>::to_vec))
                    };
                    headers.iter().map(own).collect()
                }),
            }),
            Some(Err(KafkaError::PartitionEOF(_))) => ended += 1,
            Some(Err(error)) => panic!("{error}"),
            None => {}
        }
    }
    seen.sort_by_key(|record| record.partition);
    seen
}

/// Asserts that each number of `0..to` was committed once, in order within its partition.
pub(crate) fn assert_once(settings: &Settings, topic: &str, partitions: i32, to: u64) {
    let seen = committed(settings, topic, partitions);
    for partition in 0..partitions {
        let of = |s: &&Seen| s.partition == partition;
        let got: Vec<u64> = seen.iter().filter(of).map(Seen::number).collect();
        let want: Vec<u64> =
            (0..to).filter(|n| n % partitions as u64 == partition as u64).collect();
        assert_eq!(got, want, "partition {partition}");
    }
}
