//! The keys that become settings of ours.

use super::Surroundings;
use super::given::Given;
use super::tables;
use crate::config::{
    Binary, Choice, Decimal, Hstore, Interval, Names, Snapshot, Temporal, header_name, quoted,
    url_of,
};
use std::fmt::Write;

/// One line of the connector's section.
type Lines = Vec<String>;

/// The whole configuration as TOML.
pub(super) fn translate(given: &mut Given, around: &Surroundings) -> String {
    whom(given);
    let kafka = kafka(given, around);
    let mut lines = connection(given);
    lines.extend(selection(given));
    lines.extend(events(given));
    lines.extend(values(given));
    lines.extend(slot(given));
    converters(given);
    let section = header_name(&["connectors".to_owned(), given.name.clone()]);
    // Writing to a String does not fail.
    let mut out = kafka;
    let _ = writeln!(out, "\n[registry]\nurl = {}", quoted(&around.registry));
    let _ = writeln!(out, "\n[admin]\nlisten = {}", quoted(&around.admin));
    let _ = writeln!(out, "\n[{section}]\n{}", lines.join("\n"));
    out
}

fn whom(given: &mut Given) {
    const CLASS: &str = "io.debezium.connector.postgresql.PostgresConnector";
    match given.take("connector.class") {
        Some(class) if class == CLASS || class == "PostgresConnector" => {
            given.translated("connector.class", "the scheme of `url`");
        }
        Some(class) => given.refused("connector.class", &format!("{class} is not available yet.")),
        None => given.refused("connector.class", "it is missing."),
    }
    match given.take("plugin.name").as_deref() {
        Some("pgoutput") => given.irrelevant("plugin.name", "pgoutput is always used."),
        _ => given
            .refused("plugin.name", "only \"pgoutput\" is available; Debezium's default is not."),
    }
    if given.name.is_empty() {
        given.refused("name", "the connector has no name.");
    }
}

fn kafka(given: &mut Given, around: &Surroundings) -> String {
    let mut out = format!("[kafka]\nbrokers = {}\n", quoted(&around.brokers));
    let (mut topic, mut create) = (String::new(), String::new());
    const START: &str = "topic.creation.default.";
    for key in given.keys() {
        let Some(name) = key.strip_prefix(START).map(str::to_owned) else { continue };
        let value = given.take(&key).unwrap_or_default();
        match name.as_str() {
            "partitions" | "replication.factor" => {
                let setting = if name == "partitions" { "partitions" } else { "replication" };
                match value.parse::<i32>() {
                    Ok(-1) if setting == "partitions" => {
                        given.refused(&key, "name a number; the broker's default is not used.");
                    }
                    Ok(number) => {
                        let _ = writeln!(create, "{setting} = {number}");
                        given.translated(&key, &format!("kafka.{setting}"));
                    }
                    Err(_) => given.refused(&key, "it is not a number."),
                }
            }
            _ => {
                let _ = writeln!(topic, "{} = {}", quoted(&name), quoted(&value));
                given.translated(&key, "kafka.topic");
            }
        }
    }
    out.push_str(&create);
    if !topic.is_empty() {
        let _ = write!(out, "\n[kafka.topic]\n{topic}");
    }
    out
}

/// The value of a key that must be there.
fn needed(given: &mut Given, key: &str) -> String {
    match given.take(key).filter(|value| !value.is_empty()) {
        Some(value) => {
            if value.contains("${") {
                given.refused(key, "it is filled in by Kafka Connect; write the value itself.");
            }
            value
        }
        None => {
            given.refused(key, "it is missing.");
            String::new()
        }
    }
}

fn connection(given: &mut Given) -> Lines {
    let host = needed(given, "database.hostname");
    let port = given.take("database.port").unwrap_or_else(|| "5432".to_owned());
    let Ok(port) = port.parse::<u16>() else {
        given.refused("database.port", "it is not a port.");
        return Vec::new();
    };
    let (user, database) = (needed(given, "database.user"), needed(given, "database.dbname"));
    for key in ["database.hostname", "database.port", "database.user", "database.dbname"] {
        given.translated(key, "url");
    }
    let mut lines = vec![format!("url = {}", quoted(&url_of(&host, port, &user, &database)))];
    lines.extend(password(given));
    lines.extend(tls(given, &host));
    let prefix = needed(given, "topic.prefix");
    given.translated("topic.prefix", "topic_prefix");
    lines.push(format!("topic_prefix = {}", quoted(&prefix)));
    lines
}

fn password(given: &mut Given) -> Option<String> {
    const KEY: &str = "database.password";
    let value = given.take(KEY)?;
    if value.is_empty() {
        given.irrelevant(KEY, "it is empty.");
        return None;
    }
    let reference = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let shown = match reference.and_then(|reference| reference.split_once(':')) {
        None => {
            given.warned(KEY, "it is written into the configuration; better is { env = \"…\" }.");
            quoted(&value)
        }
        Some(("env", name)) => format!("{{ env = {} }}", quoted(name.trim_start_matches(':'))),
        Some(("directory", place)) if place.contains(':') => {
            format!("{{ file = {} }}", quoted(&place.replacen(':', "/", 1)))
        }
        Some((provider, _)) => {
            let why = format!("the provider \"{provider}\" is not available; use {{ file = … }}.");
            given.refused(KEY, &why);
            return None;
        }
    };
    given.translated(KEY, "password");
    Some(format!("password = {shown}"))
}

fn tls(given: &mut Given, host: &str) -> Option<String> {
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

fn list_of(items: &[String]) -> String {
    let quoted: Vec<String> = items.iter().map(|item| quoted(item)).collect();
    format!("[{}]", quoted.join(", "))
}

fn selection(given: &mut Given) -> Lines {
    let found = tables::tables(given);
    let mut lines = Vec::new();
    if !found.tables.is_empty() {
        lines.push(format!("tables = {}", list_of(&found.tables)));
    }
    if !found.exclude.is_empty() {
        lines.push(format!("exclude_tables = {}", list_of(&found.exclude)));
    }
    let keys = tables::keys(given);
    if !keys.is_empty() {
        let entries = keys.iter().map(|(table, columns)| {
            format!("{{ table = {}, columns = {} }}", quoted(table), list_of(columns))
        });
        lines.push(format!("keys = [{}]", entries.collect::<Vec<_>>().join(", ")));
    }
    lines
}

fn events(given: &mut Given) -> Lines {
    let mut lines: Lines = [
        word::<Snapshot>(given, "snapshot.mode", "snapshot"),
        number(given, "snapshot.max.threads", "snapshot_workers"),
        flag(given, "provide.transaction.metadata", "transaction_metadata"),
        flag(given, "tombstones.on.delete", "tombstones"),
    ]
    .into_iter()
    .flatten()
    .collect();
    // The only default that differs.
    let headers = flag(given, "extended.headers.enabled", "context_headers");
    lines.push(headers.unwrap_or_else(|| "context_headers = true".to_owned()));
    if let Some(text) = given.take("skipped.operations") {
        let letters = text.split(',').map(|letter| letter.trim().to_lowercase());
        let letters: Vec<String> =
            letters.filter(|letter| !letter.is_empty() && letter != "none").collect();
        given.translated("skipped.operations", "skipped_operations");
        lines.push(format!("skipped_operations = {}", list_of(&letters)));
    }
    if let Some(text) = given.take("heartbeat.interval.ms") {
        match text.parse::<u64>() {
            Ok(ms) => {
                given.translated("heartbeat.interval.ms", "heartbeat");
                lines.push(format!("heartbeat = \"{ms}ms\""));
            }
            Err(_) => given.refused("heartbeat.interval.ms", "it is not a number."),
        }
    }
    lines
}

fn values(given: &mut Given) -> Lines {
    let mut lines: Lines = [
        word::<Decimal>(given, "decimal.handling.mode", "decimal"),
        word::<Temporal>(given, "time.precision.mode", "temporal"),
        word::<Binary>(given, "binary.handling.mode", "binary"),
        word::<Interval>(given, "interval.handling.mode", "interval"),
        word::<Hstore>(given, "hstore.handling.mode", "hstore"),
        number(given, "money.fraction.digits", "money_fraction_digits"),
        flag(given, "include.unknown.datatypes", "unknown_types"),
        word::<Names>(given, "schema.name.adjustment.mode", "schema_names"),
        word::<Names>(given, "field.name.adjustment.mode", "field_names"),
    ]
    .into_iter()
    .flatten()
    .collect();
    const PLACEHOLDER: &str = "unavailable.value.placeholder";
    match given.take(PLACEHOLDER) {
        Some(text) if text.starts_with("hex:") => {
            given.refused(PLACEHOLDER, "only text is available, not hex:.");
        }
        Some(text) => {
            given.translated(PLACEHOLDER, "placeholder");
            lines.push(format!("placeholder = {}", quoted(&text)));
        }
        None => {}
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
    lines.extend(flag(given, "slot.failover", "slot_failover"));
    lines
}

fn converters(given: &mut Given) {
    for side in ["key.converter", "value.converter"] {
        match given.take(side).as_deref() {
            None => {}
            Some("io.confluent.connect.avro.AvroConverter") => {
                given.translated(side, "records are Confluent Avro");
            }
            Some(other) => given.refused(side, &format!("{other} is not available yet.")),
        }
        let url = format!("{side}.schema.registry.url");
        if given.take(&url).is_some() {
            given.irrelevant(&url, "--registry says where the registry is.");
        }
        let schemas = format!("{side}.schemas.enable");
        if given.take(&schemas).is_some() {
            given.irrelevant(&schemas, "Avro always has schemas.");
        }
    }
}

/// A word that both sides spell alike.
fn word<T: Choice>(given: &mut Given, key: &str, setting: &str) -> Option<String> {
    let value = given.take(key)?.to_lowercase();
    let words: Vec<&str> = T::ALL.iter().map(|choice| choice.as_str()).collect();
    if !words.contains(&value.as_str()) {
        given.refused(key, &format!("\"{value}\" is not one of {}.", words.join(", ")));
        return None;
    }
    given.translated(key, setting);
    Some(format!("{setting} = {}", quoted(&value)))
}

fn flag(given: &mut Given, key: &str, setting: &str) -> Option<String> {
    let value = given.take(key)?.to_lowercase();
    if value != "true" && value != "false" {
        given.refused(key, "it is neither true nor false.");
        return None;
    }
    given.translated(key, setting);
    Some(format!("{setting} = {value}"))
}

fn number(given: &mut Given, key: &str, setting: &str) -> Option<String> {
    let value = given.take(key)?;
    let Ok(value) = value.parse::<u32>() else {
        given.refused(key, "it is not a number.");
        return None;
    };
    given.translated(key, setting);
    Some(format!("{setting} = {value}"))
}
