//! What a check finds before anything is started.

use crate::error::{Class, Code, Error};

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

impl Finding {
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
