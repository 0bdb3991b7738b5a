//! Character sets of one byte for each character.

use super::{Charset, push, single_tables as tables};

/// What each byte stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table {
    /// 256 of them.
    characters: Box<[char]>,
    /// Whether the lower half is ASCII: then a text of ASCII is copied.
    ascii: bool,
}

impl Table {
    pub(super) fn new(charset: Charset) -> Option<Table> {
        if charset == Charset::Swe7 {
            return Some(Self { characters: swe7(), ascii: false });
        }
        let high = upper_half(charset)?;
        let characters = (0..128_u8).map(char::from).chain(high.chars()).collect();
        Some(Self { characters, ascii: true })
    }

    pub(super) fn decode(&self, text: &[u8], out: &mut Vec<u8>) {
        if self.ascii && text.is_ascii() {
            return out.extend_from_slice(text);
        }
        for byte in text {
            push(out, self.characters.get(usize::from(*byte)).copied().unwrap_or('?'));
        }
    }
}

fn swe7() -> Box<[char]> {
    let character = |byte: u8| {
        let found = tables::SWE7.iter().find(|(known, _)| *known == byte);
        found.map_or(if byte < 128 { char::from(byte) } else { '?' }, |(_, other)| *other)
    };
    (0..=255).map(character).collect()
}

fn upper_half(charset: Charset) -> Option<&'static str> {
    Some(match charset {
        Charset::Armscii8 => tables::ARMSCII8,
        Charset::Cp1250 => tables::CP1250,
        Charset::Cp1251 => tables::CP1251,
        Charset::Cp1256 => tables::CP1256,
        Charset::Cp1257 => tables::CP1257,
        Charset::Cp850 => tables::CP850,
        Charset::Cp852 => tables::CP852,
        Charset::Cp866 => tables::CP866,
        Charset::Dec8 => tables::DEC8,
        Charset::Geostd8 => tables::GEOSTD8,
        Charset::Greek => tables::GREEK,
        Charset::Hebrew => tables::HEBREW,
        Charset::Hp8 => tables::HP8,
        Charset::Keybcs2 => tables::KEYBCS2,
        Charset::Koi8r => tables::KOI8R,
        Charset::Koi8u => tables::KOI8U,
        Charset::Latin1 => tables::LATIN1,
        Charset::Latin2 => tables::LATIN2,
        Charset::Latin5 => tables::LATIN5,
        Charset::Latin7 => tables::LATIN7,
        Charset::Macce => tables::MACCE,
        Charset::Macroman => tables::MACROMAN,
        Charset::Tis620 => tables::TIS620,
        _ => return None,
    })
}
