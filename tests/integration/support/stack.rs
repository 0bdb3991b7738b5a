//! The servers of `dev/stack`: where they are, and how a test breaks them.

use std::fs::File;
use std::process::Command;
use std::time::{Duration, Instant};

/// One of the database servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// PostgreSQL 15.
    Pg15,
    /// PostgreSQL 18.
    Pg18,
    /// MySQL 9.7: its log has names and GTIDs.
    MySql,
    /// MariaDB 10.11: its log has no names.
    MariaDb,
}

/// What a server speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL.
    #[default]
    Postgres,
    /// MySQL.
    MySql,
    /// MariaDB.
    MariaDb,
}

impl Server {
    /// Its URL, for PostgreSQL with the maintenance database.
    pub fn url(self) -> String {
        address(match self {
            Server::Pg15 => "WALBROOK_TEST_PG15",
            Server::Pg18 => "WALBROOK_TEST_PG18",
            Server::MySql => "WALBROOK_TEST_MYSQL",
            Server::MariaDb => "WALBROOK_TEST_MARIADB",
        })
    }

    /// Its name in `dev/stack`.
    pub fn service(self) -> &'static str {
        match self {
            Server::Pg15 => "postgres15",
            Server::Pg18 => "postgres18",
            Server::MySql => "mysql",
            Server::MariaDb => "mariadb",
        }
    }

    /// What it speaks.
    pub fn dialect(self) -> Dialect {
        match self {
            Server::Pg15 | Server::Pg18 => Dialect::Postgres,
            Server::MySql => Dialect::MySql,
            Server::MariaDb => Dialect::MariaDb,
        }
    }
}

/// The address in `variable`. A test without its servers fails: it is required to run.
pub fn address(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!(
            "{variable} is not set. Start the servers with `make up`, then run \
             `eval \"$(dev/stack env)\"` in the shell of the tests."
        )
    })
}

/// Address of the broker.
pub fn kafka() -> String {
    address("WALBROOK_TEST_KAFKA")
}

/// Base address of the schema registry.
pub fn registry() -> String {
    address("WALBROOK_TEST_REGISTRY")
}

/// Whether the long forms are asked for.
pub fn acceptance() -> bool {
    std::env::var("WALBROOK_ACCEPTANCE").is_ok_and(|v| v == "1")
}

/// `ci` in CI, `long` in the acceptance run.
pub fn scale<T>(ci: T, long: T) -> T {
    if acceptance() { long } else { ci }
}

/// How a test treats the servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Like any other client; may run beside others.
    Share,
    /// It stops or kills servers, or measures time: nothing else runs meanwhile.
    Alone,
}

/// Held while a test runs. It holds across processes, because the servers do too.
#[derive(Debug)]
pub struct Turn(#[expect(dead_code, reason = "held for its lock")] File);

/// Waits until the servers may be used so.
pub fn turn(how: Use) -> Turn {
    let name = format!("walbrook-{}.lock", kafka().replace(':', "-"));
    let path = std::env::temp_dir().join(name);
    let file = File::create(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    match how {
        Use::Share => file.lock_shared(),
        Use::Alone => file.lock(),
    }
    .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    Turn(file)
}

/// `dev/stack VERB SERVICE`; only a test whose turn is [`Use::Alone`] may ask for it.
pub async fn stack(verb: &'static str, service: &'static str) {
    stack_with(verb, service, Vec::new()).await;
}

/// Starts whatever a failed test has left behind stopped.
pub async fn mend() {
    stack_with("up", "", Vec::new()).await;
}

/// The same with other variables: a second stack beside the first, which breaks nobody's server.
pub async fn stack_with(
    verb: &'static str,
    service: &'static str,
    environment: Vec<(&'static str, String)>,
) {
    let begin = Instant::now();
    let script = address("WALBROOK_TEST_STACK");
    let output = tokio::task::spawn_blocking(move || {
        let service = Some(service).filter(|s| !s.is_empty());
        Command::new(&script).arg(verb).args(service).envs(environment).output().unwrap_or_else(
            |e| {
                panic!("{script}: {e}");
            },
        )
    })
    .await
    .unwrap();
    assert!(
        output.status.success(),
        "dev/stack {verb} {service}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    println!("  dev/stack {verb} {service}: {:.1} s", begin.elapsed().as_secs_f64());
}

/// Polls `ask` until it answers, and fails with `what` after `limit`.
pub async fn wait<T>(what: &str, limit: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < end, "waited {limit:?} in vain: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Short form for limits.
pub fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}
