//! Figures: latency at a steady rate, and a backlog drained beside `pg_recvlogical`.
//!
//! CI runs small sizes with loose floors, for it shares its machine; the acceptance run has the
//! real ones.

use crate::support::consumer::{BULK, now_us};
use crate::support::daemon::Daemon;
use crate::support::session::connect;
use crate::support::stack::{self, Dialect, Server, Use, acceptance, scale, seconds};
use crate::support::world::{self, World};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Transactions a second.
const RATE: u64 = 1_000;
/// Connections that share the rate.
const CONNECTIONS: u64 = 8;

/// The time from a statement to its record, at a steady rate.
pub async fn latency(world: World) {
    let db = world.database();
    let at = match db.dialect() {
        Dialect::Postgres => "timestamptz DEFAULT clock_timestamp()",
        Dialect::MySql | Dialect::MariaDb => "timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)",
    };
    db.run(format!("CREATE TABLE ticks (id bigint PRIMARY KEY, at {at})")).await;
    let follower = world.follower();
    let mut config = world.config(&["ticks"]);
    config.key("transaction_metadata", "false");
    let mut daemon = world.daemon(&config);
    daemon.streaming().await;
    let (warm, time) = (seconds(3), scale(seconds(10), seconds(60)));
    let begin = Instant::now();
    let writers: Vec<_> = (0..CONNECTIONS)
        .map(|lane| tokio::task::spawn_local(write(db.url(), lane, begin, warm + time)))
        .collect();
    let mut written = 0;
    for writer in writers {
        written += writer.await.unwrap();
    }
    let rate = written as f64 / begin.elapsed().as_secs_f64();
    let table = "ticks";
    stack::wait("every tick", seconds(60), async || {
        (follower.changes(table) as u64 >= written).then_some(())
    })
    .await;
    let mut latencies: Vec<f64> = follower
        .seen()
        .iter()
        .filter_map(|s| {
            let at = s.change()?.after.as_ref()?.number("at")?;
            Some((s.read_us - at) as f64 / 1000.0)
        })
        .skip((RATE * warm.as_secs()) as usize)
        .collect();
    latencies.sort_by(f64::total_cmp);
    let at = |q: f64| latencies[((latencies.len() - 1) as f64 * q) as usize];
    println!(
        "  {written} transactions, {rate:.0}/s: p50 {:.1} ms, p90 {:.1}, p99 {:.1}, max {:.1}",
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0)
    );
    assert!(rate > RATE as f64 * 0.9, "the writers did not reach the rate: {rate:.0}/s");
    assert!(at(0.99) <= scale(500.0, 50.0), "p99 {:.1} ms", at(0.99));
}

/// One connection's share of the rate; answers how many it has committed.
async fn write(url: String, lane: u64, begin: Instant, time: Duration) -> u64 {
    let mut c = connect(&url).await;
    let step = Duration::from_micros(1_000_000 * CONNECTIONS / RATE);
    let mut n = 0;
    while begin.elapsed() < time {
        let id = lane * 1_000_000_000 + n;
        c.run(format!("INSERT INTO ticks (id) VALUES ({id})")).await.unwrap();
        n += 1;
        let due = step * n as u32;
        tokio::time::sleep(due.saturating_sub(begin.elapsed())).await;
    }
    n
}

#[test]
fn latency_pg18() {
    world::run(Server::Pg18, Use::Alone, "latency", latency);
}

/// Rows a second of `pg_recvlogical` over everything since its slot, to /dev/null.
async fn reference(world: &World, rows: u64) -> f64 {
    let db = world.database();
    let end = db.ask("SELECT pg_current_wal_flush_lsn()").await.unwrap();
    let publication = "SELECT pubname FROM pg_publication LIMIT 1";
    let publication = db.ask(publication).await.expect("the daemon's publication");
    let mut command = Command::new("pg_recvlogical");
    command
        .args(["-d", &db.url(), "--slot", &format!("{}_ref", db.name), "--start", "-f", "-"])
        .args(["-o", "proto_version=1", "-o", &format!("publication_names={publication}")])
        .args(["--endpos", &end, "--no-loop"])
        .stdout(Stdio::null());
    let begin = Instant::now();
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    rows as f64 / begin.elapsed().as_secs_f64()
}

async fn drain(world: World) {
    let rows: u64 = scale(200_000, 2_000_000);
    let db = world.database();
    db.run(
        "CREATE TABLE bulk (id bigint PRIMARY KEY, v text, n int, at timestamptz DEFAULT now())",
    )
    .await;
    let mut config = world.config(&[BULK]);
    config.key("transaction_metadata", "false");
    let follower = world.follower();
    let mut daemon = world.daemon(&config);
    daemon.streaming().await;
    let slot = format!("SELECT pg_create_logical_replication_slot('{}_ref', 'pgoutput')", db.name);
    db.run(slot).await;
    let mut ratios = Vec::new();
    for round in 0..scale(1, 3) {
        daemon.terminate(seconds(15)).await;
        let first = round * rows;
        backlog(&world, first, rows).await;
        let theirs = reference(&world, rows).await;
        daemon = Daemon::start(&config, world.directory());
        daemon.streaming().await;
        let streaming = now_us();
        let wanted = (first + rows) as usize;
        stack::wait("the backlog", scale(seconds(60), seconds(300)), async || {
            (follower.bulk().len() >= wanted).then_some(())
        })
        .await;
        let read: Vec<_> = follower.bulk()[first as usize..].iter().map(|(_, us)| *us).collect();
        // From when the log flows: known by the status, or by the first row where that is earlier.
        let begin = streaming.min(read[0]);
        let ours = rows as f64 * 1e6 / (read[read.len() - 1] - begin) as f64;
        println!(
            "  round {round}: {rows} rows, walbrook to a consumer {ours:.0}/s, \
             pg_recvlogical {theirs:.0}/s, ratio {:.2}, peak {} MiB",
            ours / theirs,
            daemon.peak_mib()
        );
        ratios.push(ours / theirs);
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios[ratios.len() / 2];
    let floor = if acceptance() { 0.8 } else { 0.2 };
    assert!(median >= floor, "{median:.2} of pg_recvlogical, at least {floor} is asked for");
}

/// Transactions of a hundred rows.
async fn backlog(world: &World, first: u64, rows: u64) {
    let sql = format!(
        "DO $$ BEGIN FOR i IN 0..{} LOOP
             INSERT INTO bulk (id, v, n) SELECT {first} + i * 100 + j, 'value ' || j, j
                 FROM generate_series(0, 99) j;
             COMMIT;
         END LOOP; END $$",
        rows / 100 - 1
    );
    world.database().run(sql).await;
}

#[test]
fn drain_pg18() {
    world::run(Server::Pg18, Use::Alone, "drain", drain);
}
