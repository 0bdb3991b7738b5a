//! Finds topics, creates those that are missing, and alters none.

use crate::client::{self, Watch};
use crate::codes;
use crate::settings::Settings;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use walbrook_core::error::{Error, Result};
use walbrook_core::resolve::{Topic, TopicKind};

/// Time for one request.
const REQUEST: Duration = Duration::from_secs(10);
/// Kafka's default of `max.message.bytes`.
const MAX_BYTES: usize = 1_048_588;

/// A topic that exists, as a check sees it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Number of partitions.
    pub(crate) partitions: i32,
    /// Its configuration.
    pub(crate) config: BTreeMap<String, String>,
}

/// The cluster as a check sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cluster {
    /// Number of brokers.
    pub(crate) brokers: usize,
    /// Partitions of every topic that may be seen.
    pub(crate) topics: BTreeMap<String, i32>,
    /// Configuration of one broker; empty where it may not be seen.
    pub(crate) config: BTreeMap<String, String>,
}

/// How the checkpoint topic is made.
const CHECKPOINT: &[(&str, &str)] = &[
    ("cleanup.policy", "compact"),
    ("segment.bytes", "4194304"),
    ("segment.ms", "600000"),
    ("delete.retention.ms", "60000"),
    ("min.cleanable.dirty.ratio", "0.01"),
];

/// How a topic of dead letters is made: nothing goes by itself.
const DEAD_LETTERS: &[(&str, &str)] = &[("cleanup.policy", "delete"), ("retention.ms", "-1")];

/// The topics of one connector's cluster.
#[derive(Clone)]
pub struct Topics {
    admin: Arc<AdminClient<Watch>>,
    settings: Settings,
}

/// A topic and how it is configured.
struct Found {
    topic: Topic,
    config: BTreeMap<String, String>,
}

impl Topics {
    /// A client for `settings`; it talks to nobody yet.
    pub fn new(settings: &Settings) -> Result<Self> {
        let admin = settings.client_config().create_with_context(Watch::default());
        Ok(Self { admin: Arc::new(client::made(admin)?), settings: settings.clone() })
    }

    /// The topic `name`, if it exists. The checkpoint topic is refused where it could lose one.
    pub async fn find(&self, name: &str) -> Result<Option<Topic>> {
        let Some(found) = self.look(name).await? else { return Ok(None) };
        if name == self.settings.checkpoint_topic() {
            check_checkpoint(name, &found)?;
        }
        Ok(Some(found.topic))
    }

    /// The topic `name` as the brokers describe it now.
    async fn look(&self, name: &str) -> Result<Option<Found>> {
        // Asked first: unlike metadata, it can never create a topic.
        let specifier = [ResourceSpecifier::Topic(name)];
        let described = self.admin.describe_configs(&specifier, &options()).await;
        let doing = format!("looking up the topic \"{name}\"");
        let described = match described {
            Ok(described) => described,
            Err(error) => return Err(self.told(&error, &doing).await),
        };
        let config = match described.into_iter().next() {
            Some(Ok(config)) => config,
            Some(Err(Code::UnknownTopicOrPartition | Code::UnknownTopic)) => return Ok(None),
            Some(Err(code)) => return Err(self.trouble(code, &doing).await),
            None => return Err(self.trouble(Code::UnknownTopicOrPartition, &doing).await),
        };
        let entries = config.entries.into_iter();
        let config: BTreeMap<String, String> =
            entries.filter_map(|entry| entry.value.map(|value| (entry.name, value))).collect();
        let max_bytes = config.get("max.message.bytes").and_then(|v| v.parse().ok());
        let compacted = policies(&config).any(|word| word == "compact");
        let Some(partitions) = self.partitions(name, &doing).await? else { return Ok(None) };
        let topic = Topic { partitions, max_bytes: max_bytes.unwrap_or(MAX_BYTES), compacted };
        Ok(Some(Found { topic, config }))
    }

    async fn partitions(&self, name: &str, doing: &str) -> Result<Option<i32>> {
        let (admin, topic) = (Arc::clone(&self.admin), name.to_owned());
        let fetch = move || admin.inner().fetch_metadata(Some(&topic), REQUEST);
        let fetched = tokio::task::spawn_blocking(fetch).await;
        let fetched = fetched.map_err(|e| Error::transient(codes::THREAD, e.to_string()))?;
        let metadata = match fetched {
            Ok(metadata) => metadata,
            Err(error) => return Err(self.told(&error, doing).await),
        };
        let Some(topic) = metadata.topics().first() else { return Ok(None) };
        match topic.error().map(Code::from) {
            None => Ok(Some(topic.partitions().len() as i32)),
            Some(Code::UnknownTopicOrPartition | Code::UnknownTopic) => Ok(None),
            Some(code) => Err(self.trouble(code, doing).await),
        }
    }

    /// The cluster, its topics, and how one of its brokers is configured.
    pub(crate) async fn cluster(&self) -> Result<Cluster> {
        let doing = "asking for the brokers";
        let admin = Arc::clone(&self.admin);
        let fetch = move || admin.inner().fetch_metadata(None, REQUEST);
        let fetched = tokio::task::spawn_blocking(fetch).await;
        let fetched = fetched.map_err(|e| Error::transient(codes::THREAD, e.to_string()))?;
        let metadata = match fetched {
            Ok(metadata) => metadata,
            Err(error) => return Err(self.told(&error, doing).await),
        };
        let brokers = metadata.brokers();
        let mut config = BTreeMap::new();
        if let Some(first) = brokers.first() {
            let specifier = [ResourceSpecifier::Broker(first.id())];
            // A broker that does not show its configuration is as good as one that does.
            let described = self.admin.describe_configs(&specifier, &options()).await;
            let described = described.unwrap_or_default().into_iter().flatten();
            config.extend(
                described
                    .flat_map(|it| it.entries)
                    .filter_map(|entry| entry.value.map(|value| (entry.name, value))),
            );
        }
        let topics = metadata.topics().iter();
        let topics = topics.map(|it| (it.name().to_owned(), it.partitions().len() as i32));
        Ok(Cluster { brokers: brokers.len(), topics: topics.collect(), config })
    }

    /// The topic `name`, if it exists.
    pub(crate) async fn seen(&self, name: &str) -> Result<Option<Seen>> {
        let found = self.look(name).await?;
        Ok(found.map(|found| Seen { partitions: found.topic.partitions, config: found.config }))
    }

    /// Whether the topic `name` could be created; nothing is.
    pub(crate) async fn could_create(&self, name: &str, partitions: i32) -> Result<()> {
        let topic =
            NewTopic::new(name, partitions, TopicReplication::Fixed(self.settings.replication));
        let dry = options().validate_only(true);
        let doing = format!("asking whether the topic \"{name}\" could be created");
        let created = match self.admin.create_topics([&topic], &dry).await {
            Ok(created) => created,
            Err(error) => return Err(self.told(&error, &doing).await),
        };
        match created.into_iter().next() {
            Some(Err((_, Code::TopicAlreadyExists))) | Some(Ok(_)) | None => Ok(()),
            Some(Err((_, code))) if client::refused(code) => {
                let text = format!("The topic \"{name}\" cannot be created: {code}.");
                Err(Error::definite(codes::NOT_CREATED, text)
                    .fix("Correct partitions, replication or the topic's configuration."))
            }
            Some(Err((_, code))) => Err(self.trouble(code, &doing).await),
        }
    }

    /// The topic `name`, created where it is missing and that is allowed.
    pub async fn ensure(&self, name: &str, kind: TopicKind) -> Result<Topic> {
        let settings = &self.settings;
        let partitions = if kind == TopicKind::Data { settings.partitions } else { 1 };
        if let Some(topic) = self.find(name).await? {
            return Ok(topic);
        }
        if !settings.create_topics {
            let text = format!("The topic \"{name}\" does not exist and create_topics is false.");
            return Err(Error::definite(codes::NO_TOPIC, text).fix(format!(
                "Run `kafka-topics.sh --bootstrap-server {} --create --topic {name} --partitions {partitions}`.",
                settings.brokers
            )));
        }
        let config: Vec<(&str, &str)> = match kind {
            TopicKind::Control => Vec::new(),
            TopicKind::DeadLetters => DEAD_LETTERS.to_vec(),
            TopicKind::Data => {
                settings.data_topic_config.iter().map(|(k, v)| (&**k, &**v)).collect()
            }
        };
        self.create(name, partitions, &config).await?;
        self.appeared(name, &config).await
    }

    /// The checkpoint topic, created where it is missing, refused where it could lose a checkpoint.
    pub async fn ensure_checkpoint(&self) -> Result<()> {
        let name = self.settings.checkpoint_topic();
        if self.look(&name).await?.is_none() {
            // Internal topics are ours, whatever `create_topics` says of the others.
            self.create(&name, 1, CHECKPOINT).await?;
            self.appeared(&name, CHECKPOINT).await?;
        }
        self.find(&name).await.map(|_| ())
    }

    /// Deletes the checkpoint topic; answers its name, or nothing where there is none.
    pub async fn remove_checkpoint(&self) -> Result<Option<String>> {
        let name = self.settings.checkpoint_topic();
        if self.look(&name).await?.is_none() {
            return Ok(None);
        }
        let doing = format!("deleting the topic \"{name}\"");
        let deleted = match self.admin.delete_topics(&[&name], &options()).await {
            Ok(deleted) => deleted,
            Err(error) => return Err(self.told(&error, &doing).await),
        };
        match deleted.into_iter().next() {
            Some(Err((_, Code::UnknownTopicOrPartition))) | Some(Ok(_)) | None => Ok(Some(name)),
            Some(Err((_, code))) => Err(self.trouble(code, &doing).await),
        }
    }

    async fn create(&self, name: &str, partitions: i32, config: &[(&str, &str)]) -> Result<()> {
        let replication = TopicReplication::Fixed(self.settings.replication);
        let topic = NewTopic::new(name, partitions, replication);
        let topic = config.iter().fold(topic, |topic, (key, value)| topic.set(key, value));
        let doing = format!("creating the topic \"{name}\"");
        let created = self.admin.create_topics([&topic], &options()).await;
        let created = match created {
            Ok(created) => created,
            Err(error) => return Err(self.told(&error, &doing).await),
        };
        match created.into_iter().next() {
            Some(Err((_, Code::TopicAlreadyExists))) | Some(Ok(_)) | None => Ok(()),
            Some(Err((_, code))) if client::refused(code) => {
                let text = format!("The topic \"{name}\" cannot be created: {code}.");
                Err(Error::definite(codes::NOT_CREATED, text)
                    .fix("Correct partitions, replication or the topic's configuration."))
            }
            Some(Err((_, code))) => Err(self.trouble(code, &doing).await),
        }
    }

    /// A created topic is known to all brokers only a moment later, and the configuration that it
    /// was created with possibly later still: until then the broker describes its own defaults.
    async fn appeared(&self, name: &str, config: &[(&str, &str)]) -> Result<Topic> {
        let mut last = None;
        for _ in 0..100 {
            last = self.look(name).await?;
            let shows = |found: &Found| {
                config.iter().all(|(key, value)| found.config.get(*key).is_some_and(|v| v == value))
            };
            if let Some(found) = last.as_ref().filter(|found| shows(found)) {
                return Ok(found.topic);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // Somebody else may have created it at the same moment, with a configuration of their own.
        last.map(|found| found.topic).ok_or_else(|| {
            let text = format!("The topic \"{name}\" was created but does not appear.");
            Error::transient(codes::UNREACHABLE, text)
        })
    }

    async fn trouble(&self, code: Code, doing: &str) -> Error {
        let mut last = None;
        if matches!(code, Code::OperationTimedOut | Code::RequestTimedOut | Code::AllBrokersDown) {
            let config = self.settings.client_config();
            let ask = move || client::reason(&config, Watch::default());
            last = tokio::task::spawn_blocking(ask).await.ok().flatten();
        }
        client::trouble(code, last, &self.settings.brokers, doing)
    }

    async fn told(&self, error: &KafkaError, doing: &str) -> Error {
        match client::code_of(error) {
            Some(code) => self.trouble(code, doing).await,
            None => {
                client::told(error, self.admin.inner().context(), &self.settings.brokers, doing)
            }
        }
    }
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(REQUEST)).operation_timeout(Some(REQUEST))
}

/// The words of cleanup.policy.
fn policies(config: &BTreeMap<String, String>) -> impl Iterator<Item = &str> {
    let policy = config.get("cleanup.policy").map_or("delete", String::as_str);
    policy.split(',').map(str::trim)
}

fn check_checkpoint(name: &str, found: &Found) -> Result<()> {
    let deleted = policies(&found.config).any(|word| word == "delete");
    if deleted || !found.topic.compacted {
        let policy = policies(&found.config).collect::<Vec<_>>().join(",");
        let text = format!(
            "The checkpoint topic \"{name}\" has cleanup.policy={policy}, so that a checkpoint could be deleted."
        );
        return Err(Error::definite(codes::CHECKPOINT_TOPIC, text).fix(format!(
            "Run `kafka-configs.sh --bootstrap-server … --alter --entity-type topics --entity-name {name} --add-config cleanup.policy=compact`."
        )));
    }
    let partitions = found.topic.partitions;
    if partitions != 1 {
        let text = format!("The checkpoint topic \"{name}\" has {partitions} partitions, not one.");
        return Err(Error::definite(codes::CHECKPOINT_TOPIC, text)
            .fix("Delete it if no checkpoint is worth keeping, else name another cluster."));
    }
    Ok(())
}

impl std::fmt::Debug for Topics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Topics").field("brokers", &self.settings.brokers).finish_non_exhaustive()
    }
}
