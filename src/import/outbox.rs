//! Debezium's event router: `transforms` with one `EventRouter`, its options, and the converters that
//! go with it.

use super::given::Given;
use super::setting::{Lines, flag, word};
use super::tables;
use crate::config::choice::{EmptyArrays, Missing, Names, NullFields, OnUpdate};
use crate::config::route::Route;
use crate::config::{Pattern, quoted};

const ROUTER: &str = "io.debezium.transforms.outbox.EventRouter";
const DECODER: &str =
    "io.debezium.connector.postgresql.transforms.DecodeLogicalDecodingMessageContent";
/// Which messages there are.
pub(super) const PREFIXES: &str = "message.prefix.include.list";
const TEXT: &str = "org.apache.kafka.connect.storage.StringConverter";
const RAW: [&str; 3] = [
    "io.debezium.converters.BinaryDataConverter",
    "org.apache.kafka.connect.converters.ByteArrayConverter",
    TEXT,
];

/// The lines of `[connectors.NAME.outbox]`, if the connector has an event router.
pub(super) fn outbox(given: &mut Given) -> Option<Lines> {
    let names = given.peek("transforms")?.to_owned();
    let names: Vec<String> = names.split(',').map(|name| name.trim().to_owned()).collect();
    let class = |given: &Given, name: &str| {
        given.peek(&format!("transforms.{name}.type")).unwrap_or_default().to_owned()
    };
    let router = names.iter().find(|name| class(given, name) == ROUTER)?.clone();
    let decoder = names.iter().find(|name| class(given, name) == DECODER).cloned();
    let others = names.iter().filter(|name| **name != router && Some(*name) != decoder.as_ref());
    if others.count() > 0 {
        // Each of them is named and refused with the other keys.
        return None;
    }
    given.take("transforms");
    given.translated("transforms", "outbox");
    for name in [Some(&router), decoder.as_ref()].into_iter().flatten() {
        let key = format!("transforms.{name}.type");
        given.take(&key);
        given.translated(&key, "outbox");
    }
    let mut lines = match &decoder {
        Some(decoder) => messages(given, decoder),
        None => vec![format!("table = {}", quoted(&table(given, &router)))],
    };
    let options = options(given, &format!("transforms.{router}."));
    let said = |line: &String| decoder.is_some() && line.starts_with("expand_json");
    lines.extend(options.into_iter().filter(|line| !said(line)));
    lines.extend(converters(given));
    Some(lines)
}

/// Logical messages: those of every prefix that is not left out are events.
fn messages(given: &mut Given, decoder: &str) -> Lines {
    let names = format!("transforms.{decoder}.field.name.adjustment.mode");
    if given.take(&names).is_some_and(|mode| mode != "none") {
        given.refused(&names, "names in the content are as they are; set it of the event router.");
    }
    let include = given.peek(PREFIXES).map(tables::split).unwrap_or_default();
    let pattern = match include.is_empty() {
        true => "*".to_owned(),
        false => tables::pattern(&format!("(?:{})", include.join("|"))),
    };
    // What is an object in the content is a record there without being asked for.
    vec![format!("messages = {}", quoted(&pattern)), "expand_json = true".to_owned()]
}

/// The tables whose rows are events: those of the predicate, else all.
fn table(given: &mut Given, router: &str) -> String {
    let negate = format!("transforms.{router}.negate");
    if given.take(&negate).is_some_and(|value| value != "false") {
        given.refused(&negate, "the tables of an outbox are named, not excepted.");
    }
    let key = format!("transforms.{router}.predicate");
    let Some(predicate) = given.take(&key) else { return "*".to_owned() };
    given.translated(&key, "outbox.table");
    predicates(given, &predicate).unwrap_or_else(|| "*".to_owned())
}

fn predicates(given: &mut Given, predicate: &str) -> Option<String> {
    const MATCHES: &str = "org.apache.kafka.connect.transforms.predicates.TopicNameMatches";
    let (class, pattern) =
        (format!("predicates.{predicate}.type"), format!("predicates.{predicate}.pattern"));
    if given.peek("predicates").is_some_and(|names| names.trim() == predicate) {
        given.take("predicates");
        given.translated("predicates", "outbox.table");
    }
    match given.take(&class).as_deref() {
        Some(MATCHES) => given.translated(&class, "outbox.table"),
        _ => given.refused(&class, "only TopicNameMatches is available."),
    }
    let topics = given.take(&pattern)?;
    let prefix = given.peek("topic.prefix").unwrap_or_default().to_owned();
    let table = below(&topics, &prefix).map(|table| format!("/{table}/"));
    match table.filter(|table| Pattern::new(table).is_ok()) {
        Some(table) => {
            given.translated(&pattern, "outbox.table");
            Some(table)
        }
        None => {
            given.refused(&pattern, "it does not begin with the topic prefix or with `.*`.");
            None
        }
    }
}

/// The part of an expression of topics that means the table.
fn below(topics: &str, prefix: &str) -> Option<String> {
    if topics.starts_with(".*") {
        return Some(topics.to_owned());
    }
    let escaped = prefix.replace('.', "\\.");
    let rest = topics.strip_prefix(&escaped).or_else(|| topics.strip_prefix(prefix))?;
    rest.strip_prefix("\\.").or_else(|| rest.strip_prefix('.')).map(str::to_owned)
}

fn options(given: &mut Given, start: &str) -> Lines {
    let key = |name: &str| format!("{start}{name}");
    let mut lines = Lines::new();
    for (name, setting) in [
        ("table.field.event.id", "id"),
        ("table.field.event.key", "key"),
        ("table.field.event.payload", "payload"),
        ("table.field.event.timestamp", "timestamp"),
        ("table.field.event.schema.version", "schema_version"),
        ("route.by.field", "route_by"),
    ] {
        if let Some(column) = given.take(&key(name)).filter(|column| !column.is_empty()) {
            given.translated(&key(name), &format!("outbox.{setting}"));
            lines.push(format!("{setting} = {}", quoted(&column)));
        }
    }
    lines.extend(placement(given, &key("table.fields.additional.placement")));
    let missing = key("table.field.additional.missing");
    lines.extend(word::<Missing>(given, &missing, "missing_fields"));
    lines.extend(missing_flag(given, &key("table.fields.additional.error.on.missing")));
    let expand = flag(given, &key("table.expand.json.payload"), "expand_json");
    if expand.as_deref() == Some("expand_json = true") {
        // Debezium says so in its log and goes on.
        lines.push("unfit_json = \"text\"".to_owned());
    }
    lines.extend(expand);
    let null = key("table.json.payload.null.behavior");
    lines.extend(word::<NullFields>(given, &null, "null_fields"));
    let empty = key("table.json.payload.empty.array.behavior");
    lines.extend(word::<EmptyArrays>(given, &empty, "empty_arrays"));
    lines.extend(word::<Names>(given, &key("field.name.adjustment.mode"), "json_names"));
    let tombstones = key("route.tombstone.on.empty.payload");
    lines.extend(flag(given, &tombstones, "tombstones_on_empty"));
    let update = key("table.op.invalid.behavior");
    lines.extend(word::<OnUpdate>(given, &update, "on_update"));
    lines.extend(route(given, start));
    unused(given, start);
    lines
}

/// The older form of the option for missing columns.
fn missing_flag(given: &mut Given, key: &str) -> Option<String> {
    let line = flag(given, key, "missing_fields")?;
    let word = if line.ends_with("true") { "error" } else { "ignore" };
    Some(format!("missing_fields = \"{word}\""))
}

fn unused(given: &mut Given, start: &str) {
    for (name, why) in [
        (
            "table.field.event.type",
            "Debezium itself does not use it; place the column by `fields`.",
        ),
        ("tracing.span.context.field", "nothing is traced without an agent of OpenTelemetry."),
        ("tracing.operation.name", "nothing is traced without an agent of OpenTelemetry."),
        ("tracing.with.context.field.only", "nothing is traced without an agent of OpenTelemetry."),
    ] {
        let key = format!("{start}{name}");
        if given.take(&key).is_some() {
            given.irrelevant(&key, why);
        }
    }
}

fn route(given: &mut Given, start: &str) -> Lines {
    let (regex_key, to_key) =
        (format!("{start}route.topic.regex"), format!("{start}route.topic.replacement"));
    let (regex, to) = (given.take(&regex_key), given.take(&to_key));
    let rule = Route::new(
        regex.as_deref().unwrap_or("(?<routedByValue>.*)"),
        to.as_deref().unwrap_or("outbox.event.${routedByValue}"),
    );
    match &rule {
        Ok(rule) if rule.prefix().is_empty() || rule.prefix().starts_with("__") => given.refused(
            &to_key,
            "rows could write to any topic: begin it with a prefix, or translate by hand with `allowed_topics`.",
        ),
        Ok(_) => {}
        Err((key, why)) => {
            let key = if *key == "route_regex" { &regex_key } else { &to_key };
            given.refused(key, &format!("{why}."));
        }
    }
    let mut lines = Lines::new();
    for (key, setting, text) in [(regex_key, "route_regex", regex), (to_key, "route_to", to)] {
        if let Some(text) = text {
            if rule.is_ok() {
                given.translated(&key, &format!("outbox.{setting}"));
            }
            lines.push(format!("{setting} = {}", quoted(&text)));
        }
    }
    lines
}

/// `column:place` or `column:place:alias`, separated by commas.
fn placement(given: &mut Given, key: &str) -> Option<String> {
    let text = given.take(key).filter(|text| !text.is_empty())?;
    let mut fields = Vec::new();
    for part in tables::split(&text) {
        let parts: Vec<&str> = part.split(':').map(str::trim).collect();
        let (column, place, name) = match parts.as_slice() {
            [column, place] => (column, place, column),
            [column, place, name] => (column, place, name),
            _ => {
                given.refused(key, &format!("{part:?} is not column:place or column:place:alias."));
                return None;
            }
        };
        let place = place.to_lowercase();
        if !["header", "envelope", "partition"].contains(&place.as_str()) {
            given.refused(key, &format!("there is no place called {place:?}."));
            return None;
        }
        let (column, name) = (quoted(column), quoted(name));
        fields.push(format!("{{ column = {column}, place = \"{place}\", as = {name} }}"));
    }
    given.translated(key, "outbox.fields");
    Some(format!("fields = [{}]", fields.join(", ")))
}

/// Converters that make an outbox's keys text and its values the payload itself.
fn converters(given: &mut Given) -> Lines {
    let mut lines = Lines::new();
    const BESIDE: &str =
        "for the outbox's events; records of other tables are Confluent Avro all the same.";
    let key = given.peek("key.converter").unwrap_or_default().to_owned();
    if key == TEXT {
        given.take("key.converter");
        given.translated("key.converter", &format!("outbox.key_format, {BESIDE}"));
        lines.push("key_format = \"text\"".to_owned());
    }
    let value = given.peek("value.converter").unwrap_or_default().to_owned();
    if RAW.contains(&value.as_str()) {
        given.take("value.converter");
        given.translated("value.converter", &format!("outbox.value_format, {BESIDE}"));
        for name in given.keys() {
            if name.starts_with("value.converter.delegate.converter.type") {
                given.take(&name);
                given.irrelevant(&name, "payloads of an outbox are written as they are.");
            }
        }
        lines.push("value_format = \"raw\"".to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_of_topics_is_one_of_tables_below_the_prefix() {
        assert_eq!(below("shop\\.public\\.outbox", "shop").as_deref(), Some("public\\.outbox"));
        assert_eq!(below("shop.public.outbox", "shop").as_deref(), Some("public.outbox"));
        assert_eq!(below(".*outbox", "shop").as_deref(), Some(".*outbox"));
        assert_eq!(below("crm\\.public\\.outbox", "shop"), None);
        assert_eq!(below("a\\.b\\.public\\.o", "a.b").as_deref(), Some("public\\.o"));
    }
}
