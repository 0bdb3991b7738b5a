//! The connection itself: who is on the other side, and what the role could do beyond its work.

use super::{ask, rows};
use crate::codes;
use crate::settings::{Settings, TlsMode, is_local};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio_postgres::Client;
use walbrook_core::error::Result;
use walbrook_core::finding::Finding;

/// Clocks that differ by more make every lag a wrong number.
const SKEW: Duration = Duration::from_secs(2);

pub(super) async fn findings(client: &Client, settings: &Settings) -> Result<Vec<Finding>> {
    let mut findings: Vec<Finding> =
        protection(&settings.host, settings.tls.mode).into_iter().collect();
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
    let protected = match settings.tls.mode {
        TlsMode::Disable => "The connection does not leave this machine.",
        _ => "The connection is encrypted, and the server's certificate verified.",
    };
    vec![
        Finding::ok(codes::CONNECT, format!("{server} answers at {host}:{port}.")),
        Finding::ok(codes::UNPROTECTED, protected),
        Finding::ok(codes::SUPERUSER, format!("The role \"{}\" is no superuser.", settings.user)),
        Finding::ok(codes::CLOCK, "The server's clock agrees with this machine's."),
    ]
}

fn protection(host: &str, mode: TlsMode) -> Option<Finding> {
    let what = match mode {
        _ if is_local(host) => return None,
        TlsMode::Disable => {
            "is not encrypted: rows and the password's proof can be read on the way"
        }
        TlsMode::Require => "is encrypted, but nobody verifies who the server is",
        TlsMode::VerifyCa | TlsMode::VerifyFull => return None,
    };
    let message = format!("The connection to {host} {what}.");
    let fix = "Set tls = { mode = \"verify-full\" }, with `ca` for an authority of your own.";
    Some(Finding::warning(codes::UNPROTECTED, message, fix))
}

/// Asked in the middle between two looks at our own clock.
async fn clock(client: &Client) -> Result<Option<Finding>> {
    let sql = "SELECT extract(epoch FROM clock_timestamp())::float8";
    let before = now();
    let theirs: Vec<f64> = rows(client, sql, &[], |row| row.try_get(0)).await?;
    let ours = (before + now()) / 2.0;
    let Some(ahead) = theirs.first().map(|theirs| theirs - ours) else { return Ok(None) };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_leaves_the_machine_has_to_be_protected() {
        let with = |host: &str, mode| protection(host, mode).map(|finding| finding.message);
        assert_eq!(with("127.0.0.1", TlsMode::Disable), None);
        assert_eq!(with("db.example", TlsMode::VerifyFull), None);
        assert!(
            with("db.example", TlsMode::Disable).is_some_and(|it| it.contains("not encrypted"))
        );
        assert!(with("db.example", TlsMode::Require).is_some_and(|it| it.contains("verifies")));
    }
}
