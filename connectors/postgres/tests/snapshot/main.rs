//! Snapshots of real servers: whole, under load, cut off in the middle and resumed.
//!
//! `WALBROOK_TEST_PG15` and `WALBROOK_TEST_PG18` name the servers (`eval "$(dev/stack env)"`).

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod model;
mod server;

use model::{Key, Model, State};
use server::{Load, Server};
use std::time::{Duration, Instant};
use walbrook_core::checkpoint::Part;
use walbrook_core::source::Source;
use walbrook_postgres::settings::SnapshotMode;
use walbrook_postgres::source::Postgres;

/// Rows of the large table: about 200 MB.
const BIG: i64 = 1_000_000;

const SCHEMA: &str = "
    CREATE TABLE a_one (id int8 PRIMARY KEY, ver int4 NOT NULL, pad text);
    CREATE TABLE b_empty (id int8 PRIMARY KEY, ver int4 NOT NULL, pad text);
    CREATE TABLE big (id int8 PRIMARY KEY, ver int4 NOT NULL, pad text);
    CREATE TABLE c_small (id int8 PRIMARY KEY, ver int4 NOT NULL, pad text);
    CREATE TABLE \"d.Odd \"\"name\" (id int8 PRIMARY KEY, ver int4 NOT NULL, pad text);
    CREATE TABLE e_nokey (id int8, ver int4 NOT NULL, pad text);
    ALTER TABLE e_nokey REPLICA IDENTITY FULL;
    CREATE TABLE z_empty (id int8 PRIMARY KEY, ver int4 NOT NULL, pad text);
    INSERT INTO a_one VALUES (1, 1, 'only');
    INSERT INTO c_small SELECT g, 1, E'tab\\t line\\n back\\\\ ' || g FROM generate_series(1, 20000) g;
    INSERT INTO \"d.Odd \"\"name\" VALUES (1, 1, NULL), (2, 1, '');
    INSERT INTO e_nokey SELECT g, 1, 'x' FROM generate_series(1, 3) g;";

async fn big(server: &Server, rows: i64) {
    server
        .sql(&format!(
            "INSERT INTO big SELECT g * 2, 1, repeat(md5(g::text), 5) FROM generate_series(1, {rows}) g;
             ANALYZE big"
        ))
        .await;
}

/// Opens the source from what the model has committed.
async fn open(
    server: &Server,
    model: &mut Model,
    mode: SnapshotMode,
) -> walbrook_core::source::SourceHandle {
    let mut source = Box::new(Postgres::new(server.settings(mode)));
    let updates = source.prepare(model.checkpoint()).await.unwrap();
    model.intent(&updates);
    source.start().await.unwrap()
}

fn each_server(test: impl AsyncFn(Server)) {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.enable_all().worker_threads(1).build().unwrap();
    for variable in ["WALBROOK_TEST_PG15", "WALBROOK_TEST_PG18"] {
        runtime.block_on(async {
            if let Some(server) = Server::new(variable).await {
                test(server.fresh().await).await;
            }
        });
    }
}

#[test]
fn every_row_is_read_once_under_load_and_the_stream_goes_on() {
    each_server(async |server| {
        server.sql(SCHEMA).await;
        big(&server, BIG).await;
        server.grant().await;
        let load = Load::start(&server, BIG * 2).await;
        let mut model = Model::default();
        let begun = Instant::now();
        let handle = open(&server, &mut model, SnapshotMode::Initial).await;
        model.run(&handle, |model| model.is_streaming()).await;
        let seconds = begun.elapsed().as_secs_f64();
        let (rows, bytes) = (model.read(), model.bytes());
        println!(
            "{}: {rows} rows in {seconds:.1} s: {:.0} rows/s, {:.1} MB/s of COPY",
            server.name(),
            rows as f64 / seconds,
            bytes as f64 / 1e6 / seconds
        );
        assert!(model.entry("big")["segments"].as_array().unwrap().len() == 1, "compact when done");
        assert_eq!(model.entry("big")["repeats"], 0);
        assert_eq!(model.markers().first().map(String::as_str), Some("a_one first"));
        assert_eq!(model.markers().last().map(String::as_str), Some("e_nokey last"));
        let ends =
            model.markers().iter().filter(|m| m.ends_with("last_in_data_collection")).count();
        assert_eq!(ends, 3, "big, c_small, d.Odd: {:?}", model.markers());
        load.stop().await;
        server.sql("INSERT INTO z_empty VALUES (7, 1, 'end')").await;
        model.run(&handle, |model| model.has("z_empty", 7)).await;
        server.compare(&model).await;
        drop(handle);
        server.drop().await;
    });
}

#[test]
fn a_snapshot_cut_off_in_the_middle_goes_on_where_it_was() {
    each_server(async |server| {
        server.sql(SCHEMA).await;
        big(&server, BIG).await;
        server.grant().await;
        let load = Load::start(&server, BIG * 2).await;
        let mut model = Model::default();
        for share in [3, 6, 8] {
            let handle = open(&server, &mut model, SnapshotMode::Initial).await;
            model.run(&handle, |model| model.read() > BIG as u64 * share / 10).await;
            drop(handle);
            model.crash();
            for table in model.finished() {
                server.sql(&format!("REVOKE SELECT ON {table} FROM walbrook_t")).await;
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        assert!(model.finished().iter().any(|table| table.contains("a_one")));
        assert!(!model.finished().iter().any(|table| table.contains("big")));
        let handle = open(&server, &mut model, SnapshotMode::Initial).await;
        model.run(&handle, |model| model.is_streaming()).await;
        assert_eq!(model.entry("big")["repeats"], 0);
        assert!(model.entry("big")["segments"].as_array().unwrap().len() > 1, "several snapshots");
        // The filter also holds after a restart in the middle of the stream.
        model.run(&handle, |model| model.told() > 50).await;
        drop(handle);
        model.crash();
        let handle = open(&server, &mut model, SnapshotMode::Initial).await;
        load.stop().await;
        server.sql("INSERT INTO z_empty VALUES (7, 1, 'end')").await;
        model.run(&handle, |model| model.has("z_empty", 7)).await;
        server.compare(&model).await;
        drop(handle);
        server.drop().await;
    });
}

#[test]
fn intent_foreign_slot_and_modes() {
    each_server(async |server| {
        server.sql(SCHEMA).await;
        server.grant().await;
        let mut model = Model::default();
        // An intent without a slot, and one with a slot that nobody has committed a row for.
        let mut source = Box::new(Postgres::new(server.settings(SnapshotMode::Initial)));
        model.intent(&source.prepare(model.checkpoint()).await.unwrap());
        assert!(model.checkpoint().get(&Part::Source).unwrap().to_string().contains("creating"));
        drop(source);
        server.make_slot().await;
        let handle = open(&server, &mut model, SnapshotMode::Initial).await;
        model.run(&handle, |model| model.is_streaming()).await;
        drop(handle);
        server.compare(&model).await;
        // Nothing stored, but a slot of that name: somebody else's.
        let mut other = Postgres::new(server.settings(SnapshotMode::Initial));
        let error = other.prepare(Model::default().checkpoint()).await.unwrap_err();
        assert_eq!(error.code.as_str(), "WB-PG-080", "{error}");
        // The snapshot is over, so there is nothing left to do in this mode.
        let handle = open(&server, &mut model, SnapshotMode::InitialOnly).await;
        model.run(&handle, Model::is_finished).await;
        drop(handle);
        // A lost slot: refused, or begun anew where that is allowed.
        server.drop_slot().await;
        let mut source = Postgres::new(server.settings(SnapshotMode::Initial));
        let error = source.prepare(model.checkpoint()).await.unwrap_err();
        assert_eq!(error.code.as_str(), "WB-PG-013", "{error}");
        model.forget();
        let handle = open(&server, &mut model, SnapshotMode::WhenNeeded).await;
        model.run(&handle, |model| model.is_streaming()).await;
        drop(handle);
        server.compare(&model).await;
        server.drop_slot().await;
        // No rows at all.
        let mut model = Model::default();
        let handle = open(&server, &mut model, SnapshotMode::NoData).await;
        model.run(&handle, |model| model.is_streaming()).await;
        assert_eq!(model.read(), 0);
        server.sql("INSERT INTO z_empty VALUES (7, 1, 'end')").await;
        model.run(&handle, |model| model.has("z_empty", 7)).await;
        assert_eq!(model.told(), 1);
        drop(handle);
        server.drop().await;
    });
}

#[test]
fn a_locked_table_names_who_is_in_the_way() {
    each_server(async |server| {
        server.sql(SCHEMA).await;
        big(&server, BIG / 2).await;
        server.grant().await;
        let blocker = server.client().await;
        let mut model = Model::default();
        let handle = open(&server, &mut model, SnapshotMode::Initial).await;
        model.run(&handle, |model| model.read() > 1000).await;
        let lock = "SET application_name = 'the blocker'; BEGIN; LOCK TABLE e_nokey";
        blocker.batch_execute(lock).await.unwrap();
        let error = model.until(&handle, |model| model.is_streaming()).await.unwrap();
        println!("{}: {error}", server.name());
        assert_eq!(error.code.as_str(), "WB-PG-085");
        assert!(error.message.contains("the blocker") && error.fix.contains("pg_terminate"));
        drop(handle);
        server.drop().await;
    });
}

#[test]
fn a_truncated_table_is_read_under_a_new_snapshot() {
    each_server(async |server| {
        server.sql(SCHEMA).await;
        big(&server, BIG / 2).await;
        server.grant().await;
        let mut model = Model::default();
        let handle = open(&server, &mut model, SnapshotMode::Initial).await;
        model.run(&handle, |model| model.read() > 50_000).await;
        server.sql("TRUNCATE e_nokey; INSERT INTO e_nokey VALUES (5, 1, 'new')").await;
        let error = model.until(&handle, |model| model.is_streaming()).await.unwrap();
        assert_eq!(error.code.as_str(), "WB-PG-086", "{error}");
        drop(handle);
        model.crash();
        let handle = open(&server, &mut model, SnapshotMode::Initial).await;
        model.run(&handle, |model| model.is_streaming()).await;
        server.sql("INSERT INTO z_empty VALUES (7, 1, 'end')").await;
        model.run(&handle, |model| model.has("z_empty", 7)).await;
        server.compare(&model).await;
        drop(handle);
        server.drop().await;
    });
}

/// Each way to cut a large table, with a crash in the middle where that repeats nothing.
#[test]
fn large_tables_of_every_kind() {
    each_server(async |server| {
        let columns = "id int8, ver int4 NOT NULL, pad text";
        let rows = |key: &str| {
            format!("SELECT {key}, g, 1, repeat('x', 200) FROM generate_series(1, 400000) g")
        };
        let big = format!(
            "CREATE TABLE big (k uuid PRIMARY KEY, {columns});
             INSERT INTO big {};
             CREATE TABLE c_small (k text COLLATE \"C\", n int4 DEFAULT 1, {columns}, PRIMARY KEY (k, n));
             INSERT INTO c_small (k, id, ver, pad) {};
             CREATE TABLE a_one (k text PRIMARY KEY, {columns});
             INSERT INTO a_one {};
             CREATE TABLE b_empty (k timestamptz PRIMARY KEY, {columns});
             INSERT INTO b_empty {};
             CREATE TABLE \"d.Odd \"\"name\" (k date, {columns}, PRIMARY KEY (k, id));
             INSERT INTO \"d.Odd \"\"name\" {};
             CREATE TABLE e_nokey (k int4, {columns});
             CREATE TABLE z_empty (id int8 PRIMARY KEY, ver int4 NOT NULL);",
            rows("gen_random_uuid()"),
            rows("E'\\t' || md5(g::text)"),
            rows("md5(g::text)"),
            rows("timestamptz '2024-01-01' + g * interval '1 hour'"),
            rows("date '2020-01-01' + g % 2"),
        );
        server.sql(&big).await;
        server.grant().await;
        let mut model = Model::default();
        for share in [1, 2, 4, 5] {
            let handle = open(&server, &mut model, SnapshotMode::Initial).await;
            model.run(&handle, |model| model.read() > share * 180_000).await;
            drop(handle);
            model.crash();
            server.sql("UPDATE big SET ver = ver + 1 WHERE id % 1000 = 1").await;
            server.sql("UPDATE a_one SET ver = ver + 1 WHERE id % 1000 = 1").await;
        }
        let odd = "d.Odd \"name";
        assert!(!model.has_entry(odd));
        let handle = open(&server, &mut model, SnapshotMode::Initial).await;
        model.run(&handle, |model| model.has_entry(odd)).await;
        drop(handle);
        model.crash();
        server.sql("DELETE FROM \"d.Odd \"\"name\" WHERE id % 100 = 1").await;
        // The one table that is begun again: its rows may come twice, and none may stay.
        model.allow_repeats(odd);
        let handle = open(&server, &mut model, SnapshotMode::Initial).await;
        model.run(&handle, |model| model.is_streaming()).await;
        assert_eq!(model.entry(odd)["repeats"], 1);
        for (table, method) in
            [("big", true), ("c_small", true), ("a_one", true), ("b_empty", true)]
        {
            assert_eq!(model.entry(table)["key"].is_object(), method, "{table}");
        }
        assert!(model.entry(odd)["key"].is_null(), "two values fill it");
        server.sql("INSERT INTO z_empty VALUES (7, 1)").await;
        model.run(&handle, |model| model.has("z_empty", 7)).await;
        drop(handle);
        server.compare(&model).await;
        server.drop().await;
    });
}

/// A row of the model.
fn row(ver: i64) -> State {
    State { ver }
}

/// A key of the model.
fn key(table: &str, id: i64) -> Key {
    (table.to_owned(), id)
}
