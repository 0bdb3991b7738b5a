//! What a check finds before anything is started.

pub mod connection;

use crate::error::{Class, Code, Error};
use crate::layout::Table;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The check passed; said by `doctor`.
    Ok,
    /// It works, but something will hurt later.
    Warning,
    /// It cannot work.
    Error,
}

/// The answer of one check: a code, one sentence, and the SQL or setting that mends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable code.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// The SQL, setting or command that mends it.
    pub fix: String,
}

impl Severity {
    /// The word that people and scripts read.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Ok => "ok",
            Severity::Warning => "warn",
            Severity::Error => "fail",
        }
    }
}

impl Finding {
    /// A check that passed, under the code that it would have failed with.
    pub fn ok(code: Code, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Ok, message: message.into(), fix: String::new() }
    }

    /// A finding that stops the connector.
    pub fn error(code: Code, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, message: message.into(), fix: fix.into() }
    }

    /// A finding that is said and lived with.
    pub fn warning(code: Code, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { code, severity: Severity::Warning, message: message.into(), fix: fix.into() }
    }

    /// The definite error that this finding means.
    pub fn into_error(self) -> Error {
        Error::new(self.code, Class::Definite, self.message).fix(self.fix)
    }
}

/// A failure that was met while looking: what it was about is broken.
impl From<Error> for Finding {
    fn from(error: Error) -> Self {
        let fix = match error.fix {
            fix if fix.is_empty() => {
                "Check that the address is right, and that it is up.".to_owned()
            }
            fix => fix,
        };
        Finding::error(error.code, error.message, fix)
    }
}

/// Everything that was looked at in one place, good and bad, in the order of `good`: each check
/// that passed, or in its stead what was found under its code; then what has no counterpart.
pub fn complete(mut found: Vec<Finding>, good: Vec<Finding>) -> Vec<Finding> {
    let mut all = Vec::with_capacity(found.len() + good.len());
    for passed in good {
        let before = all.len();
        all.extend(found.extract_if(.., |finding| finding.code == passed.code));
        if all.len() == before {
            all.push(passed);
        }
    }
    all.append(&mut found);
    all
}

/// What a source's server was found to be.
#[derive(Clone, Debug, Default)]
pub struct Examined {
    /// Kind, version and who runs it: `PostgreSQL 18.1 on Amazon RDS`; empty if it was not reached.
    pub server: String,
    /// Every check, good and bad.
    pub findings: Vec<Finding>,
    /// The tables that are captured, and whether each has a key.
    pub tables: Vec<(Table, bool)>,
    /// The least that the configured account needs, as SQL for this server.
    pub grants: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_stands_in_the_place_of_what_would_have_been_good() {
        let code = |text| Code::new(text);
        let (a, b, c) = (code("WB-X-001"), code("WB-X-002"), code("WB-X-003"));
        let found = vec![Finding::error(c, "c", "fix"), Finding::warning(a, "a", "fix")];
        let good = vec![Finding::ok(a, "good a"), Finding::ok(b, "good b")];
        let texts: Vec<_> = complete(found, good).into_iter().map(|it| it.message).collect();
        assert_eq!(texts, ["a", "good b", "c"]);
    }
}
