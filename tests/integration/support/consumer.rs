//! The follower: an independent `read_committed` consumer of every topic of a prefix.

use super::avro::Schema;
use super::record::{Body, Seen};
use super::{registry, stack};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A table of many rows: the follower keeps only the `id` of each of its changes.
pub const BULK: &str = "bulk";

/// A minute in microseconds.
const MINUTE_US: i64 = 60_000_000;

/// How often new topics are looked for.
const LOOK: Duration = Duration::from_millis(300);

/// Microseconds since 1970.
pub fn now_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as i64
}

/// A consumer that reads what is committed and stores nothing in Kafka.
pub fn consumer(settings: &[(&str, &str)]) -> BaseConsumer {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", stack::kafka())
        .set("group.id", "walbrook-integration")
        .set("enable.auto.commit", "false")
        .set("isolation.level", "read_committed")
        .set("auto.offset.reset", "earliest")
        .set("fetch.wait.max.ms", "20")
        .set("reconnect.backoff.max.ms", "500")
        .set("log_level", "0");
    for (key, value) in settings {
        config.set(*key, *value);
    }
    config.create().unwrap()
}

/// Where a consumer of what is committed finds the end of each partition.
pub type Ends = BTreeMap<(String, i32), i64>;

/// Reads in a thread of its own until it is dropped.
pub struct Follower {
    prefix: String,
    shared: Arc<Shared>,
    thread: Option<std::thread::JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    seen: Mutex<Vec<Seen>>,
    bulk: Mutex<Vec<(i64, i64)>>,
    stop: AtomicBool,
    /// When the newest record came, microseconds since 1970.
    newest_us: AtomicI64,
    /// When the reader last looked and there was none.
    idle_us: AtomicI64,
    /// Where the reader is in each partition: behind the newest record.
    next: Mutex<Ends>,
}

impl Follower {
    /// Follows the topics `<prefix>.…` from their beginning; tables of `schema` are told without it.
    pub fn start(prefix: &str, schema: &str) -> Self {
        let shared = Arc::new(Shared::default());
        let (prefix, schema, theirs) = (format!("{prefix}."), format!("{schema}."), shared.clone());
        let begin = prefix.clone();
        let thread = std::thread::spawn(move || Reader::new(begin, schema, theirs).run());
        Self { prefix, shared, thread: Some(thread) }
    }

    /// The ends of its topics as the broker knows them now, whatever has been read by here.
    pub fn ends(&self) -> Ends {
        let (consumer, patience) = (consumer(&[]), Duration::from_secs(10));
        let all = consumer.fetch_metadata(None, patience).unwrap();
        let ours = all.topics().iter().filter(|topic| topic.name().starts_with(&self.prefix));
        let mut ends = Ends::new();
        for topic in ours {
            for partition in topic.partitions() {
                let id = partition.id();
                let (_, end) = consumer.fetch_watermarks(topic.name(), id, patience).unwrap();
                ends.insert((topic.name().to_owned(), id), end);
            }
        }
        ends
    }

    /// Everything read so far; the follower waits while it is looked at.
    pub fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.shared.seen.lock().unwrap()
    }

    /// Of each change of [`BULK`]: its `id`, and when it was read, microseconds since 1970.
    pub fn bulk(&self) -> MutexGuard<'_, Vec<(i64, i64)>> {
        self.shared.bulk.lock().unwrap()
    }

    /// Number of changes of `table` read so far.
    pub fn changes(&self, table: &str) -> usize {
        self.seen().iter().filter(|s| &*s.table == table && s.change().is_some()).count()
    }

    /// Waits until `done` says so of what was read.
    pub async fn until(&self, what: &str, limit: Duration, mut done: impl FnMut(&[Seen]) -> bool) {
        stack::wait(what, limit, async || done(&self.seen()).then_some(())).await;
    }

    /// Waits until nothing has come for `quiet`. While the reader is busy, as with asking the registry
    /// for a schema, it cannot know that. A second or more of it means that all is read, too.
    pub async fn quiet(&self, quiet: Duration) {
        let (begin, checked) = (now_us(), quiet >= Duration::from_secs(1));
        loop {
            let since = self.shared.newest_us.load(Relaxed).max(begin);
            let left = quiet.as_micros() as i64 - (self.shared.idle_us.load(Relaxed) - since);
            let given_up = now_us() - begin > 2 * MINUTE_US;
            if left <= 0 && (!checked || given_up || self.has_read_all()) {
                return;
            }
            let left = left.clamp(10_000, quiet.as_micros() as i64);
            tokio::time::sleep(Duration::from_micros(left as u64)).await;
        }
    }

    /// Whether another reader that begins where this one is finds nothing more. Behind the newest
    /// record there are at least the marks that end transactions, so the ends alone do not tell.
    fn has_read_all(&self) -> bool {
        let (ends, next) = (self.ends(), self.shared.next.lock().unwrap().clone());
        let mut rest = TopicPartitionList::new();
        for (place, end) in &ends {
            let next = next.get(place).copied().unwrap_or(0);
            if next < *end {
                rest.add_partition_offset(&place.0, place.1, Offset::Offset(next)).unwrap();
            }
        }
        let (reader, mut at_end) = (consumer(&[("enable.partition.eof", "true")]), 0);
        reader.assign(&rest).unwrap();
        let end = Instant::now() + Duration::from_secs(20);
        while at_end < rest.count() && Instant::now() < end {
            match reader.poll(Duration::from_millis(50)) {
                Some(Ok(_)) => return false,
                Some(Err(KafkaError::PartitionEOF(_))) => at_end += 1,
                Some(Err(_)) | None => {}
            }
        }
        at_end == rest.count()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.shared.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The follower's thread.
struct Reader {
    prefix: String,
    /// `public.`, or the database's name.
    schema: String,
    shared: Arc<Shared>,
    consumer: BaseConsumer,
    assigned: BTreeSet<(String, i32)>,
    tables: HashMap<String, Arc<str>>,
    schemas: HashMap<u32, Schema>,
    runtime: tokio::runtime::Runtime,
}

impl Reader {
    fn new(prefix: String, schema: String, shared: Arc<Shared>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self {
            prefix,
            schema,
            shared,
            consumer: consumer(&[]),
            assigned: BTreeSet::new(),
            tables: HashMap::new(),
            schemas: HashMap::new(),
            runtime,
        }
    }

    fn run(mut self) {
        let mut looked = None::<Instant>;
        // A second handle would share the queue; this one is borrowed by its messages.
        let consumer = std::mem::replace(&mut self.consumer, consumer(&[]));
        while !self.shared.stop.load(Relaxed) {
            if looked.is_none_or(|at| at.elapsed() > LOOK) {
                self.look(&consumer);
                looked = Some(Instant::now());
            }
            // Errors are the broker's absence: librdkafka connects again by itself.
            let Some(Ok(message)) = consumer.poll(Duration::from_millis(50)) else {
                self.shared.idle_us.store(now_us(), Relaxed);
                continue;
            };
            let read_us = now_us();
            let place = (message.topic().to_owned(), message.partition());
            self.shared.next.lock().unwrap().insert(place, message.offset() + 1);
            if &*self.table(message.topic()) == BULK {
                let id = message.key().and_then(small_key).unwrap_or(-1);
                self.shared.bulk.lock().unwrap().push((id, read_us));
            } else {
                let seen = self.read(&message, read_us);
                self.shared.seen.lock().unwrap().push(seen);
            }
            self.shared.newest_us.store(read_us, Relaxed);
        }
    }

    /// Assigns what is new among the topics of the prefix.
    fn look(&mut self, consumer: &BaseConsumer) {
        let Ok(all) = consumer.fetch_metadata(None, Duration::from_secs(2)) else { return };
        let mut new = TopicPartitionList::new();
        for topic in all.topics().iter().filter(|t| t.name().starts_with(&self.prefix)) {
            for partition in topic.partitions() {
                if self.assigned.insert((topic.name().to_owned(), partition.id())) {
                    new.add_partition_offset(topic.name(), partition.id(), Offset::Beginning)
                        .unwrap();
                }
            }
        }
        if new.count() > 0 {
            consumer.incremental_assign(&new).unwrap();
        }
    }

    /// What the topic is called here.
    fn table(&mut self, topic: &str) -> Arc<str> {
        if let Some(table) = self.tables.get(topic) {
            return table.clone();
        }
        let rest = topic.strip_prefix(&self.prefix).unwrap_or(topic);
        let table: Arc<str> = rest.strip_prefix(&self.schema).unwrap_or(rest).into();
        self.tables.insert(topic.to_owned(), table.clone());
        table
    }

    fn read(&mut self, message: &BorrowedMessage<'_>, read_us: i64) -> Seen {
        let table = self.table(message.topic());
        let key = message.key().map(|bytes| self.decode(bytes, |schema, datum| schema.row(datum)));
        let (key, broken) = match key {
            Some(Ok(key)) => (Some(key), None),
            Some(Err(e)) => (None, Some(format!("key: {e}"))),
            None => (None, None),
        };
        let body = match (broken, message.payload()) {
            (Some(broken), _) => Body::Broken(broken),
            (None, None) => Body::Tombstone,
            (None, Some(bytes)) => self
                .decode(bytes, |schema, datum| schema.body(datum))
                .unwrap_or_else(|e| Body::Broken(format!("value: {e}"))),
        };
        let body = self.without_schema(body);
        let (partition, offset) = (message.partition(), message.offset());
        let at_ms = message.timestamp().to_millis().unwrap_or(0);
        Seen { table, partition, offset, at_ms, read_us, key, body }
    }

    /// The tables of an END as the topics are called here.
    fn without_schema(&self, mut body: Body) -> Body {
        if let Body::Mark(mark) = &mut body {
            for (table, _) in &mut mark.tables {
                if let Some(bare) = table.strip_prefix(&self.schema) {
                    *table = bare.to_owned();
                }
            }
        }
        body
    }

    /// Confluent's wire format: a zero, the schema's id, the datum.
    fn decode<T>(
        &mut self,
        bytes: &[u8],
        read: impl FnOnce(&Schema, &[u8]) -> Result<T, String>,
    ) -> Result<T, String> {
        let [0, a, b, c, d, datum @ ..] = bytes else {
            return Err(format!("no wire format header: {:02x?}", &bytes[..bytes.len().min(6)]));
        };
        let id = u32::from_be_bytes([*a, *b, *c, *d]);
        while !self.schemas.contains_key(&id) {
            match self.runtime.block_on(registry::schema(&stack::registry(), id)) {
                Ok(text) => {
                    self.schemas.insert(id, Schema::parse(&text)?);
                }
                // A test may have taken the registry away: wait for it, unless it does not know.
                Err(e) if e.contains("404") || self.shared.stop.load(Relaxed) => return Err(e),
                Err(_) => std::thread::sleep(Duration::from_millis(300)),
            }
        }
        read(&self.schemas[&id], datum)
    }
}

/// The number in a key of one BIGINT column: behind the header, zigzag in base 128.
fn small_key(key: &[u8]) -> Option<i64> {
    let mut n = 0_u64;
    for (i, byte) in key.get(5..)?.iter().enumerate() {
        n |= u64::from(byte & 0x7f) << (7 * i);
    }
    Some((n >> 1) as i64 ^ -((n & 1) as i64))
}
