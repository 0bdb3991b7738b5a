//! Transactions that the stream has told, and whether a snapshot shows them.
//!
//! A transaction is in the log before anybody sees it: for an instant, or, with a synchronous
//! standby, for as long as that takes. Rows read meanwhile do not contain what consumers have
//! already. So the numbers of told transactions are kept until some snapshot shows them; a snapshot
//! is used only if it shows all of them.

/// More numbers than this are not kept: then every transaction up to the newest that is dropped
/// must have ended.
const MOST: usize = 1 << 18;

/// So many are kept before it is worth to ask which of them are visible.
const WORTH: usize = 1 << 14;

/// What a snapshot shows: every transaction before `xmax` but those in progress.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visible {
    /// Every transaction before it has ended.
    pub xmin: u64,
    /// No transaction from it on is seen.
    pub xmax: u64,
    /// Those between the two that are in progress.
    pub running: Vec<u64>,
}

impl Visible {
    /// Reads `pg_current_snapshot()`: `xmin:xmax:running,…`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let (xmin, xmax) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let list = parts.next()?.split(',').filter(|part| !part.is_empty());
        let running = list.map(|part| part.parse().ok()).collect::<Option<Vec<_>>>()?;
        Some(Self { xmin, xmax, running })
    }

    /// The whole number of a transaction of which the log has the lower half: the one nearest to
    /// this snapshot.
    fn whole(&self, xid: u32) -> u64 {
        let distance = xid.wrapping_sub(self.xmax as u32) as i32;
        self.xmax.saturating_add_signed(i64::from(distance))
    }

    /// Whether the changes of the transaction are seen, now that it is committed.
    pub fn shows(&self, xid: u32) -> bool {
        let xid = self.whole(xid);
        xid < self.xmax && !self.running.contains(&xid)
    }

    /// Whether every transaction up to this one has ended.
    fn ended(&self, xid: u32) -> bool {
        self.whole(xid) < self.xmin
    }
}

/// What a snapshot must show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Transactions that were told.
    told: Vec<u32>,
    /// Every transaction up to this one must have ended.
    floor: Option<u32>,
}

impl Seen {
    /// Whether `visible` shows all of it.
    pub fn is_shown(&self, visible: &Visible) -> bool {
        self.told.iter().all(|xid| visible.shows(*xid))
            && self.floor.is_none_or(|floor| visible.ended(floor))
    }
}

/// The transactions told by the stream.
#[derive(Clone, Debug, Default)]
pub struct Streamed {
    seen: Seen,
}

impl Streamed {
    /// A transaction was told.
    #[inline]
    pub fn told(&mut self, xid: u32) {
        if self.seen.told.len() >= MOST {
            self.seen.floor = self.seen.told.iter().copied().reduce(later);
            self.seen.told.clear();
        }
        self.seen.told.push(xid);
    }

    /// Whether it is worth to ask which of them are visible.
    #[inline]
    pub fn are_many(&self) -> bool {
        self.seen.told.len() >= WORTH
    }

    /// A snapshot was taken.
    pub fn shown(&mut self, visible: &Visible) {
        self.seen.told.retain(|xid| !visible.shows(*xid));
        self.seen.floor = self.seen.floor.filter(|floor| !visible.ended(*floor));
    }

    /// What a snapshot must show by now.
    pub fn seen(&self) -> Seen {
        self.seen.clone()
    }
}

/// The later of two transactions, as the server counts: around the circle.
fn later(a: u32, b: u32) -> u32 {
    if (b.wrapping_sub(a) as i32) > 0 { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_read_and_shows_what_has_ended() {
        let visible = Visible::parse("10:20:12,15").unwrap();
        for (xid, shown) in [(9, true), (10, true), (12, false), (19, true), (20, false)] {
            assert_eq!(visible.shows(xid), shown, "{xid}");
        }
        assert_eq!(Visible::parse("7:7:").unwrap().running, Vec::<u64>::new());
        for bad in ["", "1", "1:2", "a:b:", "1:2:x"] {
            assert_eq!(Visible::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn numbers_go_around() {
        let around = 1_u64 << 32;
        let visible = Visible { xmin: around + 3, xmax: around + 5, running: vec![around + 3] };
        assert!(visible.shows(u32::MAX) && visible.shows(2) && visible.shows(4));
        assert!(!visible.shows(3) && !visible.shows(5));
        assert_eq!(later(u32::MAX, 3), 3);
    }

    #[test]
    fn what_was_told_must_be_shown_and_is_forgotten_then() {
        let mut streamed = Streamed::default();
        for xid in [11, 12, 30] {
            streamed.told(xid);
        }
        let early = Visible { xmin: 12, xmax: 20, running: vec![12] };
        assert!(!streamed.seen().is_shown(&early));
        streamed.shown(&early);
        assert_eq!(streamed.seen().told, [12, 30]);
        let late = Visible { xmin: 31, xmax: 31, running: Vec::new() };
        assert!(streamed.seen().is_shown(&late));
        streamed.shown(&late);
        assert_eq!(streamed.seen(), Seen::default());
    }

    #[test]
    fn of_very_many_only_the_last_is_kept() {
        let mut streamed = Streamed::default();
        (0..=MOST as u32).for_each(|xid| streamed.told(xid));
        let seen = streamed.seen();
        assert_eq!((seen.floor, seen.told.len()), (Some(MOST as u32 - 1), 1));
        let visible = |xmin| Visible { xmin, xmax: 1 << 20, running: Vec::new() };
        assert!(!seen.is_shown(&visible(MOST as u64 - 1)) && seen.is_shown(&visible(MOST as u64)));
    }
}
