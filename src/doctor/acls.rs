//! The least that Kafka's user needs, as commands for an administrator to read and run.

use crate::config::{Config, Connector};
use std::fmt::Write;

/// The commands as comments of SQL, so that the whole output stays a script for the database.
pub(super) fn script(config: &Config, connector: &Connector) -> String {
    let user = config.kafka.client.get("sasl.username").map_or("USER", String::as_str);
    let (brokers, prefix) = (&config.kafka.brokers, &connector.topic_prefix);
    let id = format!("{}-{}", config.kafka.cluster, connector.name);
    let create = if config.kafka.create_topics { " --operation Create" } else { "" };
    let data =
        format!("--operation Write --operation Describe --operation DescribeConfigs{create}");
    let own = "--operation Read --operation Write --operation Describe --operation DescribeConfigs \
               --operation Create";
    let mut out = "-- Kafka, where it has ACLs (kafka-acls.sh):\n".to_owned();
    for (what, operations) in [
        (format!("--transactional-id {id}"), "--operation Write --operation Describe"),
        (format!("--topic __{id}-checkpoint"), own),
        (format!("--topic {prefix} --resource-pattern-type prefixed"), data.as_str()),
        (format!("--topic __debezium-heartbeat.{prefix}"), data.as_str()),
    ] {
        // Writing to a String does not fail.
        let _ = writeln!(
            out,
            "--   kafka-acls.sh --bootstrap-server {brokers} --add --allow-principal 'User:{user}' \
             {what} {operations}"
        );
    }
    out
}
