//! MariaDB's transactions: `GTID` (162) and `GTID_LIST` (163).
//!
//! Source: `Gtid_log_event`, `Gtid_list_log_event` in MariaDB's sql/log_event.h.

use super::field::Fields;
use super::gtid::{Gtid, GtidFlags, Identity};
use walbrook_core::position::gtid;

const STANDALONE: u8 = 0x01;
const GROUP_COMMIT: u8 = 0x02;
const TRANSACTIONAL: u8 = 0x04;
const DDL: u8 = 0x20;
const PREPARED_XA: u8 = 0x40;
const COMPLETED_XA: u8 = 0x80;

const MORE_ENGINES: u8 = 0x01;
const START_ALTER: u8 = 0x02;
const COMMIT_ALTER: u8 = 0x04;
const ROLLBACK_ALTER: u8 = 0x08;

impl Gtid {
    /// Reads MariaDB's `GTID`; the server is told by the event's header.
    ///
    /// ```text
    ///  sequence u64 │ domain u32 │ flags u8 │ [commit group u64]
    ///  │ [XA: format u32, lengths u8 u8, name] │ [more flags u8 …] │ zeroes up to 19 bytes
    /// ```
    pub(super) fn read_domain(body: &[u8], server: u32) -> Option<Self> {
        let mut fields = Fields::new(body);
        let (sequence, domain, flags) = (fields.u64()?, fields.u32()?, fields.u8()?);
        if flags & GROUP_COMMIT != 0 {
            fields.u64()?;
        }
        if flags & (PREPARED_XA | COMPLETED_XA) != 0 {
            fields.u32()?;
            let (global, branch) = (fields.u8()?, fields.u8()?);
            fields.bytes(usize::from(global) + usize::from(branch))?;
        }
        let more = fields.u8().unwrap_or_default();
        if more & MORE_ENGINES != 0 {
            fields.u8()?;
        }
        Some(Self {
            flags: GtidFlags {
                standalone: flags & STANDALONE != 0,
                group_commit: flags & GROUP_COMMIT != 0,
                transactional: flags & TRANSACTIONAL != 0,
                ddl: flags & DDL != 0,
                prepared_xa: flags & PREPARED_XA != 0,
                completed_xa: flags & COMPLETED_XA != 0,
                start_alter: more & START_ALTER != 0,
                commit_alter: more & COMMIT_ALTER != 0,
                rollback_alter: more & ROLLBACK_ALTER != 0,
            },
            ..Gtid::new(Identity::Domain(gtid::Domain { domain, server, sequence }))
        })
    }
}

/// `GTID_LIST`: the newest transaction of each domain and server before the file, or, sent by the
/// server in the place of transactions that it leaves out, up to here.
#[derive(Clone, Copy, Debug)]
pub struct GtidList<'a>(&'a [u8]);

impl<'a> GtidList<'a> {
    /// Cuts the entries out: count u32, of which the upper four bits are flags, then domain u32,
    /// server u32 and sequence u64 of each.
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let mut fields = Fields::new(body);
        let count = fields.u32()? & 0x0fff_ffff;
        fields.bytes(usize::try_from(count).ok()?.checked_mul(16)?).map(Self)
    }

    /// The position that it is. Of several servers in one domain the last is the newest.
    pub fn domains(&self) -> gtid::Domains {
        let mut domains = gtid::Domains::default();
        let mut fields = Fields::new(self.0);
        while let (Some(domain), Some(server), Some(sequence)) =
            (fields.u32(), fields.u32(), fields.u64())
        {
            domains.reach(gtid::Domain { domain, server, sequence });
        }
        domains
    }
}
