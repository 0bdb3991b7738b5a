//! The follower's thread: finds topics, reads them, and knows when it has read all.

use super::avro::Schema;
use super::consumer::{BULK, Ends, Shared, consumer, now_us};
use super::record::{Body, Seen};
use super::{registry, stack};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// How often new topics are looked for.
const LOOK: Duration = Duration::from_millis(300);

/// How long a question to the broker may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// After how long without a record the reader asks whether there are any.
const STANDS: Duration = Duration::from_secs(5);

/// The follower's thread.
pub struct Reader {
    prefix: String,
    /// `public.`, or the database's name.
    schema: String,
    shared: Arc<Shared>,
    /// Is asked for topics and ends; reads nothing.
    asking: BaseConsumer,
    /// Behind the newest record of each partition.
    next: Ends,
    /// The ends before which reading stood when it last began anew.
    tried: Ends,
    tables: HashMap<String, Arc<str>>,
    schemas: HashMap<u32, Schema>,
    runtime: tokio::runtime::Runtime,
}

impl Reader {
    /// Reads the topics whose names begin with `prefix`; tables of `schema` are told without it.
    pub fn new(prefix: String, schema: String, shared: Arc<Shared>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self {
            prefix,
            schema,
            shared,
            asking: consumer(&[]),
            next: Ends::new(),
            tried: Ends::new(),
            tables: HashMap::new(),
            schemas: HashMap::new(),
            runtime,
        }
    }

    /// Reads until it is told to stop.
    pub fn run(mut self) {
        let (mut looked, mut checked) = (None::<Instant>, Instant::now());
        let (mut reading, mut begun_us) = (consumer(&[]), now_us());
        while !self.shared.stop.load(Relaxed) {
            if looked.is_none_or(|at| at.elapsed() > LOOK) {
                self.look(&reading);
                looked = Some(Instant::now());
            }
            // Errors are the broker's absence: librdkafka connects again by itself.
            if let Some(Ok(message)) = reading.poll(Duration::from_millis(50)) {
                self.take(&message);
                continue;
            }
            let idle_us = now_us();
            self.shared.idle_us.store(idle_us, Relaxed);
            let idle = idle_us - self.shared.newest_us.load(Relaxed).max(begun_us);
            let stands = idle > STANDS.as_micros() as i64;
            if checked.elapsed() > LOOK && (stands || self.shared.asked.load(Relaxed)) {
                match self.check(&reading, stands) {
                    Some(None) => {}
                    Some(Some(anew)) => (reading, begun_us) = (anew, now_us()),
                    // A broker that comes back is given its time.
                    None => begun_us = now_us(),
                }
                checked = Instant::now();
            }
        }
    }

    fn take(&mut self, message: &BorrowedMessage<'_>) {
        let read_us = now_us();
        self.next.insert((message.topic().to_owned(), message.partition()), message.offset() + 1);
        if &*self.table(message.topic()) == BULK {
            let id = message.key().and_then(small_key).unwrap_or(-1);
            self.shared.bulk.lock().unwrap().push((id, read_us));
        } else {
            let seen = self.read(message, read_us);
            self.shared.seen.lock().unwrap().push(seen);
        }
        self.shared.newest_us.store(read_us, Relaxed);
    }

    /// The partitions of the prefix, if the broker is there to be asked. New ones are assigned.
    fn look(&mut self, reading: &BaseConsumer) -> Option<Vec<(String, i32)>> {
        let all = self.asking.fetch_metadata(None, PATIENCE).ok()?;
        let topics = all.topics().iter().filter(|t| t.name().starts_with(&self.prefix));
        let places = topics.flat_map(|topic| {
            topic.partitions().iter().map(|it| (topic.name().to_owned(), it.id()))
        });
        let places: Vec<_> = places.collect();
        let new = places.iter().filter(|place| !self.next.contains_key(place));
        let new: Ends = new.map(|place| (place.clone(), 0)).collect();
        if !new.is_empty() {
            reading.incremental_assign(&list(&new)).unwrap();
            self.next.extend(new);
        }
        Some(places)
    }

    /// Compares where it is with the ends of all partitions, and notes if that is the same. A
    /// partition can stand still for good: a broker that has just started and knows no leader yet
    /// makes librdkafka 2.12.1 read a leader epoch that nobody has written, and take all metadata
    /// for outdated from then on. Then reading begins anew, once at the same ends. Nothing is
    /// answered if the broker does not answer.
    fn check(&mut self, reading: &BaseConsumer, stands: bool) -> Option<Option<BaseConsumer>> {
        let begin = now_us();
        let places = self.look(reading)?;
        let positions = reading.position().unwrap();
        let mut behind = Ends::new();
        for place in places {
            let next = self.next[&place];
            // What ends a transaction has an offset too, and is no record.
            let position = match positions.find_partition(&place.0, place.1).map(|p| p.offset()) {
                Some(Offset::Offset(position)) => position.max(next),
                _ => next,
            };
            let (low, high) = self.asking.fetch_watermarks(&place.0, place.1, PATIENCE).ok()?;
            if position.max(low) < high {
                behind.insert(place, high);
            }
        }
        if behind.is_empty() {
            self.shared.complete_us.store(begin, Relaxed);
        }
        if behind.is_empty() || !stands || behind == self.tried {
            return Some(None);
        }
        println!("  the reader stands before {behind:?}: it begins anew");
        let anew = consumer(&[]);
        anew.assign(&list(&self.next)).unwrap();
        self.tried = behind;
        Some(Some(anew))
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

/// The places to read from.
fn list(places: &Ends) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for ((topic, partition), next) in places {
        let from = if *next == 0 { Offset::Beginning } else { Offset::Offset(*next) };
        list.add_partition_offset(topic, *partition, from).unwrap();
    }
    list
}

/// The number in a key of one BIGINT column: behind the header, zigzag in base 128.
fn small_key(key: &[u8]) -> Option<i64> {
    let mut n = 0_u64;
    for (i, byte) in key.get(5..)?.iter().enumerate() {
        n |= u64::from(byte & 0x7f) << (7 * i);
    }
    Some((n >> 1) as i64 ^ -((n & 1) as i64))
}
