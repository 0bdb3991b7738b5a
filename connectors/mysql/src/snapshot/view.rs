//! Read views of the tables, opened at once and held as long as a round takes.

use crate::codes;
use crate::flavor::Flavor;
use crate::settings::Settings;
use crate::source::server::{self, Server};
use crate::source::tables::quoted;
use crate::stream::Follower;
use crate::stream::coordinates::Coordinates;
use crate::transport::{self, sql_error};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use std::time::Duration;
use walbrook_core::error::{Error, Result};
use walbrook_core::layout::Table;
use walbrook_core::position::{Log, Position};

/// How long the server may take to show what its log has told.
const PATIENCE: u32 = 30;

/// More readers than this would hold every batch of the pool at once.
const MOST: usize = 4;

/// What the stream has told: a view must show as much.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    position: Position,
    at: Coordinates,
}

impl Told {
    /// Everything up to where the log is now.
    pub(crate) fn of(follower: &Follower) -> Self {
        Self { position: follower.position().clone(), at: follower.at().clone() }
    }
}

/// Connections that read.
pub(crate) struct Views {
    pub(super) conns: Vec<Conn>,
    server: Server,
}

impl Views {
    /// Opens the connections.
    pub(crate) async fn open(settings: &Settings, count: usize) -> Result<Self> {
        let mut conns = Vec::new();
        for _ in 0..count.clamp(1, MOST) {
            let mut conn = transport::client(settings, "snapshot").await?;
            let session = "SET SESSION transaction_isolation = 'REPEATABLE-READ', \
                           lock_wait_timeout = 5, net_write_timeout = 600";
            let older = "SET SESSION tx_isolation = 'REPEATABLE-READ', lock_wait_timeout = 5, \
                         net_write_timeout = 600";
            if conn.query_drop(session).await.is_err() {
                conn.query_drop(older)
                    .await
                    .map_err(|error| sql_error(&error, "preparing to read"))?;
            }
            conns.push(conn);
        }
        let mut first = transport::client(settings, "check").await?;
        let server = Server::ask(&mut first).await?;
        drop(first.disconnect().await);
        Ok(Self { conns, server })
    }

    /// The end of the log now.
    pub(crate) async fn log_end(&mut self) -> Result<Coordinates> {
        let server = self.server.clone();
        server::log_end(self.first()?, &server).await
    }

    /// The first of the connections.
    pub(crate) fn first(&mut self) -> Result<&mut Conn> {
        self.conns.first_mut().ok_or_else(|| Error::definite(codes::THREAD, "There is no reader."))
    }

    /// Opens a view for each of `tables` on a connection of its own. Each shows at least what the
    /// stream has told, and keeps its table from being defined anew.
    pub(crate) async fn begin(&mut self, told: &Told, tables: &[Table]) -> Result<()> {
        self.wait_shown(told).await?;
        for (conn, table) in self.conns.iter_mut().zip(tables) {
            begin(conn, self.server.flavor, &told.at).await?;
            let touch = format!("SELECT 1 FROM {} LIMIT 1", quoted(table));
            conn.query_drop(touch).await.map_err(|error| read_error(&error, table))?;
        }
        Ok(())
    }

    /// Closes the views.
    pub(crate) async fn end(&mut self) -> Result<()> {
        for conn in &mut self.conns {
            let failed = |error| sql_error(&error, "ending a view");
            conn.query_drop("ROLLBACK").await.map_err(failed)?;
        }
        Ok(())
    }

    /// Waits until SELECT shows everything that the log has told: a transaction is in the log a
    /// moment before it is visible, with semi-synchronous replication a long one.
    async fn wait_shown(&mut self, told: &Told) -> Result<()> {
        let Log::Gtids { set, .. } = &told.position.log else { return Ok(()) };
        let sql = "SELECT WAIT_FOR_EXECUTED_GTID_SET(?, ?)";
        let failed = |error| sql_error(&error, "waiting for transactions to be visible");
        let told = (set.to_string(), PATIENCE);
        let late: Option<u8> = self.first()?.exec_first(sql, told).await.map_err(failed)?;
        match late {
            Some(0) => Ok(()),
            _ => Err(not_shown()),
        }
    }
}

async fn begin(conn: &mut Conn, flavor: Flavor, told: &Coordinates) -> Result<()> {
    let failed = |error| sql_error(&error, "opening a view");
    for _ in 0..PATIENCE * 100 {
        let sql = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";
        conn.query_drop(sql).await.map_err(failed)?;
        if flavor == Flavor::MySql || shows(conn, told).await? {
            return Ok(());
        }
        conn.query_drop("ROLLBACK").await.map_err(failed)?;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err(not_shown())
}

/// Whether MariaDB's view includes everything up to `told`: it says where in the log it lies.
async fn shows(conn: &mut Conn, told: &Coordinates) -> Result<bool> {
    let sql = "SHOW STATUS LIKE 'binlog_snapshot_%'";
    let failed = |error| sql_error(&error, "asking where a view lies");
    let rows: Vec<(String, String)> = conn.query(sql).await.map_err(failed)?;
    let find = |name: &str| {
        let row = rows.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        row.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let pos = find("binlog_snapshot_position").parse().unwrap_or(0);
    Ok(Coordinates::new(find("binlog_snapshot_file"), pos) >= *told)
}

fn not_shown() -> Error {
    let message = "The server does not show transactions that its log has told for 30 s.";
    Error::transient(codes::NOT_SHOWN, message)
        .fix("See whether a semi-synchronous replica holds its commits up.")
}

/// What a failed statement on a table means: a definition that changed meanwhile is no failure of
/// the snapshot.
pub(crate) fn read_error(error: &mysql_async::Error, table: &Table) -> Error {
    if matches!(error, mysql_async::Error::Server(server) if server.code == 1142) {
        let message = format!("The account may not read table {table}.");
        let fix = format!("Run GRANT SELECT ON {} to the account, or leave it out.", quoted(table));
        return Error::definite(codes::SELECT, message).fix(fix);
    }
    let changed = matches!(
        error,
        // No such table, no such column, the definition has changed.
        mysql_async::Error::Server(server) if matches!(server.code, 1146 | 1054 | 1412)
    );
    if changed {
        let message = format!("Table {table} was defined anew while it was read.");
        return Error::transient(codes::CHANGED, message);
    }
    sql_error(error, &format!("reading table {table}"))
}
