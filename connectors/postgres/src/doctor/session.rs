//! The connection itself: who is on the other side, and what the role could do beyond its work.

use super::{ask, rows};
use crate::codes;
use crate::settings::Settings;
use tokio_postgres::Client;
use walbrook_core::error::Result;
use walbrook_core::finding::{Finding, connection};

pub(super) async fn findings(client: &Client, settings: &Settings) -> Result<Vec<Finding>> {
    let (host, mode) = (&settings.host, settings.tls.mode);
    let exposed = "rows and the password's proof";
    let mut findings =
        Vec::from_iter(connection::protection(codes::UNPROTECTED, host, mode, exposed));
    findings.extend(clock(client).await?);
    if ask(client, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user").await? {
        findings.push(Finding::warning(
            codes::SUPERUSER,
            format!(
                "The role \"{}\" is a superuser: it may do far more than it has to.",
                settings.user
            ),
            "Make a role of its own: `walbrook doctor --print-grants` shows the statements.",
        ));
    }
    Ok(findings)
}

/// What is said where nothing is wrong.
pub(super) fn good(settings: &Settings, server: &str) -> Vec<Finding> {
    let (host, port) = (&settings.host, settings.port);
    vec![
        Finding::ok(codes::CONNECT, format!("{server} answers at {host}:{port}.")),
        connection::protected(codes::UNPROTECTED, settings.tls.mode),
        Finding::ok(codes::SUPERUSER, format!("The role \"{}\" is no superuser.", settings.user)),
        connection::clock_agrees(codes::CLOCK),
    ]
}

/// Asked in the middle between two looks at our own clock.
async fn clock(client: &Client) -> Result<Option<Finding>> {
    let sql = "SELECT extract(epoch FROM clock_timestamp())::float8";
    let before = connection::now();
    let theirs: Vec<f64> = rows(client, sql, &[], |row| row.try_get(0)).await?;
    let after = connection::now();
    Ok(theirs.first().and_then(|&theirs| connection::clock(codes::CLOCK, before, theirs, after)))
}
