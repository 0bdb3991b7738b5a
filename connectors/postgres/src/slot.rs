//! Replication slots: looking at them, making them, dropping them.
//!
//! A slot keeps the log from its confirmed position on. It is made on a replication session, so
//! that the snapshot that goes with it can be used there, and looked at with plain SQL.

use crate::codes;
use crate::lsn::Lsn;
use crate::transport::{Session, identifier, literal, sql_error};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep};
use tokio_postgres::Client;
use walbrook_core::error::{Error, Result};

/// How often a slot that is in use is looked at again.
const LOOK: Duration = Duration::from_millis(250);

/// A slot as the server shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// Its name.
    pub name: String,
    /// Its output plugin; none for physical slots.
    pub plugin: Option<String>,
    /// Its database; none for physical slots.
    pub database: Option<String>,
    /// Whether it goes with its session.
    pub temporary: bool,
    /// Who reads from it now.
    pub active_pid: Option<i32>,
    /// Where the log that it keeps begins.
    pub restart_lsn: Option<u64>,
    /// Up to where it is confirmed: older transactions are never sent again.
    pub confirmed_flush: Option<u64>,
    /// `reserved`, `extended`, `unreserved` or `lost`.
    pub wal_status: Option<String>,
    /// Why it was invalidated (17+; 16 knows only conflicts).
    pub invalidation: Option<String>,
    /// Whether standbys keep a copy (17+).
    pub failover: bool,
    /// Bytes of log that it keeps.
    pub retained: Option<u64>,
    /// Bytes that may still be written before it is lost; nothing where that is unlimited.
    pub safe_wal_size: Option<i64>,
}

impl Slot {
    /// Whether the server has given up the log that the slot needs.
    pub fn is_lost(&self) -> bool {
        self.wal_status.as_deref() == Some("lost") || self.invalidation.is_some()
    }

    /// Whether it can be read here: a logical slot of `pgoutput` in `database` that is not lost.
    pub fn verify(&self, database: &str) -> Result<()> {
        let name = &self.name;
        let plugin = self.plugin.as_deref();
        if plugin != Some("pgoutput") || self.database.as_deref() != Some(database) {
            let message = match (plugin, &self.database) {
                (Some(plugin), Some(other)) => format!(
                    "The slot \"{name}\" belongs to plugin {plugin} in database \"{other}\", \
                     not to pgoutput in \"{database}\"."
                ),
                _ => format!("The slot \"{name}\" is a physical one."),
            };
            return Err(Error::definite(codes::SLOT_FOREIGN, message)
                .fix("Set `slot` to another name, or drop that slot if nobody uses it."));
        }
        if self.is_lost() {
            let why = self.invalidation.as_deref().unwrap_or("its log has been removed");
            let message = format!("The slot \"{name}\" is lost ({why}).");
            return Err(Error::definite(codes::SLOT_LOST, message).fix(lost_fix(name)));
        }
        Ok(())
    }
}

fn lost_fix(name: &str) -> String {
    format!(
        "Run SELECT pg_drop_replication_slot({}); raise max_slot_wal_keep_size and \
         idle_replication_slot_timeout, and take a new snapshot.",
        literal(name)
    )
}

/// Looks at the slot `name`. Reads the row as JSON, because versions differ in their columns.
pub async fn inspect(client: &Client, name: &str) -> Result<Option<Slot>> {
    let sql = "SELECT to_jsonb(s)::text, pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() \
               THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, restart_lsn)::int8 \
               FROM pg_replication_slots s WHERE slot_name = $1";
    let failed = |error| sql_error(&error, "looking at the replication slot");
    let Some(row) = client.query_opt(sql, &[&name]).await.map_err(failed)? else {
        return Ok(None);
    };
    let text: String = row.try_get(0).map_err(failed)?;
    let retained: Option<i64> = row.try_get(1).map_err(failed)?;
    let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    Ok(Some(from_json(&json, retained)))
}

fn from_json(json: &serde_json::Value, retained: Option<i64>) -> Slot {
    let text = |key: &str| json.get(key).and_then(|it| it.as_str()).map(str::to_owned);
    let flag = |key: &str| json.get(key).and_then(serde_json::Value::as_bool).unwrap_or(false);
    let number = |key: &str| json.get(key).and_then(serde_json::Value::as_i64);
    let lsn = |key: &str| text(key).and_then(|text| Lsn::parse(&text)).map(|lsn| lsn.0);
    let conflict = || flag("conflicting").then(|| "conflict with recovery".to_owned());
    Slot {
        name: text("slot_name").unwrap_or_default(),
        plugin: text("plugin"),
        database: text("database"),
        temporary: flag("temporary"),
        active_pid: number("active_pid").and_then(|pid| i32::try_from(pid).ok()),
        restart_lsn: lsn("restart_lsn"),
        confirmed_flush: lsn("confirmed_flush_lsn"),
        wal_status: text("wal_status"),
        invalidation: text("invalidation_reason").or_else(conflict),
        failover: flag("failover"),
        retained: retained.and_then(|bytes| u64::try_from(bytes).ok()),
        safe_wal_size: number("safe_wal_size"),
    }
}

/// What becomes of the snapshot that the slot begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Snapshot {
    /// The transaction that is open in the session sees it.
    Use,
    /// It is not needed.
    Nothing,
}

/// What to create.
#[derive(Clone, Debug)]
pub struct Creation<'a> {
    /// Name of the slot.
    pub name: &'a str,
    /// Whether it goes with the session.
    pub temporary: bool,
    /// Whether standbys keep a copy; ignored before version 17.
    pub failover: bool,
    /// What becomes of its snapshot.
    pub snapshot: Snapshot,
}

/// Creates a slot and returns its consistent point: transactions that commit later are in its
/// stream, earlier ones in its snapshot. `version` is `server_version_num`.
///
/// The server waits here for every transaction that writes now to end.
pub async fn create<S>(session: &mut Session<S>, version: u32, what: &Creation<'_>) -> Result<u64>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let rows = session.query(&create_command(version, what)).await?;
    let point = rows.first().and_then(|row| row.get(1)).and_then(Option::as_deref);
    point.and_then(Lsn::parse).map(|lsn| lsn.0).ok_or_else(|| {
        let message = "The server created the slot without saying where it begins.";
        Error::definite(codes::PROTOCOL, message)
    })
}

/// The command in the grammar of the version: parentheses came with 15, failover with 17.
fn create_command(version: u32, what: &Creation<'_>) -> String {
    let name = identifier(what.name);
    let temporary = if what.temporary { " TEMPORARY" } else { "" };
    let options = match (version >= 150_000, what.snapshot) {
        (true, Snapshot::Use) => "(SNAPSHOT 'use'",
        (true, Snapshot::Nothing) => "(SNAPSHOT 'nothing'",
        (false, Snapshot::Use) => "USE_SNAPSHOT",
        (false, Snapshot::Nothing) => "NOEXPORT_SNAPSHOT",
    };
    let end = match version {
        // A temporary slot cannot be a failover slot.
        170_000.. if what.failover && !what.temporary => ", FAILOVER true)",
        150_000.. => ")",
        _ => "",
    };
    format!("CREATE_REPLICATION_SLOT {name}{temporary} LOGICAL pgoutput {options}{end}")
}

/// Waits until nobody reads from the slot; after `patience` says who does. A slot that does not
/// exist is free.
pub async fn wait_free(client: &Client, name: &str, patience: Duration) -> Result<Option<Slot>> {
    let end = Instant::now() + patience;
    loop {
        let slot = inspect(client, name).await?;
        let Some(pid) = slot.as_ref().and_then(|slot| slot.active_pid) else { return Ok(slot) };
        if Instant::now() >= end {
            let message = format!("The slot \"{name}\" is in use by server process {pid}.");
            return Err(Error::transient(codes::SLOT_ACTIVE, message).fix(format!(
                "If that is not another Walbrook, run SELECT pg_terminate_backend({pid});"
            )));
        }
        sleep(LOOK).await;
    }
}

/// Drops the slot once nobody reads from it. One that does not exist is dropped already.
pub async fn drop(client: &Client, name: &str, patience: Duration) -> Result<()> {
    if wait_free(client, name, patience).await?.is_none() {
        return Ok(());
    }
    // The slot may go between the look and the drop.
    let sql = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots \
               WHERE slot_name = $1";
    let done = client.execute(sql, &[&name]).await;
    done.map(|_| ()).map_err(|error| sql_error(&error, "dropping the replication slot"))
}

/// The command that begins the stream at `lsn`, with logical messages or without.
pub fn start_command(slot: &str, publication: &str, lsn: u64, messages: bool) -> String {
    // The list of publications is parsed as identifiers inside the string.
    let publication = literal(&identifier(publication));
    let messages = if messages { ", messages 'true'" } else { "" };
    format!(
        "START_REPLICATION SLOT {} LOGICAL {} (proto_version '1', publication_names {publication}{messages})",
        identifier(slot),
        Lsn(lsn)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn slot() -> Slot {
        let json = json!({
            "slot_name": "s", "plugin": "pgoutput", "database": "shop", "active_pid": null,
            "restart_lsn": "0/10", "confirmed_flush_lsn": "1/20", "wal_status": "reserved",
            "failover": true, "safe_wal_size": 5, "invalidation_reason": null,
        });
        from_json(&json, Some(7))
    }

    #[test]
    fn the_grammar_follows_the_version() {
        let create = |version, temporary, snapshot| {
            create_command(version, &Creation { name: "s", temporary, failover: true, snapshot })
        };
        let head = "CREATE_REPLICATION_SLOT \"s\" LOGICAL pgoutput";
        assert_eq!(create(140_010, false, Snapshot::Use), format!("{head} USE_SNAPSHOT"));
        assert_eq!(create(150_010, false, Snapshot::Use), format!("{head} (SNAPSHOT 'use')"));
        assert_eq!(
            create(180_004, false, Snapshot::Nothing),
            format!("{head} (SNAPSHOT 'nothing', FAILOVER true)")
        );
        assert_eq!(
            create(180_004, true, Snapshot::Use),
            "CREATE_REPLICATION_SLOT \"s\" TEMPORARY LOGICAL pgoutput (SNAPSHOT 'use')"
        );
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        assert_eq!(slot().verify("shop"), Ok(()));
        assert_eq!(slot().confirmed_flush, Some((1 << 32) + 0x20));
        let code = |slot: Slot| slot.verify("shop").unwrap_err().code;
        assert_eq!(code(Slot { plugin: Some("wal2json".into()), ..slot() }), codes::SLOT_FOREIGN);
        assert_eq!(code(Slot { plugin: None, database: None, ..slot() }), codes::SLOT_FOREIGN);
        assert_eq!(code(Slot { wal_status: Some("lost".into()), ..slot() }), codes::SLOT_LOST);
        let idle = Slot { invalidation: Some("idle_timeout".into()), ..slot() };
        assert!(idle.verify("shop").unwrap_err().message.contains("idle_timeout"));
    }

    #[test]
    fn names_are_quoted_in_commands() {
        assert_eq!(
            start_command("s", "it's", 0x20, false),
            "START_REPLICATION SLOT \"s\" LOGICAL 0/20 \
             (proto_version '1', publication_names '\"it''s\"')"
        );
        let with = start_command("s", "p", 0, true);
        assert!(with.ends_with("publication_names '\"p\"', messages 'true')"), "{with}");
    }
}
