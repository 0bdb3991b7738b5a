//! Whether to begin, to go on, or to refuse: pure, from what is stored and what is there.
//!
//! ```text
//!  stored          log of the server        decision
//!  nothing         any                      Begin
//!  snapshotting    goes on from there       Go on with the tables that are left
//!  streaming       goes on from there       Stream      mode always, new process: Again
//!  any             does not                 refuse      mode when_needed: Begin
//! ```

use super::entry::{Entry, Phase};
use crate::codes;
use crate::flavor::Flavor;
use crate::settings::SnapshotMode;
use walbrook_core::error::{Error, Result};

/// What is configured, in the terms of [`Entry`].
#[derive(Clone, Debug)]
pub struct Here {
    /// The kind of server.
    pub flavor: Flavor,
    /// Prefix of the topics.
    pub topic_prefix: String,
    /// When tables are read.
    pub mode: SnapshotMode,
    /// This process.
    pub nonce: String,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// From nothing: structures, tables, log.
    Begin,
    /// Read the tables that are left; the log goes on where it was.
    Snapshot,
    /// Read every table again; the log goes on where it was.
    Again,
    /// Follow the log.
    Stream,
    /// There is nothing left to do.
    Finished,
}

/// Decides. `log` says why the server's log does not go on from the stored position.
pub fn decide(stored: Option<&Entry>, log: Result<()>, here: &Here) -> Result<Decision> {
    let Some(entry) = stored else { return Ok(Decision::Begin) };
    same_world(entry, here)?;
    if here.mode == SnapshotMode::InitialOnly && entry.phase == Phase::Streaming {
        return Ok(Decision::Finished);
    }
    match (log, entry.phase) {
        (Err(_), _) if here.mode == SnapshotMode::WhenNeeded => Ok(Decision::Begin),
        (Err(error), _) => Err(error),
        (Ok(()), Phase::Snapshotting) => Ok(Decision::Snapshot),
        (Ok(()), Phase::Streaming) => {
            let again = here.mode == SnapshotMode::Always && entry.nonce != here.nonce;
            Ok(if again { Decision::Again } else { Decision::Stream })
        }
    }
}

/// A checkpoint goes on only where it was made.
fn same_world(entry: &Entry, here: &Here) -> Result<()> {
    let differs = |code, what: &str, stored: &str, now: &str, fix: &str| {
        let message = format!("The checkpoint belongs to the {what} {stored:?}, not to {now:?}.");
        Err(Error::definite(code, message).fix(fix))
    };
    if entry.flavor != here.flavor {
        let (stored, now) = (entry.flavor.connector(), here.flavor.connector());
        let fix = "Connect to the former kind of server, or use another connector name.";
        return differs(codes::OTHER_SERVER, "kind of server", stored, now, fix);
    }
    if entry.topic_prefix != here.topic_prefix {
        let fix = "Set the former topic_prefix, or use another connector name.";
        let (stored, now) = (&entry.topic_prefix, &here.topic_prefix);
        return differs(codes::OTHER_PREFIX, "topic prefix", stored, now, fix);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use Decision::*;
    use SnapshotMode::{Always, Initial, InitialOnly, NoData, WhenNeeded};

    fn here(mode: SnapshotMode) -> Here {
        let (flavor, topic_prefix) = (Flavor::MySql, "p".to_owned());
        Here { flavor, topic_prefix, mode, nonce: "now".into() }
    }

    fn entry(phase: Phase) -> Entry {
        let (flavor, topic_prefix) = (Flavor::MySql, "p".to_owned());
        Entry { phase, flavor, topic_prefix, nonce: "then".into(), again: false }
    }

    fn gone() -> Result<()> {
        Err(Error::definite(codes::PURGED, "gone"))
    }

    #[test]
    fn the_table_of_decisions() {
        use Phase::*;
        let purged = Err(codes::PURGED.as_str());
        for (phase, log, mode, expected) in [
            (None, Ok(()), Initial, Ok(Begin)),
            (None, Ok(()), NoData, Ok(Begin)),
            (Some(Snapshotting), Ok(()), Initial, Ok(Snapshot)),
            (Some(Snapshotting), Ok(()), Always, Ok(Snapshot)),
            (Some(Snapshotting), gone(), Initial, purged),
            (Some(Snapshotting), gone(), WhenNeeded, Ok(Begin)),
            (Some(Streaming), Ok(()), Initial, Ok(Stream)),
            (Some(Streaming), Ok(()), WhenNeeded, Ok(Stream)),
            (Some(Streaming), Ok(()), Always, Ok(Again)),
            (Some(Streaming), Ok(()), InitialOnly, Ok(Finished)),
            (Some(Streaming), gone(), InitialOnly, Ok(Finished)),
            (Some(Streaming), gone(), Initial, purged),
            (Some(Streaming), gone(), WhenNeeded, Ok(Begin)),
        ] {
            let text = format!("{phase:?} {log:?} {mode:?}");
            let entry = phase.map(entry);
            let decided = decide(entry.as_ref(), log, &here(mode));
            assert_eq!(decided.map_err(|error| error.code.as_str()), expected, "{text}");
        }
    }

    #[test]
    fn a_reconnect_of_the_same_process_does_not_read_everything_again() {
        let same = Here { nonce: "then".into(), ..here(Always) };
        assert_eq!(decide(Some(&entry(Phase::Streaming)), Ok(()), &same), Ok(Stream));
    }

    #[test]
    fn another_world_is_refused_in_every_phase() {
        for phase in [Phase::Snapshotting, Phase::Streaming] {
            let base = here(WhenNeeded);
            for (here, code) in [
                (Here { flavor: Flavor::MariaDb, ..base.clone() }, codes::OTHER_SERVER),
                (Here { topic_prefix: "q".into(), ..base.clone() }, codes::OTHER_PREFIX),
            ] {
                let error = decide(Some(&entry(phase)), Ok(()), &here).unwrap_err();
                assert_eq!(error.code, code);
                assert!(!error.fix.is_empty());
            }
        }
    }
}
