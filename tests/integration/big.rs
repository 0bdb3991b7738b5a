//! One transaction that is larger than anything: delivered whole, in little memory.

use crate::support::consumer::BULK;
use crate::support::record::Body;
use crate::support::stack::{self, Server, Use, scale, seconds};
use crate::support::world::{self, World};
use std::time::Instant;

/// More than one Kafka transaction may hold, so that it is split.
const PEAK_MIB: u64 = 100;

/// One transaction of many rows, on any server.
pub async fn one_transaction(world: World) {
    let rows: usize = scale(300_000, 3_000_000);
    let db = world.database();
    db.run("CREATE TABLE bulk (id bigint PRIMARY KEY, v text, n int)").await;
    let follower = world.follower();
    let mut daemon = world.daemon(&world.config(&[BULK]));
    daemon.streaming().await;
    let idle = daemon.peak_mib();
    let begin = Instant::now();
    db.generate("bulk", "i, concat('row number ', i), i % 7", 1, rows as u64).await;
    let committed = begin.elapsed();
    stack::wait("every row", scale(seconds(60), seconds(300)), async || {
        (follower.bulk().len() >= rows).then_some(())
    })
    .await;
    let delivered = begin.elapsed() - committed;
    let (peak, ours) = (daemon.peak_mib(), daemon.ours().await.unwrap());
    println!(
        "  {rows} rows: committed in {:.1} s, delivered in {:.1} s more ({:.0} rows/s); \
         peak {peak} MiB (idle {idle}), splits {}",
        committed.as_secs_f64(),
        delivered.as_secs_f64(),
        rows as f64 / delivered.as_secs_f64(),
        ours["splits"]
    );
    follower.quiet(seconds(2)).await;
    let mut ids: Vec<_> = follower.bulk().iter().map(|(id, _)| *id).collect();
    assert!(ids.is_sorted(), "one partition: in the order of the transaction");
    ids.dedup();
    assert_eq!((ids.len(), follower.bulk().len()), (rows, rows), "distinct rows, all rows");
    let ends: Vec<_> = follower
        .seen()
        .iter()
        .filter_map(|s| match &s.body {
            Body::Mark(mark) if !mark.begin => Some(mark.events),
            _ => None,
        })
        .collect();
    assert_eq!(ends, [rows as i64]);
    assert!(peak <= PEAK_MIB, "peak {peak} MiB");
    if rows > 1_000_000 {
        assert!(ours["splits"].as_u64() >= Some(1), "{ours}");
    }
}

#[test]
fn one_transaction_pg18() {
    world::run(Server::Pg18, Use::Alone, "big18", one_transaction);
}
