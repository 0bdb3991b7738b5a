//! How fast a backlog is drained: by transport and decoder into nothing, and by the whole stream.

use crate::flow::{Flow, prepare};
use crate::server::Server;
use std::time::{Duration, Instant};
use walbrook_postgres::pgoutput::Message;
use walbrook_postgres::stream::Timing;
use walbrook_postgres::{slot, transport};

const ROWS: usize = 300_000;

async fn backlog(server: &Server) -> u64 {
    server
        .sql(
            "CREATE TABLE t (id int PRIMARY KEY, a bigint, b text, c text, d timestamp, e bool, \
             f int)",
        )
        .await;
    let at = prepare(server).await;
    server
        .sql(&format!(
            "DO $$ BEGIN FOR i IN 0..{} LOOP INSERT INTO t SELECT i * 500 + n, n::bigint * 1000000007, \
             repeat('x', 80), 'customer ' || n, now(), n % 2 = 0, n FROM generate_series(1, 500) n; \
             COMMIT; END LOOP; END $$",
            ROWS / 500 - 1
        ))
        .await;
    at
}

/// Reads and decodes; `pause` is the coalescing pause after short reads.
async fn raw(server: &Server, at: u64, pause: Duration) -> f64 {
    let settings = server.settings();
    let session = transport::connect(&settings, "drain").await.unwrap();
    let command = slot::start_command(&settings.slot, &settings.publication, at, false);
    let mut io = session.copy_both(&command).await.unwrap();
    let (begin, mut rows) = (Instant::now(), 0);
    while rows < ROWS {
        let mut bytes = 0;
        while let Some(frame) = io.frames.next().unwrap() {
            if frame.body[0] == b'w' {
                let payload = &frame.body[25..];
                rows += usize::from(payload[0] == b'I');
                if let Message::Insert(insert) = Message::decode(payload).unwrap() {
                    bytes += std::hint::black_box(insert.new.values().count());
                }
            }
        }
        std::hint::black_box(bytes);
        if rows < ROWS && io.frames.fill(&mut io.read).await.unwrap() < 32 * 1024 {
            std::thread::sleep(pause);
        }
    }
    ROWS as f64 / begin.elapsed().as_secs_f64()
}

async fn whole(server: &Server, at: u64, pause: Option<fn(Duration)>) -> f64 {
    let timing = Timing { pause, ..Timing::default() };
    let mut flow = Flow::start(&server.settings(), at, timing).await;
    // The backlog is drained again.
    flow.confirming = false;
    let begin = Instant::now();
    flow.until(ROWS).await;
    let rate = ROWS as f64 / begin.elapsed().as_secs_f64();
    flow.stop().await;
    rate
}

/// A reader has a thread of its own; this is its runtime.
#[test]
fn a_backlog() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let variable = "WALBROOK_TEST_PG15";
        let Some(server) = Server::fresh(variable).await else { return };
        let at = backlog(&server).await;
        let client = transport::client(&server.settings(), "test").await.unwrap();
        let decoded = raw(&server, at, Duration::from_micros(100)).await / 1000.0;
        slot::wait_free(&client, &server.name, Duration::from_secs(10)).await.unwrap();
        let streamed = whole(&server, at, Some(std::thread::sleep)).await / 1000.0;
        println!("{variable}, rows/s: decoded {decoded:.0}k, streamed {streamed:.0}k");
        server.remove().await;
    });
}
