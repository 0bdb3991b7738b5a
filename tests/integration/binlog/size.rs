//! One compressed transaction that is larger than the memory the daemon may use.

use crate::support::consumer::BULK;
use crate::support::stack::{self, Dialect, scale, seconds};
use crate::support::world::World;
use std::time::Instant;

/// Length of a row's text.
const ROW: u64 = 1_000;
/// 120 MB and six times the largest row image.
const PEAK_MIB: u64 = (120_000_000 + 6 * (ROW + 50)) >> 20;

/// 60 MB, or 300 MB in the long form, in one transaction that the server writes compressed.
pub async fn compressed(world: World) {
    let rows = scale(60_000, 300_000);
    let db = world.database();
    let session = match db.dialect() {
        Dialect::MariaDb => {
            world.global("log_bin_compress", "1").await;
            ""
        }
        _ => "SET SESSION binlog_transaction_compression = ON; ",
    };
    db.run("CREATE TABLE bulk (id bigint PRIMARY KEY, v longtext)").await;
    let follower = world.follower();
    let mut daemon = world.daemon(&world.config(&[BULK]));
    daemon.streaming().await;
    let begin = Instant::now();
    let values = format!("i, repeat(concat(i, sha2(i, 256)), {})", ROW / 70);
    db.run(format!("{session}{}", db.dialect().generate(BULK, &values, 1, rows))).await;
    let committed = begin.elapsed();
    stack::wait("every row", scale(seconds(60), seconds(300)), async || {
        (follower.bulk().len() as u64 >= rows).then_some(())
    })
    .await;
    let (delivered, peak) = (begin.elapsed() - committed, daemon.peak_mib());
    println!(
        "  {} MB: committed in {:.1} s, delivered in {:.1} s more; peak {peak} MiB",
        rows * ROW / 1_000_000,
        committed.as_secs_f64(),
        delivered.as_secs_f64()
    );
    follower.quiet(seconds(1)).await;
    let mut ids: Vec<_> = follower.bulk().iter().map(|(id, _)| *id).collect();
    assert!(ids.is_sorted(), "one partition: in the order of the transaction");
    ids.dedup();
    assert_eq!((ids.len(), follower.bulk().len()), (rows as usize, rows as usize));
    assert!(peak <= PEAK_MIB, "peak {peak} MiB, {PEAK_MIB} are allowed");
}
