//! Changes that cannot be told, in the middle of a large transaction: every policy, killed at crash
//! points, on every kind of database. Two kinds of poison: a record that its topic does not take,
//! and, in MySQL's log, a moment that nanoseconds cannot tell in a column that may not be null.

use crate::support::consumer::consumer;
use crate::support::daemon::{Config, Daemon, text};
use crate::support::stack::{self, Dialect, Server, Use, seconds};
use crate::support::world::{self, World};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Headers, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde_json::Value;
use std::collections::BTreeMap;

/// Rows of the transaction.
const ROWS: i64 = 3_000;
/// The row whose record is too large.
const LARGE: i64 = 1_000;
/// The row with a moment that nanoseconds cannot tell.
const FAR: i64 = 2_000;
/// The row of a later transaction, after which all is told.
const LAST: i64 = 1_000_000;
/// Where the daemon is killed, one life after the other.
const CRASHES: [&str; 5] = [
    "stream.mid_transaction:1500",
    "sink.mid_produce:2",
    "sink.before_commit:3",
    "sink.after_checkpoint_produced:3",
    "sink.after_commit:3",
];

/// A record of a topic: key, value, headers.
type Raw = (Option<Vec<u8>>, Option<Vec<u8>>, BTreeMap<String, String>);

/// All records of partition 0; none where there is no topic.
fn records(topic: &str) -> Vec<Raw> {
    let consumer: BaseConsumer = consumer(&[("enable.partition.eof", "true")]);
    let metadata = consumer.fetch_metadata(None, seconds(10)).unwrap();
    if !metadata.topics().iter().any(|known| known.name() == topic) {
        return Vec::new();
    }
    let mut place = TopicPartitionList::new();
    place.add_partition_offset(topic, 0, Offset::Beginning).unwrap();
    consumer.assign(&place).unwrap();
    let mut all = Vec::new();
    loop {
        match consumer.poll(seconds(20)) {
            Some(Ok(message)) => {
                let headers = message.headers().into_iter().flat_map(|all| all.iter());
                let text = |value: Option<&[u8]>| {
                    String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
                };
                let headers = headers.map(|h| (h.key.to_owned(), text(h.value))).collect();
                let owned = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
                all.push((owned(message.key()), owned(message.payload()), headers));
            }
            Some(Err(KafkaError::PartitionEOF(_))) => return all,
            other => panic!("{topic}: {other:?}"),
        }
    }
}

/// The ids in the keys of a table's topic: a number behind five bytes of framing.
fn ids(topic: &str) -> Vec<i64> {
    let id = |(key, ..): Raw| {
        let (mut n, mut shift) = (0_u64, 0);
        for byte in key.unwrap().into_iter().skip(5) {
            n |= u64::from(byte & 0x7f) << shift;
            shift += 7;
        }
        (n >> 1) as i64 ^ -((n & 1) as i64)
    };
    records(topic).into_iter().map(id).collect()
}

/// A table, its connector, and the transaction with two poison rows after it streams.
async fn prepared(world: &World, policy: &str) -> Config {
    let db = world.database();
    let (long, moment) = match db.dialect() {
        Dialect::Postgres => ("text", "timestamp"),
        _ => ("longtext", "datetime(6)"),
    };
    db.run(format!(
        "CREATE TABLE t (id bigint PRIMARY KEY, v {long} NOT NULL, at {moment} NOT NULL)"
    ))
    .await;
    let mut config = world.config(&["t"]);
    config.set("kafka.topic", "max.message.bytes", text("20000"));
    config.key("poison", text(policy));
    if db.dialect() != Dialect::Postgres {
        config.key("temporal", text("nanoseconds"));
    }
    let mut daemon = world.daemon(&config);
    daemon.streaming().await;
    assert!(daemon.terminate(seconds(10)).await.0.success());
    let moment = |text: &str| match db.dialect() {
        Dialect::Postgres => format!("timestamp '{text}'"),
        _ => format!("'{text}'"),
    };
    let (far, near) = (moment("9999-12-31 00:00:00"), moment("2024-01-01 00:00:00"));
    let values = format!(
        "i, CASE WHEN i = {LARGE} THEN repeat('x', 100000) ELSE 'v' END, \
         CASE WHEN i = {FAR} THEN {far} ELSE {near} END"
    );
    db.generate("t", &values, 1, ROWS as u64).await;
    db.run(format!("INSERT INTO t VALUES ({LAST}, 'v', '2024-01-01 00:00:00')")).await;
    config
}

/// Lets the daemon die at every crash point, then waits until all is told.
async fn told_through_crashes(world: &World, config: &Config, topic: &str) -> Daemon {
    for fault in CRASHES {
        let faults = [("WALBROOK_FAULT", fault)];
        let mut daemon = Daemon::start_with(config, world.directory(), &faults);
        let exit = daemon.ended(seconds(8)).await;
        println!("  {fault}: {}", exit.map_or("lived".to_owned(), |exit| exit.to_string()));
    }
    let daemon = world.daemon(config);
    let name = topic.to_owned();
    stack::wait("the last row", seconds(60), async || {
        let name = name.clone();
        let ids = tokio::task::spawn_blocking(move || ids(&name)).await.unwrap();
        ids.contains(&LAST).then_some(())
    })
    .await;
    daemon
}

/// The rows that cannot be told.
fn poison(world: &World) -> &'static [i64] {
    match world.database().dialect() {
        Dialect::Postgres => &[LARGE],
        _ => &[LARGE, FAR],
    }
}

fn expected(world: &World) -> Vec<i64> {
    (1..=ROWS).filter(|id| !poison(world).contains(id)).chain([LAST]).collect()
}

async fn dead_letter(world: World) {
    let config = prepared(&world, "dead_letter").await;
    let topic = format!("{}.{}.t", world.name(), world.database().schema());
    let mut daemon = told_through_crashes(&world, &config, &topic).await;
    assert_eq!(ids(&topic), expected(&world), "every other row once and in order");
    let letters = records(&format!("{}.dlq", world.name()));
    let found: Vec<_> = letters
        .iter()
        .map(|(key, value, headers)| {
            let value: Value = serde_json::from_slice(value.as_ref().unwrap()).unwrap();
            assert_eq!(value["code"], headers["walbrook.dlq.code"]);
            assert_eq!(value["table"], format!("{}.t", world.database().schema()));
            assert_eq!((&value["op"], &value["topic"]), (&"c".into(), &topic.as_str().into()));
            assert!(
                value["source"].is_object() && value["number"].as_u64().unwrap() > 0,
                "{value}"
            );
            assert!(!value["message"].as_str().unwrap().contains("9999"), "no value of the row");
            let form = value["original"]["form"].as_str().unwrap().to_owned();
            (key.is_some(), headers["walbrook.dlq.stage"].clone(), form)
        })
        .collect();
    let mut wanted = vec![(true, "shape".to_owned(), "kafka".to_owned())];
    if poison(&world).contains(&FAR) {
        wanted.push((false, "source".to_owned(), "binlog".to_owned()));
    }
    assert_eq!(found, wanted, "each once");
    list_and_show(&world).await;
    daemon.until("a status", seconds(10), |ours| ours["poison"].is_object().then_some(())).await;
}

/// `walbrook dlq` as people use it.
async fn list_and_show(world: &World) {
    let file = world.directory().join("walbrook.toml");
    let run = |arguments: &[&str]| {
        let output = std::process::Command::new(crate::support::daemon::binary())
            .arg("dlq")
            .args(arguments)
            .arg("--config")
            .arg(&file)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let list = run(&["list", world.name()]);
    assert_eq!(list.lines().count(), poison(world).len(), "{list}");
    assert!(list.contains("WB-KAFKA-020"), "{list}");
    let one = run(&["list", world.name(), "--json", "--limit", "1"]);
    let one: Value = serde_json::from_str(&one).unwrap();
    let offset = one["offset"].to_string();
    let shown: Value = serde_json::from_str(&run(&["show", world.name(), &offset])).unwrap();
    assert!(shown["code"].is_string(), "{shown}");
    assert!(shown["original"].is_string(), "only with --original: {shown}");
    let shown = run(&["show", world.name(), &offset, "--original"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert!(shown["original"]["form"].is_string(), "{shown}");
}

/// Read again, each row that can be told is told, and of the others there is a letter more.
async fn read_again(world: World) {
    let config = prepared(&world, "dead_letter").await;
    let table = format!("{}.t", world.database().schema());
    let (topic, letters) = (format!("{}.{table}", world.name()), format!("{}.dlq", world.name()));
    let mut daemon = world.daemon(&config);
    let all = poison(&world).len();
    let counted = |ours: &Value| (ours["poison"]["dead_letters"] == all).then_some(());
    daemon.until("the letters", seconds(60), counted).await;
    let wish = serde_json::json!({ "id": "again", "tables": [table] });
    let (status, job) = daemon.ask("POST", "snapshot", Some(wish)).await;
    assert_eq!(status, 202, "{job}");
    let done = |ours: &Value| (ours["resnapshots"][0]["state"] == "done").then_some(());
    daemon.until("it is read again", seconds(60), done).await;
    let mut twice = [expected(&world), expected(&world)].concat();
    let mut told = ids(&topic);
    told.sort_unstable();
    twice.sort_unstable();
    assert_eq!(told, twice, "each row was told, and read again once");
    let letter = |(_, value, headers): Raw| {
        let value: Value = serde_json::from_slice(value.as_ref().unwrap()).unwrap();
        let stage = headers["walbrook.dlq.stage"].clone();
        (value["op"].as_str().unwrap().to_owned(), stage, value["number"].to_string())
    };
    let found: Vec<_> = records(&letters).into_iter().map(letter).collect();
    let read = found.iter().filter(|(op, ..)| op == "r").count();
    assert_eq!((read, found.len()), (all, 2 * all), "letters that were read: {found:?}");
}

async fn skip(world: World) {
    let config = prepared(&world, "skip").await;
    let topic = format!("{}.{}.t", world.name(), world.database().schema());
    let _daemon = told_through_crashes(&world, &config, &topic).await;
    assert_eq!(ids(&topic), expected(&world));
    assert!(records(&format!("{}.dlq", world.name())).is_empty());
}

/// A fresh daemon, never killed: status and metrics count, the log has no value.
async fn counted(world: World) {
    let config = prepared(&world, "skip").await;
    let mut daemon = world.daemon(&config);
    let all = poison(&world).len();
    let counts = |ours: &Value| (ours["poison"]["skipped"] == all).then(|| ours["poison"].clone());
    let counts = daemon.until("all skipped", seconds(60), counts).await;
    assert_eq!(counts["dead_letters"], 0);
    assert_eq!(counts["tables"][0]["skipped"], all, "{counts}");
    let metrics = reqwest_text(&format!("{}/metrics", daemon.admin())).await;
    let line =
        metrics.lines().find(|l| l.starts_with("walbrook_poison_total") && l.contains("020"));
    assert!(line.is_some_and(|l| l.contains("policy=\"skip\"") && l.ends_with(" 1")), "{line:?}");
    let log = std::fs::read_to_string(&daemon.log).unwrap();
    assert!(log.contains("could not be told") && !log.contains("xxxx") && !log.contains("9999-"));
}

async fn halt(world: World) {
    let config = prepared(&world, "halt").await;
    let mut daemon = world.daemon(&config);
    let error = daemon.phase("failed", seconds(60)).await["error"].clone();
    assert_eq!(error["code"], "WB-KAFKA-020", "{error}");
    let topic = format!("{}.{}.t", world.name(), world.database().schema());
    assert!(ids(&topic).is_empty(), "nothing of the transaction is visible");
}

/// The text at `url`.
async fn reqwest_text(url: &str) -> String {
    let url = url.to_owned();
    let curl = move || std::process::Command::new("curl").args(["-s", &url]).output().unwrap();
    String::from_utf8(tokio::task::spawn_blocking(curl).await.unwrap().stdout).unwrap()
}

macro_rules! on {
    ($($name:ident: $server:expr, $policy:ident, $world:literal;)+) => {
        $(#[test]
        fn $name() {
            world::run($server, Use::Share, $world, $policy);
        })+
    };
}

on! {
    dead_letter_pg15: Server::Pg15, dead_letter, "dl15";
    dead_letter_pg18: Server::Pg18, dead_letter, "dl18";
    dead_letter_mysql: Server::MySql, dead_letter, "dlmy";
    dead_letter_mariadb: Server::MariaDb, dead_letter, "dlma";
    read_again_pg18: Server::Pg18, read_again, "dlagain";
    read_again_mysql: Server::MySql, read_again, "dlagainmy";
    skip_pg18: Server::Pg18, skip, "skip18";
    skip_mysql: Server::MySql, skip, "skipmy";
    counted_pg18: Server::Pg18, counted, "count18";
    counted_mysql: Server::MySql, counted, "countmy";
    halt_pg18: Server::Pg18, halt, "halt18";
    halt_mysql: Server::MySql, halt, "haltmy";
}
