//! The log: who else reads it under our id, what is left out of it, what is open for long.
//!
//! Each of these asks for something that an account or a version may refuse; then nothing is found.

use crate::checks::platform::Platform;
use crate::codes;
use crate::flavor::Flavor;
use crate::settings::Settings;
use crate::source::server::Server;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Row};
use walbrook_core::finding::Finding;

pub(super) async fn findings(
    conn: &mut Conn,
    server: &Server,
    settings: &Settings,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(own_id(server, settings));
    findings.extend(reader(conn, server, settings).await);
    findings.extend(filters(conn, server).await);
    findings.extend(replicated(conn, server).await);
    findings.extend(statements(server, settings));
    findings.extend(long(conn).await);
    findings
}

fn own_id(server: &Server, settings: &Settings) -> Option<Finding> {
    let own = server.variable("server_id")?;
    (own == settings.server_id.to_string()).then(|| {
        let message =
            format!("server_id {own} is the server's own: it sends its log to no such replica.");
        Finding::error(
            codes::OWN_SERVER_ID,
            message,
            "Leave `server_id` out, or give another number.",
        )
    })
}

/// A replica that is connected under our id: this connector's daemon, or somebody else.
async fn reader(conn: &mut Conn, server: &Server, settings: &Settings) -> Option<Finding> {
    let sql = match server.flavor {
        Flavor::MySql if server.version >= 80_022 => "SHOW REPLICAS",
        _ => "SHOW SLAVE HOSTS",
    };
    let rows: Vec<Row> = conn.query(sql).await.unwrap_or_default();
    let ids = rows.iter().filter_map(|row| row.get_opt::<u32, _>(0)?.ok());
    ids.into_iter().any(|id| id == settings.server_id).then(|| {
        let message = format!(
            "A replica with server_id {} is connected: this connector's daemon, or somebody else.",
            settings.server_id
        );
        let fix = "If this connector runs nowhere now, give it a `server_id` of its own.";
        Finding::warning(codes::SERVER_ID, message, fix)
    })
}

/// `binlog_do_db` and `binlog_ignore_db`: what they leave out is never seen.
async fn filters(conn: &mut Conn, server: &Server) -> Option<Finding> {
    let new = server.flavor == Flavor::MySql && server.version >= 80_200;
    let sql = if new { "SHOW BINARY LOG STATUS" } else { "SHOW MASTER STATUS" };
    let row: Row = conn.query_first(sql).await.ok()??;
    let told = |name: &str, place: usize| {
        let list: String = row.get_opt(place)?.ok()?;
        (!list.is_empty()).then(|| format!("{name} = {list}"))
    };
    let found = [told("binlog_do_db", 2), told("binlog_ignore_db", 3)];
    let found = found.into_iter().flatten().collect::<Vec<_>>().join(", ");
    (!found.is_empty()).then(|| {
        let message = format!("The server logs some databases only ({found}).");
        let fix = "Remove the option from my.cnf and restart the server, or capture nothing there.";
        Finding::warning(codes::LOG_FILTER, message, fix)
    })
}

/// A replica that does not log what it replicates shows us next to nothing.
async fn replicated(conn: &mut Conn, server: &Server) -> Option<Finding> {
    let names = ["log_replica_updates", "log_slave_updates"];
    if names.iter().any(|name| server.is_on(name)) {
        return None;
    }
    let sql = match server.flavor {
        Flavor::MySql if server.version >= 80_022 => "SHOW REPLICA STATUS",
        Flavor::MySql => "SHOW SLAVE STATUS",
        Flavor::MariaDb => "SHOW ALL SLAVES STATUS",
    };
    let rows: Vec<Row> = conn.query(sql).await.unwrap_or_default();
    (!rows.is_empty()).then(|| {
        let message = "The server is a replica and does not log what it replicates.";
        let fix = "Set log_replica_updates = ON (MariaDB: log_slave_updates) in my.cnf and restart \
                   it, or connect to its source.";
        Finding::error(codes::LOG_FILTER, message, fix)
    })
}

fn statements(server: &Server, settings: &Settings) -> Option<Finding> {
    let name = match server.flavor {
        Flavor::MySql => "binlog_rows_query_log_events",
        Flavor::MariaDb => "binlog_annotate_row_events",
    };
    (settings.include_query && !server.is_on(name)).then(|| {
        let message = format!(
            "include_query is set, but the server does not log statements ({name} is off)."
        );
        Finding::warning(codes::NO_STATEMENTS, message, Platform::of(server).set(name, "ON"))
    })
}

async fn long(conn: &mut Conn) -> Vec<Finding> {
    let sql = "SELECT trx_mysql_thread_id, TIMESTAMPDIFF(SECOND, trx_started, NOW()) \
               FROM information_schema.innodb_trx \
               WHERE trx_started < NOW() - INTERVAL 5 MINUTE ORDER BY 2 DESC LIMIT 5";
    let open: Vec<(u64, u64)> = conn.query(sql).await.unwrap_or_default();
    let told = |(thread, seconds): (u64, u64)| {
        let (message, fix) = match thread {
            0 => (
                format!("A prepared XA transaction has been open for {} min.", seconds / 60),
                "Find it with XA RECOVER; and commit it or roll it back.".to_owned(),
            ),
            thread => (
                format!("A transaction of thread {thread} has been open for {} min.", seconds / 60),
                format!("End it, or run KILL {thread};"),
            ),
        };
        let message = format!("{message} Its changes come when it commits, all at once.");
        Finding::warning(codes::LONG_TRANSACTION, message, fix)
    };
    open.into_iter().map(told).collect()
}
