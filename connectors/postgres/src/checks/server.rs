//! The server and its settings.

use super::failed;
use super::platform::Platform;
use crate::codes;
use tokio_postgres::Client;
use walbrook_core::error::Result;
use walbrook_core::finding::Finding;

/// The oldest version that is known to work.
const OLDEST: i32 = 140_000;

/// What the server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) version: i32,
    pub(crate) wal_level: String,
    pub(crate) encoding: String,
    standby: bool,
    /// Allowed and in use.
    pub(crate) slots: (i64, i64),
    pub(crate) senders: (i64, i64),
    /// Megabytes of log that a slot may keep; -1 is no limit.
    pub(crate) keep: i64,
}

impl Server {
    pub(crate) async fn ask(client: &Client) -> Result<Self> {
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
    pub(super) fn findings(&self, slot_exists: bool, platform: Platform) -> Vec<Finding> {
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
            error(codes::WAL_LEVEL, message, &platform.logical());
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
            let more = platform.set("max_replication_slots", &(allowed + 5).to_string(), true);
            let fix = format!(
                "Drop one that nobody uses (SELECT * FROM pg_replication_slots;). Or: {more}"
            );
            error(codes::SLOTS_FULL, message, &fix);
        }
        let (allowed, used) = self.senders;
        if used >= allowed {
            let message = format!("All {allowed} walsenders are in use.");
            let more = platform.set("max_wal_senders", &(allowed + 5).to_string(), true);
            error(codes::SENDERS_FULL, message, &more);
        }
        if self.keep < 0 {
            findings.push(Finding::warning(
                codes::SLOT_LIMIT,
                "max_slot_wal_keep_size is unlimited: a connector that stands still can fill the \
                 server's disk.",
                format!(
                    "{} Choose a size that the disk has.",
                    platform.set("max_slot_wal_keep_size", "51200", false)
                ),
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
        assert_eq!(good().findings(false, Platform::Stock), []);
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
            let findings = server.findings(false, Platform::Rds);
            assert_eq!(findings.iter().map(|it| it.code).collect::<Vec<_>>(), [code]);
            assert!(findings.iter().all(|it| !it.fix.is_empty()));
        }
        assert_eq!(Server { slots: (10, 10), ..good() }.findings(true, Platform::Stock), []);
    }
}
