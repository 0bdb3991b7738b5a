//! Which transaction begins: `GTID`, `ANONYMOUS_GTID` of MySQL. The other forms are in
//! [`super::gtid_tagged`] and [`super::gtid_domain`].

use super::field::Fields;
use walbrook_core::position::gtid;

/// Name of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// None: the server runs without GTIDs.
    Anonymous,
    /// MySQL's.
    Numbered(gtid::Gtid),
    /// MariaDB's.
    Domain(gtid::Domain),
}

/// What MariaDB says about the transaction that begins; all false of MySQL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GtidFlags {
    /// The one next event is the whole transaction; no end is logged.
    pub standalone: bool,
    /// It was committed together with others.
    pub group_commit: bool,
    /// It can be rolled back.
    pub transactional: bool,
    /// It contains a statement that changes structures.
    pub ddl: bool,
    /// It is the prepared part of an XA transaction.
    pub prepared_xa: bool,
    /// It ends a prepared XA transaction.
    pub completed_xa: bool,
    /// `binlog_alter_two_phase`: an ALTER TABLE begins, which may still fail.
    pub start_alter: bool,
    /// The ALTER TABLE that had begun takes effect.
    pub commit_alter: bool,
    /// The ALTER TABLE that had begun takes no effect.
    pub rollback_alter: bool,
}

/// The event that a transaction begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gtid {
    /// Its name.
    pub identity: Identity,
    /// When it was committed where it was made, in µs since 1970.
    pub original_commit: Option<u64>,
    /// When it was committed on this server, in µs since 1970.
    pub immediate_commit: Option<u64>,
    /// How many bytes of the log it takes, with this event.
    pub transaction_length: Option<u64>,
    /// MariaDB's flags.
    pub flags: GtidFlags,
}

impl Gtid {
    pub(super) fn new(identity: Identity) -> Self {
        Self {
            identity,
            original_commit: None,
            immediate_commit: None,
            transaction_length: None,
            flags: GtidFlags::default(),
        }
    }

    /// Reads `GTID` or `ANONYMOUS_GTID`; what older servers do not write stays unknown.
    ///
    /// ```text
    ///  flags u8 │ uuid 16 │ number u64 │ 2 │ last committed u64 │ sequence u64
    ///  │ commit here u56, high bit: differs │ [commit there u56] │ length, length-encoded │ versions
    /// ```
    pub(super) fn read(body: &[u8], anonymous: bool) -> Option<Self> {
        let mut fields = Fields::new(body);
        fields.u8()?;
        let uuid = fields.array::<16>()?;
        let number = fields.u64()?;
        let mut gtid = Gtid::new(match anonymous {
            true => Identity::Anonymous,
            false => {
                let origin = gtid::Origin { uuid, tag: String::new() };
                Identity::Numbered(gtid::Gtid { origin, number })
            }
        });
        if fields.u8() != Some(2) || fields.bytes(16).is_none() {
            return Some(gtid);
        }
        let Some(commit) = fields.u56() else { return Some(gtid) };
        const DIFFERS: u64 = 1 << 55;
        gtid.immediate_commit = told(commit & !DIFFERS);
        gtid.original_commit =
            if commit & DIFFERS == 0 { gtid.immediate_commit } else { told(fields.u56()?) };
        gtid.transaction_length = fields.length();
        Some(gtid)
    }
}

/// Zero means that the server does not know.
pub(super) fn told(value: u64) -> Option<u64> {
    (value != 0).then_some(value)
}
