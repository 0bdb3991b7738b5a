//! What is looked at before anything is started, each finding with the statement that mends it.
//!
//! ```text
//!  server    kind, version, log, format, GTIDs, row image, metadata, retention
//!  account   the log, the tables
//!  tables    selected at all, engine
//!  rows      what the first snapshot reads of a table, where that is not all of it
//! ```

pub(crate) mod account;
pub mod platform;
mod rows;
mod server;
mod tables;

use crate::settings::Settings;
use crate::source::server::Server;
use mysql_async::Conn;
use walbrook_core::error::Result;
use walbrook_core::finding::Finding;

/// Looks at everything that has to hold. An error means that it could not be looked at.
pub async fn check(conn: &mut Conn, server: &Server, settings: &Settings) -> Result<Vec<Finding>> {
    let mut findings = server::findings(server, settings);
    findings.extend(account::check(conn, server).await?);
    findings.extend(tables::check(conn, settings).await?);
    findings.extend(rows::check(conn, settings).await?);
    Ok(findings)
}
