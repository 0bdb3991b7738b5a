//! Everything that can be looked at on a server that is up, for `walbrook doctor`.
//!
//! ```text
//!  checks    what has to hold at every start (crate::checks), told when it does, too
//!  session   protection of the connection, clocks, more rights than needed
//!  log       slots, the log that they keep, long transactions
//!  tables    what the log or the role does not show of a table
//!  grants    the least that the role needs, as SQL
//! ```

mod grants;
mod log;
mod session;
mod tables;

use crate::checks::platform::Platform;
use crate::checks::server::Server;
use crate::checks::{self, ask, failed};
use crate::codes;
use crate::publication::{self, Listed};
use crate::settings::Settings;
use crate::transport;
use std::collections::BTreeSet;
use tokio_postgres::Client;
use walbrook_core::error::Result;
use walbrook_core::finding::{Examined, Finding, complete};

/// No check waits for longer: a view may hang behind somebody's lock.
const PATIENCE: &str = "SET statement_timeout = '10s'";

/// Looks at the server that `settings` name. `slots` are those of all configured connectors.
pub async fn examine(settings: &Settings, slots: &BTreeSet<String>) -> Examined {
    let mut out = Examined::default();
    match look(settings, slots, &mut out).await {
        Ok(()) => {}
        Err(error) => out.findings.push(error.into()),
    }
    if out.grants.is_empty() {
        out.grants = grants::script(settings, Platform::Stock, &[]);
    }
    out
}

async fn look(settings: &Settings, slots: &BTreeSet<String>, out: &mut Examined) -> Result<()> {
    let client = transport::client(settings, "doctor").await?;
    client.batch_execute(PATIENCE).await.map_err(failed)?;
    let platform = Platform::ask(&client).await?;
    let version: String = ask(&client, "SELECT split_part(version(), ' on ', 1)").await?;
    let place = platform.name().map(|name| format!(" on {name}")).unwrap_or_default();
    out.server = format!("{version}{place}");
    let server = Server::ask(&client).await?;
    let wanted = publication::selected(&client, settings).await?;
    let mut found = checks::check(&client, settings).await?;
    found.extend(session::findings(&client, settings).await?);
    found.extend(log::findings(&client, settings, slots, platform).await?);
    found.extend(tables::findings(&client, settings, &wanted).await?);
    let session = replication_session(settings).await;
    let replicates = session.is_none();
    // What a missing right means is said above already.
    let said = found.iter().any(|finding| finding.code == codes::RIGHT);
    found.extend(session.filter(|finding| finding.code != codes::RIGHT || !said));
    let mut good = session::good(settings, &out.server);
    good.extend(about_server(&server));
    good.extend(about_ours(settings, &wanted, replicates));
    good.extend(log::good(&client, settings).await?);
    out.findings = complete(found, good);
    out.tables = tables::keyed(&client, &wanted).await?;
    out.grants = grants::script(settings, platform, &wanted);
    Ok(())
}

/// A replication session is opened, as the stream will: rights and pg_hba.conf may say no only there.
async fn replication_session(settings: &Settings) -> Option<Finding> {
    match transport::connect(settings, "doctor").await {
        Ok(session) => {
            session.close().await;
            None
        }
        Err(error) => Some(error.into()),
    }
}

fn about_server(server: &Server) -> Vec<Finding> {
    let free = |(allowed, used): (i64, i64)| format!("{} of {allowed} are free", allowed - used);
    vec![
        Finding::ok(codes::VERSION, format!("Version {} is supported.", server.version / 10_000)),
        Finding::ok(codes::WAL_LEVEL, "wal_level is logical."),
        Finding::ok(codes::ENCODING, "The database is encoded in UTF8."),
        Finding::ok(codes::STANDBY, "The server is a primary."),
        Finding::ok(codes::SLOTS_FULL, format!("Replication slots: {}.", free(server.slots))),
        Finding::ok(codes::SENDERS_FULL, format!("Walsenders: {}.", free(server.senders))),
        Finding::ok(
            codes::SLOT_LIMIT,
            format!("max_slot_wal_keep_size limits what a slot keeps: {} MB.", server.keep),
        ),
    ]
}

fn about_ours(settings: &Settings, wanted: &[Listed], replicates: bool) -> Vec<Finding> {
    let tables = wanted.iter().filter(|listed| !listed.partitioned).count();
    let mut good = vec![Finding::ok(
        codes::RIGHT,
        format!("The role \"{}\" may publish what is needed.", settings.user),
    )];
    if replicates {
        good.push(Finding::ok(
            codes::LOGIN,
            "A replication session can be opened; wal_sender_timeout is 120 s in it.",
        ));
    }
    good.extend([
        Finding::ok(codes::NO_TABLES, format!("{tables} tables are captured.")),
        Finding::ok(codes::SELECT, "Every captured table may be read."),
        Finding::ok(codes::ROW_SECURITY, "No row-level security hides rows from the role."),
        Finding::ok(codes::REPLICA_IDENTITY, "Every captured table has a replica identity."),
        Finding::ok(codes::NO_KEY, "Every captured table has a key."),
        Finding::ok(codes::UNLOGGED, "No selected table is unlogged."),
        Finding::ok(
            codes::PUBLICATION_FOREIGN,
            format!("The publication \"{}\" fits, or can be made.", settings.publication),
        ),
    ]);
    good
}

/// Runs `sql` whose rows are read by `read`.
async fn rows<T>(
    client: &Client,
    sql: &str,
    parameters: &[&(dyn tokio_postgres::types::ToSql + Sync)],
    read: impl Fn(&tokio_postgres::Row) -> std::result::Result<T, tokio_postgres::Error>,
) -> Result<Vec<T>> {
    let rows = client.query(sql, parameters).await.map_err(failed)?;
    rows.iter().map(|row| read(row).map_err(failed)).collect()
}
