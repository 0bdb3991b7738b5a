//! Rights of the account, as its grants say.

use crate::codes;
use crate::flavor::Flavor;
use crate::source::server::Server;
use crate::transport::sql_error;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use walbrook_core::error::Result;
use walbrook_core::finding::Finding;

/// What is being done when a statement fails.
const DOING: &str = "asking for the grants";

/// Whether the account may read the log and ask where it ends.
pub(super) async fn check(conn: &mut Conn, server: &Server) -> Result<Vec<Finding>> {
    let grants = grants(conn).await?;
    let account = quoted(&name(conn).await?);
    let missing = needed(server.flavor)
        .into_iter()
        .filter(|(any, _)| !any.iter().any(|it| holds(&grants, it)));
    let finding = |(_, right): (_, &str)| {
        let message = format!("The account lacks the right {right}.");
        let fix = format!("Run GRANT {right} ON *.* TO {account};");
        Finding::error(codes::REPLICATION_RIGHT, message, fix)
    };
    Ok(missing.map(finding).collect())
}

/// What the account may do, as the server tells it.
pub(crate) async fn grants(conn: &mut Conn) -> Result<Vec<String>> {
    conn.query("SHOW GRANTS").await.map_err(|error| sql_error(&error, DOING))
}

/// The account that the server took us for: `user@host`.
pub(crate) async fn name(conn: &mut Conn) -> Result<String> {
    let account: Option<String> = conn
        .query_first("SELECT CURRENT_USER()")
        .await
        .map_err(|error| sql_error(&error, DOING))?;
    Ok(account.unwrap_or_default())
}

/// The two global rights: any of the names that a server has for each, and the one to grant.
pub(crate) fn needed(flavor: Flavor) -> [(&'static [&'static str], &'static str); 2] {
    match flavor {
        Flavor::MySql => [
            (&["REPLICATION SLAVE"], "REPLICATION SLAVE"),
            (&["REPLICATION CLIENT"], "REPLICATION CLIENT"),
        ],
        Flavor::MariaDb => [
            (&["REPLICATION SLAVE", "REPLICATION REPLICA"], "REPLICATION SLAVE"),
            (&["BINLOG MONITOR", "REPLICATION CLIENT", "SUPER"], "BINLOG MONITOR"),
        ],
    }
}

/// Whether a global right is granted, directly or with all others.
pub(crate) fn holds(grants: &[String], right: &str) -> bool {
    grants.iter().any(|grant| {
        let grant = grant.to_ascii_uppercase();
        let Some((rights, _)) =
            grant.strip_prefix("GRANT ").and_then(|it| it.split_once(" ON *.*"))
        else {
            return false;
        };
        rights.split(',').map(str::trim).any(|it| it == right || it.starts_with("ALL PRIVILEGES"))
    })
}

/// `walbrook@127.0.0.1` → `'walbrook'@'127.0.0.1'`.
pub(crate) fn quoted(account: &str) -> String {
    let (user, host) = account.rsplit_once('@').unwrap_or((account, "%"));
    let quote = |text: &str| format!("'{}'", text.replace('\'', "''"));
    format!("{}@{}", quote(user), quote(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_found_alone_in_lists_and_with_all_others() {
        let grants = |text: &str| vec![text.to_owned()];
        for (grant, right, held) in [
            (
                "GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO `w`@`%`",
                "REPLICATION SLAVE",
                true,
            ),
            (
                "GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION",
                "REPLICATION CLIENT",
                true,
            ),
            ("GRANT ALL PRIVILEGES ON `shop`.* TO `w`@`%`", "REPLICATION SLAVE", false),
            ("GRANT USAGE ON *.* TO `w`@`%`", "REPLICATION SLAVE", false),
        ] {
            assert_eq!(holds(&grants(grant), right), held, "{grant}");
        }
    }

    #[test]
    fn an_account_is_quoted_for_a_grant() {
        assert_eq!(quoted("wal@brook@10.%"), "'wal@brook'@'10.%'");
    }
}
