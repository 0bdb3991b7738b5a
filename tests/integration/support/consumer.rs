//! The follower: an independent `read_committed` consumer of every topic of a prefix.

use super::reader::Reader;
use super::record::Seen;
use super::stack;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A table of many rows: the follower keeps only the `id` of each of its changes.
pub const BULK: &str = "bulk";

/// A minute in microseconds.
const MINUTE_US: i64 = 60_000_000;

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

/// What the follower and its thread tell each other.
#[derive(Default)]
pub struct Shared {
    /// The records, but those of [`BULK`].
    pub seen: Mutex<Vec<Seen>>,
    /// Those of [`BULK`].
    pub bulk: Mutex<Vec<(i64, i64)>>,
    /// The thread is to end.
    pub stop: AtomicBool,
    /// When the newest record came, microseconds since 1970.
    pub newest_us: AtomicI64,
    /// When the reader last looked and there was none.
    pub idle_us: AtomicI64,
    /// Somebody wants to know whether all is read.
    pub asked: AtomicBool,
    /// As of when the reader was at the end of every partition.
    pub complete_us: AtomicI64,
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
        self.shared.asked.store(checked, Relaxed);
        loop {
            let since = self.shared.newest_us.load(Relaxed).max(begin);
            let left = quiet.as_micros() as i64 - (self.shared.idle_us.load(Relaxed) - since);
            let given_up = now_us() - begin > 2 * MINUTE_US;
            let complete = !checked || self.shared.complete_us.load(Relaxed) > since;
            if left <= 0 && (complete || given_up) {
                break;
            }
            let left = left.clamp(10_000, quiet.as_micros() as i64);
            tokio::time::sleep(Duration::from_micros(left as u64)).await;
        }
        self.shared.asked.store(false, Relaxed);
    }

    /// Waits until everything has been read that is committed now, however long the broker is away.
    pub async fn all_read(&self) {
        let begin = now_us();
        self.shared.asked.store(true, Relaxed);
        stack::wait("everything is read", Duration::from_secs(60), async || {
            (self.shared.complete_us.load(Relaxed) > begin).then_some(())
        })
        .await;
        self.shared.asked.store(false, Relaxed);
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
