//! The 19 bytes that every event begins with.

use super::field::Fields;

/// `LOG_EVENT_IGNORABLE_F`: a reader that does not know the kind may pass over the event.
const IGNORABLE: u16 = 0x80;

/// The common header.
///
/// ```text
///  timestamp u32 │ kind u8 │ server id u32 │ size u32 │ end position u32 │ flags u16
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Header {
    /// When the statement began, in seconds since 1970.
    pub(crate) timestamp: u32,
    /// See [`super::kind`].
    pub(crate) kind: u8,
    /// Server that the event was first written by.
    pub(crate) server_id: u32,
    /// Bytes of the event, with header and checksum.
    pub(crate) size: u32,
    /// The low 32 bits of where the event ends in its file; 0 where the event is in no file.
    pub(crate) end: u32,
    /// `LOG_EVENT_…_F`.
    pub(crate) flags: u16,
}

impl Header {
    /// Length in bytes.
    pub(crate) const LEN: usize = 19;

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields::new(bytes);
        Some(Self {
            timestamp: fields.u32()?,
            kind: fields.u8()?,
            server_id: fields.u32()?,
            size: fields.u32()?,
            end: fields.u32()?,
            flags: fields.u16()?,
        })
    }

    /// Whether a reader may pass over the event.
    pub(crate) fn is_ignorable(&self) -> bool {
        self.flags & IGNORABLE != 0
    }
}
