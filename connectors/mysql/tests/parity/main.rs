//! A row is the same whether it is read by a snapshot or from the log: every type, every mode,
//! however much the log says of its tables, on real servers, byte for byte. Needs
//! `WALBROOK_TEST_MYSQL` and `WALBROOK_TEST_MARIADB`; without them the tests say so, and fail where
//! they are required.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    unreachable_pub,
    missing_docs,
    reason = "a test fails by panicking, prints why it is skipped and reads its environment"
)]

mod log;
mod metadata;
mod rows;
mod server;

use metadata::Metadata;
use rows::Rows;
use server::Server;
use walbrook_mysql::table::{BigUnsigned, Binary, Decimals, Modes, Select, Table, Temporal};

const COMMON: &str = include_str!("common.sql");

/// Combinations that have every choice of every mode.
fn modes() -> Vec<Modes> {
    let of = |decimal, temporal, binary| Modes { decimal, temporal, binary, ..Modes::default() };
    let mut all = vec![
        Modes::default(),
        of(Decimals::String, Temporal::IsoString, Binary::Hex),
        of(Decimals::Double, Temporal::Connect, Binary::Base64),
        of(Decimals::Precise, Temporal::Microseconds, Binary::Base64UrlSafe),
        of(Decimals::Precise, Temporal::Nanoseconds, Binary::Bytes),
    ];
    for modes in all.iter_mut().skip(1) {
        modes.big_unsigned = BigUnsigned::Precise;
        modes.tinyint_boolean = true;
        modes.adjust_years = false;
    }
    all
}

#[tokio::test]
async fn a_mysql_row_is_the_same_in_snapshot_and_stream() {
    let Some(server) = Server::new("WALBROOK_TEST_MYSQL") else { return };
    parity(&server, &[COMMON, include_str!("mysql.sql")]).await;
}

#[tokio::test]
async fn a_mariadb_row_is_the_same_in_snapshot_and_stream() {
    let Some(server) = Server::new("WALBROOK_TEST_MARIADB") else { return };
    parity(&server, &[COMMON, include_str!("mariadb.sql")]).await;
}

async fn parity(server: &Server, scripts: &[&str]) {
    let database = format!("h_table_parity_{}", std::process::id());
    let start = server.fresh(&database).await;
    for script in scripts {
        server.run(&database, script).await;
    }
    server.run(&database, log::LAST).await;
    let logged = log::read(server, start, &database).await;
    let mut wrong = Vec::new();
    for structure in server.structures(&database).await {
        let events = logged.iter().filter(|event| event.map.table == structure.name);
        let events = events.collect::<Vec<_>>();
        assert!(!events.is_empty(), "{} has no rows in the log", structure.name);
        for modes in modes() {
            let select = Select::compile(&structure, &modes, server.flavor);
            let mut selected = Rows::new(&select.layout);
            for row in server.select(&database, &structure.name, &select.select_list()).await {
                selected.add(|batch| select.write(batch, &row));
            }
            for metadata in Metadata::ALL {
                let mut streamed = Rows::new(&select.layout);
                for event in &events {
                    let map = metadata.of(&event.map);
                    let table = Table::compile(&map, &structure, &modes, server.flavor).unwrap();
                    assert_eq!(table.layout.fingerprint, select.layout.fingerprint);
                    event.replay(&table, &mut streamed);
                }
                let differences = streamed.differences(&selected).into_iter();
                wrong.extend(differences.map(|what| format!("{modes:?} {metadata:?} {what}")));
            }
        }
    }
    server.drop(&database).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
