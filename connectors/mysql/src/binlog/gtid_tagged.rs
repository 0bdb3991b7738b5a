//! `GTID_TAGGED` (MySQL 8.3 and newer): the same as `GTID`, written by MySQL's serialization library.
//!
//! ```text
//!  format (1) │ size │ last field that may not be skipped │ { field number │ value } …
//! ```
//!
//! Source: libs/mysql/serialization and `Gtid_event` in libs/mysql/binlog/event/control_events.h.

use super::field::Fields;
use super::gtid::{Gtid, Identity, told};
use walbrook_core::position::gtid;

const FORMAT: u64 = 1;

mod number {
    pub(super) const FLAGS: u64 = 0;
    pub(super) const UUID: u64 = 1;
    pub(super) const NUMBER: u64 = 2;
    pub(super) const TAG: u64 = 3;
    pub(super) const LAST_COMMITTED: u64 = 4;
    pub(super) const SEQUENCE: u64 = 5;
    pub(super) const IMMEDIATE_COMMIT: u64 = 6;
    pub(super) const ORIGINAL_COMMIT: u64 = 7;
    pub(super) const LENGTH: u64 = 8;
    pub(super) const IMMEDIATE_VERSION: u64 = 9;
    pub(super) const ORIGINAL_VERSION: u64 = 10;
    pub(super) const GROUP_TICKET: u64 = 11;
}

impl Gtid {
    /// Reads `GTID_TAGGED`.
    pub(super) fn read_tagged(body: &[u8]) -> Option<Self> {
        let mut fields = Fields::new(body);
        if fields.varying()? != FORMAT {
            return None;
        }
        let size = usize::try_from(fields.varying()?).ok()?;
        let needed = fields.varying()?;
        let head = body.len() - fields.rest().len();
        let mut fields = Fields::new(fields.bytes(size.checked_sub(head)?)?);
        let (mut uuid, mut tag, mut named) = (None, String::new(), None);
        let (mut immediate, mut original, mut length) = (None, None, None);
        while !fields.is_empty() {
            match fields.varying()? {
                number::UUID => uuid = Some(uuid_of(&mut fields)?),
                number::NUMBER => named = Some(unsigned(fields.varying()?)?),
                number::TAG => tag = text(&mut fields)?,
                number::IMMEDIATE_COMMIT => immediate = told(fields.varying()?),
                number::ORIGINAL_COMMIT => original = told(fields.varying()?),
                number::LENGTH => length = told(fields.varying()?),
                number::FLAGS
                | number::LAST_COMMITTED
                | number::SEQUENCE
                | number::IMMEDIATE_VERSION
                | number::ORIGINAL_VERSION
                | number::GROUP_TICKET => drop(fields.varying()?),
                unknown if unknown <= needed => return None,
                // Its length is not known either: nothing behind it can be read.
                _ => break,
            }
        }
        let origin = gtid::Origin { uuid: uuid?, tag };
        Some(Gtid {
            immediate_commit: immediate,
            // Written only where it differs.
            original_commit: original.or(immediate),
            transaction_length: length,
            ..Gtid::new(Identity::Numbered(gtid::Gtid { origin, number: named? }))
        })
    }
}

/// Each byte is an integer of its own.
fn uuid_of(fields: &mut Fields<'_>) -> Option<[u8; 16]> {
    let mut uuid = [0; 16];
    for byte in &mut uuid {
        *byte = u8::try_from(fields.varying()?).ok()?;
    }
    Some(uuid)
}

/// A signed integer has its sign in the lowest bit; a negative one has no place here.
fn unsigned(value: u64) -> Option<u64> {
    (value & 1 == 0).then_some(value >> 1)
}

fn text(fields: &mut Fields<'_>) -> Option<String> {
    let length = usize::try_from(fields.varying()?).ok()?;
    std::str::from_utf8(fields.bytes(length)?).ok().map(str::to_owned)
}
