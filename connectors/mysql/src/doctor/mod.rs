//! Everything that can be looked at on a server that is up, for `walbrook doctor`.
//!
//! ```text
//!  checks    what has to hold at every start (crate::checks), told when it does, too
//!  session   protection of the connection, clocks, more rights than needed
//!  log       who else reads it under our id, what is left out of it, long transactions
//!  tables    rights, keys, character sets
//!  grants    the least that the account needs, as SQL
//! ```

mod grants;
mod log;
mod session;
mod tables;

use crate::checks;
use crate::checks::platform::title;
use crate::codes;
use crate::flavor::Flavor;
use crate::settings::Settings;
use crate::source::server::Server;
use crate::transport;
use walbrook_core::error::Result;
use walbrook_core::finding::{Examined, Finding, complete};

/// Looks at the server that `settings` name.
pub async fn examine(settings: &Settings) -> Examined {
    let mut out = Examined::default();
    if let Err(error) = look(settings, &mut out).await {
        out.findings.push(error.into());
    }
    if out.grants.is_empty() {
        out.grants = grants::script(settings, settings.flavor, &[]);
    }
    out
}

async fn look(settings: &Settings, out: &mut Examined) -> Result<()> {
    let mut conn = transport::client(settings, "doctor").await?;
    let server = Server::ask(&mut conn).await?;
    out.server = title(&server);
    let mut found = checks::check(&mut conn, &server, settings).await?;
    found.extend(session::findings(&mut conn, settings).await?);
    found.extend(log::findings(&mut conn, &server, settings).await);
    let captured = tables::captured(&mut conn, settings).await?;
    found.extend(tables::findings(&mut conn, &captured).await?);
    let mut good = session::good(settings, &out.server);
    good.extend(about_log(&server, settings));
    good.extend(tables::good(&captured));
    out.findings = complete(found, good);
    out.grants = grants::script(settings, server.flavor, &captured);
    out.tables = captured;
    drop(conn.disconnect().await);
    Ok(())
}

/// What is said of the server and its log where nothing is wrong.
fn about_log(server: &Server, settings: &Settings) -> Vec<Finding> {
    let mut good = vec![
        Finding::ok(codes::OTHER_SERVER, "The server is of the kind that the URL says."),
        Finding::ok(codes::VERSION, "The server's version is supported."),
        Finding::ok(codes::NO_LOG, "The server writes a binary log."),
        Finding::ok(codes::FORMAT, "Changes are logged as rows (binlog_format = ROW)."),
        Finding::ok(codes::ROW_IMAGE, "Rows are logged whole (binlog_row_image = FULL)."),
        Finding::ok(codes::ROW_METADATA, "Column names are logged (binlog_row_metadata = FULL)."),
        Finding::ok(codes::RETENTION, "The log is kept for three days or longer."),
        Finding::ok(codes::LOG_FILTER, "Nothing is left out of the log."),
        Finding::ok(codes::REPLICATION_RIGHT, "The account may read the log."),
        Finding::ok(
            codes::OWN_SERVER_ID,
            format!("server_id {} is not the server's own.", settings.server_id),
        ),
        Finding::ok(codes::SERVER_ID, "No other replica reads under that server_id."),
        Finding::ok(codes::LONG_TRANSACTION, "No transaction is older than 5 minutes."),
    ];
    if server.flavor == Flavor::MySql {
        good.insert(
            4,
            Finding::ok(codes::NO_GTID, "Transactions have identifiers (gtid_mode = ON)."),
        );
    }
    if settings.include_query {
        good.push(Finding::ok(codes::NO_STATEMENTS, "Statements are logged beside their rows."));
    }
    good
}
