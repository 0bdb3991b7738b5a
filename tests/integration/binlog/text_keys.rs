//! Tables whose keys are no plain numbers, read while they are written to. Of texts the collation says
//! what comes before what, and every collation has ideas of its own; times and decimals are compared
//! as the server has them, whatever they are told as.

use crate::support::database::Database;
use crate::support::stack::{scale, seconds};
use crate::support::world::{self, World};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// The type of each table's key, and the key of row `{n}`. The first two texts are compared by the
/// daemon, of the others the server is asked: `Z` before `a`, `aa` behind `z`.
const KEYS: [(&str, &str); 9] = [
    ("varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", WORD),
    ("varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", WORD),
    ("varchar(20) CHARACTER SET latin1 COLLATE latin1_bin", WORD),
    ("varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_danish_ci", WORD),
    ("date", "timestampadd(day, {n}, '1930-01-01')"),
    ("datetime(6)", "timestampadd(microsecond, 61234567 * {n}, '1969-12-30')"),
    ("timestamp(3)", "timestampadd(microsecond, 7001000 * {n}, '2000-02-01')"),
    ("decimal(30,4)", "(cast({n} AS signed) - 9000) * 1000000000000000.1237"),
    ("year", "1901 + {n}"),
];

const WORD: &str = "concat(elt(1 + {n} % 3, 'Z', 'a', 'aa'), {n} + 100000)";

/// Rows of a table; of a year there are fewer.
fn rows_of(table: usize) -> u64 {
    if KEYS[table].0 == "year" { 250 } else { scale(20_000, 200_000).min(60_000) }
}

/// The key of row `n`, as SQL.
fn key(table: usize, n: &str) -> String {
    KEYS[table].1.replace("{n}", n)
}

/// Every key is told once, as a row, before any change of it, and the last state told is the true
/// one.
pub async fn read_under_load(world: World) {
    let db = world.database();
    for (table, (kind, _)) in KEYS.iter().enumerate() {
        let name = format!("words_{table}");
        db.run(format!("CREATE TABLE {name} (k {kind} NOT NULL PRIMARY KEY, n int, ver int)"))
            .await;
        let values = format!("{}, i, 0", key(table, "i"));
        db.generate(&name, &values, 1, rows_of(table)).await;
    }
    let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let writers: Vec<_> = (0..KEYS.len())
        .map(|table| {
            let (url, stop, written) = (db.url(), stop.clone(), written.clone());
            std::thread::spawn(move || world::block_on(write(url, table, stop, written)))
        })
        .collect();
    let follower = world.follower();
    let mut daemon = world.daemon(&world.config(&["words_*"]));
    daemon.streaming().await;
    let during = written.load(Relaxed);
    tokio::time::sleep(seconds(1)).await;
    stop.store(true, Relaxed);
    for writer in writers {
        writer.join().unwrap();
    }
    println!("  {during} updates before the stream");
    assert!(during > 20, "only {during} updates were committed while the tables were read");
    follower.quiet(seconds(3)).await;
    for (table, (kind, _)) in KEYS.iter().enumerate() {
        let mut told: HashMap<i64, i64> = HashMap::new();
        for seen in follower.seen().iter().filter(|s| *s.table == *format!("words_{table}")) {
            let Some(row) = seen.change().and_then(|change| change.after.as_ref()) else {
                panic!("{kind}: no row in {}", seen.place());
            };
            let first = told.insert(row.number("n").unwrap(), row.number("ver").unwrap()).is_none();
            let op = seen.change().map(|change| change.op);
            assert_eq!(first, op == Some('r'), "{kind} {}", seen.place());
        }
        assert_eq!(told.len() as u64, rows_of(table), "{kind}");
        assert_eq!(wrong(db, table, &told).await, 0, "{kind}");
    }
}

/// How many rows are otherwise in the database.
async fn wrong(db: &Database, table: usize, told: &HashMap<i64, i64>) -> usize {
    let rows = db.list(format!("SELECT concat(n, '=', ver) FROM words_{table}")).await;
    let differs = |row: &&String| {
        let (n, ver) = row.split_once('=').unwrap();
        told.get(&n.parse().unwrap()).copied() != ver.parse().ok()
    };
    rows.iter().filter(differs).count()
}

/// Updates rows of a table here and there until told to stop.
async fn write(url: String, table: usize, stop: Arc<AtomicBool>, written: Arc<AtomicU64>) {
    let mut session = crate::support::session::connect(&url).await;
    let mut n = 7 * table as u64;
    while !stop.load(Relaxed) {
        n = (n + 7_919) % rows_of(table);
        let key = key(table, &(n + 1).to_string());
        session
            .run(format!("UPDATE words_{table} SET ver = ver + 1 WHERE k = {key}"))
            .await
            .unwrap();
        written.fetch_add(1, Relaxed);
    }
}
