//! What `walbrook doctor` looks at, with the settings that the daemon itself would use.

use super::{kafka, mysql, postgres, registry};
use crate::config::{Config, Connector, Source as Kind};
use std::collections::BTreeSet;
use walbrook_core::finding::{Examined, Finding};
use walbrook_kafka::checks::{self, Wanted};

/// Looks at the database of `connector`.
pub async fn examine(config: &Config, connector: &Connector) -> Examined {
    match &connector.source {
        Kind::Postgres(own) => {
            let settings = postgres::settings(config, connector, own);
            walbrook_postgres::doctor::examine(&settings, &slots(config)).await
        }
        Kind::MySql(own) => {
            let settings = mysql::settings(config, connector, own);
            walbrook_mysql::doctor::examine(&settings).await
        }
    }
}

/// The slots of all connectors: those are nobody's orphans.
fn slots(config: &Config) -> BTreeSet<String> {
    let own = config.connectors.values().filter_map(|connector| match &connector.source {
        Kind::Postgres(own) => Some(own.slot.clone()),
        Kind::MySql(_) => None,
    });
    own.collect()
}

/// Looks at the brokers, as the first connector would come to them.
pub async fn examine_broker(config: &Config) -> Vec<Finding> {
    let Some(connector) = config.connectors.values().next() else { return Vec::new() };
    match kafka(config, connector) {
        Ok(settings) => checks::broker(&settings).await,
        Err(error) => vec![error.into()],
    }
}

/// Looks at the topics that `connector` will write to.
pub async fn examine_topics(
    config: &Config,
    connector: &Connector,
    wanted: &[Wanted],
) -> Vec<Finding> {
    match kafka(config, connector) {
        Ok(settings) => checks::topics(&settings, wanted).await,
        Err(error) => vec![error.into()],
    }
}

/// Looks at the registry, and the subjects that schemas will be under.
pub async fn examine_registry(config: &Config, subjects: &[String]) -> Vec<Finding> {
    match registry(config) {
        Ok(settings) => checks::registry(settings, subjects).await,
        Err(error) => vec![error.into()],
    }
}
