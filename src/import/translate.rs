//! The keys that become settings of ours, whatever the database.

use super::given::Given;
use super::setting::{Lines, flag, list_of, needed, number, word};
use super::{Surroundings, columns, initial, mysql, outbox, poison, postgres, tables};
use crate::config::{
    Binary, Database, Decimal, Names, Server, Snapshot, Temporal, header_name, quoted,
};
use std::fmt::Write;

/// The whole configuration as TOML, and the kind of server that it is for.
pub(super) fn translate(given: &mut Given, around: &Surroundings) -> (String, Server) {
    let server = whom(given);
    // Before the others: its predicate is written over topics, which begin with the prefix.
    let outbox = outbox::outbox(given);
    let kafka = kafka(given, around);
    let database = given.peek("database.dbname").map(|name| name.trim().to_owned());
    let mut lines = connection(given, server);
    lines.extend(selection(given, server));
    lines.extend(columns::columns(given));
    lines.extend(initial::tables(given));
    let rows = initial::rows(given, server, database.as_deref());
    lines.extend(events(given));
    lines.extend(poison::policy(given));
    lines.extend(values(given));
    lines.extend(match server {
        Server::Postgres => postgres::own(given, outbox.as_ref()),
        Server::MySql | Server::MariaDb => mysql::own(given),
    });
    converters(given);
    let section = header_name(&["connectors".to_owned(), given.name.clone()]);
    // Writing to a String does not fail.
    let mut out = kafka;
    let _ = writeln!(out, "\n[registry]\nurl = {}", quoted(&around.registry));
    let _ = writeln!(out, "\n[admin]\nlisten = {}", quoted(&around.admin));
    let _ = writeln!(out, "\n[{section}]\n{}", lines.join("\n"));
    if !rows.is_empty() {
        let _ = writeln!(out, "\n[{section}.snapshot_rows]\n{}", rows.join("\n"));
    }
    if let Some(outbox) = outbox {
        let _ = writeln!(out, "\n[{section}.outbox]\n{}", outbox.join("\n"));
    }
    (out, server)
}

/// The server that the connector's class is for.
fn whom(given: &mut Given) -> Server {
    const KEY: &str = "connector.class";
    let class = given.take(KEY);
    let known = match class.as_deref() {
        Some("io.debezium.connector.postgresql.PostgresConnector" | "PostgresConnector") => {
            Some(Server::Postgres)
        }
        Some("io.debezium.connector.mysql.MySqlConnector" | "MySqlConnector") => {
            Some(Server::MySql)
        }
        Some("io.debezium.connector.mariadb.MariaDbConnector" | "MariaDbConnector") => {
            Some(Server::MariaDb)
        }
        _ => None,
    };
    match (known, class) {
        (Some(_), _) => given.translated(KEY, "the scheme of `url`"),
        (None, Some(class)) => given.refused(KEY, &format!("{class} is not available yet.")),
        (None, None) => given.refused(KEY, "it is missing."),
    }
    let server = known.unwrap_or(Server::Postgres);
    if server == Server::Postgres {
        postgres::plugin(given);
    }
    if given.name.is_empty() {
        given.refused("name", "the connector has no name.");
    }
    server
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

fn connection(given: &mut Given, server: Server) -> Lines {
    let host = needed(given, "database.hostname");
    let port = given.take("database.port").unwrap_or_else(|| server.port().to_string());
    let Ok(port) = port.parse::<u16>() else {
        given.refused("database.port", "it is not a port.");
        return Vec::new();
    };
    let user = needed(given, "database.user");
    for key in ["database.hostname", "database.port", "database.user"] {
        given.translated(key, "url");
    }
    let (name, tls) = match server {
        Server::Postgres => (Some(postgres::database(given)), postgres::tls(given, &host)),
        Server::MySql | Server::MariaDb => (None, mysql::tls(given, server, &host)),
    };
    let url = Database { server, host, port, user, name };
    let mut lines = vec![format!("url = {}", quoted(&url.to_string()))];
    lines.extend(password(given));
    lines.extend(tls);
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

fn selection(given: &mut Given, server: Server) -> Lines {
    let found = tables::tables(given, server);
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
        flag(given, "skip.messages.without.change", "skip_unchanged"),
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
