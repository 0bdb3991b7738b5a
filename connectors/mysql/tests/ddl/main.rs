//! Every statement of the fixtures runs on a real server, and after each the structures that follow
//! it, from the text as written and from the text as logged, are compared with what the server says.
//!
//! ```text
//!  fixture ─▶ server ─▶ information_schema, SHOW INDEX, SHOW CREATE TABLE ─┐
//!     │          └────▶ SHOW BINLOG EVENTS ─▶ Structures ("logged") ───────┼─▶ equal?
//!     └──────────────────────────────────────▶ Structures ("written") ─────┘
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test"
)]

mod expected;
mod run;
mod server;

use run::Run;
use server::Server;
use walbrook_mysql::flavor::Flavor;

#[tokio::test]
async fn mysql() {
    let files = [
        include_str!("../fixtures/ddl_my.sql"),
        include_str!("../fixtures/ddl_my_odd.sql"),
        include_str!("../fixtures/ddl_both_odd.sql"),
    ];
    follow("WALBROOK_TEST_MYSQL", Flavor::MySql, &files).await;
}

#[tokio::test]
async fn mariadb() {
    let files = [
        include_str!("../fixtures/ddl_ma.sql"),
        include_str!("../fixtures/ddl_ma_odd.sql"),
        include_str!("../fixtures/ddl_both_odd.sql"),
    ];
    follow("WALBROOK_TEST_MARIADB", Flavor::MariaDb, &files).await;
}

async fn follow(variable: &str, flavor: Flavor, files: &[&str]) {
    let Some(server) = Server::open(variable, flavor).await else { return };
    let mut run = Run::new(server);
    for file in files {
        run.start().await;
        // One statement on a line, and on those after it that begin with a space.
        let file = file.replace("\n ", "\u{1}");
        for statement in file.lines().filter(|line| !line.trim().is_empty()) {
            run.statement(&statement.replace('\u{1}', "\n ")).await;
        }
    }
    let [logged, written] = run.finish().await;
    for (name, count) in [("logged", &logged), ("written", &written)] {
        println!("{flavor:?} {name}: {count:?}");
    }
    assert_eq!((logged.wrong, written.wrong), (0, 0), "structures that differ from the server's");
    assert!(
        logged.unknown * 100 <= logged.statements * 3,
        "too much is not understood: {logged:?}"
    );
}
