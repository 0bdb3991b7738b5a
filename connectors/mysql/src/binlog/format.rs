//! `FORMAT_DESCRIPTION`: how the events of the file are written.

use super::field::Fields;
use super::header::Header;

/// The event without its checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    /// Version of the server that wrote the file.
    pub server_version: String,
    /// Whether every event of the file ends with its CRC32.
    pub checksums: bool,
}

impl Format {
    /// Reads it from a body whose last byte is the algorithm of the checksums:
    ///
    /// ```text
    ///  version u16 (4) │ server version, 50 bytes │ created u32 │ header length u8 (19)
    ///  │ length of the fixed part of each kind, u8 each │ algorithm u8 (0 none, 1 CRC32)
    /// ```
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut fields = Fields::new(body);
        let version = fields.u16()?;
        let server = fields.bytes(50)?;
        fields.u32()?;
        let header = fields.u8()?;
        let algorithm = *fields.rest().last()?;
        if version != 4 || usize::from(header) != Header::LEN || algorithm > 1 {
            return None;
        }
        let text = server.split(|byte| *byte == 0).next().unwrap_or_default();
        let server_version = String::from_utf8_lossy(text).into_owned();
        Some(Self { server_version, checksums: algorithm == 1 })
    }
}
