//! Whether the stream can go on where the checkpoint says.
//!
//! ```text
//!              confirmed_flush ≤ stored          the server sends all that is missing
//!  ──────────────────┼──────────────┼─────────▶ log
//!              stored < confirmed_flush          a gap: START_REPLICATION would skip it silently
//! ```

use crate::codes;
use crate::lsn::Lsn;
use crate::slot::Slot;
use crate::transport::Session;
use tokio::io::{AsyncRead, AsyncWrite};
use walbrook_core::error::{Error, Result};
use walbrook_core::position::Position;

/// Who the server is, as it says itself (`IDENTIFY_SYSTEM`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct System {
    /// Identity of the database cluster; copies share it.
    pub id: String,
    /// Its timeline; a promotion begins a new one.
    pub timeline: u32,
    /// End of its log.
    pub head: u64,
}

/// Where a timeline ended and its successor began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switch {
    /// The timeline that ended.
    pub timeline: u32,
    /// The last position that both share.
    pub lsn: u64,
}

/// Asks the server who it is.
pub async fn identify<S: AsyncRead + AsyncWrite + Unpin>(
    session: &mut Session<S>,
) -> Result<System> {
    let rows = session.query("IDENTIFY_SYSTEM").await?;
    let column = |number: usize| rows.first()?.get(number)?.as_deref();
    let system = || {
        let (id, timeline, head) = (column(0)?, column(1)?.parse().ok()?, Lsn::parse(column(2)?)?);
        Some(System { id: id.to_owned(), timeline, head: head.0 })
    };
    system().ok_or_else(|| {
        Error::definite(codes::PROTOCOL, "The server does not say who it is (IDENTIFY_SYSTEM).")
            .fix("Connect to PostgreSQL itself, not to a pooler.")
    })
}

/// Where the timelines before `timeline` ended. The first timeline has no history.
pub async fn history<S: AsyncRead + AsyncWrite + Unpin>(
    session: &mut Session<S>,
    timeline: u32,
) -> Result<Vec<Switch>> {
    if timeline <= 1 {
        return Ok(Vec::new());
    }
    let rows = session.query(&format!("TIMELINE_HISTORY {timeline}")).await?;
    let text = rows.first().and_then(|row| row.get(1)).and_then(Option::as_deref);
    Ok(parse_history(text.unwrap_or_default()))
}

/// Lines of `timeline TAB lsn TAB reason`; comments and empty lines are left out.
fn parse_history(text: &str) -> Vec<Switch> {
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let timeline = words.next()?.parse().ok()?;
        Some(Switch { timeline, lsn: Lsn::parse(words.next()?)?.0 })
    };
    text.lines().filter_map(line).collect()
}

/// What the checkpoint says.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    /// How far everything is delivered.
    pub position: &'a Position,
    /// The timeline at that time, where it was stored.
    pub timeline: Option<u32>,
}

/// What the server says.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The slot, if it exists.
    pub slot: Option<&'a Slot>,
    /// The server.
    pub system: &'a System,
    /// Where its timelines changed.
    pub history: &'a [Switch],
}

/// Whether nothing is lost when the stream goes on at the stored position. `slot` and `database`
/// are the configured names.
pub fn compare_start(
    stored: Stored<'_>,
    found: Found<'_>,
    slot: &str,
    database: &str,
) -> Result<()> {
    let at = stored.position.lsn();
    if stored.position.server != found.system.id {
        return Err(other_system(&stored.position.server, &found.system.id));
    }
    if let Some(timeline) = stored.timeline {
        compare_timeline(timeline, at, found)?;
    }
    let Some(slot) = found.slot else {
        let message = format!("The slot \"{slot}\" does not exist any more.");
        return Err(Error::definite(codes::SLOT_MISSING, message).fix(
            "The changes since its removal are gone: take a new snapshot \
             (snapshot = \"when_needed\" does it by itself).",
        ));
    };
    slot.verify(database)?;
    match slot.confirmed_flush {
        Some(confirmed) if confirmed > at => Err(gap(slot, at, confirmed)),
        _ => Ok(()),
    }
}

fn compare_timeline(stored: u32, at: u64, found: Found<'_>) -> Result<()> {
    let now = found.system.timeline;
    let switch = found.history.iter().find(|switch| switch.timeline == stored);
    let ok = stored == now || (stored < now && switch.is_some_and(|switch| at <= switch.lsn));
    if ok {
        return Ok(());
    }
    let left = switch.map_or_else(String::new, |it| format!(", which it left at {}", Lsn(it.lsn)));
    let message = format!(
        "The server is on timeline {now}, but the checkpoint is at {} of timeline {stored}{left}.",
        Lsn(at)
    );
    Err(Error::definite(codes::TIMELINE, message).fix(
        "Delivered changes do not exist on this server: take a new snapshot, or connect to the \
         server that has them.",
    ))
}

fn other_system(stored: &str, found: &str) -> Error {
    let message = format!("The checkpoint belongs to system {stored}, the server is {found}.");
    Error::definite(codes::SYSTEM_ID, message).fix(
        "Correct the url; after pg_upgrade or a restore give the connector another name, which \
         begins with a new snapshot.",
    )
}

fn gap(slot: &Slot, at: u64, confirmed: u64) -> Error {
    let message = format!(
        "The slot \"{}\" is confirmed up to {}, the checkpoint is at {}: the changes between them \
         cannot be read again.",
        slot.name,
        Lsn(confirmed),
        Lsn(at)
    );
    Error::definite(codes::GAP, message).fix(
        "The slot was created again or read by somebody else: take a new snapshot, and let nothing \
         else use the slot.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use walbrook_core::position::Log;

    fn slot(confirmed: u64) -> Slot {
        Slot {
            name: "s".into(),
            plugin: Some("pgoutput".into()),
            database: Some("d".into()),
            confirmed_flush: Some(confirmed),
            ..Slot::default()
        }
    }

    fn compare(slot: Option<&Slot>, id: &str, timelines: (Option<u32>, u32)) -> Result<()> {
        let position = Position::at("7", Log::Lsn(100));
        let system = System { id: id.into(), timeline: timelines.1, head: 0 };
        let history = parse_history("1\t0/50\tno recovery target\n\n# x\n2\t0/70\tpromoted\n");
        let found = Found { slot, system: &system, history: &history };
        compare_start(Stored { position: &position, timeline: timelines.0 }, found, "s", "d")
    }

    fn code(result: Result<()>) -> walbrook_core::error::Code {
        let error = result.unwrap_err();
        assert_eq!(error.class, walbrook_core::error::Class::Definite);
        assert!(!error.fix.is_empty());
        error.code
    }

    #[test]
    fn nothing_may_be_missing_between_checkpoint_and_slot() {
        assert_eq!(compare(Some(&slot(99)), "7", (None, 1)), Ok(()));
        assert_eq!(compare(Some(&slot(100)), "7", (Some(1), 1)), Ok(()));
        assert_eq!(code(compare(Some(&slot(101)), "7", (None, 1))), codes::GAP);
        assert_eq!(code(compare(None, "7", (None, 1))), codes::SLOT_MISSING);
        assert_eq!(code(compare(Some(&slot(99)), "8", (None, 1))), codes::SYSTEM_ID);
        let lost = Slot { wal_status: Some("lost".into()), ..slot(99) };
        assert_eq!(code(compare(Some(&lost), "7", (None, 1))), codes::SLOT_LOST);
    }

    #[test]
    fn a_newer_timeline_must_have_begun_after_the_checkpoint() {
        // Timeline 1 ended at 0x50 = 80 < 100, timeline 2 at 0x70 = 112.
        assert_eq!(code(compare(Some(&slot(9)), "7", (Some(1), 3))), codes::TIMELINE);
        assert_eq!(compare(Some(&slot(9)), "7", (Some(2), 3)), Ok(()));
        assert_eq!(code(compare(Some(&slot(9)), "7", (Some(4), 3))), codes::TIMELINE);
    }
}
