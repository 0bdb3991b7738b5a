//! Keys that do not become settings: those that change nothing here, those that may only have
//! their default, and families that are not available.

mod mysql;
mod postgres;

use super::given::Given;
use crate::config::Server;

/// What is known about keys; a `*` at the end of a key stands for any ending.
struct Known {
    /// Keys that change nothing here, and why.
    irrelevant: &'static [(&'static str, &'static str)],
    /// Keys that may only have one of these values: the first is the default.
    only: &'static [(&'static str, &'static [&'static str])],
    /// Beginnings of keys that are refused, and why.
    refused: &'static [(&'static str, &'static str)],
}

/// What every connector has.
const SHARED: Known = Known { irrelevant: IRRELEVANT, only: ONLY, refused: REFUSED };

const IRRELEVANT: &[(&str, &str)] = &[
    ("name", "it is the connector's name."),
    ("tasks.max", "a connector is one stream."),
    ("poll.interval.ms", "changes are sent as they arrive."),
    ("max.batch.size", "batches are bounded in bytes."),
    ("max.queue.size", "memory is bounded in bytes."),
    ("max.queue.size.in.bytes", "memory is bounded in bytes."),
    ("snapshot.delay.ms", "the snapshot begins at once."),
    ("streaming.delay.ms", "the stream begins at once."),
    ("snapshot.max.threads.multiplier", "large tables are cut by size."),
    ("legacy.snapshot.max.threads", "large tables are cut by size."),
    ("snapshot.tables.order.by.row.count", "the order of tables is not part of the result."),
    ("database.query.timeout.ms", "the daemon has its own limits."),
    ("connection.validation.timeout.ms", "the daemon has its own limits."),
    ("executor.shutdown.timeout.ms", "the daemon has its own limits."),
    ("errors.max.retries", "what may go away is retried for ever."),
    ("errors.retry.*", "retries back off by themselves."),
    ("errors.log.*", "every failure is logged."),
    ("retriable.restart.connector.wait.ms", "retries back off by themselves."),
    ("topic.cache.size", "topics are remembered for ever."),
    ("topic.creation.enable", "`create_topics` is on."),
    ("custom.metric.tags", "metrics are Prometheus' own."),
    ("custom.sanitize.pattern", "secrets are never logged."),
    ("statistics.metrics.enabled", "metrics are Prometheus' own."),
    ("exactly.once.support", "delivery is exactly once."),
    ("transaction.boundary", "Kafka transactions close between source transactions."),
    ("transaction.boundary.interval.ms", "Kafka transactions close between source transactions."),
    ("offsets.storage.topic", "positions are stored beside the records."),
    ("config.action.reload", "secrets are read at each connection."),
    ("signal.poll.interval.ms", "there are no signal channels."),
    ("incremental.snapshot.*", "it is started by signals only."),
    ("consumer.override.*", "there is no consumer group."),
    ("admin.override.*", "topics are made by the daemon's own client."),
];

const ONLY: &[(&str, &[&str])] = &[
    ("database.connection.factory.class", &[""]),
    ("database.initial.statements", &[""]),
    ("table.ignore.builtin", &["true"]),
    ("snapshot.query.mode", &["select_all"]),
    ("read.only", &["false"]),
    ("topic.delimiter", &["."]),
    ("topic.transaction", &["transaction"]),
    ("topic.heartbeat.prefix", &["__debezium-heartbeat"]),
    ("topic.heartbeat.name", &[""]),
    ("topic.creation.groups", &[""]),
    ("heartbeat.action.query", &[""]),
    (
        "transaction.metadata.factory",
        &["io.debezium.pipeline.txmetadata.DefaultTransactionMetadataFactory"],
    ),
    ("signal.data.collection", &[""]),
    ("signal.enabled.channels", &["source", ""]),
    ("notification.enabled.channels", &["", "log", "jmx"]),
    ("event.converting.failure.handling.mode", &["warn", "fail"]),
    ("guardrail.collections.max", &["0"]),
    ("guardrail.collections.limit.action", &["warn", "fail"]),
    ("openlineage.integration.enabled", &["false"]),
    ("transforms", &[""]),
    ("predicates", &[""]),
    ("post.processors", &[""]),
    ("header.converter", &["org.apache.kafka.connect.storage.SimpleHeaderConverter"]),
];

const REFUSED: &[(&str, &str)] = &[
    ("transforms.", "transformations are not available yet."),
    ("predicates.", "transformations are not available yet."),
    ("column.mask.", "there is no such mask."),
    ("column.truncate.", "there is no such mask."),
    ("snapshot.mode.", "it belongs to a snapshot mode that is not available."),
    ("signal.", "signals are not available yet."),
    ("notification.", "notifications are not available yet."),
    ("topic.creation.", "topic groups are not available yet; only `default` is."),
    ("topic.", "this way of naming topics is not available yet."),
    ("key.converter.", "keys are written as Confluent Avro only, with its default options."),
    ("value.converter.", "values are written as Confluent Avro only, with its default options."),
    ("producer.override.", "set librdkafka's property under [kafka.client] by hand."),
    ("driver.", "there is no JDBC driver; name the option to be translated by hand."),
    ("internal.", "internal options are not translated."),
    ("openlineage.", "OpenLineage is not available."),
];

/// Answers for every key that is left and known of a connector to `server`.
pub(super) fn settle(given: &mut Given, server: Server) {
    let own = match server {
        Server::Postgres => postgres::KNOWN,
        Server::MySql | Server::MariaDb => mysql::KNOWN,
    };
    for key in given.keys() {
        answer(given, &key, [&own, &SHARED]);
    }
}

fn answer(given: &mut Given, key: &str, known: [&Known; 2]) {
    let mut irrelevant = known.iter().flat_map(|known| known.irrelevant);
    let mut only = known.iter().flat_map(|known| known.only);
    let mut refused = known.iter().flat_map(|known| known.refused);
    if let Some((_, why)) = irrelevant.find(|(name, _)| is_named(key, name)) {
        given.take(key);
        given.irrelevant(key, why);
    } else if let Some((_, allowed)) = only.find(|(name, _)| *name == key) {
        let value = given.take(key).unwrap_or_default();
        if allowed.iter().any(|one| one.eq_ignore_ascii_case(&value)) {
            given.irrelevant(key, "this is how it is here too.");
        } else {
            given.refused(key, &format!("only {} is available.", words(allowed)));
        }
    } else if let Some((_, why)) = refused.find(|(name, _)| key.starts_with(name)) {
        given.take(key);
        given.refused(key, why);
    }
}

fn is_named(key: &str, name: &str) -> bool {
    match name.strip_suffix('*') {
        Some(start) => key.starts_with(start),
        None => key == name,
    }
}

fn words(allowed: &[&str]) -> String {
    let quoted = allowed
        .iter()
        .map(|one| if one.is_empty() { "nothing".into() } else { format!("\"{one}\"") });
    quoted.collect::<Vec<_>>().join(" or ")
}
