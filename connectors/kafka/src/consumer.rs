//! Reads the records of a connector from outside: read_committed, no group, no stored offsets.
//!
//! ```text
//!  asking  ── topics, ends of partitions ──▶ new ones, ones that stand ─┐
//!  reading ◀── assigned at an offset ◀──────────────────────────────────┘
//! ```
//!
//! A partition can stand still for good: when a broker that has just started answers that it knows
//! no leader yet, librdkafka 2.12.1 takes a leader epoch from memory that was never written
//! (`rd_kafka_handle_Fetch_metadata_update`), and from then on takes all metadata for outdated. So a
//! partition that brings nothing is compared with its end; where it is behind, reading begins anew.

use crate::client::{self, Watch};
use crate::codes;
use crate::registry::RegistrySettings;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{Headers, Message};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use schema_registry_converter::async_impl::schema_registry::{SrSettings, get_schema_by_id};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use walbrook_core::error::{Error, Result};

/// How often new topics are looked for.
const LOOK: Duration = Duration::from_secs(1);
/// How long a partition may bring nothing until it is compared with its end.
const STANDS: Duration = Duration::from_secs(5);
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

/// A partition of a topic.
type Place = (String, i32);

/// A reader of all topics of a prefix. Every call may block.
pub struct Consumer {
    /// Is asked for topics and ends; reads nothing.
    asking: BaseConsumer<Watch>,
    reading: BaseConsumer<Watch>,
    settings: ConsumerSettings,
    places: BTreeMap<Place, Next>,
    looked: Option<Instant>,
    /// When partitions were last compared with their ends.
    compared: Instant,
    /// The ends before which reading stood when it last began anew.
    tried: Vec<(Place, i64)>,
}

/// Where a partition is read.
struct Next {
    offset: i64,
    since: Instant,
    /// Whether it was there when topics were last looked for; asking for one that is gone takes long.
    listed: bool,
}

impl Next {
    fn at(offset: i64) -> Self {
        Self { offset, since: Instant::now(), listed: true }
    }
}

impl Consumer {
    /// Connects, and finds the topics that there are.
    pub fn open(settings: ConsumerSettings) -> Result<Self> {
        let (asking, reading) = (client(&settings)?, client(&settings)?);
        let mut consumer = Self {
            asking,
            reading,
            settings,
            places: BTreeMap::new(),
            looked: None,
            compared: Instant::now(),
            tried: Vec::new(),
        };
        consumer.look()?;
        Ok(consumer)
    }

    /// The topics that are read.
    pub fn topics(&self) -> BTreeSet<&str> {
        self.places.keys().map(|(topic, _)| topic.as_str()).collect()
    }

    /// The next record, if one comes before `wait` is over.
    pub fn next(&mut self, wait: Duration) -> Result<Option<Incoming>> {
        if self.looked.is_none_or(|looked| looked.elapsed() > LOOK) {
            // A broker that is away for a moment comes back, and is given its time; the first look
            // has told all others.
            if self.look().is_err() {
                self.wait_anew();
            }
        }
        if self.compared.elapsed() > STANDS {
            self.begin_anew_if_it_stands()?;
            self.compared = Instant::now();
        }
        match self.reading.poll(wait) {
            Some(Ok(message)) => {
                let record = incoming(&message);
                let place = (record.topic.clone(), record.partition);
                self.places.insert(place, Next::at(record.offset + 1));
                Ok(Some(record))
            }
            Some(Err(error)) if error.rdkafka_error_code().is_some_and(client::denied) => {
                Err(self.told(&error, "reading topics"))
            }
            _ => Ok(None),
        }
    }

    /// Finds topics and partitions that are new. They are read from their beginning, except those
    /// that were there at first and are not asked for.
    fn look(&mut self) -> Result<()> {
        let from_end = self.looked.is_none() && !self.settings.from_beginning;
        let metadata = self.asking.fetch_metadata(None, REQUEST);
        let metadata = metadata.map_err(|error| self.told(&error, "looking for topics"))?;
        self.looked = Some(Instant::now());
        let start = format!("{}.", self.settings.prefix);
        let mut new = Vec::new();
        self.places.values_mut().for_each(|next| next.listed = false);
        for topic in metadata.topics().iter().filter(|topic| topic.name().starts_with(&start)) {
            for partition in topic.partitions() {
                let place = (topic.name().to_owned(), partition.id());
                if let Some(next) = self.places.get_mut(&place) {
                    next.listed = true;
                } else {
                    let from = if from_end { self.end(&place)? } else { 0 };
                    new.push((place, from));
                }
            }
        }
        if !new.is_empty() {
            let list = self.list(new.iter().map(|(place, from)| (place, *from)))?;
            let assigned = self.reading.incremental_assign(&list);
            assigned.map_err(|error| self.told(&error, "assigning topics"))?;
            self.places.extend(new.into_iter().map(|(place, from)| (place, Next::at(from))));
        }
        Ok(())
    }

    /// Replaces the client that reads if one of its partitions has more and does not bring it.
    fn begin_anew_if_it_stands(&mut self) -> Result<()> {
        let standing = self.standing();
        if standing.is_empty() || standing == self.tried {
            return Ok(());
        }
        let reading = client(&self.settings)?;
        let list = self.list(self.places.iter().map(|(place, next)| (place, next.offset)))?;
        reading.assign(&list).map_err(|error| self.told(&error, "assigning topics"))?;
        (self.reading, self.tried) = (reading, standing);
        self.wait_anew();
        Ok(())
    }

    /// No partition counts as one that has brought nothing for long.
    fn wait_anew(&mut self) {
        self.places.values_mut().for_each(|next| next.since = Instant::now());
    }

    /// The ends of partitions that brought nothing for long, and are not at their end. None while the
    /// brokers do not answer: they are asked again the next time.
    fn standing(&self) -> Vec<(Place, i64)> {
        let Ok(positions) = self.reading.position() else { return Vec::new() };
        let mut standing = Vec::new();
        let quiet = |next: &Next| next.listed && next.since.elapsed() > STANDS;
        for (place, next) in self.places.iter().filter(|(_, next)| quiet(next)) {
            let (topic, partition) = place;
            let position = positions.find_partition(topic, *partition).map(|found| found.offset());
            match self.asking.fetch_watermarks(topic, *partition, REQUEST) {
                Ok(ends) if is_behind(position, next.offset, ends) => {
                    standing.push((place.clone(), ends.1));
                }
                Ok(_) => {}
                Err(_) => return Vec::new(),
            }
        }
        standing
    }

    fn end(&self, (topic, partition): &Place) -> Result<i64> {
        let ends = self.asking.fetch_watermarks(topic, *partition, REQUEST);
        ends.map(|(_, high)| high).map_err(|error| self.told(&error, "looking for ends"))
    }

    fn list<'a>(
        &self,
        places: impl Iterator<Item = (&'a Place, i64)>,
    ) -> Result<TopicPartitionList> {
        let mut list = TopicPartitionList::new();
        for ((topic, partition), next) in places {
            let from = if next == 0 { Offset::Beginning } else { Offset::Offset(next) };
            let added = list.add_partition_offset(topic, *partition, from);
            added.map_err(|error| self.told(&error, "assigning topics"))?;
        }
        Ok(list)
    }

    fn told(&self, error: &KafkaError, doing: &str) -> Error {
        client::told(error, self.asking.context(), &self.settings.brokers, doing)
    }
}

impl std::fmt::Debug for Consumer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Consumer").field("topics", &self.topics()).finish_non_exhaustive()
    }
}

/// Whether a partition that goes from `low` to the last stable offset `high` has something that was
/// not read. `next` is behind the last record that came. The client's own `position` also counts what
/// is no record, the marks that end transactions; it has none before its first record.
fn is_behind(position: Option<Offset>, next: i64, (low, high): (i64, i64)) -> bool {
    let position = match position {
        Some(Offset::Offset(position)) => position.max(next),
        _ => next,
    };
    position.max(low) < high
}

fn client(settings: &ConsumerSettings) -> Result<BaseConsumer<Watch>> {
    client::made(config(settings).create_with_context(Watch::default()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_behind_if_it_has_more() {
        let at = |n| Some(Offset::Offset(n));
        // Offset 9 is the last record, 10 the mark that ends its transaction.
        assert!(!is_behind(at(11), 10, (0, 11)), "the mark is read");
        assert!(is_behind(at(10), 10, (0, 12)), "another record and its mark");
        assert!(is_behind(at(11), 10, (0, 13)), "the mark is read, and there is more");
        // Nothing has come yet.
        assert!(!is_behind(Some(Offset::Invalid), 0, (0, 0)), "empty");
        assert!(is_behind(Some(Offset::Invalid), 0, (0, 1)), "not begun");
        assert!(!is_behind(None, 0, (7, 7)), "all records are too old");
        assert!(!is_behind(Some(Offset::Invalid), 5, (0, 5)), "read from the end on");
    }
}
