//! MySQL and MariaDB while they are not read: how much log is still there, what offsets of other
//! tools mean, and what is ours (nothing but the checkpoint).
//!
//! ```text
//!   purged ──▶│ oldest file ──── position ──── retained ────▶ end of the log
//!             └─ removed when older than binlog_expire_logs_seconds
//! ```

use crate::codes;
use crate::flavor::Flavor;
use crate::settings::Settings;
use crate::source::entry::{Entry, Phase};
use crate::source::prepare::{Known, goes_on, read};
use crate::source::server::{self, Executed, Server};
use crate::stream::coordinates::Coordinates;
use crate::transport::{self, sql_error};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use serde_json::Value;
use std::sync::Arc;
use walbrook_core::checkpoint::{Checkpoint, Part, Updates, put};
use walbrook_core::error::{Error, Result};
use walbrook_core::idle::{Idle, Move, Retained};
use walbrook_core::position::{Log, Position, gtid};
use walbrook_core::resolve::Answer;

/// A server of a connector that is not open.
pub struct IdleMySql {
    settings: Arc<Settings>,
}

impl IdleMySql {
    /// The server that `settings` describe.
    pub fn new(settings: Settings) -> Self {
        Self { settings: Arc::new(settings) }
    }

    async fn measured(&self, position: Option<&Position>) -> Result<Option<Retained>> {
        let Some(place) = position.and_then(place) else { return Ok(None) };
        let mut conn = transport::client(&self.settings, "monitor").await?;
        let server = Server::ask(&mut conn).await?;
        let files = files(&mut conn).await?;
        drop(conn.disconnect().await);
        Ok(Some(retained(&files, &place, expiry(&server))))
    }

    async fn judged(&self, checkpoint: &Checkpoint, offset: &Value) -> Result<Move> {
        let known = read(checkpoint)?;
        let mut conn = transport::client(&self.settings, "offsets").await?;
        let server = Server::ask(&mut conn).await?;
        if let Some(entry) = &known.entry {
            suits(entry, &server, &self.settings)?;
        }
        let wanted = self.wanted(&mut conn, server.flavor, offset).await?;
        let executed = server::executed(&mut conn, server.flavor).await?;
        drop(conn.disconnect().await);
        goes_on(&wanted, &executed)?;
        let entry = known.entry.clone().unwrap_or_else(|| Entry {
            phase: Phase::Streaming,
            flavor: server.flavor,
            topic_prefix: self.settings.topic_prefix.clone(),
            nonce: "offsets".to_owned(),
            again: false,
        });
        let updates = vec![
            put(Part::Source, &entry),
            put(Part::Position, &wanted),
            (Part::Export, Some(crate::source::export(&wanted))),
        ];
        Ok(Move { updates, meaning: meaning(&known, &wanted) })
    }

    /// The position that an offset map of Debezium's form names: what is delivered whole.
    async fn wanted(&self, conn: &mut Conn, flavor: Flavor, offset: &Value) -> Result<Position> {
        let given = Given::read(offset)?;
        let executed = match (&given.gtids, flavor) {
            (Some(gtids), _) => parse(flavor, gtids)?,
            (None, Flavor::MariaDb) => by_place(conn, &given).await?,
            (None, Flavor::MySql) => {
                return Err(malformed(
                    "it has no gtids, without which a place in MySQL's log cannot be compared",
                ));
            }
        };
        let file = given.file.unwrap_or_default();
        Ok(executed.position(flavor, &Coordinates::new(file, given.pos.unwrap_or(4))))
    }
}

impl std::fmt::Debug for IdleMySql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdleMySql").field("settings", &self.settings).finish()
    }
}

impl Idle for IdleMySql {
    fn measure<'a>(&'a self, position: Option<&'a Position>) -> Answer<'a, Option<Retained>> {
        Box::pin(self.measured(position))
    }

    fn judge<'a>(&'a self, checkpoint: &'a Checkpoint, offset: &'a Value) -> Answer<'a, Move> {
        Box::pin(self.judged(checkpoint, offset))
    }

    fn forget<'a>(&'a self, checkpoint: &'a Checkpoint) -> Answer<'a, Move> {
        Box::pin(async move { Ok(forgotten(checkpoint)) })
    }

    fn let_go<'a>(&'a self) -> Answer<'a, Option<String>> {
        // The server keeps its log for nobody: there is nothing to let go of.
        Box::pin(async { Ok(None) })
    }

    fn remove<'a>(&'a self, _: &'a Checkpoint) -> Answer<'a, Vec<String>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// Where in the server's files a position lies.
fn place(position: &Position) -> Option<Coordinates> {
    match &position.log {
        Log::Gtids { file, pos, .. } | Log::Domains { file, pos, .. } => {
            Some(Coordinates::new(Arc::clone(file), *pos))
        }
        Log::Lsn(_) => None,
    }
}

/// The files of the log, oldest first, with their sizes.
async fn files(conn: &mut Conn) -> Result<Vec<(String, u64)>> {
    let failed = |error| sql_error(&error, "listing the log files");
    let rows: Vec<mysql_async::Row> = conn.query("SHOW BINARY LOGS").await.map_err(failed)?;
    let file = |row: mysql_async::Row| Some((row.get_opt(0)?.ok()?, row.get_opt(1)?.ok()?));
    Ok(rows.into_iter().filter_map(file).collect())
}

/// After how many seconds the server removes its log; nothing where it never does.
fn expiry(server: &Server) -> Option<u64> {
    let number = |name: &str| server.variable(name)?.parse::<f64>().ok();
    let seconds = number("binlog_expire_logs_seconds").filter(|&seconds| seconds > 0.0);
    let days = || number("expire_logs_days").filter(|&days| days > 0.0).map(|days| days * 86_400.0);
    seconds.or_else(days).map(|seconds| seconds as u64)
}

/// What of the log comes after `place`.
fn retained(files: &[(String, u64)], place: &Coordinates, expires: Option<u64>) -> Retained {
    let after =
        |(name, size): &(String, u64)| match Coordinates::new(name.as_str(), 0).offset() >> 30 {
            number if number < place.offset() >> 30 => 0,
            number if number == place.offset() >> 30 => size.saturating_sub(place.pos),
            _ => *size,
        };
    let oldest = files.first().map(|(name, _)| Coordinates::new(name.as_str(), 0));
    Retained {
        bytes: Some(files.iter().map(after).sum()),
        room_bytes: None,
        expires_seconds: expires,
        lost: oldest.is_some_and(|oldest| oldest.offset() >> 30 > place.offset() >> 30),
    }
}

/// What an offset map says.
struct Given {
    gtids: Option<String>,
    file: Option<String>,
    pos: Option<u64>,
}

impl Given {
    fn read(offset: &Value) -> Result<Self> {
        let Some(map) = offset.as_object() else { return Err(malformed("it is not a map")) };
        let inside =
            map.get("snapshot").is_some_and(|it| !matches!(it, Value::Null | Value::Bool(false)));
        if inside && map.get("snapshot_completed") != Some(&Value::Bool(true)) {
            return Err(malformed("it lies inside of a snapshot"));
        }
        let text = |key: &str| match map.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(malformed(&format!("its {key} is not text"))),
        };
        let pos = match map.get("pos") {
            None | Some(Value::Null) => None,
            Some(pos) => Some(pos.as_u64().ok_or_else(|| malformed("its pos is not a number"))?),
        };
        let given = Self { gtids: text("gtids")?, file: text("file")?, pos };
        if given.gtids.is_none() && (given.file.is_none() || given.pos.is_none()) {
            return Err(malformed("it has neither gtids nor file and pos"));
        }
        Ok(given)
    }
}

fn parse(flavor: Flavor, gtids: &str) -> Result<Executed> {
    let bad = |_: gtid::Malformed| malformed("its gtids cannot be read");
    Ok(match flavor {
        Flavor::MySql => {
            Executed::Gtids { set: gtids.parse().map_err(bad)?, purged: gtid::Set::default() }
        }
        Flavor::MariaDb => Executed::Domains(gtids.parse().map_err(bad)?),
    })
}

/// MariaDB translates a place in its files by itself.
async fn by_place(conn: &mut Conn, given: &Given) -> Result<Executed> {
    let sql = "SELECT BINLOG_GTID_POS(?, ?)";
    let (file, pos) = (given.file.as_deref().unwrap_or_default(), given.pos.unwrap_or(4));
    let found: Option<Option<String>> = conn
        .exec_first(sql, (file, pos))
        .await
        .map_err(|error| sql_error(&error, "looking up a place in the log"))?;
    let gtids = found.flatten().ok_or_else(|| {
        let message = format!("The server's log has no place {file}:{pos}.");
        Error::definite(codes::PURGED, message)
            .fix("Delete the offsets: the next start takes a new snapshot.")
    })?;
    parse(Flavor::MariaDb, &gtids)
}

fn malformed(what: &str) -> Error {
    Error::definite(codes::OFFSET, format!("The offset cannot be used: {what}.")).fix(
        "Give Debezium's map, such as {\"file\": \"binlog.000002\", \"pos\": 197, \"gtids\": \"…\"}.",
    )
}

/// Whether offsets of this server can be put beside what is stored.
fn suits(entry: &Entry, server: &Server, settings: &Settings) -> Result<()> {
    if entry.flavor != server.flavor || entry.topic_prefix != settings.topic_prefix {
        let message = "The checkpoint belongs to another kind of server or another topic prefix.";
        return Err(Error::definite(codes::OTHER_SERVER, message)
            .fix("Connect to the former one, or use another connector name."));
    }
    if entry.phase != Phase::Streaming {
        return Err(Error::definite(codes::OFFSET, "The connector's tables are not read yet.")
            .fix("Let the snapshot end first, or delete the offsets to begin it anew."));
    }
    Ok(())
}

/// What would be repeated or skipped.
fn meaning(known: &Known, to: &Position) -> String {
    let Some(from) = &known.position else {
        return "Streaming begins at the given place; no table is read first.".to_owned();
    };
    if from.covers(to) && to.covers(from) {
        return "Stays where it is: nothing is repeated or skipped.".to_owned();
    }
    match (&from.log, &to.log) {
        (Log::Gtids { set: from, .. }, Log::Gtids { set: to, .. }) => {
            let said = |set: gtid::Set, what: &str| {
                (!set.is_empty()).then(|| format!("Transactions {set} are {what}."))
            };
            let again = said(from.minus(to), "delivered once more");
            let never = said(to.minus(from), "never delivered");
            again.into_iter().chain(never).collect::<Vec<_>>().join(" ")
        }
        _ if from.covers(to) => format!(
            "Goes back from {} to {}: what lies between is delivered once more.",
            named(from),
            named(to)
        ),
        _ => format!(
            "Goes from {} to {}: what lies between is never delivered.",
            named(from),
            named(to)
        ),
    }
}

fn named(position: &Position) -> String {
    match &position.log {
        Log::Domains { newest, .. } => newest.to_string(),
        Log::Gtids { set, .. } => set.to_string(),
        Log::Lsn(lsn) => lsn.to_string(),
    }
}

/// The next start begins from nothing.
fn forgotten(checkpoint: &Checkpoint) -> Move {
    let place = |part: &Part| {
        matches!(
            part,
            Part::Position
                | Part::Source
                | Part::Table(_)
                | Part::Structure(_)
                | Part::Prepared(_)
                | Part::Resnapshot(_)
        )
    };
    let parts = checkpoint.entries().map(|(part, _)| part.clone()).filter(place);
    let updates: Updates = parts.chain([Part::Export]).map(|part| (part, None)).collect();
    let meaning = "Everything stored about the connector's place is forgotten: the next start \
                   reads every table as configured, so rows are delivered again, and changes until \
                   then that are not in the tables any more never are.";
    Move { updates, meaning: meaning.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn debeziums_own_offsets_are_understood() {
        let given = Given::read(&json!({
            "transaction_id": null, "ts_sec": 1, "file": "binlog.000002", "pos": 197,
            "gtids": "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-7", "row": 1, "server_id": 1, "event": 2
        }));
        assert_eq!(given.unwrap().pos, Some(197));
        for bad in [
            json!([]),
            json!({}),
            json!({ "file": "b.1" }),
            json!({ "gtids": 7 }),
            json!({ "gtids": "x", "pos": "y" }),
            json!({ "gtids": "x", "snapshot": "INITIAL", "snapshot_completed": false }),
        ] {
            assert_eq!(Given::read(&bad).err().map(|it| it.code), Some(codes::OFFSET), "{bad}");
        }
        assert_eq!(parse(Flavor::MySql, "nonsense").unwrap_err().code, codes::OFFSET);
    }

    #[test]
    fn retained_is_what_comes_after_the_position() {
        let files = [("b.000002".to_owned(), 100), ("b.000003".to_owned(), 50)];
        let at = |file: &str, pos| retained(&files, &Coordinates::new(file, pos), Some(60));
        assert_eq!(at("b.000002", 40).bytes, Some(110));
        assert_eq!(at("b.000003", 50).bytes, Some(0));
        assert!(at("b.000001", 4).lost && !at("b.000002", 4).lost);
    }

    #[test]
    fn a_dry_run_names_the_transactions() {
        let at = |set: &str| {
            let (set, file) = (set.parse().unwrap(), "b.000001".into());
            Position::at("mysql", Log::Gtids { set, file, pos: 4 })
        };
        let a = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
        let known = Known { position: Some(at(&format!("{a}:1-9"))), ..Known::default() };
        let back = meaning(&known, &at(&format!("{a}:1-5")));
        assert_eq!(back, format!("Transactions {a}:6-9 are delivered once more."));
        assert!(meaning(&known, &at(&format!("{a}:1-9"))).contains("nothing"));
        assert!(meaning(&known, &at(&format!("{a}:1-12"))).ends_with("10-12 are never delivered."));
    }
}
