//! The keys that only a connector to PostgreSQL has.

use super::given::Given;
use super::outbox;
use super::setting::{Lines, flag, list_of, needed, number, word};
use super::tables::{list_in, pattern};
use crate::config::{Hstore, Interval, quoted};

/// What the plug-in must be: the stream is read in one form only.
pub(super) fn plugin(given: &mut Given) {
    match given.take("plugin.name").as_deref() {
        Some("pgoutput") => given.irrelevant("plugin.name", "pgoutput is always used."),
        _ => given
            .refused("plugin.name", "only \"pgoutput\" is available; Debezium's default is not."),
    }
}

/// The name of the database that the URL ends with.
pub(super) fn database(given: &mut Given) -> String {
    let database = needed(given, "database.dbname");
    given.translated("database.dbname", "url");
    database
}

pub(super) fn tls(given: &mut Given, host: &str) -> Option<String> {
    let mode = given.take("database.sslmode").unwrap_or_else(|| "prefer".to_owned()).to_lowercase();
    let local = crate::config::is_loopback(host);
    let mut parts = Vec::new();
    match mode.as_str() {
        "disable" | "allow" | "prefer" if local => {
            given.translated("database.sslmode", "no tls: the host is this machine");
        }
        "allow" | "prefer" => given.warned(
            "database.sslmode",
            "\"prefer\" falls back to plain text; here the certificate is verified. Without TLS on the server write tls = { mode = \"disable\" }.",
        ),
        "disable" | "require" | "verify-ca" | "verify-full" => {
            given.translated("database.sslmode", "tls.mode");
            parts.push(format!("mode = {}", quoted(&mode)));
        }
        _ => given.refused("database.sslmode", "there is no such mode."),
    }
    for (key, setting) in
        [("database.sslrootcert", "ca"), ("database.sslcert", "cert"), ("database.sslkey", "key")]
    {
        if let Some(path) = given.take(key).filter(|path| !path.is_empty()) {
            given.translated(key, &format!("tls.{setting}, a file in PEM form"));
            parts.push(format!("{setting} = {}", quoted(&path)));
        }
    }
    (!parts.is_empty()).then(|| format!("tls = {{ {} }}", parts.join(", ")))
}

/// Types of its own, slot and publication, and the messages that are not those of `outbox`.
pub(super) fn own(given: &mut Given, outbox: Option<&Lines>) -> Lines {
    let values = [
        word::<Interval>(given, "interval.handling.mode", "interval"),
        word::<Hstore>(given, "hstore.handling.mode", "hstore"),
        number(given, "money.fraction.digits", "money_fraction_digits"),
        flag(given, "include.unknown.datatypes", "unknown_types"),
    ];
    let messages = messages(given, outbox);
    values.into_iter().flatten().chain(slot(given)).chain(messages).collect()
}

/// Debezium tells every message whose prefix is not left out. An event router takes them, and one
/// that takes every table drops those that nothing has decoded.
fn messages(given: &mut Given, outbox: Option<&Lines>) -> Lines {
    let said = |line: &str| outbox.is_some_and(|lines| lines.iter().any(|it| it.starts_with(line)));
    let (decoded, dropped) = (said("messages = "), said("table = \"*\""));
    let setting = if decoded { "outbox.messages" } else { "messages" };
    let include = list_in(given, outbox::PREFIXES, setting);
    let except = list_in(given, "message.prefix.exclude.list", "exclude_messages");
    let shown = |of: Vec<String>| of.iter().map(|one| pattern(one)).collect::<Vec<_>>();
    let mut lines = Lines::new();
    if !decoded && !dropped {
        let told = if include.is_empty() { vec!["*".to_owned()] } else { shown(include) };
        lines.push(format!("messages = {}", list_of(&told)));
    }
    if !except.is_empty() {
        lines.push(format!("exclude_messages = {}", list_of(&shown(except))));
    }
    lines
}

fn slot(given: &mut Given) -> Lines {
    let slot = given.take("slot.name").unwrap_or_else(|| "debezium".to_owned());
    let publication =
        given.take("publication.name").unwrap_or_else(|| "dbz_publication".to_owned());
    given.translated("slot.name", "slot; one that Debezium itself has made will be refused");
    given.translated("publication.name", "publication");
    let mode = given.take("publication.autocreate.mode").unwrap_or_else(|| "all_tables".to_owned());
    const MODE: &str = "publication.autocreate.mode";
    let mode = match mode.to_lowercase().as_str() {
        "all_tables" => "all-tables",
        "filtered" => "filtered",
        "disabled" => "existing",
        "no_tables" => {
            given
                .warned(MODE, "an empty publication is not created: run CREATE PUBLICATION first.");
            "existing"
        }
        _ => {
            given.refused(MODE, "there is no such mode.");
            "existing"
        }
    };
    given.translated(MODE, &format!("publication_mode = \"{mode}\""));
    let mut lines = vec![
        format!("slot = {}", quoted(&slot)),
        format!("publication = {}", quoted(&publication)),
        format!("publication_mode = \"{mode}\""),
    ];
    if mode == "existing" {
        // Debezium reads whole tables, whatever its publication lets through.
        lines.push("snapshot_as_published = false".to_owned());
    }
    lines.extend(flag(given, "slot.failover", "slot_failover"));
    lines
}
