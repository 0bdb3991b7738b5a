//! The one place that names concrete connectors: configuration in, a connector's outside out.

use crate::config::choice::{self, Choice};
use crate::config::{Config, Connector, Secret};
use crate::pipeline::commit::Limits;
use crate::pipeline::{Environment, generation};
use crate::shape;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use walbrook_core::change::Op;
use walbrook_core::error::{Class, Result};
use walbrook_core::layout::Table;
use walbrook_core::resolve::{Answer, Resolver};
use walbrook_core::sink::SinkHandle;
use walbrook_core::source::Source;
use walbrook_kafka::registry::{Levels, Registry, RegistrySettings};
use walbrook_kafka::resolver::KafkaResolver;
use walbrook_kafka::settings::Settings as KafkaSettings;
use walbrook_postgres::settings as postgres;
use walbrook_postgres::source::Postgres;
use walbrook_postgres::table as modes;

/// A connector on real servers.
struct Real {
    kafka: KafkaSettings,
    postgres: postgres::Settings,
    resolver: Arc<KafkaResolver>,
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
        Box::new(Postgres::new(self.postgres.clone()))
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
        postgres: postgres(config, connector),
        resolver,
        topic_prefix: connector.topic_prefix.clone(),
        instance: instance.to_owned(),
        kafka,
        owned: AtomicBool::new(false),
    }))
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

/// How `connector` reads its database.
pub fn postgres(config: &Config, connector: &Connector) -> postgres::Settings {
    let secret = connector.password.clone();
    let selection = connector.clone();
    let url = &connector.url;
    postgres::Settings {
        host: url.host.clone(),
        port: url.port,
        user: url.user.clone(),
        password: Arc::new(move || secret.as_ref().map(Secret::read).transpose()),
        dbname: url.name.clone(),
        tls: tls(connector),
        slot: connector.slot.clone(),
        owns_slot: true,
        slot_failover: connector.slot_failover,
        publication: connector.publication.clone(),
        publication_mode: match connector.publication_mode {
            choice::PublicationMode::AllTables => postgres::PublicationMode::AllTables,
            choice::PublicationMode::Filtered => postgres::PublicationMode::Filtered,
            choice::PublicationMode::Existing => postgres::PublicationMode::Existing,
        },
        selection: Arc::new(move |schema, table| selection.captures(&format!("{schema}.{table}"))),
        topic_prefix: connector.topic_prefix.clone(),
        cluster: config.kafka.cluster.clone(),
        connector: connector.name.clone(),
        modes: values(connector),
        snapshot_mode: match connector.snapshot {
            choice::Snapshot::Initial => postgres::SnapshotMode::Initial,
            choice::Snapshot::InitialOnly => postgres::SnapshotMode::InitialOnly,
            choice::Snapshot::NoData => postgres::SnapshotMode::NoData,
            choice::Snapshot::Always => postgres::SnapshotMode::Always,
            choice::Snapshot::WhenNeeded => postgres::SnapshotMode::WhenNeeded,
        },
        snapshot_workers: connector.snapshot_workers as usize,
        feedback: postgres::FEEDBACK,
    }
}

fn tls(connector: &Connector) -> postgres::Tls {
    let tls = &connector.tls;
    postgres::Tls {
        mode: match tls.mode {
            choice::TlsMode::Disable => postgres::TlsMode::Disable,
            choice::TlsMode::Require => postgres::TlsMode::Require,
            choice::TlsMode::VerifyCa => postgres::TlsMode::VerifyCa,
            choice::TlsMode::VerifyFull => postgres::TlsMode::VerifyFull,
        },
        ca: tls.ca.clone(),
        cert: tls.cert.clone(),
        key: tls.key.clone(),
    }
}

fn values(connector: &Connector) -> modes::Modes {
    let values = &connector.values;
    let defaults = modes::Modes::default();
    modes::Modes {
        decimal: word(values.decimal, defaults.decimal),
        temporal: word(values.temporal, defaults.temporal),
        binary: word(values.binary, defaults.binary),
        interval: word(values.interval, defaults.interval),
        hstore: word(values.hstore, defaults.hstore),
        money_fraction_digits: u8::try_from(values.money_fraction_digits).unwrap_or(u8::MAX),
        unknown: values.unknown_types,
        placeholder: values.placeholder.clone(),
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
        skipped_operations: skipped.filter_map(|op| op.letter().chars().next()).collect(),
        message_key: Arc::new(message_key),
        schema_names: names(connector.schema_names),
        field_names: names(connector.field_names),
        run_id: run_id.to_owned(),
        ..shape::Settings::new(&connector.topic_prefix)
    }
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

    #[test]
    fn every_word_of_the_configuration_is_a_word_of_the_connector() {
        fn all<C: Choice, T: serde::de::DeserializeOwned>() {
            for &choice in C::ALL {
                let value = serde_json::Value::from(choice.as_str());
                assert!(serde_json::from_value::<T>(value).is_ok(), "{}", choice.as_str());
            }
        }
        all::<choice::Decimal, modes::Decimals>();
        all::<choice::Temporal, modes::Temporal>();
        all::<choice::Binary, modes::Binary>();
        all::<choice::Interval, modes::Intervals>();
        all::<choice::Hstore, modes::Hstore>();
    }
}
