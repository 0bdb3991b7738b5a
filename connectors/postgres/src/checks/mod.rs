//! What is looked at before anything is started, each finding with the statement that mends it.
//!
//! ```text
//!  server    version, wal_level, encoding, standby, free slots and walsenders, log limit
//!  role      replication, rights on the tables
//!  tables    selected at all, replica identity
//!  rows      what the first snapshot reads of a table, where that is not all of it
//!  ours      publication, slot
//! ```

pub mod platform;
mod role;
mod rows;
pub(crate) mod server;
mod tables;

use crate::checks::platform::Platform;
use crate::codes;
use crate::publication::{self, Listed};
use crate::settings::{PublicationMode, Settings};
use crate::slot;
use crate::transport::{identifier, sql_error};
use tokio_postgres::Client;
use walbrook_core::error::{Error, Result};
use walbrook_core::finding::Finding;

/// Looks at everything that has to hold. An error means that it could not be looked at.
pub async fn check(client: &Client, settings: &Settings) -> Result<Vec<Finding>> {
    let platform = Platform::ask(client).await?;
    let server = server::Server::ask(client).await?;
    let slot = slot::inspect(client, &settings.slot).await?;
    let mut findings = server.findings(slot.is_some(), platform);
    if let Some(Err(error)) = slot.map(|slot| slot.verify(&settings.dbname)) {
        findings.push(Finding::error(error.code, error.message, error.fix));
    }
    findings.extend(role::check(client, settings, platform).await?);
    let wanted = publication::selected(client, settings).await?;
    findings.extend(tables::check(client, settings, &wanted).await?);
    findings.extend(rows::check(client, settings, &wanted).await?);
    findings.extend(published(client, settings, &wanted).await?);
    Ok(findings)
}

/// The publication: what it lacks, and whether we could make it.
async fn published(
    client: &Client,
    settings: &Settings,
    wanted: &[Listed],
) -> Result<Vec<Finding>> {
    let (name, mode) = (&settings.publication, settings.publication_mode);
    let names: Vec<_> = wanted.iter().map(|listed| listed.table.clone()).collect();
    let Some(found) = publication::inspect(client, name).await? else {
        let create = publication::create_statement(name, mode, &names);
        return role::may_publish(client, settings, &create).await;
    };
    let mut findings = Vec::new();
    let missing: Vec<_> = wanted.iter().filter(|it| !it.partitioned && !found.holds(it)).collect();
    if !missing.is_empty() && mode != PublicationMode::Filtered {
        let tables: Vec<_> = missing.iter().map(|listed| listed.table.clone()).collect();
        let list = tables.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let message = format!("The publication \"{name}\" does not hold {list}.");
        let fix = format!("Run {};", publication::add_tables(name, &tables));
        let all = missing.len() == wanted.iter().filter(|it| !it.partitioned).count();
        let finding = if all { Finding::error } else { Finding::warning };
        findings.push(finding(codes::PUBLICATION_FOREIGN, message, fix));
    }
    if !missing.is_empty() && mode == PublicationMode::Filtered {
        findings.extend(role::may_add(client, settings, &missing).await?);
    }
    if !found.left_out.is_empty() {
        let message =
            format!("The publication \"{name}\" leaves out {}.", found.left_out.join(", "));
        let fix = format!(
            "Run ALTER PUBLICATION {} SET (publish = 'insert, update, delete, truncate');",
            identifier(name)
        );
        findings.push(Finding::warning(codes::PUBLICATION_FOREIGN, message, fix));
    }
    Ok(findings)
}

/// One value of a query that has one row.
pub(crate) async fn ask<T>(client: &Client, sql: &str) -> Result<T>
where
    T: for<'a> tokio_postgres::types::FromSql<'a>,
{
    let row = client.query_one(sql, &[]).await.map_err(failed)?;
    row.try_get(0).map_err(failed)
}

pub(crate) fn failed(error: tokio_postgres::Error) -> Error {
    sql_error(&error, "checking the server")
}
