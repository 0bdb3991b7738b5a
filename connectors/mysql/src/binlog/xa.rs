//! `XA_PREPARE`: the rows before it are a transaction whose end comes later, or never.

use super::field::Fields;
use std::fmt::Write;

/// The event, with the name of the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XaPrepare<'a> {
    /// Whether it is committed at once (`XA COMMIT … ONE PHASE`).
    pub one_phase: bool,
    /// Format of the name, 1 unless the client says otherwise.
    pub format_id: u32,
    /// `gtrid`.
    pub global: &'a [u8],
    /// `bqual`.
    pub branch: &'a [u8],
}

impl<'a> XaPrepare<'a> {
    /// Reads it: one phase u8, format u32, two lengths u32, both names.
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let mut fields = Fields::new(body);
        let (one_phase, format_id) = (fields.u8()? != 0, fields.u32()?);
        let (global, branch) = (fields.u32()?, fields.u32()?);
        let global = fields.bytes(usize::try_from(global).ok()?)?;
        let branch = fields.bytes(usize::try_from(branch).ok()?)?;
        Some(Self { one_phase, format_id, global, branch })
    }

    /// The name as the servers write it behind `XA COMMIT` and `XA ROLLBACK` in the log:
    /// `X'61',X'62',1`.
    pub fn quoted(&self) -> String {
        let mut out = String::new();
        for part in [self.global, self.branch] {
            out.push_str("X'");
            for byte in part {
                // Writing to a string cannot fail.
                let _ = write!(out, "{byte:02x}");
            }
            out.push_str("',");
        }
        let _ = write!(out, "{}", self.format_id);
        out
    }
}
