//! Why the daemon did not do what it was asked for, as people read it.

use crate::cli::{FAILED, USAGE};
use serde_json::Value;
use std::process::ExitCode;
use walbrook_core::error::Error;

/// A command that did not succeed.
#[derive(Debug)]
pub(in crate::cli) enum Failure {
    /// It has been told already.
    Told(ExitCode),
    /// What was asked for makes no sense here.
    Usage(String),
    /// Nobody answers, or somebody else does.
    Away(String),
    /// The daemon refuses.
    Refused {
        /// HTTP status.
        status: u16,
        /// Stable code.
        code: String,
        /// One sentence.
        message: String,
        /// What to do.
        fix: String,
    },
}

impl Failure {
    /// The request did not get through.
    pub(super) fn away(base: &str, error: &reqwest::Error) -> Self {
        let mut last: &dyn std::error::Error = error;
        while let Some(source) = last.source() {
            last = source;
        }
        let advice = match last.to_string() {
            text if text.contains("certificate") || text.contains("UnknownIssuer") => {
                "Give the authority of its certificate with --ca."
            }
            _ => "Is it running, and is --url right?",
        };
        Self::Away(format!("The daemon does not answer at {base}: {last}. {advice}"))
    }

    /// 401
    pub(super) fn no_token(base: &str, sent: bool) -> Self {
        let (message, fix) = if sent {
            (
                format!("The daemon at {base} does not know this token."),
                "Set WALBROOK_TOKEN to one of `tokens` in its [admin].",
            )
        } else {
            (
                format!("The daemon at {base} asks for a token."),
                "Set WALBROOK_TOKEN, or name its configuration with --config.",
            )
        };
        let code = "WB-ADMIN-012".to_owned();
        Self::Refused { status: 401, code, message, fix: fix.to_owned() }
    }

    /// Any other refusal, in the daemon's own words.
    pub(super) fn refused(status: u16, body: &Value) -> Self {
        let part = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
        let message = part("detail").or_else(|| part("message"));
        Self::Refused {
            status,
            code: part("code").unwrap_or_default(),
            message: message.unwrap_or_else(|| format!("The daemon answers {status}.")),
            fix: part("fix").unwrap_or_default(),
        }
    }

    /// It in one sentence.
    pub(in crate::cli) fn sentence(&self) -> String {
        match self {
            Failure::Told(_) => String::new(),
            Failure::Usage(text) | Failure::Away(text) => text.clone(),
            Failure::Refused { message, fix, .. } => format!("{message} {fix}"),
        }
    }

    /// Tells it on standard error.
    pub(in crate::cli) fn tell(&self) -> ExitCode {
        match self {
            Failure::Told(code) => return *code,
            Failure::Usage(text) => {
                eprintln!("error: {text}");
                return ExitCode::from(USAGE);
            }
            Failure::Away(text) => eprintln!("error: {text}"),
            Failure::Refused { code, message, fix, .. } => {
                let code = if code.is_empty() { String::new() } else { format!("[{code}]") };
                eprintln!("error{code}: {message}");
                if !fix.is_empty() {
                    eprintln!("  = {fix}");
                }
            }
        }
        ExitCode::from(FAILED)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = error.code.as_str().to_owned();
        Self::Refused { status: 0, code, message: error.message, fix: error.fix }
    }
}
