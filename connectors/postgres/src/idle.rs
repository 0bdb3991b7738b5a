//! PostgreSQL while it is not being read: the slot keeps log, offsets of other tools are judged,
//! and what is ours is removed.
//!
//! ```text
//!   restart_lsn ──── retained ───────────▶ end of the log ── room (safe_wal_size) ──▶ lost
//!        confirmed_flush │── a position may move in here ──│
//! ```

use crate::codes;
use crate::lsn::Lsn;
use crate::resume::{System, identify};
use crate::settings::{PublicationMode, Settings};
use crate::slot::{self, Slot};
use crate::source::entry::{Entry, Phase};
use crate::source::prepare::{Known, fresh, read};
use crate::{publication, transport};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::Client;
use walbrook_core::checkpoint::{Checkpoint, Part, Updates, put};
use walbrook_core::error::{Error, Result};
use walbrook_core::idle::{Idle, Move, Retained};
use walbrook_core::position::{Log, Position};
use walbrook_core::resolve::Answer;

/// How long a slot that is to go may still be in use.
const PATIENCE: Duration = Duration::from_secs(3);

/// A PostgreSQL server of a connector that is not open.
#[derive(Debug)]
pub struct IdlePostgres {
    settings: Arc<Settings>,
}

impl IdlePostgres {
    /// The server that `settings` describe.
    pub fn new(settings: Settings) -> Self {
        Self { settings: Arc::new(settings) }
    }

    async fn client(&self, purpose: &str) -> Result<Client> {
        transport::client(&self.settings, purpose).await
    }

    async fn measured(&self) -> Result<Option<Retained>> {
        let client = self.client("monitor").await?;
        let slot = slot::inspect(&client, &self.settings.slot).await?;
        Ok(slot.map(|slot| retained(&slot)))
    }

    async fn judged(&self, checkpoint: &Checkpoint, offset: &Value) -> Result<Move> {
        let wanted = wanted(offset)?;
        let known = read(checkpoint)?;
        let client = self.client("offsets").await?;
        let mut session = transport::connect(&self.settings, "offsets").await?;
        let system = identify(&mut session).await?;
        session.close().await;
        let slot = slot::inspect(&client, &self.settings.slot).await?;
        let place = Place { known: &known, slot: slot.as_ref(), system: &system };
        let from = judge(&place, &self.settings, wanted)?;
        let position = Position::at(system.id.clone(), Log::Lsn(wanted));
        let entry = match known.entry {
            Some(entry) => Entry { timeline: system.timeline, ..entry },
            None => fresh(&self.settings, Phase::Streaming, (&system.id, system.timeline), wanted),
        };
        let updates = vec![
            put(Part::Source, &entry),
            put(Part::Position, &position),
            (Part::Export, Some(crate::source::export(&position))),
        ];
        Ok(Move { updates, meaning: meaning(from, wanted) })
    }

    async fn removed(&self, checkpoint: &Checkpoint) -> Result<Vec<String>> {
        let settings = &self.settings;
        let client = self.client("drop").await?;
        let mut removed = Vec::new();
        if settings.owns_slot && self.is_ours(&client, checkpoint).await? {
            slot::drop(&client, &settings.slot, PATIENCE).await?;
            removed.push(format!("replication slot {}", settings.slot));
        }
        let ours = settings.publication_mode != PublicationMode::Existing
            && settings.publication
                == Settings::default_name(&settings.cluster, &settings.connector);
        if ours && publication::inspect(&client, &settings.publication).await?.is_some() {
            publication::drop(&client, &settings.publication).await?;
            removed.push(format!("publication {}", settings.publication));
        }
        Ok(removed)
    }

    /// Whether the slot is there, and the checkpoint says that we made it.
    async fn is_ours(&self, client: &Client, checkpoint: &Checkpoint) -> Result<bool> {
        let entry: Option<Entry> = read(checkpoint)?.entry;
        let known = entry.is_some_and(|entry| entry.slot == self.settings.slot);
        let found = slot::inspect(client, &self.settings.slot).await?;
        Ok(known && found.is_some_and(|it| it.database.as_ref() == Some(&self.settings.dbname)))
    }
}

impl Idle for IdlePostgres {
    fn measure<'a>(&'a self, _: Option<&'a Position>) -> Answer<'a, Option<Retained>> {
        Box::pin(self.measured())
    }

    fn judge<'a>(&'a self, checkpoint: &'a Checkpoint, offset: &'a Value) -> Answer<'a, Move> {
        Box::pin(self.judged(checkpoint, offset))
    }

    fn forget<'a>(&'a self, checkpoint: &'a Checkpoint) -> Answer<'a, Move> {
        Box::pin(async move { forgotten(&self.settings, checkpoint) })
    }

    fn let_go<'a>(&'a self) -> Answer<'a, Option<String>> {
        Box::pin(async move {
            let settings = &self.settings;
            let client = self.client("guard").await?;
            if !settings.owns_slot || slot::inspect(&client, &settings.slot).await?.is_none() {
                return Ok(None);
            }
            slot::drop(&client, &settings.slot, PATIENCE).await?;
            Ok(Some(format!("replication slot \"{}\"", settings.slot)))
        })
    }

    fn remove<'a>(&'a self, checkpoint: &'a Checkpoint) -> Answer<'a, Vec<String>> {
        Box::pin(self.removed(checkpoint))
    }
}

/// What a slot keeps.
fn retained(slot: &Slot) -> Retained {
    Retained {
        bytes: slot.retained,
        room_bytes: slot.safe_wal_size.map(|bytes| u64::try_from(bytes).unwrap_or(0)),
        expires_seconds: None,
        lost: slot.is_lost(),
    }
}

/// What is stored, and what is there.
struct Place<'a> {
    known: &'a Known,
    slot: Option<&'a Slot>,
    system: &'a System,
}

/// Whether the stream can go on from `wanted`; answers from where it would go on otherwise.
fn judge(place: &Place<'_>, settings: &Settings, wanted: u64) -> Result<Option<u64>> {
    let Place { known, slot, system } = place;
    if let Some(entry) = &known.entry {
        crate::source::decide::same_world(entry, settings, &system.id)?;
        if entry.phase != Phase::Streaming {
            return Err(Error::definite(codes::OFFSET, "The connector's tables are not read yet.")
                .fix("Let the snapshot end first, or delete the offsets to begin it anew."));
        }
    }
    let Some(slot) = slot else {
        let message = format!("The replication slot {:?} does not exist.", settings.slot);
        return Err(Error::definite(codes::SLOT_MISSING, message)
            .fix("Delete the offsets: the next start makes a slot and takes a new snapshot."));
    };
    slot.verify(&settings.dbname)?;
    match slot.confirmed_flush {
        Some(confirmed) if wanted < confirmed => Err(Error::definite(
            codes::REWIND,
            format!(
                "The slot \"{}\" is confirmed up to {}; the server does not send again what lies \
                 between {} and there.",
                slot.name,
                Lsn(confirmed),
                Lsn(wanted)
            ),
        )
        .fix(format!(
            "Go back to {} at most (offset {confirmed}); to have rows again, resnapshot their tables.",
            Lsn(confirmed)
        ))),
        _ if wanted > system.head => Err(Error::definite(
            codes::OTHER_OFFSET,
            format!(
                "The offset {} lies behind the end of the server's log ({}): it is of another server.",
                Lsn(wanted),
                Lsn(system.head)
            ),
        )
        .fix("Take the offset from the server that the connector reads.")),
        _ => Ok(known.position.as_ref().map(Position::lsn)),
    }
}

/// The position that an offset map of Debezium's form names: what is delivered whole.
fn wanted(offset: &Value) -> Result<u64> {
    let malformed = |what: &str| {
        Error::definite(codes::OFFSET, format!("The offset cannot be used: {what}.")).fix(
            "Give Debezium's map, such as {\"lsn\": 123456}; lsn_commit and lsn_proc may be in it.",
        )
    };
    let Some(map) = offset.as_object() else { return Err(malformed("it is not a map")) };
    let snapshot =
        map.get("snapshot").is_some_and(|it| !matches!(it, Value::Null | Value::Bool(false)));
    if snapshot && map.get("last_snapshot_record").is_none_or(|it| *it != Value::Bool(true)) {
        return Err(malformed("it lies inside of a snapshot"));
    }
    // Rows of an unfinished transaction are behind the last commit; they come again whole.
    let found = ["lsn_commit", "lsn", "lsn_proc"].iter().find_map(|key| map.get(*key));
    match found {
        Some(Value::Number(number)) => {
            number.as_u64().ok_or_else(|| malformed("its lsn is negative"))
        }
        Some(Value::String(text)) => Lsn::parse(text)
            .map(|lsn| lsn.0)
            .or_else(|| text.parse().ok())
            .ok_or_else(|| malformed("its lsn is neither a number nor X/Y")),
        _ => Err(malformed("it has no lsn")),
    }
}

fn meaning(from: Option<u64>, to: u64) -> String {
    let at = Lsn(to);
    match from {
        None => format!("Streaming begins at {at}; no table is read first."),
        Some(from) if to < from => format!(
            "Goes back by {} bytes of log: what was committed between {at} and {} is delivered once more.",
            from - to,
            Lsn(from)
        ),
        Some(from) if to > from => format!(
            "Goes ahead by {} bytes of log: what was committed between {} and {at} is never delivered.",
            to - from,
            Lsn(from)
        ),
        Some(_) => format!("Stays at {at}: nothing is repeated or skipped."),
    }
}

/// The next start begins from nothing: our own slot is dropped and made again by then.
fn forgotten(settings: &Settings, checkpoint: &Checkpoint) -> Result<Move> {
    let known = read(checkpoint)?;
    let mut updates: Updates = checkpoint
        .entries()
        .map(|(part, _)| part.clone())
        .filter(|part| {
            matches!(part, Part::Position | Part::Source | Part::Table(_) | Part::Resnapshot(_))
        })
        .map(|part| (part, None))
        .collect();
    updates.push((Part::Export, None));
    if let (Some(entry), true) = (known.entry, settings.owns_slot) {
        // As after a crash while it was being made: the slot that is there is ours to drop.
        updates.retain(|(part, _)| *part != Part::Source);
        updates
            .push(put(Part::Source, &Entry { phase: Phase::Creating, consistent_lsn: 0, ..entry }));
    }
    let meaning = "Everything stored about the connector's place is forgotten: the next start makes \
                   the slot anew and reads every table as configured, so rows are delivered again, \
                   and changes until then that are not in the tables any more never are.";
    Ok(Move { updates, meaning: meaning.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn debeziums_own_offsets_are_understood() {
        let streaming = json!({
            "transaction_id": null, "lsn_proc": 900, "messageType": "UPDATE", "lsn_commit": 800,
            "lsn": 900, "txId": 7, "ts_usec": 1
        });
        assert_eq!(wanted(&streaming), Ok(800), "behind the last whole transaction");
        assert_eq!(wanted(&json!({ "lsn": 42 })), Ok(42));
        assert_eq!(wanted(&json!({ "lsn": "0/2A" })), Ok(42));
        assert_eq!(
            wanted(&json!({ "lsn": 42, "snapshot": true, "last_snapshot_record": true })),
            Ok(42)
        );
        for bad in [
            json!({}),
            json!(null),
            json!({ "lsn": -1 }),
            json!({ "lsn": "x" }),
            json!({ "lsn": 42, "snapshot": "INITIAL", "last_snapshot_record": false }),
        ] {
            assert_eq!(wanted(&bad).unwrap_err().code, codes::OFFSET, "{bad}");
        }
    }

    #[test]
    fn a_dry_run_says_what_is_repeated_or_skipped() {
        assert!(
            meaning(Some(300), 100).contains("200 bytes of log: what was committed between 0/64")
        );
        assert!(meaning(Some(100), 300).ends_with("is never delivered."));
        assert!(meaning(Some(100), 100).contains("nothing"));
        assert!(meaning(None, 1).contains("no table is read"));
    }
}
