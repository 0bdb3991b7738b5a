//! Broken worlds: each gives one sentence with code and fix in the status; the process goes on, and
//! where repair is possible nothing is lost.

use crate::support::daemon::{Config, Daemon, free_port, text};
use crate::support::database::{Database, other};
use crate::support::fake_registry::{FakeRegistry, PASS, SILENT};
use crate::support::oracle::Allow;
use crate::support::stack::{self, Server, Use, seconds, stack_with};
use crate::support::workload::{self, Plan, TABLES, Workload};
use crate::support::world::{self, World};
use rdkafka::admin::{AdminOptions, NewTopic, TopicReplication};
use serde_json::Value;
use std::time::Duration;

/// A table with one row and a role that may be given less than a superuser has.
async fn one_table(world: &World) {
    world
        .database()
        .run("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'x')")
        .await;
}

/// The sentence in the status, with what differs from run to run replaced.
fn sentence(world: &World, ours: &Value) -> String {
    let error = &ours["error"];
    let part = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let (code, message, fix) = (part("code"), part("message"), part("fix"));
    assert!(!code.is_empty() && !message.is_empty(), "no sentence: {ours}");
    let text = format!("{} {code}\n{message}\n{fix}", ours["phase"].as_str().unwrap_or_default());
    filtered(world, &text)
}

/// Names, addresses and long numbers replaced by words.
pub fn filtered(world: &World, text: &str) -> String {
    let mut out = text.replace(world.name(), "NAME");
    let registry = stack::registry();
    out = out.replace(&registry, "REGISTRY").replace(&stack::kafka(), "KAFKA");
    // Addresses of this machine, whatever the port.
    while let Some(at) = out.find("127.0.0.1:") {
        let digits = out[at + 10..].chars().take_while(char::is_ascii_digit).count();
        out.replace_range(at..at + 10 + digits, "ADDRESS");
    }
    let mut masked = String::new();
    let mut digits = String::new();
    for c in out.chars().chain(['\n']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        masked.push_str(if digits.len() > 4 { "N" } else { &digits });
        digits.clear();
        masked.push(c);
    }
    masked
}

/// Waits for a failure of the wanted phase and compares its sentence with the reviewed one.
async fn tells(world: &World, daemon: &mut Daemon, phase: &str, name: &str) -> Value {
    let (ours, told) = says(world, daemon, phase).await;
    insta::assert_snapshot!(name, told);
    ours
}

/// Waits for a failure of the wanted phase; answers the status and its sentence.
pub async fn says(world: &World, daemon: &mut Daemon, phase: &str) -> (Value, String) {
    let what = format!("phase {phase} with an error");
    let ours = daemon
        .until(&what, seconds(60), |o| {
            (o["phase"] == phase && o["error"].is_object()).then(|| o.clone())
        })
        .await;
    let told = sentence(world, &ours);
    println!("{told}");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(daemon.status().await.is_some(), "the process goes on and answers");
    (ours, told)
}

fn world(name: &str, test: impl AsyncFnOnce(World) + 'static) {
    world::run(Server::Pg18, Use::Share, name, |w| test(w));
}

#[test]
fn wrong_password() {
    world("password", async |w| {
        one_table(&w).await;
        let url = w.database().url().replace("postgres@", "walbrook_pw@");
        let mut config = Config::new(w.name(), &url, w.name(), &["public.t"]);
        config.key("password", text("not this one"));
        let mut daemon = w.daemon(&config);
        tells(&w, &mut daemon, "failed", "wrong_password").await;
    });
}

#[test]
fn no_replication_right() {
    world("noright", async |w| {
        one_table(&w).await;
        let role = format!("r_{}", w.name());
        let db = w.database();
        db.run(format!("CREATE ROLE {role} LOGIN; GRANT SELECT ON t TO {role}")).await;
        let url = db.url().replace("postgres@", &format!("{role}@"));
        let mut daemon = w.daemon(&Config::new(w.name(), &url, w.name(), &["public.t"]));
        tells(&w, &mut daemon, "failed", "no_replication_right").await;
        drop(daemon);
        db.run(format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
    });
}

#[test]
fn wal_level_replica() {
    world("replica", async |w| {
        // A second stack beside the first, with one server of its own.
        let port = free_port();
        let home = std::env::temp_dir().join(format!("walbrook-{}", w.name()));
        let environment = || {
            vec![
                ("WALBROOK_RUN", home.display().to_string()),
                ("WALBROOK_PG15_PORT", port.to_string()),
                ("WALBROOK_PG_OPTIONS", "-c wal_level=replica".into()),
            ]
        };
        stack_with("up", "postgres15", environment()).await;
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        let mut daemon = w.daemon(&Config::new(w.name(), &url, w.name(), &["public.t"]));
        let told = daemon.phase("failed", seconds(30)).await;
        stack_with("kill", "postgres15", environment()).await;
        let _ = std::fs::remove_dir_all(&home);
        insta::assert_snapshot!("wal_level_replica", sentence(&w, &told));
    });
}

#[test]
fn publication_missing_in_mode_existing() {
    world("nopub", async |w| {
        one_table(&w).await;
        let mut config = w.config(&["t"]);
        config.key("publication", text("theirs")).key("publication_mode", text("existing"));
        let mut daemon = w.daemon(&config);
        tells(&w, &mut daemon, "failed", "publication_missing").await;
    });
}

#[test]
fn publication_of_somebody_else() {
    world("foreignpub", async |w| {
        one_table(&w).await;
        let db = w.database();
        db.run("CREATE TABLE o (id int PRIMARY KEY); CREATE PUBLICATION theirs FOR TABLE o").await;
        let mut config = w.config(&["t"]);
        config.key("publication", text("theirs")).key("publication_mode", text("existing"));
        let mut daemon = w.daemon(&config);
        tells(&w, &mut daemon, "failed", "publication_foreign").await;
    });
}

#[test]
fn slot_of_somebody_else() {
    world("foreignslot", async |w| {
        one_table(&w).await;
        let slot = format!("walbrook_walbrook_{}", w.name());
        let sql = format!("SELECT pg_create_logical_replication_slot('{slot}', 'pgoutput')");
        w.database().run(&sql).await;
        let mut daemon = w.daemon(&w.config(&["t"]));
        tells(&w, &mut daemon, "failed", "slot_foreign").await;
        let there = format!("SELECT count(*) FROM pg_replication_slots WHERE slot_name = '{slot}'");
        assert_eq!(w.database().number(there).await, 1, "the foreign slot is untouched");
    });
}

#[test]
fn slot_dropped_under_a_streaming_connector() {
    world("slotgone", async |w| {
        one_table(&w).await;
        let mut daemon = w.daemon(&w.config(&["t"]));
        daemon.streaming().await;
        w.database().run("INSERT INTO t VALUES (2, 'y')").await;
        w.database().drop_slots().await;
        tells(&w, &mut daemon, "failed", "slot_dropped").await;
        assert_eq!(
            w.database()
                .number(
                    "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"
                )
                .await,
            0,
            "no new slot behind the user's back"
        );
    });
}

#[test]
fn broker_unreachable() {
    world("nobroker", async |w| {
        one_table(&w).await;
        let mut config = w.config(&["t"]);
        config.set("kafka", "brokers", text("127.0.0.1:9"));
        let mut daemon = w.daemon(&config);
        tells(&w, &mut daemon, "retrying", "broker_unreachable").await;
    });
}

/// Creates a topic with settings of its own.
async fn topic(w: &World, name: &str, settings: &[(&str, &str)]) {
    let mut topic = NewTopic::new(name, 1, TopicReplication::Fixed(1));
    for (key, value) in settings {
        topic = topic.set(key, value);
    }
    w.kafka().create_topics(&[topic], &AdminOptions::new()).await.unwrap();
}

#[test]
fn record_over_the_limit_of_its_topic() {
    world("toolarge", async |w| {
        workload::prepare(w.database(), 50, 5).await;
        let name = format!("{}.public.items", w.name());
        topic(&w, &name, &[("max.message.bytes", "20000")]).await;
        let follower = w.follower();
        let mut daemon = w.daemon(&w.config(TABLES));
        daemon.streaming().await;
        w.database().call(&["put_item(1, 6, 'small', '1.00', true, 0)"]).await;
        w.database().call(&["put_item(1, 7, repeat('x', 30000), '1.00', true, 0)"]).await;
        tells(&w, &mut daemon, "failed", "record_too_large").await;
        // The documented mend, then a new start: nothing is lost.
        set_topic(&name, "max.message.bytes=1000000").await;
        drop(daemon);
        let mut daemon = w.daemon(&w.config(TABLES));
        daemon.streaming().await;
        w.verdict(&follower, &mut daemon, Allow::default()).await;
    });
}

/// Alters a topic with Kafka's own admin protocol.
async fn set_topic(name: &str, setting: &str) {
    use rdkafka::admin::{AlterConfig, ResourceSpecifier};
    let (key, value) = setting.split_once('=').unwrap();
    let admin: rdkafka::admin::AdminClient<_> =
        rdkafka::ClientConfig::new().set("bootstrap.servers", stack::kafka()).create().unwrap();
    let change = AlterConfig::new(ResourceSpecifier::Topic(name)).set(key, value);
    let answers = admin.alter_configs(&[change], &AdminOptions::new()).await.unwrap();
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
}

/// The registry misbehaves from the start, is mended, and nothing is lost.
async fn registry(w: World, mode: u16, phase: &'static str, name: &'static str) {
    workload::prepare(w.database(), 50, 5).await;
    let fake = FakeRegistry::start(mode).await;
    let mut config = w.config(TABLES);
    config.set("registry", "url", text(&fake.url));
    let follower = w.follower();
    let mut daemon = w.daemon(&config);
    w.database().call(&["put_item(1, 7, 'x', '1.00', true, 0)"]).await;
    tells(&w, &mut daemon, phase, name).await;
    fake.mode(PASS);
    if phase == "failed" {
        drop(daemon);
        daemon = w.daemon(&config);
    }
    daemon.streaming().await;
    w.database().call(&["put_item(1, 8, 'y', '1.00', true, 0)"]).await;
    w.verdict(&follower, &mut daemon, Allow::INTERRUPTED).await;
}

#[test]
fn registry_409() {
    world("reg409", async |w| registry(w, 409, "failed", "registry_409").await);
}

#[test]
fn registry_500() {
    world("reg500", async |w| registry(w, 500, "retrying", "registry_500").await);
}

#[test]
fn registry_timeout() {
    world("regsilent", async |w| registry(w, SILENT, "retrying", "registry_timeout").await);
}

#[test]
fn checkpoint_topic_not_compacted() {
    world("notcompact", async |w| {
        one_table(&w).await;
        let config = w.config(&["t"]);
        topic(&w, &config.checkpoint_topic(), &[("cleanup.policy", "delete")]).await;
        let mut daemon = w.daemon(&config);
        tells(&w, &mut daemon, "failed", "checkpoint_not_compacted").await;
    });
}

/// Without its checkpoint a connector must not start afresh: the slot that is there says so.
#[test]
fn checkpoint_topic_deleted() {
    world("nocheck", async |w| {
        one_table(&w).await;
        let config = w.config(&["t"]);
        let mut daemon = w.daemon(&config);
        daemon.streaming().await;
        let (exit, _) = daemon.terminate(seconds(10)).await;
        assert!(exit.success());
        w.without_topic(&config.checkpoint_topic()).await;
        let mut daemon = w.daemon(&config);
        tells(&w, &mut daemon, "failed", "checkpoint_deleted").await;
    });
}

/// The checkpoint belongs to one database; another one of that name is a mistake.
#[test]
fn another_database_under_the_same_name() {
    world("otherdb", async |w| {
        one_table(&w).await;
        let config = w.config(&["t"]);
        let mut daemon = w.daemon(&config);
        daemon.streaming().await;
        daemon.terminate(seconds(10)).await;
        let second = Database::create(Server::Pg18, &format!("wb_2_{}", w.name())).await;
        second.run("CREATE TABLE t (id int PRIMARY KEY, v text)").await;
        let url = other(&w.database().url(), &second.name);
        let mut daemon = w.daemon(&Config::new(w.name(), &url, w.name(), &["public.t"]));
        tells(&w, &mut daemon, "failed", "another_database").await;
        drop(daemon);
        second.drop().await;
    });
}

/// The same on another server: another system identifier.
#[test]
fn another_server_under_the_same_name() {
    world("otherserver", async |w| {
        one_table(&w).await;
        let mut daemon = w.daemon(&w.config(&["t"]));
        daemon.streaming().await;
        daemon.terminate(seconds(10)).await;
        let second = Database::create(Server::Pg15, &w.database().name).await;
        second.run("CREATE TABLE t (id int PRIMARY KEY, v text)").await;
        let mut daemon = w.daemon(&Config::new(w.name(), &second.url(), w.name(), &["public.t"]));
        tells(&w, &mut daemon, "failed", "another_server").await;
        drop(daemon);
        second.drop().await;
    });
}

/// A finding of somebody's mistake does not stop the connector beside it.
#[test]
fn other_connectors_go_on() {
    world("beside", async |w| {
        workload::prepare(w.database(), 50, 5).await;
        let mut config = w.config(TABLES);
        let bad = format!("connectors.bad_{}", w.name());
        let url = w.database().url().replace("postgres@", "walbrook_pw@");
        config.set(&bad, "url", text(&url)).set(&bad, "password", text("wrong"));
        config.set(&bad, "topic_prefix", text(&format!("bad_{}", w.name())));
        config.set(&bad, "tables", "[\"public.items\"]");
        let writers = Workload::start(w.database(), &Plan::new(9, 50));
        let follower = w.follower();
        let mut daemon = w.daemon(&config);
        daemon.streaming().await;
        tokio::time::sleep(seconds(2)).await;
        writers.stop().await;
        w.verdict(&follower, &mut daemon, Allow::default()).await;
    });
}
