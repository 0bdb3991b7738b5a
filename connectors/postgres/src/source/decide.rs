//! Whether to begin, to go on, or to refuse: pure, from what is stored and what is there.
//!
//! ```text
//!  stored          slot            decision
//!  nothing         none            Begin            existing: somebody else's, refuse
//!  creating        any             Begin, dropping what a crash left
//!  snapshotting    there, whole    Snapshot
//!  streaming       there, whole    Stream           mode always, new process: Again
//!  any             gone or lost    refuse           mode when_needed: Begin
//! ```

use super::entry::{Entry, Phase};
use crate::codes;
use crate::settings::{Settings, SnapshotMode};
use walbrook_core::error::{Code, Error, Result};

/// What is configured and connected to, in the terms of [`Entry`].
#[derive(Clone, Debug)]
pub struct Here {
    /// System identifier of the server.
    pub server: String,
    /// The database.
    pub database: String,
    /// Prefix of the topics.
    pub topic_prefix: String,
    /// The slot.
    pub slot: String,
    /// Whether we create and drop the slot.
    pub owns_slot: bool,
    /// When tables are read.
    pub mode: SnapshotMode,
    /// This process.
    pub nonce: String,
}

/// The slot as it is found.
#[derive(Clone, Debug)]
pub enum Slot {
    /// There is none of that name.
    Missing,
    /// It can go on from where the checkpoint is, as far as is known.
    Usable,
    /// It cannot.
    Unusable(Error),
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Create the slot and take the snapshot under it, from nothing.
    Begin {
        /// A slot of that name is there and is dropped first.
        drop_slot: bool,
    },
    /// The owner's slot is there: take the snapshot beside it, from nothing.
    Adopt,
    /// Read what is left under a new snapshot.
    Snapshot,
    /// Read everything again; the stream goes on where it was.
    Again,
    /// Follow the log.
    Stream,
    /// There is nothing left to do.
    Finished,
}

/// Decides.
pub fn decide(stored: Option<&Entry>, slot: &Slot, here: &Here) -> Result<Decision> {
    let Some(entry) = stored else { return first(slot, here) };
    same_server(entry, &here.server)?;
    same_names(entry, &here.database, &here.topic_prefix, &here.slot)?;
    if here.mode == SnapshotMode::InitialOnly && entry.phase == Phase::Streaming {
        return Ok(Decision::Finished);
    }
    match (entry.phase, slot) {
        (Phase::Creating, Slot::Missing) if here.owns_slot => {
            Ok(Decision::Begin { drop_slot: false })
        }
        (Phase::Creating, _) if here.owns_slot => Ok(Decision::Begin { drop_slot: true }),
        (Phase::Creating, _) => first(slot, here),
        (Phase::Snapshotting, Slot::Usable) => Ok(Decision::Snapshot),
        (Phase::Streaming, Slot::Usable) => {
            let again = here.mode == SnapshotMode::Always && entry.nonce != here.nonce;
            Ok(if again { Decision::Again } else { Decision::Stream })
        }
        (_, Slot::Missing) => renewed(here, false).ok_or_else(|| gone(here)),
        (_, Slot::Unusable(error)) => renewed(here, true).ok_or_else(|| error.clone()),
    }
}

fn first(slot: &Slot, here: &Here) -> Result<Decision> {
    match slot {
        Slot::Missing if here.owns_slot => Ok(Decision::Begin { drop_slot: false }),
        Slot::Missing => Err(gone(here)),
        Slot::Unusable(error) if !here.owns_slot => Err(error.clone()),
        Slot::Usable if !here.owns_slot => Ok(Decision::Adopt),
        Slot::Usable | Slot::Unusable(_) => Err(Error::definite(
            codes::SLOT_TAKEN,
            format!(
                "The replication slot {:?} exists, but nothing is stored about this connector: \
                 the slot belongs to somebody else.",
                here.slot
            ),
        )
        .fix(format!(
            "Name another slot in the connector's settings, or, if nobody uses it, run \
             SELECT pg_drop_replication_slot('{}').",
            here.slot.replace('\'', "''")
        ))),
    }
}

/// A snapshot from nothing, where the settings ask for it and the slot is ours.
fn renewed(here: &Here, drop_slot: bool) -> Option<Decision> {
    let wanted = here.mode == SnapshotMode::WhenNeeded && here.owns_slot;
    wanted.then_some(Decision::Begin { drop_slot })
}

fn gone(here: &Here) -> Error {
    let message = format!("The replication slot {:?} does not exist (any more).", here.slot);
    let fix = if here.owns_slot {
        "Changes since it was dropped are lost: set snapshot = \"when_needed\", and the next start \
         takes a new snapshot."
    } else {
        "Let its owner create it with the plugin pgoutput, or name another one."
    };
    Error::definite(codes::SLOT_MISSING, message).fix(fix)
}

/// A checkpoint goes on only on the server where it was made.
fn same_server(entry: &Entry, server: &str) -> Result<()> {
    if entry.server == server {
        return Ok(());
    }
    let what = "server with the system identifier";
    Err(differs(codes::SYSTEM_ID, what, &entry.server, server).fix(
        "Connect to the former server; after pg_upgrade or a restore use another connector name, \
         which begins with a new snapshot.",
    ))
}

/// Whether the checkpoint was made on the server and under the names that are configured.
pub(crate) fn same_world(entry: &Entry, settings: &Settings, server: &str) -> Result<()> {
    same_server(entry, server)?;
    same_names(entry, &settings.dbname, &settings.topic_prefix, &settings.slot)
}

/// A checkpoint goes on only under the names that it was made with. That needs no server: asked
/// first of all, as in another database nearly everything else is wrong too.
pub fn same_names(entry: &Entry, database: &str, topic_prefix: &str, slot: &str) -> Result<()> {
    let names = [
        (codes::OTHER_DATABASE, "database", &entry.database, database),
        (codes::OTHER_PREFIX, "topic_prefix", &entry.topic_prefix, topic_prefix),
        (codes::OTHER_SLOT, "slot", &entry.slot, slot),
    ];
    for (code, what, stored, now) in names {
        if stored != now {
            let fix = format!("Set the former {what}, or use another connector name.");
            return Err(differs(code, what, stored, now).fix(fix));
        }
    }
    Ok(())
}

fn differs(code: Code, what: &str, stored: &str, now: &str) -> Error {
    Error::definite(
        code,
        format!("The checkpoint belongs to the {what} {stored:?}, not to {now:?}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use Decision::*;
    use SnapshotMode::{Always, Initial, InitialOnly, NoData, WhenNeeded};

    fn here(mode: SnapshotMode) -> Here {
        Here {
            server: "7".into(),
            database: "shop".into(),
            topic_prefix: "p".into(),
            slot: "s".into(),
            owns_slot: true,
            mode,
            nonce: "now".into(),
        }
    }

    fn entry(phase: Phase) -> Entry {
        Entry {
            phase,
            slot: "s".into(),
            publication: "p".into(),
            server: "7".into(),
            timeline: 1,
            database: "shop".into(),
            topic_prefix: "p".into(),
            nonce: "then".into(),
            consistent_lsn: 9,
            again: false,
            listed: false,
        }
    }

    fn lost() -> Slot {
        Slot::Unusable(Error::definite(codes::SLOT_MISSING, "lost"))
    }

    fn outcome(phase: Option<Phase>, slot: Slot, here: &Here) -> Result<Decision, &'static str> {
        let entry = phase.map(entry);
        decide(entry.as_ref(), &slot, here).map_err(|error| {
            assert!(!error.fix.is_empty() || error.message == "lost", "{error}");
            error.code.as_str()
        })
    }

    #[test]
    fn the_table_of_decisions() {
        let (foreign, gone) = (codes::SLOT_TAKEN.as_str(), codes::SLOT_MISSING.as_str());
        let (new, renewed) = (Ok(Begin { drop_slot: false }), Ok(Begin { drop_slot: true }));
        use Phase::*;
        let table = [
            (None, Slot::Missing, Initial, new),
            (None, Slot::Missing, NoData, new),
            (None, Slot::Usable, Initial, Err(foreign)),
            (None, lost(), WhenNeeded, Err(foreign)),
            (Some(Creating), Slot::Missing, Initial, new),
            (Some(Creating), Slot::Usable, Initial, renewed),
            (Some(Creating), lost(), Initial, renewed),
            (Some(Snapshotting), Slot::Usable, Initial, Ok(Snapshot)),
            (Some(Snapshotting), Slot::Usable, Always, Ok(Snapshot)),
            (Some(Snapshotting), Slot::Missing, Initial, Err(gone)),
            (Some(Snapshotting), lost(), Initial, Err(gone)),
            (Some(Snapshotting), Slot::Missing, WhenNeeded, new),
            (Some(Streaming), Slot::Usable, Initial, Ok(Stream)),
            (Some(Streaming), Slot::Usable, WhenNeeded, Ok(Stream)),
            (Some(Streaming), Slot::Usable, Always, Ok(Again)),
            (Some(Streaming), Slot::Usable, InitialOnly, Ok(Finished)),
            (Some(Streaming), Slot::Missing, InitialOnly, Ok(Finished)),
            (Some(Streaming), Slot::Missing, Initial, Err(gone)),
            (Some(Streaming), Slot::Missing, Always, Err(gone)),
            (Some(Streaming), lost(), Initial, Err(gone)),
            (Some(Streaming), lost(), WhenNeeded, renewed),
        ];
        for (phase, slot, mode, expected) in table {
            let text = format!("{phase:?} {slot:?} {mode:?}");
            assert_eq!(outcome(phase, slot, &here(mode)), expected, "{text}");
        }
    }

    #[test]
    fn a_reconnect_of_the_same_process_does_not_read_everything_again() {
        let same = Here { nonce: "then".into(), ..here(Always) };
        assert_eq!(outcome(Some(Phase::Streaming), Slot::Usable, &same), Ok(Stream));
    }

    #[test]
    fn the_owners_slot_is_used_and_never_dropped() {
        let gone = codes::SLOT_MISSING.as_str();
        for mode in [Initial, NoData, Always, WhenNeeded] {
            let theirs = Here { owns_slot: false, ..here(mode) };
            for phase in [None, Some(Phase::Creating)] {
                assert_eq!(outcome(phase, Slot::Usable, &theirs), Ok(Adopt));
                assert_eq!(outcome(phase, Slot::Missing, &theirs), Err(gone));
            }
            for phase in [Phase::Creating, Phase::Snapshotting, Phase::Streaming] {
                assert_eq!(outcome(Some(phase), lost(), &theirs), Err(gone));
            }
        }
    }

    #[test]
    fn another_world_is_refused_in_every_phase() {
        for phase in [Phase::Creating, Phase::Snapshotting, Phase::Streaming] {
            let base = here(WhenNeeded);
            let cases = [
                (Here { server: "8".into(), ..base.clone() }, codes::SYSTEM_ID),
                (Here { database: "x".into(), ..base.clone() }, codes::OTHER_DATABASE),
                (Here { topic_prefix: "x".into(), ..base.clone() }, codes::OTHER_PREFIX),
                (Here { slot: "x".into(), ..base.clone() }, codes::OTHER_SLOT),
            ];
            for (other, code) in cases {
                assert_eq!(outcome(Some(phase), Slot::Missing, &other), Err(code.as_str()));
            }
        }
    }
}
