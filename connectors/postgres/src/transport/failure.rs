//! What the server reports, turned into a code, a class, a sentence and a fix.

use crate::codes;
use walbrook_core::error::{Class, Code, Error};

/// An `ErrorResponse` or a `NoticeResponse`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerError {
    /// `FATAL`, `ERROR`, `WARNING`…, untranslated where the server sends that.
    pub severity: String,
    /// SQLSTATE.
    pub code: String,
    /// The primary message.
    pub message: String,
    /// A hint, if there is one.
    pub hint: String,
}

impl ServerError {
    /// Reads the fields; what is missing stays empty. The detail is left out: it can hold values.
    pub fn parse(body: &[u8]) -> Self {
        let mut error = Self::default();
        for field in body.split(|byte| *byte == 0) {
            let Some((kind, text)) = field.split_first() else { break };
            let text = String::from_utf8_lossy(text).into_owned();
            match kind {
                b'S' if error.severity.is_empty() => error.severity = text,
                b'V' => error.severity = text,
                b'C' => error.code = text,
                b'M' => error.message = text,
                b'H' => error.hint = text,
                _ => {}
            }
        }
        error
    }

    /// Whether the server says that it leaves out changes of a publication that it cannot load.
    /// PostgreSQL 18 says so in a notice in the middle of the stream and goes on.
    pub fn skips_publication(&self) -> bool {
        self.code == "55000" && self.message.contains("publication")
    }

    /// The failure that this is.
    pub fn into_error(self) -> Error {
        let (code, class, fix) = judge(&self.code, &self.message);
        let text = self.message.trim_end_matches('.');
        let message = format!("PostgreSQL reports: {text} (SQLSTATE {}).", self.code);
        let fix = if fix.is_empty() && class != Class::Transient { &self.hint } else { fix };
        Error::new(code, class, message).fix(fix)
    }
}

/// Code, class and fix by SQLSTATE, and by the message where one SQLSTATE means many things.
fn judge(state: &str, message: &str) -> (Code, Class, &'static str) {
    use Class::{Definite, Transient};
    let slot = message.contains("slot");
    match state {
        "28P01" => (codes::LOGIN, Definite, "Correct the password of the connector."),
        _ if state.starts_with("28") => (
            codes::LOGIN,
            Definite,
            "Check user and password, and that pg_hba.conf lets the role in from this host.",
        ),
        "3D000" => (codes::NO_DATABASE, Definite, "Correct the database in the connector's url."),
        "42501" => (
            codes::RIGHT,
            Definite,
            "Grant the right; config/roles.sql has the statements for both roles.",
        ),
        "55006" if slot => (codes::SLOT_ACTIVE, Transient, ""),
        "42704" if slot => (
            codes::SLOT_MISSING,
            Definite,
            "The changes since its removal are gone; take a new snapshot.",
        ),
        "42704" if message.contains("publication") => (
            codes::PUBLICATION_MISSING,
            Definite,
            "Create the publication again; changes that were made without it need a new snapshot.",
        ),
        "55000" if slot && is_loss(message) => lost(),
        // "requested WAL segment … has already been removed"
        "58P01" if message.contains("removed") => lost(),
        "53300" => (codes::SERVER_TRANSIENT, Transient, ""),
        // "all replication slots are in use"
        "53400" => (
            codes::SLOTS_FULL,
            Definite,
            "Drop a slot that is no longer used, or raise max_replication_slots and restart.",
        ),
        "55000" if message.contains("wal_level") => (
            codes::WAL_LEVEL,
            Definite,
            "Run ALTER SYSTEM SET wal_level = logical and restart the server.",
        ),
        "55P03" | "25P03" => (codes::SERVER_TRANSIENT, Transient, ""),
        _ if may_go_away(state) => (codes::SERVER_TRANSIENT, Transient, ""),
        _ => (codes::SERVER, Definite, ""),
    }
}

/// The ways in which versions 14 to 18 say that a slot has lost its log.
fn is_loss(message: &str) -> bool {
    ["can no longer", "cannot read from", "invalidated", "no longer access"]
        .iter()
        .any(|phrase| message.contains(phrase))
}

fn lost() -> (Code, Class, &'static str) {
    (
        codes::SLOT_LOST,
        Class::Definite,
        "Drop the slot, raise max_slot_wal_keep_size, and take a new snapshot.",
    )
}

/// Connection, resources, the operator, the machine; conflicts that a repetition solves.
fn may_go_away(state: &str) -> bool {
    let class = state.get(..2).unwrap_or_default();
    matches!(class, "08" | "40" | "53" | "57" | "58")
}

/// The failure that an error of tokio-postgres is; `doing` completes "while …".
pub fn sql_error(error: &tokio_postgres::Error, doing: &str) -> Error {
    if let Some(db) = error.as_db_error() {
        let reported = ServerError {
            severity: db.severity().to_owned(),
            code: db.code().code().to_owned(),
            message: db.message().to_owned(),
            hint: db.hint().unwrap_or_default().to_owned(),
        };
        let mut failure = reported.into_error();
        if !doing.is_empty() {
            failure.message = format!("While {doing}: {}", failure.message);
        }
        return failure;
    }
    if let Some(failure) = super::tls::handshake_failure(error) {
        return failure;
    }
    let cause = std::error::Error::source(error)
        .map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
    let message = match doing {
        "" => format!("The connection to PostgreSQL failed ({cause})."),
        doing => format!("The connection to PostgreSQL failed while {doing} ({cause})."),
    };
    Error::transient(if error.is_closed() { codes::CLOSED } else { codes::CONNECT }, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported(code: &str, message: &str) -> Error {
        let body = format!("SERROR\0VERROR\0C{code}\0M{message}\0Dthe row (secret)\0\0");
        ServerError::parse(body.as_bytes()).into_error()
    }

    #[test]
    fn what_a_retry_cures_is_transient_and_the_rest_is_not() {
        let cases = [
            ("28P01", "password authentication failed for user \"u\"", codes::LOGIN, true),
            ("28000", "no pg_hba.conf entry for host", codes::LOGIN, true),
            (
                "57P01",
                "terminating connection due to administrator command",
                codes::SERVER_TRANSIENT,
                false,
            ),
            ("57P03", "the database system is starting up", codes::SERVER_TRANSIENT, false),
            ("53300", "sorry, too many clients already", codes::SERVER_TRANSIENT, false),
            ("55006", "replication slot \"s\" is active for PID 7", codes::SLOT_ACTIVE, false),
            ("42704", "replication slot \"s\" does not exist", codes::SLOT_MISSING, true),
            ("42704", "publication \"p\" does not exist", codes::PUBLICATION_MISSING, true),
            (
                "55000",
                "can no longer get changes from replication slot \"s\"",
                codes::SLOT_LOST,
                true,
            ),
            ("55000", "can no longer access replication slot \"s\"", codes::SLOT_LOST, true),
            (
                "58P01",
                "requested WAL segment 0001 has already been removed",
                codes::SLOT_LOST,
                true,
            ),
            ("53400", "all replication slots are in use", codes::SLOTS_FULL, true),
            ("55000", "logical decoding requires wal_level >= logical", codes::WAL_LEVEL, true),
            ("42501", "must be superuser or replication role", codes::RIGHT, true),
            ("XX000", "cache lookup failed", codes::SERVER, true),
            ("55P03", "canceling statement due to lock timeout", codes::SERVER_TRANSIENT, false),
        ];
        for (state, message, code, definite) in cases {
            let error = reported(state, message);
            assert_eq!((error.code, error.class == Class::Definite), (code, definite), "{error}");
            assert!(!error.message.contains("secret") && error.message.contains(state));
        }
    }

    #[test]
    fn anything_can_be_parsed() {
        for body in [&b""[..], b"\0", b"M", b"\xff\xff\0\0\0", b"Cx"] {
            ServerError::parse(body).into_error();
        }
    }
}
