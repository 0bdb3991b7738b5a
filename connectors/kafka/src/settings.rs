//! What a connector must be told about Kafka, and the names that follow from it.

use rdkafka::ClientConfig;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How one connector uses Kafka.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `host:port`, several separated by commas.
    pub brokers: String,
    /// Prefix of the transactional id and of internal topics.
    pub cluster: String,
    /// Name of the connector.
    pub connector: String,
    /// librdkafka properties, passed through; they win over ours except where exactly once needs ours.
    pub client: Vec<(String, String)>,
    /// How long a transaction may stay open before the broker aborts it.
    pub transaction_timeout: Duration,
    /// Whether missing topics are created.
    pub create_topics: bool,
    /// Number of partitions of created data topics.
    pub partitions: i32,
    /// Replication factor of created topics; -1 is the broker's default.
    pub replication: i32,
    /// Configuration of created data topics (`cleanup.policy`, `retention.ms`, …).
    pub data_topic_config: Vec<(String, String)>,
    /// Sizes learned while running; clones share them.
    pub fit: Fit,
}

impl Settings {
    /// Settings with the usual values.
    pub fn new(
        brokers: impl Into<String>,
        cluster: impl Into<String>,
        connector: impl Into<String>,
    ) -> Self {
        Self {
            brokers: brokers.into(),
            cluster: cluster.into(),
            connector: connector.into(),
            client: Vec::new(),
            transaction_timeout: Duration::from_secs(60),
            create_topics: true,
            partitions: 1,
            replication: -1,
            data_topic_config: Vec::new(),
            fit: Fit::default(),
        }
    }

    /// The id that fences: `<cluster>-<connector>`.
    pub fn transactional_id(&self) -> String {
        format!("{}-{}", self.cluster, self.connector)
    }

    /// The checkpoint topic: `__<cluster>-<connector>-checkpoint`.
    pub fn checkpoint_topic(&self) -> String {
        format!("__{}-{}-checkpoint", self.cluster, self.connector)
    }

    /// What every client of this connector has in common.
    pub(crate) fn client_config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", format!("walbrook-{}", self.connector))
            .set("socket.keepalive.enable", "true")
            .set("reconnect.backoff.ms", "100")
            .set("reconnect.backoff.max.ms", "5000")
            .set("log_level", "5");
        for (name, value) in &self.client {
            config.set(name, value);
        }
        config.set("statistics.interval.ms", "0");
        config
    }

    /// The transactional producer: what may be tuned first, the pass-through, then what may not.
    pub(crate) fn producer_config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("compression.type", "lz4")
            .set("linger.ms", "5")
            .set("queue.buffering.max.messages", "40000");
        for (name, value) in self.client_config().config_map() {
            config.set(name, value);
        }
        config
            .set("transactional.id", self.transactional_id())
            .set("transaction.timeout.ms", self.transaction_timeout.as_millis().to_string())
            .set("enable.idempotence", "true")
            .set("batch.size", self.fit.batch().to_string())
            .set("message.max.bytes", "1000000000")
            .set("queue.buffering.max.kbytes", (self.fit.queue() / 1024).to_string())
            .set("queue.buffering.backpressure.threshold", "1");
        config
    }

    /// A consumer of the checkpoint topic that joins no group and stores no offsets.
    pub(crate) fn reader_config(&self) -> ClientConfig {
        let mut config = self.client_config();
        config
            .set("group.id", format!("{}-checkpoint", self.transactional_id()))
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("enable.partition.eof", "true")
            .set("isolation.level", "read_committed")
            .set("auto.offset.reset", "error")
            .set("allow.auto.create.topics", "false")
            .set("fetch.wait.max.ms", "100")
            .set("queued.max.messages.kbytes", "8192");
        config
    }
}

/// Sizes that the producer must be made for, learned from topics and records as they come.
///
/// librdkafka fixes its batch size and queue when a producer is made. Where a topic allows less
/// than a batch, or a record needs more than the queue, the sink ends with a transient error and
/// the next producer fits.
#[derive(Clone, Debug)]
pub struct Fit {
    batch: Arc<AtomicUsize>,
    queue: Arc<AtomicUsize>,
}

const BATCH: usize = 1_000_000;
const QUEUE: usize = 16 * 1024 * 1024;

impl Default for Fit {
    fn default() -> Self {
        Self { batch: Arc::new(BATCH.into()), queue: Arc::new(QUEUE.into()) }
    }
}

impl Fit {
    /// Number of bytes that a batch may have.
    pub fn batch(&self) -> usize {
        self.batch.load(Ordering::Relaxed)
    }

    /// Number of bytes that the producer may hold.
    pub fn queue(&self) -> usize {
        self.queue.load(Ordering::Relaxed)
    }

    /// Learns that a topic allows batches of `max_bytes`.
    pub fn topic(&self, max_bytes: usize) {
        self.batch.fetch_min(max_bytes.max(1), Ordering::Relaxed);
    }

    /// Learns that a record of `size` bytes has to fit the queue.
    pub fn record(&self, size: usize) {
        // Room for the record and some of its neighbours, whole KiB.
        self.queue.fetch_max((size + size / 4 + 1024 * 1024) & !1023, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_cluster_and_connector() {
        let s = Settings::new("b:9092", "walbrook", "shop");
        assert_eq!(s.transactional_id(), "walbrook-shop");
        assert_eq!(s.checkpoint_topic(), "__walbrook-shop-checkpoint");
    }

    #[test]
    fn passed_properties_win_but_not_over_exactly_once() {
        let mut s = Settings::new("b:9092", "c", "n");
        s.client = [("linger.ms", "50"), ("enable.idempotence", "false")]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into();
        let config = s.producer_config();
        assert_eq!(config.get("linger.ms"), Some("50"));
        assert_eq!(config.get("enable.idempotence"), Some("true"));
        assert_eq!(config.get("statistics.interval.ms"), Some("0"));
    }

    #[test]
    fn sizes_are_learned_by_all_clones() {
        let (a, b) = {
            let f = Fit::default();
            (f.clone(), f)
        };
        a.topic(50_000);
        a.topic(2_000_000);
        a.record(40_000_000);
        assert_eq!(b.batch(), 50_000);
        assert!(b.queue() >= 40_000_000 && b.queue().is_multiple_of(1024));
    }
}
