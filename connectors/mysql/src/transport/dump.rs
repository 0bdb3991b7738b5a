//! Asking for the log: what is pinned in the session, who we are among the replicas, where to start.

use super::failure;
use super::session::Session;
use crate::binlog;
use crate::codes;
use crate::flavor::Flavor;
use crate::settings::Settings;
use mysql_common::packets::ComRegisterSlave;
use mysql_common::proto::MySerialize;
use std::fmt::Write;
use tokio::io::{AsyncRead, AsyncWrite};
use walbrook_core::error::{Error, Result};
use walbrook_core::position::gtid;

/// Where reading begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// MySQL: behind everything in the set.
    Gtids(gtid::Set),
    /// MariaDB: behind the newest transaction of each domain.
    Domains(gtid::Domains),
    /// At a position in a file; at most 4 GiB, for the protocol has no more.
    File {
        /// Name of the file.
        name: String,
        /// Where an event begins in it; 4 is its first.
        pos: u64,
    },
}

const COM_BINLOG_DUMP: u8 = 0x12;
const COM_BINLOG_DUMP_GTID: u8 = 0x1e;

/// `BINLOG_SEND_ANNOTATE_ROWS_EVENT` of MariaDB: the statements that rows come from.
const SEND_ANNOTATE_ROWS: u16 = 2;
/// `BINLOG_THROUGH_GTID` of MySQL: a set of GTIDs follows.
const THROUGH_GTID: u16 = 4;

/// Prepares the session and sends the command; messages of the log follow, or an error.
pub(super) async fn ask<S: AsyncRead + AsyncWrite + Unpin>(
    session: &mut Session<S>,
    settings: &Settings,
    start: &Start,
) -> Result<()> {
    let command = command(settings, start)?;
    session.execute(&variables(settings, start)).await?;
    register(session, settings).await?;
    session.command(&command).await
}

/// The session's variables, under the names of old and new servers; each server reads its own.
fn variables(settings: &Settings, start: &Start) -> String {
    let nanoseconds = settings.heartbeat.as_nanos();
    let uuid = uuid(settings);
    // Long, for the server ends a dump whose reader waits for Kafka.
    let mut sql = String::from("SET SESSION net_write_timeout = 600");
    for prefix in ["source", "master"] {
        let _ = write!(
            sql,
            ", @{prefix}_binlog_checksum = 'CRC32', @{prefix}_heartbeat_period = {nanoseconds}"
        );
    }
    // Two readers with one server id and one uuid end each other; with a uuid of its own only a
    // second instance of this connector does.
    let _ = write!(sql, ", @replica_uuid = '{uuid}', @slave_uuid = '{uuid}'");
    if settings.flavor == Flavor::MariaDb {
        // 4: every event as it is, none replaced for old readers.
        sql.push_str(", @mariadb_slave_capability = 4");
        if let Start::Domains(domains) = start {
            // Strict: a position that the log does not have is an error, not skipped over.
            let _ = write!(
                sql,
                ", @slave_connect_state = '{domains}', @slave_gtid_strict_mode = 1, \
                 @slave_gtid_ignore_duplicates = 0"
            );
        }
    }
    sql
}

/// A uuid that stays the same: version 8 of RFC 9562, from the names (two runs of FNV-1a).
fn uuid(settings: &Settings) -> String {
    let hash = |seed: u64| {
        let names = settings.cluster.bytes().chain([0]).chain(settings.connector.bytes());
        names.fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    };
    let (a, b) = (hash(0xcbf2_9ce4_8422_2325), hash(0x6c62_272e_07bb_0142));
    format!(
        "{:08x}-{:04x}-8{:03x}-{:04x}-{:012x}",
        a >> 32,
        a >> 16 & 0xffff,
        a & 0xfff,
        b >> 48 & 0x3fff | 0x8000,
        b & 0xffff_ffff_ffff
    )
}

/// Makes the server name us in `SHOW REPLICAS`.
async fn register<S: AsyncRead + AsyncWrite + Unpin>(
    session: &mut Session<S>,
    settings: &Settings,
) -> Result<()> {
    let name = format!("walbrook-{}", settings.connector);
    let name = name.get(..60).unwrap_or(&name).to_owned();
    let mut command = Vec::new();
    ComRegisterSlave::new(settings.server_id)
        .with_hostname(name.into_bytes())
        .serialize(&mut command);
    let answer = session.run(&command).await?;
    answer.map_err(|error| match error.number {
        // The number of a refused login: here the account is in and may not read the log.
        1045 => {
            let account = &settings.user;
            let message = format!("Account {account} may not read the server's log.");
            Error::definite(codes::RIGHT, message)
                .fix(format!("Run GRANT REPLICATION SLAVE ON *.* TO {account}."))
        }
        _ => failure::reported(&error, "registering as a replica"),
    })
}

/// ```text
///  COM_BINLOG_DUMP       position u32 │ flags u16 │ server id u32 │ file
///  COM_BINLOG_DUMP_GTID  flags u16 │ server id u32 │ length u32 │ file │ position u64
///                        │ length u32 │ set
/// ```
fn command(settings: &Settings, start: &Start) -> Result<Vec<u8>> {
    let id = settings.server_id.to_le_bytes();
    let flags = match settings.flavor {
        Flavor::MySql => 0,
        Flavor::MariaDb => SEND_ANNOTATE_ROWS,
    };
    let plain = |position: u32, file: &str| {
        let head = [&[COM_BINLOG_DUMP], &position.to_le_bytes()[..], &u16::to_le_bytes(flags)];
        [&head.concat(), &id[..], file.as_bytes()].concat()
    };
    match start {
        Start::Domains(_) => Ok(plain(4, "")),
        Start::File { name, pos } => match u32::try_from(*pos) {
            Ok(position) => Ok(plain(position, name)),
            Err(_) => {
                let message = format!("Position {pos} of {name} is beyond what can be asked for.");
                Err(Error::definite(codes::PURGED, message)
                    .fix("Set gtid_mode = ON on the server and take a new snapshot."))
            }
        },
        Start::Gtids(set) => {
            let set = binlog::encode(set);
            let mut out = vec![COM_BINLOG_DUMP_GTID];
            out.extend_from_slice(&THROUGH_GTID.to_le_bytes());
            out.extend_from_slice(&id);
            out.extend_from_slice(&0_u32.to_le_bytes());
            out.extend_from_slice(&4_u64.to_le_bytes());
            out.extend_from_slice(&(set.len() as u32).to_le_bytes());
            out.extend_from_slice(&set);
            Ok(out)
        }
    }
}
