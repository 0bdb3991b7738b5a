//! Several writers that change several tables at once, and note it in the ledger.
//!
//! A writer is a lane. It works in one transaction after the other: inserts, updates, deletes, key
//! changes over several tables, savepoints rolled back, whole transactions rolled back. It keeps no
//! counters of its own: the verbs in `workload.*.sql` take the next number from the ledger, so a lost
//! connection or a commit whose outcome is unknown needs nothing but a new connection.

use super::chance::Chance;
use super::database::Database;
use super::session::{Session, connect};
use super::stack::Dialect;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::task::JoinHandle;

/// The ledger's table as the oracle names it.
pub const LEDGER: &str = "ledger";

/// The captured tables.
pub const TABLES: &[&str] = &["items", "pairs", "keyless_log", LEDGER];

/// Keys that all lanes fight for.
const HOT: u64 = 40;

/// How much is to be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Number of writers.
    pub lanes: i32,
    /// Pause between two transactions of a writer.
    pub pause: Duration,
    /// Sizes of transactions to choose from.
    pub sizes: Vec<u64>,
    /// Chooses everything.
    pub seed: u64,
    /// Keys 1..=filled of `items` are there from the start.
    pub filled: u64,
    /// Settings of the writers' sessions, such as another row image.
    pub session: &'static str,
}

impl Plan {
    /// Three writers, about a hundred transactions a second in all.
    pub fn new(seed: u64, filled: u64) -> Self {
        let sizes = vec![1, 1, 1, 2, 3, 5, 20];
        Self { lanes: 3, pause: Duration::from_millis(20), sizes, seed, filled, session: "" }
    }
}

/// Creates tables and verbs, and fills the tables as they are when a snapshot begins.
pub async fn prepare(database: &Database, items: u64, pairs: u64) {
    let verbs = match database.dialect() {
        Dialect::Postgres => include_str!("workload.postgres.sql"),
        Dialect::MySql | Dialect::MariaDb => include_str!("workload.mysql.sql"),
    };
    database.run(verbs).await;
    let (columns, flag) = ("(id, lane, ver, v, n, flag, mark)", "i % 3 = 0");
    let values = format!("i, -1, 1, repeat('filler ', i % 9), i / 7.0, {flag}, 0");
    database.generate(&format!("items {columns}"), &values, 1, items).await;
    database.generate("pairs", "i, 'base', -1, 1, concat('pair ', i), 0", 1, pairs).await;
}

/// What a writer's session is told first.
fn settings(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Postgres => "SET deadlock_timeout = '50ms'",
        Dialect::MySql | Dialect::MariaDb => {
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
             SET SESSION innodb_lock_wait_timeout = 5"
        }
    }
}

/// What was done.
#[derive(Debug, Default)]
pub struct Figures {
    committed: AtomicU64,
    rolled_back: AtomicU64,
    reconnects: AtomicU64,
    unknown: AtomicU64,
}

/// Running writers.
pub struct Workload {
    stop: Arc<AtomicBool>,
    figures: Arc<Figures>,
    lanes: Vec<JoinHandle<()>>,
}

impl Workload {
    /// Starts the writers.
    pub fn start(database: &Database, plan: &Plan) -> Self {
        let (stop, figures) = (Arc::new(AtomicBool::new(false)), Arc::new(Figures::default()));
        let lanes = (0..plan.lanes).map(|lane| {
            let chance = Chance::new(plan.seed.wrapping_mul(1000).wrapping_add(lane as u64));
            let (stop, figures) = (stop.clone(), figures.clone());
            let (database, plan) = (database.clone(), plan.clone());
            tokio::task::spawn_local(Writer { database, lane, plan, chance, stop, figures }.run())
        });
        Self { lanes: lanes.collect(), stop, figures }
    }

    /// Number of committed transactions so far.
    pub fn committed(&self) -> u64 {
        self.figures.committed.load(Relaxed)
    }

    /// Stops the writers after their current transactions.
    pub async fn stop(mut self) {
        self.stop.store(true, Relaxed);
        for lane in std::mem::take(&mut self.lanes) {
            lane.await.unwrap();
        }
        println!("  workload: {:?}", self.figures);
    }
}

/// A test that fails must not leave writers behind.
impl Drop for Workload {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
    }
}

struct Writer {
    database: Database,
    lane: i32,
    plan: Plan,
    chance: Chance,
    stop: Arc<AtomicBool>,
    figures: Arc<Figures>,
}

impl Writer {
    async fn run(mut self) {
        while !self.stop.load(Relaxed) {
            let mut c = connect(&self.database.url()).await;
            let _ = c.run(settings(self.database.dialect())).await;
            if !self.plan.session.is_empty() {
                c.run(self.plan.session).await.unwrap();
            }
            while !self.stop.load(Relaxed) {
                match self.transaction(&mut c).await {
                    Ok(true) => self.figures.committed.fetch_add(1, Relaxed),
                    Ok(false) => self.figures.rolled_back.fetch_add(1, Relaxed),
                    // A deadlock, or the server went away.
                    Err(_) => {
                        self.figures.rolled_back.fetch_add(1, Relaxed);
                        if c.run("ROLLBACK").await.is_err() {
                            self.figures.reconnects.fetch_add(1, Relaxed);
                            break;
                        }
                        0
                    }
                };
                tokio::time::sleep(self.plan.pause).await;
            }
        }
    }

    /// One transaction; whether it was committed.
    async fn transaction(&mut self, c: &mut Session) -> sqlx::Result<bool> {
        let xid = self.chance.bits() >> 12;
        c.run(self.database.dialect().begin(xid)).await?;
        for _ in 0..*self.chance.one(&self.plan.sizes) {
            let undone = self.chance.percent(4);
            if undone {
                c.run("SAVEPOINT here").await?;
                c.run(self.change()).await?;
            }
            c.run(self.change()).await?;
            if undone {
                c.run("ROLLBACK TO here").await?;
            }
        }
        if self.chance.percent(4) {
            c.run("ROLLBACK").await?;
            return Ok(false);
        }
        let outcome = c.run("COMMIT").await;
        if outcome.is_err() {
            // Perhaps it happened. The ledger knows, and the next connection reads it.
            self.figures.unknown.fetch_add(1, Relaxed);
        }
        outcome.map(|_| true)
    }

    /// The statement of one change.
    fn change(&mut self) -> String {
        let (lane, item) = (self.lane, self.item());
        let (a, b) = (self.chance.below(12) as i32, *self.chance.one(&["x", "ü/ö", "", "base"]));
        let dialect = self.database.dialect();
        let q = |text: &str| dialect.quoted(text);
        match self.chance.below(100) {
            0..35 => {
                let (v, n, flag) = (self.text(), self.amount(), self.chance.percent(50));
                let mark = item_mark(item, v.as_deref(), &n, flag);
                let v = v.map_or("NULL".into(), |v| q(&v));
                let n = q(&n);
                dialect.call("put_item", &format!("{lane}, {item}, {v}, {n}, {flag}, {mark}"))
            }
            35..50 => dialect.call("touch_item", &format!("{lane}, {item}")),
            50..60 => dialect.call("drop_item", &format!("{lane}, {item}")),
            60..65 => dialect.call("rekey_item", &format!("{lane}, {item}, {}", self.item())),
            65..80 => {
                let v = self.short();
                let mark = pair_mark(a, b, &v);
                let (b, v) = (q(b), q(&v));
                dialect.call("put_pair", &format!("{lane}, {a}, {b}, {v}, {mark}"))
            }
            80..90 => dialect.call("drop_pair", &format!("{lane}, {a}, {}", q(b))),
            _ => dialect.call("append", &format!("{lane}, {}", q(&self.short()))),
        }
    }

    /// A key: hot, filled, or of the lane's own.
    fn item(&mut self) -> i64 {
        let own = 1_000_000 * (i64::from(self.lane) + 1);
        match self.chance.below(10) {
            0..4 => 500_000 + self.chance.below(HOT) as i64,
            4..7 if self.plan.filled > 0 => 1 + self.chance.below(self.plan.filled) as i64,
            _ => own + self.chance.below(20_000) as i64,
        }
    }

    fn text(&mut self) -> Option<String> {
        match self.chance.below(10) {
            0 => None,
            // Longer than a page's quarter and stored outside: TOAST.
            1 => Some(format!("{:x} ", self.chance.bits()).repeat(200)),
            _ => Some(self.short()),
        }
    }

    fn short(&mut self) -> String {
        let word = self.chance.one(&["Zoë", "李雷", "O'Neil", "a\"b", "😀", "tab\there", "\\", ""]);
        let word = (*word).to_owned();
        format!("{word} {}", self.chance.below(10_000))
    }

    fn amount(&mut self) -> String {
        let cents = self.chance.below(2_000_000) as i64 - 1_000_000;
        let sign = if cents < 0 { "-" } else { "" };
        format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
    }
}

/// The mark of a row of `items`; never 0.
pub fn item_mark(id: i64, v: Option<&str>, n: &str, flag: bool) -> i64 {
    mark(&format!("{id}|{}|{n}|{flag}", v.unwrap_or("null")))
}

/// The mark of a row of `pairs`; never 0.
pub fn pair_mark(a: i32, b: &str, v: &str) -> i64 {
    mark(&format!("{a}|{b}|{v}"))
}

/// FNV-1a.
fn mark(text: &str) -> i64 {
    let step = |h: u64, b: &u8| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3);
    let hash = text.as_bytes().iter().fold(0xcbf2_9ce4_8422_2325_u64, step);
    (hash as i64).max(i64::MIN + 1).abs().max(1)
}
