//! The one place that names concrete connectors: configuration in, a connector's outside out.

mod columns;
mod doctor;
mod mysql;
mod outbox;
mod postgres;

use crate::config::choice::{self, Choice};
use crate::config::{Config, Connector, Pattern, Secret, Source as Kind};
use crate::pipeline::commit::Limits;
use crate::pipeline::{Environment, generation};
use crate::shape;
pub use doctor::{examine, examine_broker, examine_registry, examine_topics};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use walbrook_core::change::Op;
use walbrook_core::checkpoint::Checkpoint;
use walbrook_core::error::{Class, Result};
use walbrook_core::idle::Idle;
use walbrook_core::initial::Initial;
use walbrook_core::layout::Table;
use walbrook_core::position::Position;
use walbrook_core::resolve::{Answer, Resolver};
use walbrook_core::settings::{Password, Patterns, Selection, SnapshotMode, Tls, TlsMode};
use walbrook_core::sink::SinkHandle;
use walbrook_core::source::Source;
use walbrook_kafka::registry::{Levels, Registry, RegistrySettings};
use walbrook_kafka::resolver::KafkaResolver;
use walbrook_kafka::settings::Settings as KafkaSettings;
use walbrook_kafka::topics::Topics;

/// Makes a source that has read nothing yet: each generation of the pipeline begins with one.
type Open = Box<dyn Fn() -> Box<dyn Source> + Send + Sync>;

/// A connector on real servers.
struct Real {
    kafka: KafkaSettings,
    open_source: Open,
    resolver: Arc<KafkaResolver>,
    idle: Arc<dyn Idle>,
    topic_prefix: String,
    instance: String,
    /// Whether this start has been the owner: from then on it takes over from nobody.
    owned: AtomicBool,
}

impl Environment for Real {
    fn open_sink(&self) -> Answer<'_, SinkHandle> {
        Box::pin(async {
            if self.owned.load(Relaxed) {
                walbrook_kafka::sink::still_owned(&self.kafka, &self.instance).await?;
            }
            let (kafka, prefix) = (&self.kafka, &self.topic_prefix);
            let sink = walbrook_kafka::sink::open(kafka, prefix, &self.instance).await?;
            self.owned.store(true, Relaxed);
            Ok(sink)
        })
    }

    fn load(&self) -> Answer<'_, Checkpoint> {
        Box::pin(walbrook_kafka::sink::load(&self.kafka))
    }

    fn remove_checkpoint(&self) -> Answer<'_, Option<String>> {
        Box::pin(async { Topics::new(&self.kafka)?.remove_checkpoint().await })
    }

    fn idle(&self) -> Arc<dyn Idle> {
        Arc::clone(&self.idle)
    }

    fn begin_anew(&self) {
        self.owned.store(false, Relaxed);
    }

    fn reopen_allowed(&self) -> Answer<'_, bool> {
        Box::pin(async {
            match walbrook_kafka::sink::reopen_allowed(&self.kafka, &self.instance).await {
                Ok(()) => Ok(true),
                Err(error) if error.class == Class::Fenced => Ok(false),
                Err(error) => Err(error),
            }
        })
    }

    fn source(&self) -> Box<dyn Source> {
        (self.open_source)()
    }

    fn resolver(&self) -> Arc<dyn Resolver> {
        Arc::clone(&self.resolver) as Arc<dyn Resolver>
    }

    fn now_us(&self) -> i64 {
        now_us()
    }
}

/// Microseconds since 1970 by the machine's clock.
pub fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// The outside of `connector` on the servers that `config` names. `instance` names this start.
pub fn environment(
    config: &Config,
    connector: &Connector,
    instance: &str,
) -> Result<Arc<dyn Environment>> {
    let kafka = kafka(config, connector)?;
    let registry = Registry::new(registry(config)?)?;
    let resolver = Arc::new(KafkaResolver::new(&kafka, registry)?);
    Ok(Arc::new(Real {
        open_source: open_source(config, connector)?,
        resolver,
        idle: idle(config, connector),
        topic_prefix: connector.topic_prefix.clone(),
        instance: instance.to_owned(),
        kafka,
        owned: AtomicBool::new(false),
    }))
}

fn open_source(config: &Config, connector: &Connector) -> Result<Open> {
    match &connector.source {
        Kind::Postgres(own) => postgres::source(config, connector, own),
        Kind::MySql(own) => mysql::source(config, connector, own),
    }
}

/// The database of `connector` while it is not being read.
pub fn idle(config: &Config, connector: &Connector) -> Arc<dyn Idle> {
    match &connector.source {
        Kind::Postgres(own) => postgres::idle(config, connector, own),
        Kind::MySql(own) => mysql::idle(config, connector, own),
    }
}

/// What is stored about `connector`, as it is visible now.
pub async fn load(config: &Config, connector: &Connector) -> Result<Checkpoint> {
    walbrook_kafka::sink::load(&kafka(config, connector)?).await
}

/// A position of `connector` as the offset map that Debezium stores.
pub fn export(connector: &Connector, position: &Position) -> serde_json::Value {
    let description = match &connector.source {
        Kind::Postgres(_) => walbrook_postgres::source::description(),
        Kind::MySql(_) => walbrook_mysql::source::description(mysql::flavor(connector)),
    };
    (description.export)(position)
}

/// What every generation of `connector` has in common.
pub fn settings(connector: &Connector, run_id: &str) -> generation::Settings {
    generation::Settings {
        shape: shape(connector, run_id),
        limits: Limits::default(),
        heartbeat: (connector.heartbeat > Duration::ZERO).then_some(connector.heartbeat),
    }
}

/// Where and how `connector` writes.
pub fn kafka(config: &Config, connector: &Connector) -> Result<KafkaSettings> {
    let kafka = &config.kafka;
    let mut settings = KafkaSettings::new(&kafka.brokers, &kafka.cluster, &connector.name);
    settings.client = kafka.client_properties()?.into_iter().collect();
    let timeout = settings.client.iter().find(|(name, _)| name == "transaction.timeout.ms");
    if let Some(ms) = timeout.and_then(|(_, value)| value.parse().ok()) {
        settings.transaction_timeout = Duration::from_millis(ms);
    }
    settings.create_topics = kafka.create_topics;
    settings.partitions = kafka.partitions;
    settings.replication = kafka.replication;
    settings.data_topic_config = kafka.topic.clone().into_iter().collect();
    Ok(settings)
}

fn registry(config: &Config) -> Result<RegistrySettings> {
    let registry = &config.registry;
    let password = registry.password.as_ref().map(Secret::read).transpose()?;
    let auth = registry.user.clone().map(|user| (user, password.unwrap_or_default()));
    let wanted = registry.clone();
    let levels: Levels = Arc::new(move |subject: &str| wanted.level(subject).map(str::to_owned));
    Ok(RegistrySettings { urls: registry.url.clone(), auth, levels: Some(levels) })
}

/// Reads the connector's password anew at each connection.
fn password(connector: &Connector) -> Password {
    let secret = connector.password.clone();
    Arc::new(move || secret.as_ref().map(Secret::read).transpose())
}

/// What the connector reads before the log.
fn initial(connector: &Connector) -> Initial {
    let named = connector.clone();
    let tables: Selection =
        Arc::new(move |space, table| named.reads_first(&format!("{space}.{table}")));
    Initial { tables, rows: Arc::new(connector.snapshot_rows.clone()) }
}

/// Which tables (schema or database, name) the connector captures.
fn selection(connector: &Connector) -> Selection {
    let connector = connector.clone();
    Arc::new(move |space, table| connector.captures(&format!("{space}.{table}")))
}

/// What somebody may name tables by while a source is open: the same as in the configuration.
fn patterns() -> Patterns {
    Arc::new(|text| {
        let pattern = Pattern::new(text)?;
        Ok(Arc::new(move |space: &str, table: &str| pattern.matches(&format!("{space}.{table}"))))
    })
}

fn snapshot_mode(connector: &Connector) -> SnapshotMode {
    match connector.snapshot {
        choice::Snapshot::Initial => SnapshotMode::Initial,
        choice::Snapshot::InitialOnly => SnapshotMode::InitialOnly,
        choice::Snapshot::NoData => SnapshotMode::NoData,
        choice::Snapshot::Always => SnapshotMode::Always,
        choice::Snapshot::WhenNeeded => SnapshotMode::WhenNeeded,
    }
}

fn tls(connector: &Connector) -> Tls {
    let tls = &connector.tls;
    let (ca, cert, key) = (tls.ca.clone(), tls.cert.clone(), tls.key.clone());
    Tls { mode: tls_mode(tls.mode), ca, cert, key }
}

/// The word of the configuration as the sources know it.
pub fn tls_mode(mode: choice::TlsMode) -> TlsMode {
    match mode {
        choice::TlsMode::Disable => TlsMode::Disable,
        choice::TlsMode::Require => TlsMode::Require,
        choice::TlsMode::VerifyCa => TlsMode::VerifyCa,
        choice::TlsMode::VerifyFull => TlsMode::VerifyFull,
    }
}

/// The connector's own choice for a word of the configuration: both sides use Debezium's words.
fn word<T: serde::de::DeserializeOwned>(choice: impl Choice, default: T) -> T {
    serde_json::from_value(choice.as_str().into()).unwrap_or(default)
}

fn shape(connector: &Connector, run_id: &str) -> shape::Settings {
    let keys = connector.keys.clone();
    let message_key = move |table: &Table| {
        let name = table.to_string();
        keys.iter().find(|key| key.table.matches(&name)).map(|key| key.columns.clone())
    };
    let ops = [Op::Create, Op::Update, Op::Delete, Op::Truncate];
    let skipped = ops.into_iter().filter(|&op| connector.skipped_operations.has(op));
    shape::Settings {
        transaction_metadata: connector.transaction_metadata,
        context_headers: connector.context_headers,
        tombstones: connector.tombstones,
        skip_unchanged: connector.skip_unchanged,
        skipped_operations: skipped.filter_map(|op| op.letter().chars().next()).collect(),
        message_key: Arc::new(message_key),
        schema_names: names(connector.schema_names),
        field_names: names(connector.field_names),
        run_id: run_id.to_owned(),
        poison: poison(connector),
        poison_limit: connector.poison.limit,
        messages: match &connector.source {
            Kind::Postgres(own) => postgres::has_messages(connector, own),
            Kind::MySql(_) => false,
        },
        outbox: connector.outbox.as_ref().map(outbox::settings),
        ..shape::Settings::new(&connector.topic_prefix)
    }
}

fn poison(connector: &Connector) -> shape::poison::Policies {
    let poison = connector.poison.clone();
    Arc::new(move |table: &Table| match poison.of(&table.to_string()) {
        choice::Poison::Halt => shape::poison::Policy::Halt,
        choice::Poison::DeadLetter => shape::poison::Policy::DeadLetter,
        choice::Poison::Skip => shape::poison::Policy::Skip,
    })
}

fn names(names: choice::Names) -> shape::names::Adjustment {
    match names {
        choice::Names::None => shape::names::Adjustment::None,
        choice::Names::Avro => shape::names::Adjustment::Avro,
        choice::Names::AvroUnicode => shape::names::Adjustment::AvroUnicode,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether every word of `C` is a word of `T`.
    fn all<C: Choice, T: serde::de::DeserializeOwned>() {
        for &choice in C::ALL {
            let value = serde_json::Value::from(choice.as_str());
            assert!(serde_json::from_value::<T>(value).is_ok(), "{}", choice.as_str());
        }
    }

    #[test]
    fn every_word_of_the_configuration_is_a_word_of_the_connectors() {
        all::<choice::Decimal, walbrook_core::modes::Decimals>();
        all::<choice::Temporal, walbrook_core::modes::Temporal>();
        all::<choice::Binary, walbrook_core::modes::Binary>();
        all::<choice::Interval, walbrook_postgres::table::Intervals>();
        all::<choice::Hstore, walbrook_postgres::table::Hstore>();
        all::<choice::BigintUnsigned, walbrook_mysql::table::BigUnsigned>();
    }
}
