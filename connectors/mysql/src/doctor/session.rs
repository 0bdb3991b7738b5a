//! The connection itself: who is on the other side, and what the account could do beyond its work.

use crate::checks::account;
use crate::codes;
use crate::settings::{Settings, TlsMode, is_local};
use crate::transport::sql_error;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use walbrook_core::error::Result;
use walbrook_core::finding::Finding;

/// Clocks that differ by more make every lag a wrong number.
const SKEW: Duration = Duration::from_secs(2);

pub(super) async fn findings(conn: &mut Conn, settings: &Settings) -> Result<Vec<Finding>> {
    let mut findings: Vec<Finding> =
        protection(&settings.host, settings.tls.mode).into_iter().collect();
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
    let protected = match settings.tls.mode {
        TlsMode::Disable => "The connection does not leave this machine.",
        _ => "The connection is encrypted, and the server's certificate verified.",
    };
    vec![
        Finding::ok(codes::CONNECT, format!("{server} answers at {host}:{port}.")),
        Finding::ok(codes::UNPROTECTED, protected),
        Finding::ok(
            codes::WIDE_RIGHTS,
            format!("The account \"{}\" may change nothing.", settings.user),
        ),
        Finding::ok(codes::CLOCK, "The server's clock agrees with this machine's."),
    ]
}

fn protection(host: &str, mode: TlsMode) -> Option<Finding> {
    let what = match mode {
        _ if is_local(host) => return None,
        TlsMode::Disable => "is not encrypted: rows can be read on the way",
        TlsMode::Require => "is encrypted, but nobody verifies who the server is",
        TlsMode::VerifyCa | TlsMode::VerifyFull => return None,
    };
    let message = format!("The connection to {host} {what}.");
    let fix = "Set tls = { mode = \"verify-full\" }, with `ca` for an authority of your own.";
    Some(Finding::warning(codes::UNPROTECTED, message, fix))
}

/// Asked in the middle between two looks at our own clock.
async fn clock(conn: &mut Conn) -> Result<Option<Finding>> {
    let before = now();
    let theirs: Option<f64> = conn
        .query_first("SELECT CAST(UNIX_TIMESTAMP(NOW(6)) AS DOUBLE)")
        .await
        .map_err(|error| sql_error(&error, "asking for the time"))?;
    let Some(ahead) = theirs.map(|theirs| theirs - (before + now()) / 2.0) else { return Ok(None) };
    Ok((ahead.abs() > SKEW.as_secs_f64()).then(|| {
        let word = if ahead > 0.0 { "ahead of" } else { "behind" };
        let seconds = ahead.abs();
        let message = format!("The server's clock is {seconds:.1} s {word} this machine's.");
        let fix = "Let both follow an NTP server: lag and timestamps of envelopes mix both clocks.";
        Finding::warning(codes::CLOCK, message, fix)
    }))
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
