//! The server and its settings.

use super::failed;
use crate::codes;
use tokio_postgres::Client;
use walbrook_core::error::Result;
use walbrook_core::finding::Finding;

/// The oldest version that is known to work.
const OLDEST: i32 = 140_000;

/// What the server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    version: i32,
    wal_level: String,
    encoding: String,
    standby: bool,
    /// Allowed and in use.
    slots: (i64, i64),
    senders: (i64, i64),
    /// Megabytes of log that a slot may keep; -1 is no limit.
    keep: i64,
}

impl Server {
    pub(super) async fn ask(client: &Client) -> Result<Self> {
        let sql = "SELECT current_setting('server_version_num')::int4, \
                          current_setting('wal_level'), current_setting('server_encoding'), \
                          pg_is_in_recovery(), \
                          current_setting('max_replication_slots')::int8, \
                          (SELECT count(*) FROM pg_replication_slots), \
                          current_setting('max_wal_senders')::int8, \
                          (SELECT count(*) FROM pg_stat_replication), \
                          (SELECT setting::int8 FROM pg_settings \
                           WHERE name = 'max_slot_wal_keep_size')";
        let row = client.query_one(sql, &[]).await.map_err(failed)?;
        Ok(Self {
            version: row.try_get(0).map_err(failed)?,
            wal_level: row.try_get(1).map_err(failed)?,
            encoding: row.try_get(2).map_err(failed)?,
            standby: row.try_get(3).map_err(failed)?,
            slots: (row.try_get(4).map_err(failed)?, row.try_get(5).map_err(failed)?),
            senders: (row.try_get(6).map_err(failed)?, row.try_get(7).map_err(failed)?),
            keep: row.try_get(8).map_err(failed)?,
        })
    }

    /// What is wrong with it. A slot that exists needs no free one.
    pub(super) fn findings(&self, slot_exists: bool) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut error = |code, message: String, fix: &str| {
            findings.push(Finding::error(code, message, fix));
        };
        if self.version < OLDEST {
            let message = format!(
                "The server is version {}; 14 is the oldest supported.",
                self.version / 10_000
            );
            error(codes::VERSION, message, "Upgrade the server.");
        }
        if self.wal_level != "logical" {
            let message = format!("wal_level is {}, not logical.", self.wal_level);
            let fix = "Run ALTER SYSTEM SET wal_level = logical; and restart the server \
                       (Amazon RDS: rds.logical_replication = 1 in the parameter group).";
            error(codes::WAL_LEVEL, message, fix);
        }
        if self.encoding != "UTF8" {
            let message = format!("The database is encoded in {}, not UTF8.", self.encoding);
            error(codes::ENCODING, message, "Dump it and restore it into a database in UTF8.");
        }
        if self.standby {
            let message = "The server is a standby.".to_owned();
            error(codes::STANDBY, message, "Point the connector's url at the primary.");
        }
        let (allowed, used) = self.slots;
        if !slot_exists && used >= allowed {
            let message = format!("All {allowed} replication slots are in use.");
            let fix = "Drop one that nobody uses (SELECT * FROM pg_replication_slots;) or raise \
                       max_replication_slots and restart the server.";
            error(codes::SLOTS_FULL, message, fix);
        }
        let (allowed, used) = self.senders;
        if used >= allowed {
            let message = format!("All {allowed} walsenders are in use.");
            let fix = "Raise max_wal_senders and restart the server.";
            error(codes::SENDERS_FULL, message, fix);
        }
        if self.keep < 0 {
            findings.push(Finding::warning(
                codes::SLOT_LIMIT,
                "max_slot_wal_keep_size is unlimited: a connector that stands still can fill the \
                 server's disk.",
                "Run ALTER SYSTEM SET max_slot_wal_keep_size = '50GB'; SELECT pg_reload_conf(); \
                 with a size that the disk has.",
            ));
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Server {
        Server {
            version: 150_018,
            wal_level: "logical".into(),
            encoding: "UTF8".into(),
            standby: false,
            slots: (10, 9),
            senders: (10, 9),
            keep: 1024,
        }
    }

    #[test]
    fn each_fault_is_found_with_its_fix() {
        assert_eq!(good().findings(false), []);
        let cases = [
            (Server { version: 130_005, ..good() }, codes::VERSION),
            (Server { wal_level: "replica".into(), ..good() }, codes::WAL_LEVEL),
            (Server { encoding: "LATIN1".into(), ..good() }, codes::ENCODING),
            (Server { standby: true, ..good() }, codes::STANDBY),
            (Server { slots: (10, 10), ..good() }, codes::SLOTS_FULL),
            (Server { senders: (10, 10), ..good() }, codes::SENDERS_FULL),
            (Server { keep: -1, ..good() }, codes::SLOT_LIMIT),
        ];
        for (server, code) in cases {
            let findings = server.findings(false);
            assert_eq!(findings.iter().map(|it| it.code).collect::<Vec<_>>(), [code]);
            assert!(findings.iter().all(|it| !it.fix.is_empty()));
        }
        assert_eq!(Server { slots: (10, 10), ..good() }.findings(true), []);
    }
}
