//! One test's world: its database, names, topics and directory; all gone afterwards.

use super::checkpoint::Stored;
use super::consumer::{Follower, consumer, now_us};
use super::daemon::{Config, Daemon};
use super::database::Database;
use super::oracle::{self, Allow, Truth};
use super::stack::{self, Server, Use, seconds};
use super::workload;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::Consumer;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a test works in. Clones are the same world.
#[derive(Clone)]
pub struct World(Arc<Inner>);

struct Inner {
    name: String,
    database: Database,
    directory: PathBuf,
    /// What puts back the settings of the whole server.
    undo: Mutex<Vec<String>>,
}

/// Runs `test` in a world of its own; whatever happens, the world is cleaned up.
pub fn run<F>(server: Server, how: Use, name: &str, test: impl FnOnce(World) -> F)
where
    F: Future<Output = ()> + 'static,
{
    let _turn = stack::turn(how);
    block_on(alone(server, name, test));
}

/// One thread for everything that a test does itself; the follower has its own.
pub fn block_on(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, future);
}

/// The same inside a runtime, for tests that have two worlds.
pub async fn alone<F>(server: Server, name: &str, test: impl FnOnce(World) -> F)
where
    F: Future<Output = ()> + 'static,
{
    let world = World::create(server, name).await;
    let result = tokio::task::spawn_local(test(world.clone())).await;
    if result.is_err() {
        stack::mend().await;
    }
    world.clean(result.is_ok()).await;
    if let Err(e) = result {
        std::panic::resume_unwind(e.into_panic());
    }
}

impl World {
    async fn create(server: Server, name: &str) -> Self {
        let digits = format!("{:x}", now_us() as u64 ^ (u64::from(std::process::id()) << 40));
        let name = format!("{name}_{}", &digits[digits.len() - 8..]);
        let database = Database::create(server, &format!("wb_{name}")).await;
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(&name);
        std::fs::create_dir_all(&directory).unwrap();
        Self(Arc::new(Inner { name, database, directory, undo: Mutex::default() }))
    }

    /// Unique name: of the connector, and its topic prefix.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Its database.
    pub fn database(&self) -> &Database {
        &self.0.database
    }

    /// Gives the whole server a setting of MySQL or MariaDB until the end of the test, which must
    /// be alone.
    pub async fn global(&self, name: &str, value: &str) {
        let quoted = |value: &str| match value.parse::<i64>() {
            Ok(n) => n.to_string(),
            Err(_) => format!("'{value}'"),
        };
        let old = self.database().ask(format!("SELECT @@GLOBAL.{name}")).await.unwrap_or_default();
        self.undo(format!("SET GLOBAL {name} = {}", quoted(&old)));
        self.database().run(format!("SET GLOBAL {name} = {}", quoted(value))).await;
    }

    /// Has `sql` run at the end of the test, the last one first.
    pub fn undo(&self, sql: String) {
        self.0.undo.lock().unwrap().push(sql);
    }

    /// Directory for configuration and logs.
    pub fn directory(&self) -> &PathBuf {
        &self.0.directory
    }

    /// The usual configuration, capturing `tables` (names or globs without the schema).
    pub fn config(&self, tables: &[&str]) -> Config {
        self.config_named(self.name(), tables)
    }

    /// The same under another name.
    pub fn config_named(&self, name: &str, tables: &[&str]) -> Config {
        let schema = self.database().schema();
        let tables: Vec<_> = tables.iter().map(|t| format!("{schema}.{t}")).collect();
        Config::new(name, &self.database().url(), name, &tables)
    }

    /// Starts the daemon.
    pub fn daemon(&self, config: &Config) -> Daemon {
        Daemon::start(config, self.directory())
    }

    /// A follower of this world's topics.
    pub fn follower(&self) -> Follower {
        self.follower_of(self.name())
    }

    /// A follower of the topics of another connector of this world.
    pub fn follower_of(&self, prefix: &str) -> Follower {
        Follower::start(prefix, self.database().schema())
    }

    /// What the daemon stored, as an outsider reads it.
    pub async fn position(&self, config: &Config) -> Option<Stored> {
        let topic = config.checkpoint_topic();
        let read = tokio::task::spawn_blocking(move || super::checkpoint::read(&topic));
        super::checkpoint::position(&read.await.unwrap()?)
    }

    /// Waits until the follower has every row of the ledger, then until nothing more comes, and
    /// lets the oracle decide. Fails the test with what the oracle found.
    pub async fn verdict(&self, follower: &Follower, daemon: &mut Daemon, allow: Allow) {
        let wanted = self.database().number("SELECT count(*) FROM ledger").await as usize;
        let begin = std::time::Instant::now();
        while follower.changes(workload::LEDGER) < wanted {
            if begin.elapsed() > seconds(120) {
                eprintln!("  drain: {} of {wanted}", follower.changes(workload::LEDGER));
                eprintln!("  status: {:?}\n{}", daemon.ours().await, daemon.tail());
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        println!("  drained in {:.1} s", begin.elapsed().as_secs_f64());
        follower.quiet(seconds(2)).await;
        self.judge(follower, allow).await;
    }

    /// Lets the oracle decide now.
    pub async fn judge(&self, follower: &Follower, allow: Allow) {
        let truth = Truth::read(self.database()).await;
        let verdict = oracle::judge(&follower.seen(), &truth, allow);
        println!("{verdict}");
        assert!(
            verdict.faults.is_empty(),
            "the oracle found faults in {}:\n{verdict}",
            self.name()
        );
    }

    /// An admin client of the broker.
    pub fn kafka(&self) -> AdminClient<DefaultClientContext> {
        ClientConfig::new().set("bootstrap.servers", stack::kafka()).create().unwrap()
    }

    /// Deletes `topics`.
    pub async fn delete_topics(&self, topics: &[&str]) {
        let options = AdminOptions::new().operation_timeout(Some(seconds(10)));
        if let Err(e) = self.kafka().delete_topics(topics, &options).await {
            eprintln!("  left behind: topics {topics:?}: {e}");
        }
    }

    /// Deletes `topic`, and waits until the broker says that there is none.
    pub async fn without_topic(&self, topic: &str) {
        self.delete_topics(&[topic]).await;
        let kafka = self.kafka();
        stack::wait("the topic is gone", seconds(30), async || {
            let all = kafka.inner().fetch_metadata(None, seconds(5)).ok()?;
            all.topics().iter().all(|it| it.name() != topic).then_some(())
        })
        .await;
    }

    async fn clean(&self, passed: bool) {
        let undo = std::mem::take(&mut *self.0.undo.lock().unwrap());
        for sql in undo.into_iter().rev() {
            if let Err(e) = self.database().connect().await.run(sql.as_str()).await {
                eprintln!("  left behind: not done: {sql}: {e}");
            }
        }
        self.database().drop().await;
        let name = self.name().to_owned();
        let topics = tokio::task::spawn_blocking(move || {
            let all = consumer(&[]).fetch_metadata(None, seconds(5)).ok()?;
            let names = all.topics().iter().map(|t| t.name().to_owned());
            Some(names.filter(|t| t.contains(&name)).collect::<Vec<_>>())
        });
        let topics = topics.await.unwrap().unwrap_or_default();
        if !topics.is_empty() {
            self.delete_topics(&topics.iter().map(String::as_str).collect::<Vec<_>>()).await;
        }
        if passed && std::env::var_os("WALBROOK_KEEP").is_none() {
            let _ = std::fs::remove_dir_all(self.directory());
        }
    }
}
