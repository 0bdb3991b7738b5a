//! A value that is masked or left out is nowhere: no topic, log, metric, status or dead letter has
//! it, whatever happens to its row. What is told is found by the same search, so that the search
//! is known to find.

use crate::support::consumer::{consumer, now_us};
use crate::support::daemon::{Config, Daemon, text};
use crate::support::stack::{Dialect, Server, Use, seconds, wait};
use crate::support::world::{self, World};
use rdkafka::consumer::Consumer;
use rdkafka::message::{Headers, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Part of every value that must not be told.
const CANARY: &str = "canary-7f3a91";
/// Part of values that are told.
const TOLD: &str = "told-52c8e0";

/// The masked table; of `cut` three characters are told.
fn tables(dialect: Dialect) -> String {
    let large = if dialect == Dialect::Postgres { "text" } else { "mediumtext" };
    format!(
        "CREATE TABLE person (id int PRIMARY KEY, told {large}, masked varchar(90), \
         hashed varchar(90), cut varchar(90), gone varchar(90))"
    )
}

/// Inserts a row whose values are recognized.
fn insert(id: u32, told: &str) -> String {
    format!(
        "INSERT INTO person (id, told, masked, hashed, cut, gone) VALUES ({id}, {told}, \
         '{CANARY}-m{id}', '{CANARY}-h{id}', 'cut{CANARY}-{id}', '{CANARY}-g{id}')"
    )
}

fn told(word: &str) -> String {
    format!("'{TOLD}-{word}'")
}

/// The connector with every way to keep a value back.
fn config(world: &World, schema: &str, poison: &str) -> Config {
    let mut config = world.config(&["person"]);
    let column = |name: &str| format!("{schema}.person.{name}");
    config.key("exclude_columns", format!("{:?}", [column("gone*")]));
    config.key(
        "mask",
        format!(
            "[{{ columns = [{:?}], with = \"***\" }}, \
             {{ columns = [{:?}], hash = \"SHA-256\", salt = {{ env = \"CANARY_SALT\" }} }}, \
             {{ columns = [{:?}], truncate = 3 }}]",
            column("masked*"),
            column("hashed"),
            column("cut")
        ),
    );
    config.key("poison", text(poison));
    config
}

fn start(world: &World, config: &Config) -> Daemon {
    let salt = format!("{CANARY}-salt");
    Daemon::start_with(
        config,
        world.directory(),
        &[("WALBROOK_LOG", "debug"), ("CANARY_SALT", &salt)],
    )
}

/// Everything that Kafka has of the world: topics by name with the bytes of all their records,
/// aborted ones too.
fn topics(world: &World) -> BTreeMap<String, Vec<u8>> {
    let reader = consumer(&[("isolation.level", "read_uncommitted")]);
    let metadata = reader.fetch_metadata(None, seconds(10)).unwrap();
    let ours = metadata.topics().iter().filter(|topic| topic.name().contains(world.name()));
    let (mut list, mut left) = (TopicPartitionList::new(), 0);
    for topic in ours {
        for partition in topic.partitions() {
            let (low, high) =
                reader.fetch_watermarks(topic.name(), partition.id(), seconds(10)).unwrap();
            if high > low {
                left += 1;
                list.add_partition_offset(topic.name(), partition.id(), Offset::Beginning).unwrap();
            }
        }
    }
    let mut found = BTreeMap::new();
    if left == 0 {
        return found;
    }
    reader.assign(&list).unwrap();
    let mut quiet_since = now_us();
    // Markers at the end of a topic are no records: it ends when nothing comes any more.
    while now_us() - quiet_since < 1_500_000 {
        let Some(Ok(record)) = reader.poll(Duration::from_millis(200)) else { continue };
        quiet_since = now_us();
        let bytes: &mut Vec<u8> = found.entry(record.topic().to_owned()).or_default();
        bytes.extend(record.key().unwrap_or_default());
        bytes.extend(record.payload().unwrap_or_default());
        for header in record.headers().into_iter().flat_map(|headers| headers.iter()) {
            bytes.extend(header.key.as_bytes());
            bytes.extend(header.value.unwrap_or_default());
        }
    }
    found
}

fn has(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

/// Waits until Kafka has `word`; answers everything that it has.
async fn until_told(world: &World, word: &str) -> BTreeMap<String, Vec<u8>> {
    let told = || topics(world).values().any(|bytes| has(bytes, word)).then_some(());
    wait(&format!("{word} in Kafka"), seconds(60), async || told()).await;
    topics(world)
}

/// The answer of the admin interface, whole.
async fn answer(daemon: &Daemon, path: &str) -> String {
    let address = daemon.admin().trim_start_matches("http://").to_owned();
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

/// Looks everywhere.
async fn search(world: &World, daemon: &Daemon, topics: &BTreeMap<String, Vec<u8>>) {
    for (topic, bytes) in topics {
        assert!(!has(bytes, CANARY), "{topic} has a value that must not be told");
    }
    let name = world.name();
    for path in [
        "/metrics".to_owned(),
        format!("/connectors/{name}/status"),
        format!("/connectors/{name}/config"),
        "/connectors?expand=status&expand=info".to_owned(),
    ] {
        let text = answer(daemon, &path).await;
        assert!(!text.contains(CANARY), "{path} has a value that must not be told");
    }
    let log = std::fs::read_to_string(&daemon.log).unwrap();
    assert!(log.contains("DEBUG"), "the log tells much");
    assert!(!log.contains(CANARY), "the log has a value that must not be told");
}

async fn nowhere(world: World) {
    let db = world.database();
    let (dialect, schema) = (db.dialect(), db.schema().to_owned());
    db.run(tables(dialect)).await;
    db.run(insert(1, &told("snapshot"))).await;
    let config = config(&world, &schema, "dead_letter");
    let mut daemon = start(&world, &config);
    daemon.streaming().await;
    db.run(insert(2, &told("insert"))).await;
    db.run(format!("UPDATE person SET masked = '{CANARY}-new', told = {} WHERE id = 2", told("u")))
        .await;
    db.run("UPDATE person SET id = 3 WHERE id = 2").await;
    db.run("DELETE FROM person WHERE id = 1").await;
    // Patterns mean columns that come later as well.
    db.run("ALTER TABLE person ADD masked_too varchar(90)").await;
    db.run("ALTER TABLE person ADD gone_too varchar(90)").await;
    db.run(format!(
        "UPDATE person SET masked_too = '{CANARY}-m', gone_too = '{CANARY}-g' WHERE id = 3"
    ))
    .await;
    // More than a topic takes: its row becomes a dead letter.
    let large = "repeat('x', 1500000)";
    db.run(insert(4, large)).await;
    db.run(format!("UPDATE person SET told = {} WHERE id = 3", told("after"))).await;
    let found = until_told(&world, &format!("{TOLD}-after")).await;
    for word in ["snapshot", "insert", "u", "after"] {
        let word = format!("{TOLD}-{word}");
        assert!(found.values().any(|bytes| has(bytes, &word)), "{word} is told");
    }
    assert!(found.iter().any(|(topic, bytes)| topic.ends_with(".dlq") && !bytes.is_empty()));
    search(&world, &daemon, &found).await;
    drop(daemon);
    // The same kind of row where it halts the connector.
    let config = self::config(&world, &schema, "halt");
    let mut daemon = start(&world, &config);
    daemon.streaming().await;
    db.run(format!("UPDATE person SET told = {large}, masked = '{CANARY}-halt' WHERE id = 3"))
        .await;
    daemon.phase("failed", seconds(60)).await;
    search(&world, &daemon, &topics(&world)).await;
}

#[test]
fn nowhere_pg18() {
    world::run(Server::Pg18, Use::Share, "canary18", nowhere);
}

#[test]
fn nowhere_mysql() {
    world::run(Server::MySql, Use::Share, "canarymy", nowhere);
}

#[test]
fn nowhere_mariadb() {
    world::run(Server::MariaDb, Use::Share, "canaryma", nowhere);
}
