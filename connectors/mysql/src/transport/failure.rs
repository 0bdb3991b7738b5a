//! What the server reports, turned into a code, a class, a sentence and a fix.

use super::login::method;
use super::message::ServerError;
use super::tls;
use crate::codes;
use mysql_async::{DriverError, IoError};
use walbrook_core::error::{Class, Code, Error};

/// The connection ended.
pub(super) fn closed(why: &str) -> Error {
    Error::transient(codes::CLOSED, format!("The connection to the server ended: {why}."))
}

/// Packets do not follow each other.
pub(super) fn out_of_order() -> Error {
    Error::definite(codes::PROTOCOL, "The server's packets do not follow each other.")
        .fix("Check that host and port are MySQL's or MariaDB's.")
}

/// The failure that an error of the server is; `doing` completes "while …".
pub(super) fn reported(error: &ServerError, doing: &str) -> Error {
    let Verdict(code, class, fix) = judge(error.number, &error.message);
    let text = error.message.trim().trim_end_matches('.');
    let message = format!("While {doing}, the server reports: {text} (error {}).", error.number);
    Error::new(code, class, message).fix(fix)
}

/// The failure that an error of the client library is; `doing` completes "while …".
pub fn sql_error(error: &mysql_async::Error, doing: &str) -> Error {
    use mysql_async::Error::{Driver, Io, Server};
    match error {
        Server(error) => {
            let error = ServerError { number: error.code, message: error.message.clone() };
            return reported(&error, doing);
        }
        Driver(DriverError::UnknownAuthPlugin { name }) => return method(name),
        Driver(DriverError::NoClientSslFlagFromServer) => return tls::not_offered("this address"),
        Driver(DriverError::ConnectionClosed) => {
            return closed(&format!("it was closed by the server while {doing}"));
        }
        Driver(DriverError::PacketOutOfOrder | DriverError::UnexpectedPacket { .. }) => {
            return out_of_order();
        }
        _ => {}
    }
    if let Some(failure) = tls::handshake_failure(error) {
        return failure;
    }
    let message = format!("The connection to the server failed while {doing} ({error}).");
    match error {
        Io(IoError::Io(_)) => Error::transient(codes::CONNECT, message),
        Io(IoError::Tls(_)) => Error::definite(codes::TLS, message)
            .fix("Check the files that `tls` names, and the host."),
        _ => Error::definite(codes::PROTOCOL, message).fix("Report it with the server's version."),
    }
}

struct Verdict(Code, Class, &'static str);

/// Code, class and fix by number. Source: MySQL Server Error Message Reference; MariaDB Error Codes.
fn judge(number: u16, message: &str) -> Verdict {
    use Class::{Definite, Transient};
    match number {
        // The dump's own number, for everything that ends it; missing GTIDs; the same id again.
        1236 | 1789 | 4052 => dump(message),
        // Access denied; host not allowed; password expired; account locked; no access to the
        // database.
        1045 | 1698 | 1130 | 1044 | 1820 | 1862 | 3118 | 4151 => Verdict(
            codes::LOGIN,
            Definite,
            "Check user and password, and that the account may come from this host.",
        ),
        // Insecure transport is prohibited.
        3159 => Verdict(codes::LOGIN, Definite, "Set tls.mode to \"verify-full\", or \"require\"."),
        // Plugin not loaded; old protocol.
        1251 | 1524 => Verdict(
            codes::LOGIN_METHOD,
            Definite,
            "Give the account caching_sha2_password (MySQL) or mysql_native_password (MariaDB).",
        ),
        1227 | 1142 | 1143 | 1095 | 1370 => Verdict(
            codes::RIGHT,
            Definite,
            "Grant the right: SELECT on the captured tables, REPLICATION SLAVE and REPLICATION CLIENT.",
        ),
        // Host blocked after too many errors.
        1129 => Verdict(codes::SERVER, Definite, "Run FLUSH HOSTS on the server."),
        // Too many connections, resources; shutdown, killed; network; locks; memory.
        1040
        | 1203
        | 1226
        | 1053
        | 1077
        | 1079
        | 1317
        | 1927
        | 3169
        | 1152
        | 1158..=1161
        | 1184
        | 1205
        | 1213
        | 1037
        | 1038
        | 1041
        | 1135
        | 3024
        | 4031
        | 1412 => Verdict(codes::SERVER_TRANSIENT, Transient, ""),
        _ => Verdict(codes::SERVER, Definite, ""),
    }
}

/// A dump is refused or ended. The server says why in words only: those of MySQL 8 and 9
/// (sql/rpl_binlog_sender.cc) and of MariaDB (sql/sql_repl.cc).
fn dump(message: &str) -> Verdict {
    use Class::Definite;
    let says = |words: &[&str]| words.iter().any(|words| message.contains(words));
    if says(&["same server_uuid/server_id", "same server_id"]) {
        return Verdict(
            codes::SERVER_ID,
            Definite,
            "Give this connector a `server_id` of its own, and run it only once.",
        );
    }
    if says(&["max_allowed_packet"]) {
        return Verdict(codes::SERVER, Definite, "Run SET GLOBAL max_allowed_packet = 1073741824.");
    }
    if says(&[
        "purged",
        "Could not find first log",
        "could not find next log",
        "Could not find GTID",
    ]) {
        return lost("Keep the log longer (binlog_expire_logs_seconds), and take a new snapshot.");
    }
    if says(&[
        "more GTIDs than",
        "is not in the master's binlog",
        "is missing the GTID",
        "diverged",
    ]) {
        return lost("The server has lost transactions or is another one; take a new snapshot.");
    }
    if says(&["position > file size", "bogus data", "bad position", "impossible position"]) {
        return lost("The log is not the one that was read before; take a new snapshot.");
    }
    if says(&["truncated in the middle", "Could not open log file", "I/O error reading"]) {
        return Verdict(codes::SERVER, Definite, "Check the server's disk and its error log.");
    }
    Verdict(codes::SERVER, Definite, "")
}

fn lost(fix: &'static str) -> Verdict {
    Verdict(codes::PURGED, Class::Definite, fix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_retry_cures_is_transient_and_the_rest_is_not() {
        let cases = [
            (1045, "Access denied for user 'u'@'h' (using password: YES)", codes::LOGIN, true),
            (1040, "Too many connections", codes::SERVER_TRANSIENT, false),
            (1053, "Server shutdown in progress", codes::SERVER_TRANSIENT, false),
            (1227, "Access denied; you need REPLICATION SLAVE", codes::RIGHT, true),
            (
                1236,
                "Cannot replicate because the source purged required binary logs.",
                codes::PURGED,
                true,
            ),
            (
                1236,
                "Could not find first log file name in binary log index file",
                codes::PURGED,
                true,
            ),
            (
                1236,
                "Client requested source to start replication from position > file size",
                codes::PURGED,
                true,
            ),
            (
                1236,
                "Error: connecting slave requested to start from GTID 0-1-9, which is not in the \
                 master's binlog",
                codes::PURGED,
                true,
            ),
            (
                1236,
                "A replica with the same server_uuid/server_id as this replica has connected",
                codes::SERVER_ID,
                true,
            ),
            (
                4052,
                "A slave with the same server_uuid/server_id is already connected",
                codes::SERVER_ID,
                true,
            ),
            (1236, "something new", codes::SERVER, true),
            (1146, "Table 'd.t' doesn't exist", codes::SERVER, true),
        ];
        for (number, message, code, definite) in cases {
            let error = reported(&ServerError { number, message: message.into() }, "reading");
            assert_eq!((error.code, error.class == Class::Definite), (code, definite), "{error}");
            assert!(error.message.contains(&number.to_string()));
        }
    }
}
