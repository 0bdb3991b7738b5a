//! Many connectors in one process, some of them misbehaving: the others do not notice.

use crate::support::consumer::Follower;
use crate::support::daemon::{Config, Daemon, text};
use crate::support::registry::http;
use crate::support::stack::{self, Server, Use, acceptance, scale, seconds, wait};
use crate::support::world::{self, World};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How a connector misbehaves, and the code that says so.
const BAD: [(&str, &str); 5] = [
    ("role", "WB-PG-00"),
    ("host", "WB-PG-001"),
    ("slot", "WB-PG-080"),
    ("table", "WB-PG-031"),
    ("subject", "WB-REG-"),
];

/// Adds a connector to `config`: `name` is its prefix too.
fn add(config: &mut Config, name: &str, url: &str, tables: &str) {
    let section = format!("connectors.{name}");
    let (url, prefix, tables) = (text(url), text(name), format!("[{tables:?}]"));
    for (key, value) in [("url", url), ("topic_prefix", prefix), ("tables", tables)] {
        config.set(&section, key, value);
    }
}

/// What each of those that misbehave is told.
async fn misbehave(world: &World, config: &mut Config) {
    let (db, name) = (world.database(), world.name());
    let good = db.url();
    let with = |what: &str| format!("{name}_{what}");
    add(config, &with("role"), &role_url(&good), "public.idle");
    add(config, &with("host"), "postgres://postgres@127.0.0.1:1/none", "public.idle");
    add(config, &with("slot"), &good, "public.idle");
    let taken = format!("taken_{}", name.to_ascii_lowercase());
    db.run(format!("SELECT pg_create_logical_replication_slot('{taken}', 'pgoutput')")).await;
    config.set(&format!("connectors.{}", with("slot")), "slot", text(&taken));
    add(config, &with("table"), &good, "public.nowhere");
    add(config, &with("subject"), &good, "public.subject");
    for at in ["subject", "idle"] {
        db.run(format!("CREATE TABLE {at} (id int PRIMARY KEY, v text)")).await;
    }
    db.run("INSERT INTO subject VALUES (1, 'x')").await;
    let subject = format!("{}.public.subject-value", with("subject"));
    let registry = stack::registry();
    let send = async |method: reqwest::Method, path: String, body: &'static str| {
        let request = http().request(method, format!("{registry}{path}"));
        let request = request.header("content-type", "application/vnd.schemaregistry.v1+json");
        let response = request.body(body).send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {:?}", response.text().await);
    };
    let schema = r#"{"schema": "\"string\""}"#;
    send(reqwest::Method::POST, format!("/subjects/{subject}/versions"), schema).await;
    send(reqwest::Method::PUT, format!("/config/{subject}"), r#"{"compatibility": "FULL"}"#).await;
}

/// The URL with a role that does not exist.
fn role_url(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let rest = rest.split_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}://walbrook_nobody@{rest}")
}

/// Inserts a row every 20 ms until it is told to stop; answers how many.
async fn write(world: World, table: String, stop: Arc<AtomicBool>) -> usize {
    let mut session = world.database().connect().await;
    let mut every = tokio::time::interval(Duration::from_millis(20));
    let mut id = 0;
    while !stop.load(Relaxed) {
        every.tick().await;
        id += 1;
        session.run(format!("INSERT INTO {table} VALUES ({id}, 'row {id}')")).await.unwrap();
    }
    id
}

async fn statuses(daemon: &Daemon) -> Value {
    let url = format!("{}/connectors?expand=status", daemon.admin());
    crate::support::registry::get(&url).await.unwrap_or_default()
}

fn phase(statuses: &Value, name: &str) -> String {
    statuses[name]["status"]["walbrook"]["phase"].as_str().unwrap_or_default().to_owned()
}

fn code(statuses: &Value, name: &str) -> String {
    statuses[name]["status"]["walbrook"]["error"]["code"].as_str().unwrap_or_default().to_owned()
}

/// Idle ones, busy ones and misbehaving ones in one process.
#[test]
fn the_misbehaving_hurt_nobody() {
    world::run(Server::Pg18, Use::Share, "many", |world| async move {
        // The long form has its idle ones on MySQL: PostgreSQL's slots are few.
        if acceptance() {
            let pg = world.clone();
            world::alone(Server::MySql, "idlers", |my| async move {
                my.database().run("CREATE TABLE idle (id int PRIMARY KEY)").await;
                let table = format!("{}.idle", my.database().schema());
                together(pg, &my.database().url(), &table).await;
            })
            .await;
        } else {
            let url = world.database().url();
            together(world, &url, "public.quiet").await;
        }
    });
}

async fn together(world: World, idle_url: &str, idle_table: &str) {
    let (idle, busy) = (scale(6, 40), scale(4, 15));
    let db = world.database();
    db.run("CREATE TABLE quiet (id int PRIMARY KEY)").await;
    let mut config = Config::new(world.name(), &db.url(), world.name(), &["public.quiet"]);
    let name = |kind: &str, n: usize| format!("{}_{kind}{n}", world.name());
    for n in 0..idle {
        add(&mut config, &name("idle", n), idle_url, idle_table);
    }
    let mut followers = Vec::new();
    for n in 0..busy {
        db.run(format!("CREATE TABLE busy{n} (id int PRIMARY KEY, v text)")).await;
        add(&mut config, &name("busy", n), &db.url(), &format!("public.busy{n}"));
        followers.push(Follower::start(&name("busy", n), "public"));
    }
    misbehave(&world, &mut config).await;
    let daemon = world.daemon(&config);
    wait("the good ones stream", seconds(120), async || {
        let statuses = self::statuses(&daemon).await;
        let good = (0..idle).map(|n| name("idle", n)).chain((0..busy).map(|n| name("busy", n)));
        good.into_iter().all(|name| phase(&statuses, &name) == "streaming").then_some(())
    })
    .await;
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..busy)
        .map(|n| tokio::task::spawn_local(write(world.clone(), format!("busy{n}"), stop.clone())))
        .collect();
    let (begin, before) = (Instant::now(), daemon.cpu_seconds());
    tokio::time::sleep(scale(seconds(8), seconds(120))).await;
    println!(
        "  {} connectors: {} MiB at most, {} threads, {:.2} of a processor",
        idle + busy + 6,
        daemon.peak_mib(),
        daemon.threads(),
        (daemon.cpu_seconds() - before) / begin.elapsed().as_secs_f64()
    );
    stop.store(true, Relaxed);
    for (n, writer) in writers.into_iter().enumerate() {
        let written = writer.await.unwrap();
        let told = || -> Vec<i64> {
            let seen = followers[n].seen();
            let ids = seen.iter().filter_map(|s| s.key.as_ref()?.number("id"));
            ids.collect()
        };
        wait("every row is told", seconds(60), async || (told().len() >= written).then_some(()))
            .await;
        followers[n].quiet(Duration::from_millis(300)).await;
        let expected: Vec<i64> = (1..=written as i64).collect();
        assert_eq!(told(), expected, "busy{n}: in order, once");
    }
    let statuses = self::statuses(&daemon).await;
    for (what, wanted) in BAD {
        let name = format!("{}_{what}", world.name());
        let (phase, code) = (self::phase(&statuses, &name), self::code(&statuses, &name));
        println!("  {what}: {phase} {code}");
        assert!(code.starts_with(wanted), "{what}: {}", statuses[&name]);
        assert!(["failed", "retrying"].contains(&phase.as_str()), "{what}: {phase}");
    }
    for n in 0..idle {
        assert_eq!(
            phase(&statuses, &name("idle", n)),
            "streaming",
            "{}",
            statuses[name("idle", n)]
        );
    }
}
