//! Tables of real servers read again beside the log: under load, cut off and resumed, disturbed.
//!
//! `WALBROOK_TEST_PG15` and `WALBROOK_TEST_PG18` name the servers (`eval "$(dev/stack env)"`).

#![allow(
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod model;
#[path = "../snapshot/server.rs"]
mod server;

use model::{Key, Model, State};
use server::{Load, Server};
use std::time::Instant;
use walbrook_core::checkpoint::{Part, put};
use walbrook_core::error::Result;
use walbrook_core::resnapshot::{Job, State as Standing, Wish};
use walbrook_core::source::{Request, Source, SourceHandle};
use walbrook_postgres::settings::{PublicationMode, Settings, SnapshotMode};
use walbrook_postgres::source::Postgres;

/// Rows of the large table.
const BIG: i64 = 200_000;

const SCHEMA: &str = "
    CREATE TABLE a_one (id int8 PRIMARY KEY, ver int4 NOT NULL, pad text);
    CREATE TABLE b_empty (id int8 PRIMARY KEY, ver int4 NOT NULL, pad text);
    CREATE TABLE big (id int8 PRIMARY KEY, ver int4 NOT NULL, pad text);
    CREATE TABLE c_small (id int8 PRIMARY KEY, ver int4 NOT NULL, pad text);
    CREATE TABLE \"d.Odd \"\"name\" (id int8, k text, ver int4 NOT NULL, pad text, PRIMARY KEY (k, id));
    CREATE TABLE e_nokey (id int8, ver int4 NOT NULL, pad text);
    ALTER TABLE e_nokey REPLICA IDENTITY FULL;
    CREATE TABLE z_empty (id int8 PRIMARY KEY, ver int4 NOT NULL, pad text);
    INSERT INTO a_one VALUES (1, 1, 'only');
    INSERT INTO c_small SELECT g, 1, E'tab\\t line\\n back\\\\ ' || g FROM generate_series(1, 20000) g;
    INSERT INTO \"d.Odd \"\"name\" SELECT g, 'ä' || md5(g::text), 1, NULL FROM generate_series(1, 3000) g;
    INSERT INTO e_nokey SELECT g, 1, 'x' FROM generate_series(1, 3) g;";

/// Opens the source from what the model has committed.
async fn open(server: &Server, model: &mut Model) -> SourceHandle {
    let mut source = Box::new(Postgres::new(server.settings(SnapshotMode::Initial)));
    let updates = source.prepare(model.checkpoint()).await.unwrap();
    model.intent(&updates);
    source.start().await.unwrap()
}

async fn plan(handle: &SourceHandle, id: &str, tables: &[&str], predicate: &str) -> Result<Job> {
    let (answer, answered) = async_channel::bounded(1);
    let wish = Wish {
        id: id.into(),
        tables: tables.iter().map(|table| format!("public.{table}")).collect(),
        predicate: (!predicate.is_empty()).then(|| predicate.to_owned()),
    };
    handle.requests.send(Request::Plan { wish, answer }).await.unwrap();
    answered.recv().await.expect("an answer")
}

/// Stores the job, as the daemon does, and has it read.
async fn begin(handle: &SourceHandle, model: &mut Model, job: Job) {
    model.intent(&vec![put(Part::Resnapshot(job.wish.id.clone()), &job)]);
    handle.requests.send(Request::Read(job)).await.unwrap();
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

async fn filled(server: &Server) {
    server.sql(SCHEMA).await;
    server
        .sql(&format!(
            "INSERT INTO big SELECT g * 2, 1, repeat(md5(g::text), 5) FROM generate_series(1, {BIG}) g;
             ANALYZE"
        ))
        .await;
    server.grant().await;
}

/// Waits until the log is told up to now, and compares.
async fn settle(server: &Server, handle: &SourceHandle, model: &mut Model) {
    server.sql("INSERT INTO z_empty VALUES (7, 1, 'end')").await;
    model.run(handle, |model| model.has("z_empty", 7)).await;
    server.compare(model).await;
}

#[test]
fn tables_are_read_again_under_load_across_crashes() {
    each_server(async |server| {
        filled(&server).await;
        let mut model = Model::default();
        let handle = open(&server, &mut model).await;
        model.run(&handle, Model::is_streaming).await;
        let load = Load::start(&server, BIG * 2).await;
        model.watch();
        let begun = Instant::now();
        let tables = ["big", "c_small", "d.Odd \"name"];
        let job = plan(&handle, "again", &tables, "").await.unwrap();
        assert_eq!(job.tables.len(), 3, "{job:?}");
        begin(&handle, &mut model, job).await;
        let mut handle = Some(handle);
        for share in 1..=6 {
            let at = share * BIG as usize / 8;
            model.run(handle.as_ref().unwrap(), |model| model.again().len() > at).await;
            drop(handle.take());
            model.crash();
            handle = Some(open(&server, &mut model).await);
        }
        let handle = handle.unwrap();
        model.run(&handle, |model| model.is_over("again")).await;
        let (rows, seconds) = (model.again().len(), begun.elapsed().as_secs_f64());
        println!("{}: {rows} rows read again in {seconds:.1} s, 6 crashes", server.name());
        let job = model.job("again").unwrap();
        assert_eq!(job.state, Standing::Done);
        for table in tables {
            assert_eq!(model.missed(table), Vec::<&Key>::new(), "{table}");
            assert!(job.tables[&format!("public.{table}")].done);
        }
        assert!(model.repeats() < 100, "{} rows were read twice", model.repeats());
        load.stop().await;
        settle(&server, &handle, &mut model).await;
        drop(handle);
        server.drop().await;
    });
}

/// What is not possible is refused with the reason, and nothing else happens.
#[test]
fn what_cannot_be_read_is_refused() {
    each_server(async |server| {
        filled(&server).await;
        let hidden = "CREATE TABLE hidden (id int8 PRIMARY KEY, ver int4 NOT NULL);
                      ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
                      GRANT SELECT ON hidden TO walbrook_t";
        server.sql(hidden).await;
        let mut model = Model::default();
        let handle = open(&server, &mut model).await;
        model.run(&handle, Model::is_streaming).await;
        for (tables, predicate, code) in [
            (&["e_nokey"][..], "", "WB-PG-102"),
            (&["hidden"], "", "WB-PG-102"),
            (&["nothing"], "", "WB-PG-101"),
            (&["big"], "nothing > 5", "WB-PG-103"),
            (&["big"], "id >", "WB-PG-103"),
            (&["big"], "true) OR (true", "WB-PG-103"),
            (&["big"], "id = $1", "WB-PG-103"),
        ] {
            let refused = plan(&handle, "no", tables, predicate).await.unwrap_err();
            assert_eq!(refused.code.as_str(), code, "{refused}");
            assert!(!refused.fix.is_empty(), "{refused}");
        }
        let job = plan(&handle, "some", &["big"], "id % 1000 = 0 AND pad IS NOT NULL").await;
        model.watch();
        begin(&handle, &mut model, job.unwrap()).await;
        model.run(&handle, |model| model.is_over("some")).await;
        let read = model.again();
        assert_eq!(read.len() as i64, BIG * 2 / 1000);
        assert!(read.iter().all(|(_, id)| id % 1000 == 0));
        settle(&server, &handle, &mut model).await;
        drop(handle);
        server.drop().await;
    });
}

/// A job that is given up stays so; what is published stays.
#[test]
fn a_job_can_be_given_up() {
    each_server(async |server| {
        filled(&server).await;
        let mut model = Model::default();
        let handle = open(&server, &mut model).await;
        model.run(&handle, Model::is_streaming).await;
        model.watch();
        let first = plan(&handle, "first", &["big"], "").await.unwrap();
        let second = plan(&handle, "second", &["c_small"], "").await.unwrap();
        begin(&handle, &mut model, first).await;
        begin(&handle, &mut model, second).await;
        model.run(&handle, |model| model.again().len() > 20_000).await;
        handle.requests.send(Request::GiveUp("first".into())).await.unwrap();
        model.run(&handle, |model| model.is_over("second")).await;
        assert_eq!(model.job("first").unwrap().state, Standing::Stopped);
        assert_eq!(model.job("second").unwrap().state, Standing::Done);
        assert_eq!(model.missed("c_small"), Vec::<&Key>::new());
        assert!(model.missed("big").len() > 1000);
        settle(&server, &handle, &mut model).await;
        drop(handle);
        server.drop().await;
    });
}

/// The structure changes and a table is emptied while chunks are open; a commit waits for a standby
/// that never comes, so that the log tells what nobody can see.
#[test]
fn chunks_that_are_disturbed_are_read_again() {
    each_server(async |server| {
        filled(&server).await;
        let mut model = Model::default();
        let handle = open(&server, &mut model).await;
        model.run(&handle, Model::is_streaming).await;
        let load = Load::start(&server, BIG * 2).await;
        model.watch();
        let job = plan(&handle, "again", &["big", "c_small"], "").await.unwrap();
        begin(&handle, &mut model, job).await;
        for number in 0..6 {
            let at = (number + 1) * 25_000;
            model.run(&handle, |model| model.again().len() > at).await;
            let column = format!("ALTER TABLE big ADD COLUMN x{number} text DEFAULT 'd{number}'");
            server.sql(&column).await;
            if number == 5 {
                server.sql("TRUNCATE c_small").await;
            }
        }
        model.run(&handle, |model| model.is_over("again")).await;
        assert_eq!(model.missed("big"), Vec::<&Key>::new());
        load.stop().await;
        settle(&server, &handle, &mut model).await;
        drop(handle);
        server.drop().await;
    });
}

/// Opens the source as the owner of the tables, with a publication of its own.
async fn own(server: &Server, model: &mut Model) -> SourceHandle {
    let settings = Settings {
        user: server.owner(),
        publication: "own".into(),
        publication_mode: PublicationMode::Filtered,
        ..server.settings(SnapshotMode::Initial)
    };
    let mut source = Box::new(Postgres::new(settings));
    let updates = source.prepare(model.checkpoint()).await.unwrap();
    model.intent(&updates);
    source.start().await.unwrap()
}

/// A commit waits for a standby that does not exist: the log tells it, and nobody sees it. Changes
/// the server's settings, so it wants a server of its own.
#[test]
#[ignore = "changes the settings of the server that WALBROOK_TEST_PG_OWN names"]
fn what_waits_for_a_standby_is_waited_for() {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.enable_all().worker_threads(1).build().unwrap();
    runtime.block_on(async {
        let Some(server) = Server::new("WALBROOK_TEST_PG_OWN").await else { return };
        let server = server.fresh().await;
        filled(&server).await;
        let mut model = Model::default();
        let handle = open(&server, &mut model).await;
        model.run(&handle, Model::is_streaming).await;
        let reload = async |sql: &str| {
            server.sql(sql).await;
            server.sql("SELECT pg_reload_conf()").await;
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        };
        let client = server.client().await;
        reload("ALTER SYSTEM SET synchronous_standby_names = 'nobody'").await;
        let writing = tokio::spawn(async move {
            client.batch_execute("UPDATE c_small SET ver = ver + 1 WHERE id = 5").await.unwrap();
        });
        let told = |model: &Model| model.rows()[&key("c_small", 5)] == row(2);
        model.run(&handle, told).await;
        model.watch();
        let job = plan(&handle, "again", &["c_small"], "").await.unwrap();
        begin(&handle, &mut model, job).await;
        let early = model.run(&handle, |model| !model.again().is_empty());
        let early = tokio::time::timeout(std::time::Duration::from_secs(15), early).await;
        assert!(early.is_err(), "rows were read that do not show what was told");
        assert!(!writing.is_finished());
        reload("ALTER SYSTEM RESET synchronous_standby_names").await;
        writing.await.unwrap();
        model.run(&handle, |model| model.is_over("again")).await;
        assert_eq!(model.missed("c_small"), Vec::<&Key>::new());
        settle(&server, &handle, &mut model).await;
        drop(handle);
        server.drop().await;
    });
}

/// Tables that are not in the publication yet are added and read under load; no key begins with an
/// update or a delete, which the model refuses. The source is cut off meanwhile.
#[test]
fn a_new_table_is_complete() {
    each_server(async |server| {
        filled(&server).await;
        // The names that the load writes to: they appear while the stream runs.
        server.sql("CREATE SCHEMA later; ALTER TABLE big SET SCHEMA later").await;
        let mut model = Model::default();
        let handle = own(&server, &mut model).await;
        model.run(&handle, Model::is_streaming).await;
        server.sql("ALTER TABLE later.big SET SCHEMA public").await;
        let load = Load::start(&server, BIG * 2).await;
        model
            .run(&handle, |model| model.rows().keys().filter(|key| key.0 == "big").count() > 50_000)
            .await;
        drop(handle);
        model.crash();
        let handle = own(&server, &mut model).await;
        let done = |model: &Model| {
            let jobs = model.jobs();
            !jobs.is_empty() && jobs.iter().all(|job| job.state == Standing::Done)
        };
        model.run(&handle, done).await;
        drop(handle);
        model.crash();
        let handle = own(&server, &mut model).await;
        assert_eq!(model.jobs().len(), 1, "it is not read again");
        load.stop().await;
        settle(&server, &handle, &mut model).await;
        drop(handle);
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
