//! Text of every character set of both servers to UTF-8, equal to what the server itself makes of
//! it for a client: the snapshot is converted by the server, the stream here.
//!
//! ```text
//!  Charset (name, collation number) ──Decoder::new──▶ Decoder
//!     utf8mb4, utf8mb3, ascii   validated, copied
//!     one byte each             a table of 256 characters
//!     utf16, ucs2, utf32        code units
//!     East Asian                encoding_rs, but for the codes where the servers differ
//! ```

mod exceptions;
mod multibyte;
mod names;
mod single;
mod single_tables;
mod wide;

pub use names::Charset;

use super::{Bad, length};
use walbrook_core::avro::write;

/// How the text of one column becomes UTF-8; made once for each column.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoder(Way);

#[derive(Clone, Debug, PartialEq)]
enum Way {
    Utf8,
    Ascii,
    Single(single::Table),
    Wide(wide::Unit),
    Multibyte(multibyte::Multibyte),
}

impl Decoder {
    /// The way for a character set; `None` for `binary`, whose values are not text.
    pub fn new(charset: Charset) -> Option<Decoder> {
        Some(Decoder(match charset {
            Charset::Binary => return None,
            Charset::Utf8mb4 | Charset::Utf8mb3 => Way::Utf8,
            Charset::Ascii => Way::Ascii,
            _ => single::Table::new(charset)
                .map(Way::Single)
                .or_else(|| wide::Unit::new(charset).map(Way::Wide))
                .or_else(|| multibyte::Multibyte::new(charset).map(Way::Multibyte))?,
        }))
    }

    /// Appends the payload of an Avro string: length and text.
    #[inline]
    pub fn write(&self, text: &[u8], out: &mut Vec<u8>) -> Result<(), Bad> {
        match &self.0 {
            Way::Utf8 => {
                // ASCII is checked faster than it is parsed, and most texts are short.
                std::str::from_utf8(text).map_err(|_| Bad::Text)?;
                write::bytes(out, text);
                Ok(())
            }
            Way::Ascii if text.is_ascii() => {
                write::bytes(out, text);
                Ok(())
            }
            _ => length::prefixed(out, |out| self.decode(text, out)),
        }
    }

    /// Appends the text in UTF-8, without a length.
    pub fn decode(&self, text: &[u8], out: &mut Vec<u8>) -> Result<(), Bad> {
        match &self.0 {
            Way::Utf8 => {
                let text = std::str::from_utf8(text).map_err(|_| Bad::Text)?;
                out.extend_from_slice(text.as_bytes());
            }
            Way::Ascii if text.is_ascii() => out.extend_from_slice(text),
            Way::Ascii => return Err(Bad::Text),
            Way::Single(table) => table.decode(text, out),
            Way::Wide(unit) => unit.decode(text, out)?,
            Way::Multibyte(set) => set.decode(text, out)?,
        }
        Ok(())
    }
}

/// Appends a character in UTF-8.
#[inline]
fn push(out: &mut Vec<u8>, character: char) {
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests;
