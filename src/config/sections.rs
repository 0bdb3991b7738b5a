//! Reads `[kafka]` and `[registry]`.

use super::choice::Delivery;
use super::model::{Kafka, Registry};
use super::place::Part;
use super::reader::{Reader, Reading};
use super::secret_form;
use super::setting::{Setting, Wrong};
use crate::codes;
use config::{Value, ValueKind};
use std::collections::BTreeMap;

/// librdkafka properties that the daemon sets itself, because its promises rest on them.
const RESERVED: &[(&str, &str)] = &[
    ("bootstrap.servers", "Use `brokers` in [kafka]."),
    ("metadata.broker.list", "Use `brokers` in [kafka]."),
    ("transactional.id", "It is made of `cluster` and the connector's name."),
    ("enable.idempotence", "It is always on."),
    ("acks", "It is always `all`."),
    ("request.required.acks", "It is always `all`."),
    ("max.in.flight.requests.per.connection", "It follows from exactly-once delivery."),
    ("max.in.flight", "It follows from exactly-once delivery."),
    ("isolation.level", "It is always `read_committed`."),
    ("enable.auto.commit", "There is no consumer group."),
    ("group.id", "There is no consumer group."),
    ("partitioner", "Partitions are computed as Kafka's own default does."),
];

const LEVELS: &[&str] = &[
    "NONE",
    "BACKWARD",
    "BACKWARD_TRANSITIVE",
    "FORWARD",
    "FORWARD_TRANSITIVE",
    "FULL",
    "FULL_TRANSITIVE",
];

/// Reads `[kafka]`.
pub(super) fn kafka(reading: &mut Reading, value: Option<Value>) -> Option<Kafka> {
    let mut reader = Reader::new(reading, &["kafka"], value);
    let brokers: Option<String> = reader.required("brokers", "\"127.0.0.1:9092\"");
    if let Some(why) = brokers.as_deref().and_then(bad_brokers) {
        let fix = "Write `brokers = \"host:9092,other:9092\"`.".to_owned();
        reader.problem("brokers", codes::ADDRESS, why, fix);
    }
    let cluster = reader.or("cluster", "walbrook".to_owned());
    super::check::topic_name(&mut reader, "cluster", &cluster);
    let delivery = delivery(&mut reader);
    let create_topics = reader.or("create_topics", true);
    let partitions = reader.number("partitions", 1, 1, 100_000) as i32;
    let replication = reader.or("replication", -1_i64);
    if replication != -1 && !(1..=1000).contains(&replication) {
        let message = format!("`replication = {replication}` is neither -1 nor at least 1.");
        let fix = "Leave it out for the broker's own default, which is -1.".to_owned();
        reader.problem("replication", codes::RANGE, message, fix);
    }
    let (client, client_secrets) = client(&mut reader);
    let topic = pairs(&mut reader, "topic");
    reader.finish();
    let replication = replication as i32;
    Some(Kafka {
        brokers: brokers?,
        cluster,
        delivery,
        create_topics,
        partitions,
        replication,
        client,
        client_secrets,
        topic,
    })
}

fn delivery(reader: &mut Reader<'_>) -> Delivery {
    let value = reader.take("delivery");
    if let Some(Value { kind: ValueKind::String(word), .. }) = &value
        && word == "at-least-once"
    {
        let message = "`delivery = \"at-least-once\"` is not available yet.".to_owned();
        let fix = "Write `delivery = \"exactly-once\"`, the default.".to_owned();
        reader.problem("delivery", codes::NOT_YET, message, fix);
        return Delivery::ExactlyOnce;
    }
    match value {
        Some(value) => reader.read("delivery", &value).unwrap_or(Delivery::ExactlyOnce),
        None => {
            reader.show("delivery", Some(Delivery::ExactlyOnce.show()));
            Delivery::ExactlyOnce
        }
    }
}

type Client = (BTreeMap<String, String>, BTreeMap<String, super::secret::Secret>);

fn client(reader: &mut Reader<'_>) -> Client {
    let (mut plain, mut secrets) = (BTreeMap::new(), BTreeMap::new());
    for (name, value) in reader.pairs("client") {
        let place = reader.place_of(&["client", &name], &value);
        if let Some((_, fix)) = RESERVED.iter().find(|(reserved, _)| *reserved == name) {
            let message = format!("The client property `{name}` cannot be set.");
            let problem =
                place.problem(Part::Key, codes::RESERVED_PROPERTY, message, (*fix).to_owned());
            reader.reading.problems.push(problem);
            continue;
        }
        let hidden = name.contains("password") || name.contains("secret") || name.ends_with("pem");
        if !hidden && !matches!(value.kind, ValueKind::Table(_)) {
            let text = reader.pair_text("client", &name, &value);
            plain.insert(name, text);
            continue;
        }
        let Some(secret) = secret_form::read(reader.reading, &name, &value, &place) else {
            continue;
        };
        if matches!(secret, super::secret::Secret::Plain(_)) && !place.is_textual() {
            let message = format!("`{name}` is written into the configuration.");
            let fix = format!("Write `\"{name}\" = {{ env = \"KAFKA_PASSWORD\" }}`.");
            let problem = place.problem(Part::Value, codes::PLAIN_SECRET, message, fix);
            reader.reading.warn(problem);
        }
        reader.show_pair("client", &name, &value, secret_form::show(&secret));
        secrets.insert(name, secret);
    }
    (plain, secrets)
}

fn pairs(reader: &mut Reader<'_>, table: &'static str) -> BTreeMap<String, String> {
    let pairs = reader.pairs(table);
    pairs
        .into_iter()
        .map(|(name, value)| {
            let text = reader.pair_text(table, &name, &value);
            (name, text)
        })
        .collect()
}

/// What is wrong with a list of brokers, if anything is.
fn bad_brokers(brokers: &str) -> Option<String> {
    brokers.split(',').map(str::trim).find_map(|broker| {
        if broker.is_empty() {
            return Some("`brokers` has an empty entry.".to_owned());
        }
        if broker.contains("://") || broker.contains('@') {
            return Some("`brokers` are addresses, not URLs.".to_owned());
        }
        let port = broker.rsplit_once(':').filter(|(host, _)| !host.is_empty());
        match port.and_then(|(_, port)| port.parse::<u16>().ok()) {
            Some(port) if port > 0 => None,
            _ => Some(format!("The broker {broker:?} is not host:port.")),
        }
    })
}

/// Reads `[registry]`.
pub(super) fn registry(reading: &mut Reading, value: Option<Value>) -> Option<Registry> {
    let mut reader = Reader::new(reading, &["registry"], value);
    let url = urls(&mut reader);
    let user: Option<String> = reader.optional("user");
    let password = reader.secret("password");
    if user.is_some() != password.is_some() {
        let (one, other) = if user.is_some() { ("user", "password") } else { ("password", "user") };
        let message = format!("[registry] has `{one}` but no `{other}`.");
        let fix = "Basic authentication needs both.".to_owned();
        reader.problem(one, codes::CONTRADICTION, message, fix);
    }
    let compatibility = pairs(&mut reader, "compatibility");
    for (glob, level) in &compatibility {
        if !LEVELS.contains(&level.as_str()) {
            let message = format!("The compatibility level {level:?} of {glob:?} does not exist.");
            let fix = format!("Allowed: {}.", LEVELS.join(", "));
            reader.problem("compatibility", codes::CHOICE, message, fix);
        }
    }
    reader.finish();
    Some(Registry { url: url?, user, password, compatibility })
}

fn urls(reader: &mut Reader<'_>) -> Option<Vec<String>> {
    const EXAMPLE: &str = "\"http://127.0.0.1:8081\"";
    let Some(value) = reader.take("url") else {
        reader.missing("url", EXAMPLE);
        return None;
    };
    let urls: Option<Vec<String>> = match &value.kind {
        ValueKind::String(text) => Some(text.split(',').map(|url| url.trim().to_owned()).collect()),
        ValueKind::Array(_) => reader.read("url", &value),
        _ => {
            reader.wrong(&value, Wrong::wrong_type("url", &value, "text or a list", EXAMPLE));
            None
        }
    };
    let urls = urls?;
    if let Some((code, message, fix)) = urls.iter().find_map(|url| bad_registry(url)) {
        reader.problem("url", code, message, fix);
        return None;
    }
    if urls.is_empty() {
        reader.missing("url", EXAMPLE);
        return None;
    }
    let shown = if let [url] = urls.as_slice() { url.show() } else { urls.show() };
    reader.show("url", Some(shown));
    Some(urls.iter().map(|url| url.trim_end_matches('/').to_owned()).collect())
}

fn bad_registry(text: &str) -> Option<(walbrook_core::error::Code, String, String)> {
    let fix = "Write `url = \"http://host:8081\"`.".to_owned();
    let wrong = |why: &str| Some((codes::URL, format!("The registry's `url` {why}."), fix.clone()));
    if !text.starts_with("http://") && !text.starts_with("https://") {
        return wrong("does not begin with http:// or https://");
    }
    let Ok(url) = url::Url::parse(text) else { return wrong("cannot be read") };
    if url.query().is_some() || url.fragment().is_some() {
        return wrong("has parameters");
    }
    if url.password().is_some() || !url.username().is_empty() {
        let message = "The registry's `url` holds a user or password.".to_owned();
        let fix = "Move them to `user` and `password = { env = \"REGISTRY_PASSWORD\" }`.";
        return Some((codes::URL, message, fix.to_owned()));
    }
    None
}
