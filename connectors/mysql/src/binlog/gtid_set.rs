//! Sets of MySQL's GTIDs in the server's binary form: `PREVIOUS_GTIDS`, and what a dump starts from.
//!
//! ```text
//!  without tags  count u64                     { uuid 16 │                count u64 │ runs }
//!  with tags     1 │ count, 6 bytes │ 1        { uuid 16 │ length │ tag │ count u64 │ runs }
//!  a run         first u64 │ behind the last u64
//! ```
//!
//! The length of a tag is an integer of the serialization library. Source: `Gtid_set::encode` in
//! sql/rpl_gtid_set.cc of MySQL 8.4 and 9.

use super::field::Fields;
use crate::codes;
use std::fmt::Write;
use walbrook_core::error::{Error, Result};
use walbrook_core::position::gtid;

/// `PREVIOUS_GTIDS`: every transaction that was committed before the file.
#[derive(Clone, Copy, Debug)]
pub struct PreviousGtids<'a>(pub(super) &'a [u8]);

impl PreviousGtids<'_> {
    /// The set.
    pub fn set(&self) -> Result<gtid::Set> {
        decode(self.0).ok_or_else(|| {
            let message = "A set of transactions at the head of a log file cannot be read.";
            Error::definite(codes::PROTOCOL, message)
                .fix("Report it with the server's version; no data is lost.")
        })
    }
}

/// The marker of the form with tags, in the first and in the last byte of the count.
const TAGGED: u8 = 1;

fn decode(bytes: &[u8]) -> Option<gtid::Set> {
    let mut fields = Fields::new(bytes);
    let count = fields.array::<8>()?;
    let [low, middle @ .., high] = count;
    let tagged = high == TAGGED;
    let count = match (tagged, low) {
        (true, TAGGED) => middle.iter().rev().fold(0, |count, byte| count << 8 | u64::from(*byte)),
        (false, _) if high == 0 => u64::from_le_bytes(count),
        _ => return None,
    };
    let mut text = String::new();
    for _ in 0..count {
        let uuid = fields.array::<16>()?;
        let tag = match tagged {
            true => {
                let length = usize::try_from(fields.varying()?).ok()?;
                std::str::from_utf8(fields.bytes(length)?).ok()?.to_owned()
            }
            false => String::new(),
        };
        let origin = gtid::Origin { uuid, tag };
        write!(text, "{origin}").ok()?;
        for _ in 0..fields.u64()? {
            let (first, behind) = (fields.u64()?, fields.u64()?);
            write!(text, ":{first}-{}", behind.checked_sub(1)?).ok()?;
        }
        text.push(',');
    }
    if fields.is_empty() { text.parse().ok() } else { None }
}

/// The set as `COM_BINLOG_DUMP_GTID` takes it: with tags only where there are any, for servers before
/// 8.3 know no others.
pub fn encode(set: &gtid::Set) -> Vec<u8> {
    let count = set.origins().count() as u64;
    let tagged = set.origins().any(|(origin, _)| !origin.tag.is_empty());
    let mut out = match tagged {
        true => (u64::from(TAGGED) << 56 | count << 8 | u64::from(TAGGED)).to_le_bytes().to_vec(),
        false => count.to_le_bytes().to_vec(),
    };
    for (origin, runs) in set.origins() {
        out.extend_from_slice(&origin.uuid);
        if tagged {
            // Tags are at most 32 bytes long: one byte holds the length.
            out.push((origin.tag.len() as u8) << 1);
            out.extend_from_slice(origin.tag.as_bytes());
        }
        out.extend_from_slice(&(runs.len() as u64).to_le_bytes());
        for run in runs {
            out.extend_from_slice(&run.first.to_le_bytes());
            out.extend_from_slice(&run.last.saturating_add(1).to_le_bytes());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        for text in [
            "",
            "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7",
            "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7,3e11fa47-71ca-11e1-9e33-c80aa9429562:audit:1-2",
            "00000000-0000-0000-0000-000000000001:a:9,ffffffff-71ca-11e1-9e33-c80aa9429562:1",
        ] {
            let set: gtid::Set = text.parse().unwrap();
            assert_eq!(decode(&encode(&set)), Some(set), "{text}");
        }
    }

    #[test]
    fn a_count_without_entries_is_refused_and_reserves_nothing() {
        assert_eq!(decode(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0]), None);
        assert_eq!(decode(&[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]), None);
        assert_eq!(decode(&[0, 0, 0, 0, 0, 0, 0, 2]), None);
    }
}
