//! `walbrook doctor` on real servers that are set up well, and on broken ones: what it says is
//! reviewed sentence by sentence.

use crate::broken::filtered;
use crate::support::daemon::{Config, binary, free_port, text};
use crate::support::stack::{Server, Use, stack_with};
use crate::support::world::{self, World};
use rdkafka::admin::{AdminOptions, NewTopic, TopicReplication};
use serde_json::Value;
use std::process::{Command, Output};

fn world(server: Server, name: &str, test: impl AsyncFnOnce(World) + 'static) {
    world::run(server, Use::Share, name, |w| test(w));
}

/// Runs the doctor over `config`.
fn run(w: &World, config: &Config, arguments: &[&str]) -> Output {
    let file = w.directory().join("doctor.toml");
    std::fs::write(&file, config.toml()).unwrap();
    Command::new(binary())
        .arg("doctor")
        .arg("--config")
        .arg(&file)
        .args(arguments)
        .output()
        .unwrap()
}

/// What it found, as JSON.
fn findings(w: &World, config: &Config) -> (Option<i32>, Vec<Value>) {
    let output = run(w, config, &["--json"]);
    let text = String::from_utf8_lossy(&output.stdout);
    let answer: Value = serde_json::from_str(&text)
        .unwrap_or_else(|e| panic!("{e}: {text}\n{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), answer["findings"].as_array().unwrap().clone())
}

fn codes<'a>(findings: &'a [Value], level: &str) -> Vec<&'a str> {
    let of = findings.iter().filter(|finding| finding["level"] == level);
    of.filter_map(|finding| finding["code"].as_str()).collect()
}

/// Everything that is not well, as text, without what other tests have left on the shared servers.
fn told(w: &World, findings: &[Value]) -> String {
    let mine = |finding: &&Value| {
        let (message, level) = (finding["message"].to_string(), finding["level"].as_str());
        let shared = ["WB-PG-041", "WB-PG-043", "WB-MYSQL-047", "WB-PG-035", "WB-MYSQL-035"];
        let foreign = finding["code"].as_str().is_some_and(|code| shared.contains(&code));
        level != Some("ok") && (!foreign || message.contains(w.name()))
    };
    let line = |finding: &Value| {
        let part = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        format!("{} {}\n{}\n{}\n", part("level"), part("code"), part("message"), part("fix"))
    };
    filtered(w, &findings.iter().filter(mine).map(line).collect::<Vec<_>>().join("\n"))
}

/// A well set up PostgreSQL: a role with exactly what `--print-grants` prints has nothing to mend.
#[test]
fn its_own_grants_are_enough_for_postgres() {
    world(Server::Pg18, "docgrants", async |w| {
        let db = w.database();
        db.run("CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE \"T 2\" (id int PRIMARY KEY)")
            .await;
        let role = format!("r_{}", w.name());
        let mut config = w.config(&["*"]);
        config.set("admin", "listen", text(&format!("127.0.0.1:{}", free_port())));
        config.key("url", text(&db.url().replace("postgres@", &format!("{role}@"))));
        config.key("publication", text(w.name()));
        // The role does not exist yet: the script comes from the configuration.
        let script = run(&w, &config, &["--print-grants"]).stdout;
        let script = String::from_utf8(script).unwrap();
        assert!(script.contains("GRANT SELECT ON ALL TABLES"), "{script}");
        // As somebody who sees the tables it names them.
        let mut root = w.config(&["*"]);
        root.key("publication", text(w.name()));
        let script = String::from_utf8(run(&w, &root, &["--print-grants"]).stdout).unwrap();
        let script = script.replace("\"postgres\"", &format!("\"{role}\""));
        assert!(script.contains("\"public\".\"T 2\""), "{script}");
        db.run(script.as_str()).await;
        config.key("publication_mode", text("existing"));
        let (exit, found) = findings(&w, &config);
        println!("{}", told(&w, &found));
        assert_eq!((exit, codes(&found, "fail")), (Some(0), Vec::new()));
        assert!(codes(&found, "ok").len() >= 20, "{}", found.len());
        assert!(!codes(&found, "warn").contains(&"WB-PG-047"));
        db.run(format!("DROP OWNED BY \"{role}\"; DROP ROLE \"{role}\"")).await;
    });
}

/// One database in which nearly everything is wrong that can be wrong there.
#[test]
fn a_broken_postgres() {
    world(Server::Pg18, "docbroken", async |w| {
        let db = w.database();
        let role = format!("r_{}", w.name());
        db.run(format!(
            "CREATE ROLE {role} LOGIN; \
             CREATE TABLE good (id int PRIMARY KEY); GRANT SELECT ON good TO {role}; \
             CREATE TABLE hidden (id int PRIMARY KEY, owner text); GRANT SELECT ON hidden TO {role}; \
             ALTER TABLE hidden ENABLE ROW LEVEL SECURITY; \
             CREATE TABLE nokey (v text); GRANT SELECT ON nokey TO {role}; \
             CREATE TABLE secret (id int PRIMARY KEY); \
             CREATE UNLOGGED TABLE scratch (id int PRIMARY KEY)"
        ))
        .await;
        let mut config = w.config(&["*"]);
        config.key("url", text(&db.url().replace("postgres@", &format!("{role}@"))));
        let (exit, found) = findings(&w, &config);
        let told = told(&w, &found);
        println!("{told}");
        db.run(format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
        assert_eq!(exit, Some(1));
        insta::assert_snapshot!("doctor_postgres", told);
    });
}

/// A slot that nobody reads and no connector has.
#[test]
fn a_slot_that_is_left_over() {
    world(Server::Pg18, "docslot", async |w| {
        let db = w.database();
        db.run("CREATE TABLE t (id int PRIMARY KEY)").await;
        let slot = format!("walbrook_old_{}", w.name());
        db.run(format!("SELECT pg_create_logical_replication_slot('{slot}', 'pgoutput')")).await;
        let (_, found) = findings(&w, &w.config(&["t"]));
        let left = found.iter().find(|it| it["message"].to_string().contains(&slot)).unwrap();
        assert_eq!((&left["code"], &left["level"]), (&"WB-PG-041".into(), &"warn".into()));
        assert!(left["fix"].to_string().contains(&format!("pg_drop_replication_slot('{slot}')")));
    });
}

/// A server on which logical decoding is off, set up as Amazon RDS is: the fix is RDS's own.
#[test]
fn the_fix_is_that_of_the_server_at_hand() {
    world(Server::Pg15, "docflavour", async |w| {
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
        let mut session = crate::support::session::connect(&url).await;
        let sql = "CREATE TABLE t (id int PRIMARY KEY); CREATE ROLE rds_superuser; \
                   CREATE ROLE rds_replication; CREATE ROLE plain LOGIN; GRANT SELECT ON t TO plain";
        let made = session.run(sql).await;
        let url = url.replace("postgres@", "plain@");
        let config = Config::new(w.name(), &url, w.name(), &["public.t"]);
        let (exit, found) = findings(&w, &config);
        stack_with("kill", "postgres15", environment()).await;
        let _ = std::fs::remove_dir_all(&home);
        made.unwrap();
        assert_eq!(exit, Some(1));
        let told = told(&w, &found);
        for part in [
            "fail WB-PG-027\nwal_level is replica, not logical.\nSet rds.logical_replication = 1 in the \
             instance's DB parameter group, and reboot the instance.",
            "Run GRANT rds_replication TO \"plain\";",
        ] {
            assert!(told.contains(part), "{part} is missing in\n{told}");
        }
    });
}

/// Nothing answers: one sentence for each place, and the other places are looked at all the same.
#[test]
fn nobody_answers() {
    world(Server::Pg18, "docaway", async |w| {
        let url = "postgres://postgres@127.0.0.1:9/x";
        let mut config = Config::new(w.name(), url, w.name(), &["public.t"]);
        config.set("kafka", "brokers", text("127.0.0.1:9"));
        config.set("registry", "url", text("http://127.0.0.1:9"));
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        config.set("admin", "listen", text(&address));
        let (exit, found) = findings(&w, &config);
        assert_eq!(exit, Some(1));
        assert!(codes(&found, "fail").contains(&"WB-KAFKA-001"));
        // Why a broker is away is told by the client library, in one way or another.
        let found: Vec<Value> =
            found.into_iter().filter(|finding| finding["code"] != "WB-KAFKA-001").collect();
        insta::assert_snapshot!("doctor_nobody", told(&w, &found));
    });
}

/// Topics that do not suit, a checkpoint topic that would lose the checkpoint, and none to be made.
#[test]
fn topics_that_do_not_suit() {
    world(Server::Pg18, "doctopics", async |w| {
        let db = w.database();
        db.run(
            "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (v text); \
                CREATE TABLE c (id int PRIMARY KEY)",
        )
        .await;
        let mut config = w.config(&["*"]);
        config.set("kafka", "create_topics", "false");
        let topic = |name: String, key: &'static str, value: &'static str| {
            let w = w.clone();
            async move {
                let topic = NewTopic::new(&name, 1, TopicReplication::Fixed(1)).set(key, value);
                w.kafka().create_topics(&[topic], &AdminOptions::new()).await.unwrap();
            }
        };
        topic(config.checkpoint_topic(), "cleanup.policy", "delete").await;
        topic(format!("{}.public.a", w.name()), "max.message.bytes", "20000").await;
        topic(format!("{}.public.b", w.name()), "cleanup.policy", "compact").await;
        let (exit, found) = findings(&w, &config);
        assert_eq!(exit, Some(1));
        let kafka: Vec<Value> = found
            .into_iter()
            .filter(|it| it["code"].as_str().is_some_and(|code| code.starts_with("WB-KAFKA")))
            .collect();
        let told = told(&w, &kafka);
        for part in [
            "fail WB-KAFKA-040\nThe checkpoint topic \"__walbrook-NAME-checkpoint\" has cleanup.policy=delete",
            "warn WB-KAFKA-020\nThe topic \"NAME.public.a\" takes records of N bytes at most",
            "fail WB-KAFKA-063\nThe topic \"NAME.public.b\" is compacted (cleanup.policy=compact)",
            "fail WB-KAFKA-021\n1 topics do not exist, \"NAME.public.c\" for one, and create_topics is false.",
        ] {
            assert!(told.contains(part), "{part} is missing in\n{told}");
        }
    });
}

/// What an account may not do, what a table lacks, on a server that is its own replica's id.
async fn a_broken_log(w: World, watch: &'static str) {
    let db = w.database();
    db.run(
        "CREATE TABLE good (id int PRIMARY KEY); CREATE TABLE nokey (v text); \
            CREATE TABLE old (id int PRIMARY KEY) ENGINE = MyISAM",
    )
    .await;
    let user = format!("r_{}", w.name());
    let account = format!("'{user}'@'127.0.0.1'");
    db.run(format!("CREATE USER {account}")).await;
    w.undo(format!("DROP USER {account}"));
    db.run(format!("GRANT {watch} ON *.* TO {account}")).await;
    db.run(format!("GRANT SELECT ON {}.* TO {account}", db.name)).await;
    let own = db.ask("SELECT @@GLOBAL.server_id").await.unwrap();
    let mut config = w.config(&["*"]);
    config.key("url", text(&db.url().replace("root@", &format!("{user}@"))));
    config.key("server_id", &own);
    config.key("include_query", "true");
    let (exit, found) = findings(&w, &config);
    assert_eq!(exit, Some(1));
    assert!(codes(&found, "ok").len() >= 10, "{found:?}");
    let fail = codes(&found, "fail");
    for code in ["WB-MYSQL-037", "WB-MYSQL-042"] {
        assert!(fail.contains(&code), "{code} is not in {fail:?}");
    }
    let warn = codes(&found, "warn");
    for code in ["WB-MYSQL-040", "WB-MYSQL-048"] {
        assert!(warn.contains(&code), "{code} is not in {warn:?}");
    }
    let name = format!("doctor_{}", db.server.service());
    insta::assert_snapshot!(name, told(&w, &found));
}

#[test]
fn a_broken_mysql() {
    world(Server::MySql, "docmysql", async |w| a_broken_log(w, "REPLICATION CLIENT").await);
}

#[test]
fn a_broken_mariadb() {
    world(Server::MariaDb, "docmaria", async |w| a_broken_log(w, "BINLOG MONITOR").await);
}

/// A wrong configuration is told as `validate` tells it, and nobody is asked anything.
#[test]
fn a_wrong_configuration() {
    world(Server::Pg18, "docconfig", async |w| {
        let mut config = w.config(&["t"]);
        config.key("tabels", "[]");
        let output = run(&w, &config, &[]);
        assert_eq!(output.status.code(), Some(78));
        assert!(String::from_utf8_lossy(&output.stderr).contains("WB-CFG-003"));
    });
}
