//! The keys that only the connectors to MySQL and MariaDB have.

use super::given::Given;
use super::setting::{Lines, flag, word};
use crate::config::{BigintUnsigned, Server, quoted};

/// `database.ssl.mode`, whose words are others for each of the two.
pub(super) fn tls(given: &mut Given, server: Server, host: &str) -> Option<String> {
    const MODE: &str = "database.ssl.mode";
    let usual = if server == Server::MariaDb { "disable" } else { "preferred" };
    let mode = given.take(MODE).unwrap_or_else(|| usual.to_owned()).to_lowercase();
    let word = match mode.as_str() {
        "disabled" | "disable" => "disable",
        "required" | "trust" => "require",
        "verify_ca" | "verify-ca" => "verify-ca",
        "verify_identity" | "verify-full" => "verify-full",
        "preferred" => "preferred",
        _ => {
            given.refused(MODE, "there is no such mode.");
            return None;
        }
    };
    match (word, crate::config::is_loopback(host)) {
        ("disable" | "preferred", true) => {
            given.translated(MODE, "no tls: the host is this machine");
            None
        }
        ("preferred", false) => {
            given.warned(
                MODE,
                "\"preferred\" falls back to plain text; here the certificate is verified. Without TLS on the server write tls = { mode = \"disable\" }.",
            );
            None
        }
        _ => {
            given.translated(MODE, "tls.mode");
            Some(format!("tls = {{ mode = {} }}", quoted(word)))
        }
    }
}

/// Its place among the replicas, its topic of schema changes, and types of its own.
pub(super) fn own(given: &mut Given) -> Lines {
    let server_id = server_id(given);
    let schema_changes = schema_changes(given);
    let values = [
        flag(given, "include.query", "include_query"),
        word::<BigintUnsigned>(given, "bigint.unsigned.handling.mode", "bigint_unsigned"),
        flag(given, "enable.time.adjuster", "adjust_years"),
        flag(given, "include.schema.comments", "comments"),
        tinyint_boolean(given),
    ];
    server_id.into_iter().chain(schema_changes).chain(values.into_iter().flatten()).collect()
}

fn server_id(given: &mut Given) -> Option<String> {
    const KEY: &str = "database.server.id";
    let value = given.take(KEY)?;
    match value.parse::<u32>() {
        Ok(id) if id > 0 => {
            given.translated(KEY, "server_id; stop Debezium first: it reads under the same number");
            Some(format!("server_id = {id}"))
        }
        _ => {
            given.refused(KEY, "it is not a server id.");
            None
        }
    }
}

/// Debezium tells of schema changes unless it is told not to.
fn schema_changes(given: &mut Given) -> Option<String> {
    const KEY: &str = "include.schema.changes";
    const STORE: &str = "schema.history.internal.store.only.captured.databases.ddl";
    const SKIP: &str = "schema.history.internal.skip.unparseable.ddl";
    if given.take(SKIP).is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        given.warned(SKIP, "a statement that is not understood stops the connector here.");
    }
    let line = match given.has(KEY) {
        true => flag(given, KEY, "schema_changes"),
        false => Some("schema_changes = true".to_owned()),
    };
    let only_captured = given.take(STORE);
    if line.as_deref() == Some("schema_changes = true") {
        match only_captured {
            Some(value) if value.eq_ignore_ascii_case("true") => {
                given.translated(STORE, "schema_changes");
            }
            _ => given
                .warned(STORE, "statements about databases that are not captured are not told."),
        }
    } else if only_captured.is_some() {
        given.irrelevant(STORE, "structures are stored beside the records.");
    }
    line
}

/// The one converter that has a setting here, for every column; others are refused.
fn tinyint_boolean(given: &mut Given) -> Option<String> {
    const KEY: &str = "converters";
    const CLASS: &str = "TinyIntOneToBooleanConverter";
    let names = given.take(KEY).filter(|names| !names.is_empty())?;
    let mut line = None;
    for name in names.split(',').map(str::trim) {
        let start = format!("{name}.");
        let keys: Vec<String> =
            given.keys().into_iter().filter(|k| k.starts_with(&start)).collect();
        let options: Vec<_> = keys.iter().map(|key| (key, given.take(key))).collect();
        let ours = options.iter().all(|(key, value)| match (key.strip_prefix(&start), value) {
            (Some("type"), Some(class)) => class.rsplit('.').next() == Some(CLASS),
            (Some("length.checker"), Some(value)) => value.eq_ignore_ascii_case("true"),
            _ => false,
        });
        if ours && !options.is_empty() {
            keys.iter().for_each(|key| given.translated(key, "tinyint_boolean"));
            line = Some("tinyint_boolean = true".to_owned());
        } else {
            let why = format!("only {CLASS} is available, without a selector.");
            keys.iter().for_each(|key| given.refused(key, &why));
            given.refused(KEY, &format!("{name:?} is not available."));
        }
    }
    if line.is_some() {
        given.translated(KEY, "tinyint_boolean");
    }
    line
}
