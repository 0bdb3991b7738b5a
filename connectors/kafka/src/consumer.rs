//! Reads the records of a connector from outside: read_committed, no group, no stored offsets.

use crate::client::{self, Watch};
use crate::codes;
use crate::registry::RegistrySettings;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Headers, Message};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use schema_registry_converter::async_impl::schema_registry::{SrSettings, get_schema_by_id};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use walbrook_core::error::{Error, Result};

/// How often new topics are looked for.
const LOOK: Duration = Duration::from_secs(1);
/// Time for one request.
const REQUEST: Duration = Duration::from_secs(10);

/// What is read.
#[derive(Clone, Debug)]
pub struct ConsumerSettings {
    /// `host:port`, several separated by commas.
    pub brokers: String,
    /// librdkafka properties, passed through.
    pub client: Vec<(String, String)>,
    /// Topics whose names begin with it and a dot.
    pub prefix: String,
    /// Whether what is there already is read too.
    pub from_beginning: bool,
}

/// A record as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// Its topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Its timestamp, milliseconds since 1970.
    pub timestamp_ms: Option<i64>,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its value; a tombstone has none.
    pub value: Option<Vec<u8>>,
    /// Its headers.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

/// A reader of all topics of a prefix. Every call may block.
pub struct Consumer {
    consumer: BaseConsumer<Watch>,
    settings: ConsumerSettings,
    known: BTreeSet<(String, i32)>,
    looked: Option<Instant>,
}

impl Consumer {
    /// Connects, and finds the topics that there are.
    pub fn open(settings: ConsumerSettings) -> Result<Self> {
        let consumer = client::made(config(&settings).create_with_context(Watch::default()))?;
        let known = BTreeSet::new();
        let mut consumer = Self { consumer, settings, known, looked: None };
        consumer.look()?;
        Ok(consumer)
    }

    /// The topics that are read.
    pub fn topics(&self) -> BTreeSet<&str> {
        self.known.iter().map(|(topic, _)| topic.as_str()).collect()
    }

    /// The next record, if one comes before `wait` is over.
    pub fn next(&mut self, wait: Duration) -> Result<Option<Incoming>> {
        if self.looked.is_none_or(|looked| looked.elapsed() > LOOK) {
            // A broker that is away for a moment comes back; the first look has told all others.
            let _ = self.look();
        }
        match self.consumer.poll(wait) {
            Some(Ok(message)) => Ok(Some(incoming(&message))),
            Some(Err(error)) if error.rdkafka_error_code().is_some_and(client::denied) => {
                Err(self.told(&error, "reading topics"))
            }
            _ => Ok(None),
        }
    }

    /// Finds topics and partitions that are new. They are read from their beginning, except those
    /// that were there at first and are not asked for.
    fn look(&mut self) -> Result<()> {
        let first = self.looked.is_none();
        let metadata = self.consumer.fetch_metadata(None, REQUEST);
        let metadata = metadata.map_err(|error| self.told(&error, "looking for topics"))?;
        self.looked = Some(Instant::now());
        let from =
            if first && !self.settings.from_beginning { Offset::End } else { Offset::Beginning };
        let start = format!("{}.", self.settings.prefix);
        let mut new = TopicPartitionList::new();
        for topic in metadata.topics().iter().filter(|topic| topic.name().starts_with(&start)) {
            for partition in topic.partitions() {
                let place = (topic.name().to_owned(), partition.id());
                if self.known.contains(&place) {
                    continue;
                }
                let added = new.add_partition_offset(&place.0, place.1, from);
                added.map_err(|error| self.told(&error, "assigning topics"))?;
                self.known.insert(place);
            }
        }
        if new.count() > 0 {
            let assigned = self.consumer.incremental_assign(&new);
            assigned.map_err(|error| self.told(&error, "assigning topics"))?;
        }
        Ok(())
    }

    fn told(&self, error: &rdkafka::error::KafkaError, doing: &str) -> Error {
        client::told(error, self.consumer.context(), &self.settings.brokers, doing)
    }
}

impl std::fmt::Debug for Consumer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Consumer").field("known", &self.known).finish_non_exhaustive()
    }
}

fn config(settings: &ConsumerSettings) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &settings.brokers)
        .set("client.id", "walbrook-tail")
        .set("reconnect.backoff.ms", "100")
        .set("reconnect.backoff.max.ms", "5000")
        .set("fetch.wait.max.ms", "100")
        .set("queued.max.messages.kbytes", "8192");
    for (name, value) in &settings.client {
        config.set(name, value);
    }
    config
        .set("group.id", "walbrook-tail")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("isolation.level", "read_committed")
        .set("auto.offset.reset", "earliest")
        .set("allow.auto.create.topics", "false");
    config
}

pub(crate) fn incoming(message: &rdkafka::message::BorrowedMessage<'_>) -> Incoming {
    let headers = message.headers().into_iter().flat_map(|headers| headers.iter());
    Incoming {
        topic: message.topic().to_owned(),
        partition: message.partition(),
        offset: message.offset(),
        timestamp_ms: message.timestamp().to_millis(),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers: headers.map(|h| (h.key.to_owned(), h.value.map(<[u8]>::to_vec))).collect(),
    }
}

/// The texts of registered schemas.
#[derive(Debug)]
pub struct Schemas {
    registries: Vec<SrSettings>,
    url: String,
}

impl Schemas {
    /// A client of the registry; it talks to nobody yet.
    pub fn new(settings: &RegistrySettings) -> Result<Self> {
        // Fails where a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let build = |url: &String| {
            let mut builder = SrSettings::new_builder(url.trim_end_matches('/').to_owned());
            if let Some((user, password)) = &settings.auth {
                builder.set_basic_authorization(user, Some(password));
            }
            let client = reqwest::Client::builder().user_agent("walbrook");
            builder.set_timeout(REQUEST).build_with(client).map_err(|e| {
                let text = format!("The registry's settings cannot be used: {}.", e.error);
                Error::definite(codes::REGISTRY_SETTING, text).fix("Correct the registry's URL.")
            })
        };
        let registries = settings.urls.iter().map(build).collect::<Result<_>>()?;
        Ok(Self { registries, url: settings.urls.join(", ") })
    }

    /// The text of the schema with this id.
    pub async fn text(&self, id: u32) -> Result<String> {
        let mut last = None;
        for registry in &self.registries {
            match get_schema_by_id(id, registry).await {
                Ok(schema) => return Ok(schema.schema),
                Err(error) => last = Some(error),
            }
        }
        let why = last.map_or_else(|| "no URL is given".to_owned(), |error| error.to_string());
        let text = format!("The registry at {} does not tell schema {id}: {why}.", self.url);
        Err(Error::transient(codes::REGISTRY_UNREACHABLE, text))
    }
}
