//! The connection itself: who is on the other side, and what the account could do beyond its work.

use crate::checks::account;
use crate::codes;
use crate::settings::Settings;
use crate::transport::sql_error;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use walbrook_core::error::Result;
use walbrook_core::finding::{Finding, connection};

pub(super) async fn findings(conn: &mut Conn, settings: &Settings) -> Result<Vec<Finding>> {
    let (host, mode) = (&settings.host, settings.tls.mode);
    let exposed = "rows";
    let mut findings =
        Vec::from_iter(connection::protection(codes::UNPROTECTED, host, mode, exposed));
    findings.extend(clock(conn).await?);
    let grants = account::grants(conn).await?;
    if ["INSERT", "DELETE", "DROP", "SUPER"].iter().any(|right| account::holds(&grants, right)) {
        let message = format!(
            "The account \"{}\" may change rows: it may do far more than it has to.",
            settings.user
        );
        let fix =
            "Make an account of its own: `walbrook doctor --print-grants` shows the statements.";
        findings.push(Finding::warning(codes::WIDE_RIGHTS, message, fix));
    }
    Ok(findings)
}

/// What is said where nothing is wrong.
pub(super) fn good(settings: &Settings, server: &str) -> Vec<Finding> {
    let (host, port) = (&settings.host, settings.port);
    vec![
        Finding::ok(codes::CONNECT, format!("{server} answers at {host}:{port}.")),
        connection::protected(codes::UNPROTECTED, settings.tls.mode),
        Finding::ok(
            codes::WIDE_RIGHTS,
            format!("The account \"{}\" may change nothing.", settings.user),
        ),
        connection::clock_agrees(codes::CLOCK),
    ]
}

/// Asked in the middle between two looks at our own clock.
async fn clock(conn: &mut Conn) -> Result<Option<Finding>> {
    let before = connection::now();
    let theirs: Option<f64> = conn
        .query_first("SELECT CAST(UNIX_TIMESTAMP(NOW(6)) AS DOUBLE)")
        .await
        .map_err(|error| sql_error(&error, "asking for the time"))?;
    let after = connection::now();
    Ok(theirs.and_then(|theirs| connection::clock(codes::CLOCK, before, theirs, after)))
}
