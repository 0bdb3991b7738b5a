//! Tables whose keys are texts, read while they are written to: what comes before what is the
//! collation's affair, and every collation has ideas of its own.

use crate::support::database::Database;
use crate::support::stack::{scale, seconds};
use crate::support::world::{self, World};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// Character set and collation of each table's key. The first two are compared by the daemon, of
/// the others the server is asked: `Z` before `a`, `aa` behind `z`.
const COLLATIONS: [(&str, &str); 4] = [
    ("utf8mb4", "utf8mb4_general_ci"),
    ("utf8mb4", "utf8mb4_bin"),
    ("latin1", "latin1_bin"),
    ("utf8mb4", "utf8mb4_danish_ci"),
];

/// Rows of a table.
const ROWS: u64 = 20_000;

/// The key of row `n`, as SQL.
fn key(n: &str) -> String {
    format!("concat(elt(1 + {n} % 3, 'Z', 'a', 'aa'), {n} + 100000)")
}

/// Every key is told once, as a row, before any change of it, and the last state told is the true
/// one.
pub async fn read_under_load(world: World) {
    let db = world.database();
    let rows = scale(ROWS, 10 * ROWS);
    for (number, (charset, collation)) in COLLATIONS.iter().enumerate() {
        db.run(format!(
            "CREATE TABLE words_{number} (k varchar(20) CHARACTER SET {charset} \
             COLLATE {collation} PRIMARY KEY, ver int NOT NULL)"
        ))
        .await;
        let values = format!("{}, 0", key("i"));
        db.generate(&format!("words_{number}"), &values, 1, rows).await;
    }
    let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let writers: Vec<_> = (0..COLLATIONS.len())
        .map(|table| {
            let (url, stop, written) = (db.url(), stop.clone(), written.clone());
            std::thread::spawn(move || {
                world::block_on(write(url, table, rows, stop, written));
            })
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
    for (table, (_, collation)) in COLLATIONS.iter().enumerate() {
        let mut told: HashMap<String, i64> = HashMap::new();
        for seen in follower.seen().iter().filter(|s| *s.table == *format!("words_{table}")) {
            let (Some(change), Some(key)) = (seen.change(), &seen.key) else { continue };
            let ver = change.after.as_ref().and_then(|row| row.number("ver")).unwrap();
            let first = told.insert(key.text(), ver).is_none();
            assert_eq!(first, change.op == 'r', "{collation} {}", seen.place());
        }
        assert_eq!(told.len() as u64, rows, "{collation}");
        assert_eq!(wrong(db, table, &told).await, 0, "{collation}");
    }
}

/// How many rows are otherwise in the database.
async fn wrong(db: &Database, table: usize, told: &HashMap<String, i64>) -> usize {
    let rows = db.list(format!("SELECT concat(k, '=', ver) FROM words_{table}")).await;
    let differs = |row: &&String| {
        let (key, ver) = row.split_once('=').unwrap();
        told.get(key).copied() != ver.parse().ok()
    };
    rows.iter().filter(differs).count()
}

/// Updates rows of a table here and there until told to stop.
async fn write(
    url: String,
    table: usize,
    rows: u64,
    stop: Arc<AtomicBool>,
    written: Arc<AtomicU64>,
) {
    let mut session = crate::support::session::connect(&url).await;
    let mut n = 7 * table as u64;
    while !stop.load(Relaxed) {
        n = (n + 7_919) % rows;
        let key = key(&(n + 1).to_string());
        let sql = format!("UPDATE words_{table} SET ver = ver + 1 WHERE k = {key}");
        session.run(sql).await.unwrap();
        written.fetch_add(1, Relaxed);
    }
}
