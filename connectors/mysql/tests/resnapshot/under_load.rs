//! Tables read again while they are written to.

use crate::books::Books;
use crate::connector::{Connector, wish};
use crate::server::{Server, both};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use walbrook_core::resnapshot::{Reason, State};
use walbrook_core::source::Request;

/// Rows of a table.
const ROWS: u32 = 100_000;

/// Rows of a table that takes its time.
const MANY: u32 = 600_000;

/// A connector that has read the tables and follows the log.
async fn streaming(server: &Server) -> Connector {
    let mut connector = Connector::start(server, Books::default()).await;
    connector.until("it streams", |it| it.streaming).await;
    connector
}

/// Rebuilt tables are the true ones, and nothing was against the rules.
async fn equal(server: &mut Server, books: &Books, tables: &[&str]) {
    assert!(books.faults.is_empty(), "{:#?}", &books.faults[..books.faults.len().min(20)]);
    for table in tables {
        let told: Vec<(i64, i64)> = books.rows[*table].iter().map(|(k, v)| (*k, *v)).collect();
        assert!(told == server.rows(table).await, "{table} is otherwise in the database");
    }
}

/// Killed again and again: it goes on behind the last published chunk, no row is told twice, none
/// is told against the order of its changes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tables_with_kills_in_the_middle() {
    both("kills", async |mut server| {
        server.table("a", ROWS).await;
        server.table("b", ROWS / 3).await;
        let mut connector = streaming(&server).await;
        let stop = Arc::new(AtomicBool::new(false));
        let writer = server.writer(&["a", "b"], ROWS / 3, &stop);
        let job = connector.plan(wish(&server, "j1", &["a", "b"], None)).await.expect("a job");
        assert_eq!((job.tables.len(), &job.state), (2, &State::Waiting));
        connector.read(job).await;
        let mut kills = 0;
        for life in 0.. {
            let rows = |it: &Connector| it.books.again.values().map(|it| it.len()).sum::<usize>();
            let (before, streamed) = (rows(&connector), connector.books.streamed);
            let over = |it: &Connector| it.books.job("j1").unwrap().state.is_over();
            let more = 500 + 700 * (life % 5);
            connector.until("some rows", |it| over(it) || rows(it) > before + more).await;
            assert!(connector.books.streamed >= streamed, "the stream goes on");
            if over(&connector) || life > 60 {
                break;
            }
            // Somewhere in the middle of what comes next.
            for _ in 0..life % 4 {
                connector.step().await;
            }
            kills += 1;
            connector = Connector::start(&server, connector.kill()).await;
        }
        stop.store(true, Relaxed);
        let written = writer.await.unwrap();
        connector.quiet().await;
        let books = connector.kill();
        let job = books.job("j1").unwrap();
        let told: usize = books.again.values().map(|it| it.len()).sum();
        println!("  {kills} kills, {written} statements, {told} rows told again");
        assert_eq!(job.state, State::Done);
        assert!(kills >= 3 && written > 100, "{kills} kills, {written} statements");
        assert!(told > 100_000, "{told} rows told again");
        let repeated = books.again.values().flat_map(|it| it.values()).filter(|n| **n > 1).count();
        assert_eq!(repeated, 0, "rows told twice by one job");
        equal(&mut server, &books, &["a", "b"]).await;
    })
    .await;
}

/// Only the rows that meet the condition, each once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_meet_a_condition() {
    both("where", async |mut server| {
        server.table("a", 9_000).await;
        let mut connector = streaming(&server).await;
        let condition = Some("k % 3 = 0 OR v = 'row 4'");
        let job = connector.plan(wish(&server, "w", &["a"], condition)).await.expect("a job");
        connector.read(job).await;
        let over = |it: &Connector| it.books.job("w").unwrap().state.is_over();
        connector.until("it is done", over).await;
        let books = connector.kill();
        assert_eq!(books.again["a"].len(), 3_001);
        assert_eq!(books.job("w").unwrap().tables.values().next().unwrap().rows, 3_001);
        assert!(books.again["a"].contains_key(&4) && !books.again["a"].contains_key(&5));
        equal(&mut server, &books, &["a"]).await;
    })
    .await;
}

/// A table that is defined anew, emptied or dropped meanwhile, and one job after another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn definitions_change_meanwhile() {
    both("define", async |mut server| {
        for table in ["a", "b", "c"] {
            server.table(table, 20_000).await;
        }
        let mut connector = streaming(&server).await;
        for (id, tables) in [("one", &["a", "b", "c"][..]), ("two", &["a"])] {
            let job = connector.plan(wish(&server, id, tables, None)).await.expect("a job");
            connector.read(job).await;
        }
        let rows = |it: &Connector| it.books.again.get("a").map_or(0, |it| it.len());
        connector.until("some rows", |it| rows(it) > 1_000).await;
        server.run("ALTER TABLE a ADD COLUMN w int DEFAULT 7").await;
        server.run("UPDATE a SET ver = ver + 1 WHERE k > 19000").await;
        server.run("DROP TABLE c").await;
        server.run("TRUNCATE TABLE b").await;
        server.run("INSERT INTO b VALUES (1, 5, 'again'), (2, 5, 'again')").await;
        let over = |it: &Connector, id| it.books.job(id).unwrap().state.is_over();
        connector.until("both are done", |it| over(it, "one") && over(it, "two")).await;
        connector.quiet().await;
        let books = connector.kill();
        assert_eq!(books.job("one").unwrap().state, State::Done);
        assert_eq!(books.job("two").unwrap().state, State::Done);
        assert!(books.again["a"].values().all(|times| (1..=3).contains(times)));
        assert_eq!(books.again["a"].len(), 20_000);
        equal(&mut server, &books, &["a", "b"]).await;
    })
    .await;
}

/// What is given up stays as far as it is; the stream and the next job go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_up_in_the_middle() {
    both("stop", async |mut server| {
        server.table("a", ROWS).await;
        server.table("b", 100).await;
        let mut connector = streaming(&server).await;
        for (id, table) in [("long", "a"), ("never", "a"), ("short", "b")] {
            let job = connector.plan(wish(&server, id, &[table], None)).await.expect("a job");
            connector.read(job).await;
        }
        let rows = |it: &Connector| it.books.again.get("a").map_or(0, |it| it.len());
        connector.until("some rows", |it| rows(it) > 1_000).await;
        connector.ask(Request::GiveUp("never".into())).await;
        connector.ask(Request::GiveUp("long".into())).await;
        let over = |it: &Connector| it.books.job("short").unwrap().state.is_over();
        connector.until("the last one is done", over).await;
        server.run("UPDATE a SET ver = ver + 1 WHERE k = 7").await;
        connector.quiet().await;
        let state = |id| connector.books.job(id).unwrap().state;
        assert_eq!((state("long"), state("never")), (State::Stopped, State::Stopped));
        assert_eq!(state("short"), State::Done);
        let told = rows(&connector);
        assert!(told < ROWS as usize, "{told} rows were told all the same");
        let books = connector.kill();
        equal(&mut server, &books, &["a", "b"]).await;
    })
    .await;
}

/// A table that was there before and is captured from now on comes with its rows, under load, behind
/// kills too; one that is made while nothing runs comes whole through the log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_is_captured_from_now_on() {
    both("newcomer", async |mut server| {
        server.table("a", 1_000).await;
        server.table("b", ROWS).await;
        let database = server.database();
        let (all, one) = (server.settings.selection.clone(), database.clone());
        // So that it takes more than one round.
        server.settings.snapshot_workers = 1;
        server.settings.selection = Arc::new(move |schema, name| *schema == one && name == "a");
        let connector = streaming(&server).await;
        let stop = Arc::new(AtomicBool::new(false));
        let writer = server.writer(&["a", "b"], 1_000, &stop);
        let wide = server.writer(&["b"], ROWS, &stop);
        let mut books = connector.kill();
        books.first.push("b".into());
        server.run("ALTER TABLE b ADD COLUMN w int").await;
        server.run("CREATE TABLE c (k int PRIMARY KEY, ver int, v varchar(40))").await;
        server.run("INSERT INTO c VALUES (1, 1, 'a'), (2, 1, 'b')").await;
        server.settings.selection = all;
        let mut connector = Connector::start(&server, books).await;
        let mut kills = 0;
        let job = |it: &Connector| it.books.jobs().into_iter().next();
        loop {
            let rows = |it: &Connector| it.books.again.get("b").map_or(0, |it| it.len());
            let before = rows(&connector);
            let over = |it: &Connector| job(it).is_some_and(|job| job.state.is_over());
            connector.until("some rows", |it| over(it) || rows(it) > before + 10_000).await;
            if over(&connector) {
                break;
            }
            kills += 1;
            connector = Connector::start(&server, connector.kill()).await;
        }
        stop.store(true, Relaxed);
        let written = writer.await.unwrap() + wide.await.unwrap();
        connector.quiet().await;
        assert_eq!(connector.books.jobs().len(), 1);
        let job = job(&connector).unwrap();
        println!("  {kills} kills, {written} statements, {job:?}");
        assert_eq!((job.reason, &job.state), (Reason::NewTable, &State::Done));
        assert_eq!(job.tables.keys().collect::<Vec<_>>(), [&format!("{database}.b")]);
        let books = connector.kill();
        assert!(kills >= 1 && books.again["b"].values().all(|times| *times == 1));
        assert!(!books.again.contains_key("a") && !books.again.contains_key("c"));
        equal(&mut server, &books, &["a", "b", "c"]).await;
    })
    .await;
}

/// A new table that is given up: what is told stays, every change from then on is told, and nothing
/// of it is read again at the next start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_table_that_is_given_up() {
    both("unwanted", async |mut server| {
        server.table("a", 10).await;
        server.table("b", MANY).await;
        let (all, one) = (server.settings.selection.clone(), server.database());
        server.settings.snapshot_workers = 1;
        server.settings.selection = Arc::new(move |schema, name| *schema == one && name == "a");
        let mut books = streaming(&server).await.kill();
        books.first.push("b".into());
        server.settings.selection = all;
        let mut connector = Connector::start(&server, books).await;
        let rows = |it: &Connector| it.books.again.get("b").map_or(0, |it| it.len());
        connector.until("a job", |it| !it.books.jobs().is_empty()).await;
        let id = connector.books.jobs()[0].wish.id.clone();
        connector.ask(Request::GiveUp(id.clone())).await;
        let state = |it: &Connector| it.books.job(&id).unwrap().state;
        connector.until("it is given up", |it| state(it).is_over()).await;
        assert_eq!(state(&connector), State::Stopped);
        server.run(format!("INSERT INTO b (k, ver, v) VALUES ({}, 1, 'new')", MANY + 9)).await;
        connector.quiet().await;
        let told = rows(&connector);
        assert!(told < MANY as usize, "{told} rows were told all the same");
        assert!(connector.books.rows["b"].contains_key(&i64::from(MANY + 9)), "a change is told");
        let mut connector = Connector::start(&server, connector.kill()).await;
        connector.quiet().await;
        assert_eq!((rows(&connector), connector.books.jobs().len()), (told, 1), "not begun anew");
    })
    .await;
}
