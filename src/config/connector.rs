//! Reads one `[connectors.NAME]`.

use super::choice::{Binary, Choice, Decimal, Names, OnWalLimit, Snapshot, Temporal, TlsMode};
use super::database::{Database, Server, UrlError};
use super::model::{Connector, MessageKey, Operations, Source, Tls, Values};
use super::pattern::Pattern;
use super::place::Part;
use super::reader::{Reader, Reading};
use super::setting::{Setting, Wrong};
use super::size::Size;
use super::{columns, initial, mysql, outbox, poison, postgres};
use crate::codes;
use config::{Map, Value, ValueKind};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Log that a database may keep for a connector where nothing else is said.
const DEFAULT_RETAINED: Size = Size(50 << 30);

/// Reads the connector called `name`; `defaults` fill what it does not say.
pub(super) fn connector(
    reading: &mut Reading,
    name: &str,
    cluster: &str,
    value: Value,
    defaults: &Map<String, Value>,
) -> Option<Connector> {
    let mut reader = Reader::new(reading, &["connectors", name], Some(value));
    let server = fill(&mut reader, defaults);
    super::check::connector_name(&mut reader, name);
    let url = database(&mut reader);
    let password = reader.secret("password");
    let topic_prefix: Option<String> = reader.required("topic_prefix", "\"shop\"");
    if let Some(prefix) = &topic_prefix {
        super::check::topic_name(&mut reader, "topic_prefix", prefix);
    }
    let mut connector = Connector {
        name: name.to_owned(),
        tables: tables(&mut reader, url.as_ref()),
        exclude_tables: reader.or("exclude_tables", Vec::new()),
        columns: columns::read(&mut reader),
        snapshot: reader.or("snapshot", Snapshot::Initial),
        snapshot_tables: initial::tables(&mut reader),
        snapshot_rows: initial::rows(&mut reader),
        snapshot_workers: reader.number("snapshot_workers", 2, 1, 64) as u32,
        transaction_metadata: reader.or("transaction_metadata", false),
        context_headers: reader.or("context_headers", false),
        tombstones: reader.or("tombstones", true),
        skipped_operations: operations(&mut reader),
        skip_unchanged: reader.or("skip_unchanged", false),
        heartbeat: reader.or("heartbeat", Duration::ZERO),
        max_retained_wal: reader.or("max_retained_wal", DEFAULT_RETAINED),
        on_wal_limit: on_wal_limit(&mut reader, server),
        keys: keys(&mut reader),
        poison: poison::read(&mut reader),
        values: values(&mut reader, server),
        schema_names: reader.or("schema_names", Names::None),
        field_names: reader.or("field_names", Names::None),
        outbox: outbox::read(&mut reader, server),
        source: match server {
            Server::Postgres => Source::Postgres(postgres::read(&mut reader, cluster, name)),
            Server::MySql | Server::MariaDb => Source::MySql(mysql::read(&mut reader)),
        },
        tls: tls(&mut reader, url.as_ref()),
        password,
        url: url.clone().unwrap_or(Database {
            server,
            host: String::new(),
            port: 0,
            user: String::new(),
            name: None,
        }),
        topic_prefix: topic_prefix.unwrap_or_default(),
        settings: BTreeMap::new(),
    };
    initial::check(&mut reader, &connector);
    connector.settings = reader.settings();
    reader.finish();
    url.is_some().then_some(connector)
}

/// Fills what the connector does not say from `defaults`, and answers which server it is for.
/// Defaults that only another kind of server has are for the other connectors.
fn fill(reader: &mut Reader<'_>, defaults: &Map<String, Value>) -> Server {
    let named = match reader.peek("url").or_else(|| defaults.get("url")).map(|url| &url.kind) {
        Some(ValueKind::String(url)) => Server::of_url(url),
        _ => None,
    };
    // Without a URL nothing can be said about the keys that depend on it.
    let Some(server) = named else {
        reader.fill(defaults);
        reader.know(postgres::KEYS);
        reader.know(mysql::KEYS);
        return Server::Postgres;
    };
    let (foreign, whose) = match server {
        Server::Postgres => (mysql::KEYS, "MySQL and MariaDB"),
        Server::MySql | Server::MariaDb => (postgres::KEYS, "PostgreSQL"),
    };
    reader.know(foreign);
    for key in foreign.iter().filter(|key| reader.peek(key).is_some()).copied().collect::<Vec<_>>()
    {
        let name = server.name();
        let message = format!("`{key}` is a setting of {whose}, and `url` names {name}.");
        let fix = "Take it out.".to_owned();
        reader.key_problem(key, codes::OTHER_DATABASE, message, fix);
    }
    let own = defaults.iter().filter(|(key, _)| !foreign.contains(&key.as_str()));
    reader.fill(&own.map(|(key, value)| (key.clone(), value.clone())).collect());
    server
}

/// MySQL and MariaDB keep their log for nobody, so there is nothing to drop.
fn on_wal_limit(reader: &mut Reader<'_>, server: Server) -> OnWalLimit {
    let limit = reader.or("on_wal_limit", OnWalLimit::Alert);
    if limit == OnWalLimit::DropSlot && server != Server::Postgres {
        let message =
            format!("`on_wal_limit = \"drop-slot\"` is for PostgreSQL, not {}.", server.name());
        let fix = "Set it to \"alert\": the server removes its log by its age.".to_owned();
        reader.problem("on_wal_limit", codes::OTHER_DATABASE, message, fix);
    }
    limit
}

fn database(reader: &mut Reader<'_>) -> Option<Database> {
    let text: String = reader.required("url", "\"postgres://user@host/database\"")?;
    let error = match Database::parse(&text) {
        Ok(url) => return Some(url),
        Err(error) => error,
    };
    // The text itself may hold a password.
    reader.hide("url");
    let example = match Server::of_url(&text) {
        None | Some(Server::Postgres) => "postgres://user@host:5432/database",
        Some(Server::MySql) => "mysql://user@host:3306/database",
        Some(Server::MariaDb) => "mariadb://user@host:3306/database",
    };
    let (code, message, fix) = match error {
        UrlError::Invalid(why) => (
            codes::URL,
            format!("`url` cannot be used: {why}."),
            format!("Write `url = \"{example}\"`; encryption is set by `tls`."),
        ),
        UrlError::Password => (
            codes::PLAIN_SECRET,
            "`url` holds a password.".to_owned(),
            "Take it out and write `password = { env = \"PASSWORD\" }` below.".to_owned(),
        ),
        UrlError::NotYet(what) => (
            codes::NOT_YET,
            format!("`url` names {what}, which is not available yet."),
            format!("Write `url = \"{example}\"`."),
        ),
    };
    reader.problem("url", code, message, fix);
    None
}

/// The captured tables; where none are named, all of the URL's database.
fn tables(reader: &mut Reader<'_>, url: Option<&Database>) -> Vec<Pattern> {
    let all = || Pattern::new("*").into_iter().collect();
    let whole = match url {
        // A PostgreSQL connection sees one database only, and names begin with the schema.
        Some(Database { server: Server::MySql | Server::MariaDb, name: Some(name), .. }) => {
            Pattern::all_of(name).into_iter().collect()
        }
        _ => Vec::new(),
    };
    let tables = reader.or("tables", whole);
    if tables.is_empty() { all() } else { tables }
}

fn values(reader: &mut Reader<'_>, server: Server) -> Values {
    let usual = match server {
        Server::Postgres => Temporal::Adaptive,
        Server::MySql | Server::MariaDb => Temporal::AdaptiveTimeMicroseconds,
    };
    let values = Values {
        decimal: reader.or("decimal", Decimal::Precise),
        temporal: reader.or("temporal", usual),
        binary: reader.or("binary", Binary::Bytes),
        placeholder: reader.or("placeholder", "__debezium_unavailable_value".to_owned()),
    };
    if server != Server::Postgres && values.temporal == Temporal::Adaptive {
        let name = server.name();
        let message = format!("`temporal = \"adaptive\"` cannot hold every TIME of {name}.");
        let fix = "Write `temporal = \"adaptive_time_microseconds\"`, the default.".to_owned();
        reader.problem("temporal", codes::CHOICE, message, fix);
    }
    values
}

fn operations(reader: &mut Reader<'_>) -> Operations {
    let letters = reader.or("skipped_operations", vec!["t".to_owned()]);
    let mut out = Operations::default();
    for letter in &letters {
        match letter.as_str() {
            "c" => out.create = true,
            "u" => out.update = true,
            "d" => out.delete = true,
            "t" => out.truncate = true,
            other => {
                let message = format!("`skipped_operations` cannot hold {other:?}.");
                let fix =
                    "Allowed: c, u, d, t; nothing is skipped by an empty list, [].".to_owned();
                reader.problem("skipped_operations", codes::CHOICE, message, fix);
            }
        }
    }
    out
}

fn keys(reader: &mut Reader<'_>) -> Vec<MessageKey> {
    const EXAMPLE: &str = "[{ table = \"public.orders\", columns = [\"id\"] }]";
    let Some(value) = reader.take("keys") else {
        reader.show("keys", Some("[]".to_owned()));
        return Vec::new();
    };
    let ValueKind::Array(elements) = &value.kind else {
        reader.wrong(&value, Wrong::wrong_type("keys", &value, "a list of tables", EXAMPLE));
        return Vec::new();
    };
    let section = reader.path("keys");
    let keys: Vec<MessageKey> = elements
        .iter()
        .filter_map(|element| {
            if !matches!(element.kind, ValueKind::Table(_)) {
                let wrong = Wrong::wrong_type("keys", element, "a list of tables", EXAMPLE);
                reader.wrong(element, wrong);
                return None;
            }
            let mut entry = Reader::element(reader.reading, &section, element.clone());
            let table: Option<Pattern> = entry.required("table", "\"public.orders\"");
            let columns: Option<Vec<String>> = entry.required("columns", "[\"id\"]");
            if columns.as_ref().is_some_and(Vec::is_empty) {
                let message = "A key has no columns.".to_owned();
                entry.problem("columns", codes::NAME, message, "Name at least one.".to_owned());
            }
            entry.finish();
            Some(MessageKey { table: table?, columns: columns? })
        })
        .collect();
    reader.reading.shown.retain(|shown| shown.section != section);
    let shown = keys
        .iter()
        .map(|key| format!("{{ table = {}, columns = {} }}", key.table.show(), key.columns.show()));
    let shown = format!("[{}]", shown.collect::<Vec<_>>().join(", "));
    reader.show("keys", Some(shown));
    keys
}

fn tls(reader: &mut Reader<'_>, url: Option<&Database>) -> Tls {
    let local = url.is_some_and(Database::is_loopback);
    let default = if local { TlsMode::Disable } else { TlsMode::VerifyFull };
    let nothing = Tls { mode: default, ca: None, cert: None, key: None };
    let Some(value) = reader.take("tls") else {
        let section = reader.path("tls");
        reader.show_in(section, "mode", default.show());
        return nothing;
    };
    if !matches!(value.kind, ValueKind::Table(_)) {
        let word = match &value.kind {
            ValueKind::String(word) => TlsMode::from_word(word),
            _ => None,
        };
        let example = format!("{{ mode = {} }}", word.unwrap_or(TlsMode::VerifyFull).show());
        reader.wrong(&value, Wrong::wrong_type("tls", &value, "a table", &example));
        return nothing;
    }
    let place = reader.place("tls");
    let mut table = Reader::element(reader.reading, &reader.path("tls"), value);
    table.set_header(place);
    let mode = table.take("mode").and_then(|value| table.read("mode", &value));
    let mut path = |key| table.optional::<String>(key).map(PathBuf::from);
    let (ca, cert, key) = (path("ca"), path("cert"), path("key"));
    if cert.is_some() != key.is_some() {
        let message = "`cert` and `key` of `tls` belong together.".to_owned();
        let given = if cert.is_some() { "cert" } else { "key" };
        table.problem(given, codes::CONTRADICTION, message, "Give both.".to_owned());
    }
    if mode == Some(TlsMode::Disable) && (ca.is_some() || cert.is_some()) {
        let message = "`tls` is disabled and has certificates all the same.".to_owned();
        let fix = "Write `mode = \"verify-full\"`, or take the certificates out.".to_owned();
        table.problem("mode", codes::CONTRADICTION, message, fix);
    }
    // Who names certificates wants them used, on this machine too.
    let default = if ca.is_some() || cert.is_some() { TlsMode::VerifyFull } else { default };
    if mode.is_none() {
        table.show("mode", Some(default.show()));
    }
    table.finish();
    Tls { mode: mode.unwrap_or(default), ca, cert, key }
}

/// Tells problems that concern a whole connector at the place of its `key`.
pub(super) fn problem_at(
    reading: &mut Reading,
    connector: &str,
    value: Option<&Value>,
    code: walbrook_core::error::Code,
    message: String,
    fix: String,
) {
    let path = ["connectors".to_owned(), connector.to_owned()];
    let own = value.and_then(|value| reading.places.of(value));
    let place = own.unwrap_or_else(|| reading.places.header(&path));
    reading.problems.push(place.problem(Part::Value, code, message, fix));
}
