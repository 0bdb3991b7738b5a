//! What the server says about itself and its log.

use crate::ddl::Context;
use crate::flavor::Flavor;
use crate::stream::coordinates::Coordinates;
use crate::transport::sql_error;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use std::collections::HashMap;
use std::str::FromStr;
use walbrook_core::error::{Error, Result};
use walbrook_core::position::gtid;
use walbrook_core::position::{Log, Position};

/// What is being done when a statement fails.
const DOING: &str = "asking the server about itself";

/// Variables that are asked for; those that a server does not have are left out of its answer.
const VARIABLES: &str = "'version','version_comment','log_bin','binlog_format','gtid_mode',\
     'enforce_gtid_consistency','binlog_row_image','binlog_row_metadata','binlog_row_value_options',\
     'server_id','server_uuid','collation_server','default_collation_for_utf8mb4',\
     'explicit_defaults_for_timestamp','lower_case_table_names','gtid_strict_mode',\
     'binlog_expire_logs_seconds','expire_logs_days','binlog_legacy_event_pos','log_bin_compress',\
     'character_set_collations','sql_mode','basedir','aurora_version','log_replica_updates',\
     'log_slave_updates','binlog_rows_query_log_events','binlog_annotate_row_events'";

/// A server as it is now.
#[derive(Clone, Debug)]
pub struct Server {
    /// What answers, whatever was expected.
    pub flavor: Flavor,
    /// Version as a number: 90704, 101119.
    pub version: u32,
    variables: HashMap<String, String>,
}

impl Server {
    /// Asks the server.
    pub async fn ask(conn: &mut Conn) -> Result<Self> {
        let sql = format!("SHOW GLOBAL VARIABLES WHERE Variable_name IN ({VARIABLES})");
        let rows: Vec<(String, String)> =
            conn.query(sql).await.map_err(|error| sql_error(&error, DOING))?;
        Ok(Self::from_variables(rows.into_iter().collect()))
    }

    /// The server that has these global variables.
    pub(crate) fn from_variables(variables: HashMap<String, String>) -> Self {
        let text = variables.get("version").map(String::as_str).unwrap_or_default();
        let comment = variables.get("version_comment").map(String::as_str).unwrap_or_default();
        let maria = [text, comment].iter().any(|it| it.to_ascii_lowercase().contains("mariadb"));
        let flavor = if maria { Flavor::MariaDb } else { Flavor::MySql };
        Self { flavor, version: version(text), variables }
    }

    /// A global variable; nothing where the server does not have it.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Whether a global variable is on.
    pub fn is_on(&self, name: &str) -> bool {
        self.variable(name).is_some_and(|it| it.eq_ignore_ascii_case("on") || it == "1")
    }

    /// How statements are to be understood that say nothing else themselves.
    pub fn context(&self) -> Context {
        let collation = self.variable("collation_server").unwrap_or("utf8mb4_general_ci");
        Context {
            flavor: self.flavor,
            version: self.version,
            sql_mode: crate::ddl::SqlMode::default(),
            server_collation: collation.to_owned(),
            utf8mb4_collation: self.utf8mb4_collation(),
            explicit_timestamps: self.is_on("explicit_defaults_for_timestamp"),
            case_sensitive: self.variable("lower_case_table_names").is_none_or(|it| it == "0"),
        }
    }

    fn utf8mb4_collation(&self) -> Option<String> {
        if let Some(collation) = self.variable("default_collation_for_utf8mb4") {
            return Some(collation.to_owned());
        }
        let pairs = self.variable("character_set_collations")?;
        let pair = pairs.split(',').find_map(|pair| pair.trim().strip_prefix("utf8mb4="))?;
        Some(pair.to_owned())
    }
}

/// `9.7.4` → 90704, `10.11.19-MariaDB-log` → 101119.
fn version(text: &str) -> u32 {
    let digits = text.split('-').next().unwrap_or_default();
    let mut parts = digits.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    let (major, minor, patch) = (next(), next(), next());
    major.saturating_mul(10_000) + minor.min(99) * 100 + patch.min(99)
}

/// Which transactions are executed. MySQL: as the engine shows them, never ahead of what SELECT sees,
/// and so perhaps behind the end of the log; MariaDB: those in the log, perhaps ahead of SELECT.
pub async fn executed(conn: &mut Conn, flavor: Flavor) -> Result<Executed> {
    let sql = match flavor {
        Flavor::MySql => "SELECT @@GLOBAL.gtid_executed, @@GLOBAL.gtid_purged",
        Flavor::MariaDb => "SELECT @@GLOBAL.gtid_binlog_pos, ''",
    };
    let row: Option<(String, String)> =
        conn.query_first(sql).await.map_err(|error| sql_error(&error, DOING))?;
    let (executed, purged) = row.unwrap_or_default();
    Ok(match flavor {
        Flavor::MySql => Executed::Gtids { set: read(&executed)?, purged: read(&purged)? },
        Flavor::MariaDb => Executed::Domains(read(&executed)?),
    })
}

/// The transactions that a server has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Executed {
    /// MySQL: all of them, and those that its log does not hold any more.
    Gtids {
        /// Executed.
        set: gtid::Set,
        /// Executed, and no longer in the log.
        purged: gtid::Set,
    },
    /// MariaDB: the newest of each domain in its log.
    Domains(gtid::Domains),
}

impl Executed {
    /// The position that says "all of these", at `place`.
    pub fn position(&self, flavor: Flavor, place: &Coordinates) -> Position {
        let (file, pos) = (place.file.clone(), place.pos);
        let log = match self {
            Executed::Gtids { set, .. } => Log::Gtids { set: set.clone(), file, pos },
            Executed::Domains(newest) => Log::Domains { newest: newest.clone(), file, pos },
        };
        Position::at(flavor.connector(), log)
    }
}

fn read<T: FromStr<Err = gtid::Malformed>>(text: &str) -> Result<T> {
    text.parse().map_err(|_| {
        Error::definite(
            crate::codes::PROTOCOL,
            "The server shows GTIDs in a form that is not known.",
        )
        .fix("Report this with the server's version.")
    })
}

/// The end of the log: what has been written to it, perhaps ahead of what SELECT shows.
pub async fn log_end(conn: &mut Conn, server: &Server) -> Result<Coordinates> {
    let new = server.flavor == Flavor::MySql && server.version >= 80_200;
    let sql = if new { "SHOW BINARY LOG STATUS" } else { "SHOW MASTER STATUS" };
    let row: Option<mysql_async::Row> =
        conn.query_first(sql).await.map_err(|error| sql_error(&error, DOING))?;
    let place = row.and_then(|row| {
        let file: String = row.get_opt(0)?.ok()?;
        let pos: u64 = row.get_opt(1)?.ok()?;
        Some(Coordinates::new(file, pos))
    });
    place.ok_or_else(|| {
        Error::definite(crate::codes::NO_LOG, "The server does not write a binary log.")
            .fix("Start it with log_bin.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers() {
        for (text, number) in [
            ("9.7.4", 90_704),
            ("8.0.36-28", 80_036),
            ("10.11.19-MariaDB-0+deb12u1-log", 101_119),
            ("x", 0),
        ] {
            assert_eq!(version(text), number, "{text}");
        }
    }
}
