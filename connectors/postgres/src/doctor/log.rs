//! Who keeps the server's log, how much of it, and what holds everybody up.

use super::{ask, rows};
use crate::checks::platform::Platform;
use crate::codes;
use crate::settings::Settings;
use crate::slot;
use crate::transport::literal;
use std::collections::BTreeSet;
use tokio_postgres::Client;
use walbrook_core::error::Result;
use walbrook_core::finding::Finding;

/// More log than this behind one slot is told, whatever the limit.
const MUCH: u64 = 10 << 30;

pub(super) async fn findings(
    client: &Client,
    settings: &Settings,
    slots: &BTreeSet<String>,
    platform: Platform,
) -> Result<Vec<Finding>> {
    let mut findings = orphans(client, slots).await?;
    findings.extend(retained(client, settings, platform).await?);
    findings.extend(long(client).await?);
    findings.extend(idle(client, platform).await?);
    Ok(findings)
}

/// What is said where nothing is wrong.
pub(super) async fn good(client: &Client, settings: &Settings) -> Result<Vec<Finding>> {
    let name = &settings.slot;
    let kept = match slot::inspect(client, name).await? {
        Some(slot) => format!("The slot \"{name}\" keeps {}.", size(slot.retained.unwrap_or(0))),
        None => format!("The slot \"{name}\" does not exist yet; the first start makes it."),
    };
    Ok(vec![
        Finding::ok(codes::RETAINED, kept),
        Finding::ok(codes::ORPHAN_SLOT, "No slot of ours is left over."),
        Finding::ok(codes::IDLE_SLOT, "The server gives up no slot for being idle."),
        Finding::ok(codes::LONG_TRANSACTION, "No transaction is older than 5 minutes."),
    ])
}

/// Slots with our prefix that nobody reads and no connector of this configuration has.
async fn orphans(client: &Client, slots: &BTreeSet<String>) -> Result<Vec<Finding>> {
    let sql = "SELECT slot_name::text, \
                      coalesce(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() \
                        THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, \
                        restart_lsn), 0)::int8 \
               FROM pg_replication_slots \
               WHERE slot_name LIKE 'walbrook\\_%' AND NOT active AND NOT temporary \
               ORDER BY 2 DESC, 1";
    let found: Vec<(String, i64)> =
        rows(client, sql, &[], |row| Ok((row.try_get(0)?, row.try_get(1)?))).await?;
    let orphan = |(name, bytes): &(String, i64)| {
        let kept = size(u64::try_from(*bytes).unwrap_or(0));
        let message = format!(
            "The slot \"{name}\" belongs to no connector of this configuration, nobody reads it, and \
             it keeps {kept}."
        );
        let fix = format!(
            "If no other daemon uses it, run SELECT pg_drop_replication_slot({});",
            literal(name)
        );
        Finding::warning(codes::ORPHAN_SLOT, message, fix)
    };
    Ok(found.iter().filter(|(name, _)| !slots.contains(name)).map(orphan).collect())
}

/// Our own slot: how much it keeps, and how near the end is.
async fn retained(
    client: &Client,
    settings: &Settings,
    platform: Platform,
) -> Result<Option<Finding>> {
    let name = &settings.slot;
    let Some(slot) = slot::inspect(client, name).await? else { return Ok(None) };
    let kept = slot.retained.unwrap_or(0);
    let left = slot.safe_wal_size.map(|bytes| u64::try_from(bytes).unwrap_or(0));
    let near =
        left.is_some_and(|left| left < kept) || slot.wal_status.as_deref() == Some("unreserved");
    if kept < MUCH && !near {
        return Ok(None);
    }
    let end =
        left.map(|left| format!(" After {} more it is lost.", size(left))).unwrap_or_default();
    let message = format!("The slot \"{name}\" keeps {}.{end}", size(kept));
    let fix = format!(
        "Let the connector catch up (`walbrook status`), or give it more room. {}",
        platform.set("max_slot_wal_keep_size", "102400", false)
    );
    Ok(Some(Finding::warning(codes::RETAINED, message, fix)))
}

/// Transactions and prepared transactions that hold up the slot's creation and keep the log.
async fn long(client: &Client) -> Result<Vec<Finding>> {
    let sql = "SELECT pid, extract(epoch FROM now() - xact_start)::int8 FROM pg_stat_activity \
               WHERE xact_start < now() - interval '5 minutes' AND backend_type = 'client backend' \
                 AND pid <> pg_backend_pid() ORDER BY 2 DESC LIMIT 5";
    let open: Vec<(i32, i64)> =
        rows(client, sql, &[], |row| Ok((row.try_get(0)?, row.try_get(1)?))).await?;
    let sql = "SELECT gid::text, extract(epoch FROM now() - prepared)::int8 FROM pg_prepared_xacts \
               WHERE prepared < now() - interval '5 minutes' ORDER BY 2 DESC LIMIT 5";
    let prepared: Vec<(String, i64)> =
        rows(client, sql, &[], |row| Ok((row.try_get(0)?, row.try_get(1)?))).await?;
    let told = |what: String, seconds: i64, fix: String| {
        let message = format!(
            "{what} has been open for {} min: no slot can be made before it ends, and all log since \
             is kept.",
            seconds / 60
        );
        Finding::warning(codes::LONG_TRANSACTION, message, fix)
    };
    let mut findings = Vec::new();
    for (pid, seconds) in open {
        let fix = format!("End it, or run SELECT pg_terminate_backend({pid});");
        findings.push(told(format!("A transaction of process {pid}"), seconds, fix));
    }
    for (gid, seconds) in prepared {
        let fix = format!("Run COMMIT PREPARED {0}; or ROLLBACK PREPARED {0};", literal(&gid));
        findings.push(told(format!("The prepared transaction \"{gid}\""), seconds, fix));
    }
    Ok(findings)
}

/// PostgreSQL 18 can give up slots that nobody reads for a while: a paused connector's too.
async fn idle(client: &Client, platform: Platform) -> Result<Option<Finding>> {
    let sql = "SELECT coalesce((SELECT setting::int8 FROM pg_settings \
                WHERE name = 'idle_replication_slot_timeout'), 0)";
    let limit: i64 = ask(client, sql).await?;
    Ok((limit > 0).then(|| {
        let message = format!(
            "idle_replication_slot_timeout is {limit} s: the slot of a connector that is paused for \
             longer is lost."
        );
        let fix = platform.set("idle_replication_slot_timeout", "0", false);
        Finding::warning(codes::IDLE_SLOT, message, fix)
    }))
}

/// Bytes of log as people say them.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_048_576 => "less than 1 MiB of log".to_owned(),
        1_048_576..1_073_741_824 => format!("{} MiB of log", bytes >> 20),
        _ => format!("{:.1} GiB of log", bytes as f64 / f64::from(1 << 30)),
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_short() {
        assert_eq!(size(7), "less than 1 MiB of log");
        assert_eq!(size(5 << 20), "5 MiB of log");
        assert_eq!(size(3 << 29), "1.5 GiB of log");
    }
}
