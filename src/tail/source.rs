//! Opens a database for watching: from now on, without a checkpoint and without a trace.

use crate::config::{Database, Pattern, Secret, Server, TlsMode};
use crate::wiring::tls_mode;
use std::sync::Arc;
use std::time::Duration;
use walbrook_core::checkpoint::Checkpoint;
use walbrook_core::error::Result;
use walbrook_core::initial::Initial;
use walbrook_core::settings::{self as core, Password, Selection, SnapshotMode, Tls};
use walbrook_core::source::{Source, SourceHandle};
use walbrook_mysql::flavor::Flavor;
use walbrook_mysql::settings as mysql;
use walbrook_mysql::source::MySql;
use walbrook_mysql::table as mysql_modes;
use walbrook_postgres::settings as postgres;

/// How often a quiet server says that it is alive, and hears from us.
const ALIVE: Duration = Duration::from_secs(10);

/// Opens the database that `url` names.
pub(super) async fn open(
    url: &Database,
    tables: &[Pattern],
    password: Option<Secret>,
    tls: Option<TlsMode>,
) -> Result<SourceHandle> {
    let mode = tls.map_or_else(|| core::TlsMode::default_for(&url.host), tls_mode);
    let (tls, selection) = (Tls::new(mode), selection(url, tables));
    let flavor = match url.server {
        Server::Postgres => {
            let password = secret(password, "PGPASSWORD");
            return walbrook_postgres::tail::open(postgres(url, password, tls, selection));
        }
        Server::MySql => Flavor::MySql,
        Server::MariaDb => Flavor::MariaDb,
    };
    let password = secret(password, "MYSQL_PWD");
    let mut source = Box::new(MySql::new(mysql(flavor, url, password, tls, selection)));
    source.prepare(&Checkpoint::default()).await?;
    source.start().await
}

/// The password from its place, or else from the variable that the server's own programs read.
fn secret(password: Option<Secret>, variable: &'static str) -> Password {
    Arc::new(move || match &password {
        Some(secret) => secret.read().map(Some),
        None => Ok(Secret::Env(variable.to_owned()).read().ok()),
    })
}

/// The tables that are asked for; without any, all of the URL's database.
fn selection(url: &Database, tables: &[Pattern]) -> Selection {
    let tables = tables.to_vec();
    let whole = match url.server {
        Server::Postgres => None,
        Server::MySql | Server::MariaDb => url.name.clone(),
    };
    Arc::new(move |space: &str, table: &str| match tables.as_slice() {
        [] => whole.as_deref().is_none_or(|whole| whole == space),
        tables => tables.iter().any(|pattern| pattern.matches(&format!("{space}.{table}"))),
    })
}

/// Names of slot and publication are the source's own affair.
fn postgres(
    url: &Database,
    password: Password,
    tls: Tls,
    selection: Selection,
) -> postgres::Settings {
    let named = format!("walbrook_tail_{}", std::process::id());
    postgres::Settings {
        host: url.host.clone(),
        port: url.port,
        user: url.user.clone(),
        password,
        dbname: url.name.clone().unwrap_or_default(),
        tls,
        slot: named.clone(),
        owns_slot: true,
        messages: None,
        slot_failover: false,
        publication: named,
        publication_mode: postgres::PublicationMode::Filtered,
        selection,
        patterns: walbrook_core::settings::plain_names(),
        topic_prefix: "tail".to_owned(),
        cluster: "walbrook".to_owned(),
        connector: "tail".to_owned(),
        modes: walbrook_postgres::table::Modes::default(),
        snapshot_mode: SnapshotMode::NoData,
        snapshot_workers: 1,
        initial: Initial::all(),
        snapshot_as_published: true,
        feedback: ALIVE,
    }
}

/// The server id is one that no other `tail` has at the same time on this machine.
fn mysql(
    flavor: Flavor,
    url: &Database,
    password: Password,
    tls: Tls,
    selection: Selection,
) -> mysql::Settings {
    let connector = format!("tail-{}", std::process::id());
    // People want the number that is in the table.
    let modes = mysql_modes::Modes {
        big_unsigned: mysql_modes::BigUnsigned::Precise,
        ..mysql_modes::Modes::default()
    };
    mysql::Settings {
        flavor,
        host: url.host.clone(),
        port: url.port,
        user: url.user.clone(),
        password,
        database: url.name.clone(),
        tls,
        server_id: mysql::Settings::default_server_id("walbrook", &connector),
        selection,
        patterns: walbrook_core::settings::plain_names(),
        topic_prefix: "tail".to_owned(),
        cluster: "walbrook".to_owned(),
        connector,
        modes,
        snapshot_mode: SnapshotMode::NoData,
        snapshot_workers: 1,
        initial: Initial::all(),
        schema_changes: false,
        include_query: false,
        heartbeat: ALIVE,
    }
}
