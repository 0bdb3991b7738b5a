//! A connector to MySQL or MariaDB: its part of the configuration becomes the source's settings.

use super::columns::columns;
use super::{Open, initial, password, patterns, selection, snapshot_mode, tls, word};
use crate::config::{Config, Connector, MySql as Own, Server};
use std::sync::Arc;
use std::time::Duration;
use walbrook_core::error::Result;
use walbrook_core::idle::Idle;
use walbrook_mysql::flavor::Flavor;
use walbrook_mysql::idle::IdleMySql;
use walbrook_mysql::settings::Settings;
use walbrook_mysql::source::MySql;
use walbrook_mysql::table::Modes;

/// How often a server that has nothing to send says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Makes sources for `connector`.
pub(super) fn source(config: &Config, connector: &Connector, own: &Own) -> Result<Open> {
    let mut settings = settings(config, connector, own);
    settings.modes.columns = columns(connector)?;
    Ok(Box::new(move || Box::new(MySql::new(settings.clone()))))
}

/// The database of `connector` while it is not being read.
pub(super) fn idle(config: &Config, connector: &Connector, own: &Own) -> Arc<dyn Idle> {
    Arc::new(IdleMySql::new(settings(config, connector, own)))
}

/// The kind of server that `connector` names.
pub(super) fn flavor(connector: &Connector) -> Flavor {
    match connector.url.server {
        Server::MariaDb => Flavor::MariaDb,
        Server::MySql | Server::Postgres => Flavor::MySql,
    }
}

pub(super) fn settings(config: &Config, connector: &Connector, own: &Own) -> Settings {
    let (url, cluster) = (&connector.url, &config.kafka.cluster);
    let server_id = own.server_id;
    Settings {
        flavor: flavor(connector),
        host: url.host.clone(),
        port: url.port,
        user: url.user.clone(),
        password: password(connector),
        database: url.name.clone(),
        tls: tls(connector),
        server_id: server_id
            .unwrap_or_else(|| Settings::default_server_id(cluster, &connector.name)),
        selection: selection(connector),
        patterns: patterns(),
        topic_prefix: connector.topic_prefix.clone(),
        cluster: cluster.clone(),
        connector: connector.name.clone(),
        modes: modes(connector, own),
        snapshot_mode: snapshot_mode(connector),
        snapshot_workers: connector.snapshot_workers as usize,
        initial: initial(connector),
        schema_changes: own.schema_changes,
        include_query: own.include_query,
        heartbeat: HEARTBEAT,
    }
}

fn modes(connector: &Connector, own: &Own) -> Modes {
    let (values, defaults) = (&connector.values, Modes::default());
    Modes {
        decimal: word(values.decimal, defaults.decimal),
        temporal: word(values.temporal, defaults.temporal),
        binary: word(values.binary, defaults.binary),
        big_unsigned: word(own.bigint_unsigned, defaults.big_unsigned),
        adjust_years: own.adjust_years,
        tinyint_boolean: own.tinyint_boolean,
        comments: own.comments,
        placeholder: values.placeholder.clone(),
        columns: defaults.columns,
    }
}
