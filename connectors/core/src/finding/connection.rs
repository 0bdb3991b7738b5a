//! What a doctor says of the connection itself, whatever server is on the other side: whether others
//! can read along, and whether both clocks agree.

use super::Finding;
use crate::error::Code;
use crate::settings::{TlsMode, is_local};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Clocks that differ by more make every lag a wrong number.
const SKEW: Duration = Duration::from_secs(2);

/// Whether what goes over the connection is safe from others; `exposed` is what can be read on the way
/// where it is not encrypted.
pub fn protection(code: Code, host: &str, mode: TlsMode, exposed: &str) -> Option<Finding> {
    let what = match mode {
        _ if is_local(host) => return None,
        TlsMode::Disable => format!("is not encrypted: {exposed} can be read on the way"),
        TlsMode::Require => "is encrypted, but nobody verifies who the server is".to_owned(),
        TlsMode::VerifyCa | TlsMode::VerifyFull => return None,
    };
    let message = format!("The connection to {host} {what}.");
    let fix = "Set tls = { mode = \"verify-full\" }, with `ca` for an authority of your own.";
    Some(Finding::warning(code, message, fix))
}

/// What is said where it is safe.
pub fn protected(code: Code, mode: TlsMode) -> Finding {
    let message = match mode {
        TlsMode::Disable => "The connection does not leave this machine.",
        _ => "The connection is encrypted, and the server's certificate verified.",
    };
    Finding::ok(code, message)
}

/// Seconds since 1970 by our own clock.
pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// Whether the server's clock, which said `theirs` (seconds since 1970) between two looks at our own,
/// agrees with it.
pub fn clock(code: Code, before: f64, theirs: f64, after: f64) -> Option<Finding> {
    let ahead = theirs - f64::midpoint(before, after);
    (ahead.abs() > SKEW.as_secs_f64()).then(|| {
        let word = if ahead > 0.0 { "ahead of" } else { "behind" };
        let seconds = ahead.abs();
        let message = format!("The server's clock is {seconds:.1} s {word} this machine's.");
        let fix = "Let both follow an NTP server: lag and timestamps of envelopes mix both clocks.";
        Finding::warning(code, message, fix)
    })
}

/// What is said where the clocks agree.
pub fn clock_agrees(code: Code) -> Finding {
    Finding::ok(code, "The server's clock agrees with this machine's.")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: Code = Code::new("WB-X-001");

    #[test]
    fn only_what_leaves_the_machine_has_to_be_protected() {
        let with =
            |host: &str, mode| protection(CODE, host, mode, "rows").map(|finding| finding.message);
        assert_eq!(with("127.0.0.1", TlsMode::Disable), None);
        assert_eq!(with("db.example", TlsMode::VerifyFull), None);
        assert_eq!(
            with("db.example", TlsMode::Disable).as_deref(),
            Some("The connection to db.example is not encrypted: rows can be read on the way.")
        );
        assert!(with("db.example", TlsMode::Require).is_some_and(|it| it.contains("verifies")));
    }

    #[test]
    fn a_clock_is_compared_with_the_middle_of_two_looks_at_ours() {
        let said = |theirs| clock(CODE, 100.0, theirs, 104.0).map(|finding| finding.message);
        assert_eq!(said(103.9), None);
        let ahead = "The server's clock is 2.5 s ahead of this machine's.";
        assert_eq!(said(104.5).as_deref(), Some(ahead));
        assert_eq!(
            said(99.0).as_deref(),
            Some("The server's clock is 3.0 s behind this machine's.")
        );
    }
}
