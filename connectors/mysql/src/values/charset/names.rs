//! The character sets of both servers, by name and by the numbers of their collations.

use crate::structure::charset::of_number;

/// A character set by the name that both servers give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the character set of its name")]
pub enum Charset {
    Armscii8,
    Ascii,
    Big5,
    Binary,
    Cp1250,
    Cp1251,
    Cp1256,
    Cp1257,
    Cp850,
    Cp852,
    Cp866,
    Cp932,
    Dec8,
    Eucjpms,
    Euckr,
    Gb18030,
    Gb2312,
    Gbk,
    Geostd8,
    Greek,
    Hebrew,
    Hp8,
    Keybcs2,
    Koi8r,
    Koi8u,
    Latin1,
    Latin2,
    Latin5,
    Latin7,
    Macce,
    Macroman,
    Sjis,
    Swe7,
    Tis620,
    Ucs2,
    Ujis,
    Utf16,
    Utf16le,
    Utf32,
    Utf8mb3,
    Utf8mb4,
}

const NAMES: &[(&str, Charset)] = &[
    ("armscii8", Charset::Armscii8),
    ("ascii", Charset::Ascii),
    ("big5", Charset::Big5),
    ("binary", Charset::Binary),
    ("cp1250", Charset::Cp1250),
    ("cp1251", Charset::Cp1251),
    ("cp1256", Charset::Cp1256),
    ("cp1257", Charset::Cp1257),
    ("cp850", Charset::Cp850),
    ("cp852", Charset::Cp852),
    ("cp866", Charset::Cp866),
    ("cp932", Charset::Cp932),
    ("dec8", Charset::Dec8),
    ("eucjpms", Charset::Eucjpms),
    ("euckr", Charset::Euckr),
    ("gb18030", Charset::Gb18030),
    ("gb2312", Charset::Gb2312),
    ("gbk", Charset::Gbk),
    ("geostd8", Charset::Geostd8),
    ("greek", Charset::Greek),
    ("hebrew", Charset::Hebrew),
    ("hp8", Charset::Hp8),
    ("keybcs2", Charset::Keybcs2),
    ("koi8r", Charset::Koi8r),
    ("koi8u", Charset::Koi8u),
    ("latin1", Charset::Latin1),
    ("latin2", Charset::Latin2),
    ("latin5", Charset::Latin5),
    ("latin7", Charset::Latin7),
    ("macce", Charset::Macce),
    ("macroman", Charset::Macroman),
    ("sjis", Charset::Sjis),
    ("swe7", Charset::Swe7),
    ("tis620", Charset::Tis620),
    ("ucs2", Charset::Ucs2),
    ("ujis", Charset::Ujis),
    ("utf16", Charset::Utf16),
    ("utf16le", Charset::Utf16le),
    ("utf32", Charset::Utf32),
    ("utf8mb3", Charset::Utf8mb3),
    ("utf8mb4", Charset::Utf8mb4),
];

impl Charset {
    /// By its name in any case; `utf8` is `utf8mb3`, as in MySQL and in what MariaDB stores.
    pub fn named(name: &str) -> Option<Charset> {
        if name.eq_ignore_ascii_case("utf8") {
            return Some(Charset::Utf8mb3);
        }
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, set)| *set)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, set)| *set == self).map_or("", |(name, _)| name)
    }

    /// By the number of one of its collations (information_schema.COLLATIONS.ID of both servers).
    pub fn of_collation(id: u16) -> Option<Charset> {
        of_number(id).and_then(Charset::named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collations_lead_to_their_sets() {
        for (id, name) in [
            (1, "big5"),
            (8, "latin1"),
            (33, "utf8mb3"),
            (45, "utf8mb4"),
            (63, "binary"),
            (255, "utf8mb4"),
            (309, "utf8mb4"),
            (1032, "latin1"),
            (1270, "utf8mb4"),
            (2304, "utf8mb4"),
            (3271, "utf32"),
        ] {
            assert_eq!(Charset::of_collation(id).unwrap().name(), name, "{id}");
        }
        for id in [0, 17, 100, 325, 4000] {
            assert_eq!(Charset::of_collation(id), None, "{id}");
        }
    }

    #[test]
    fn every_set_has_its_name() {
        for (name, set) in NAMES {
            assert_eq!(Charset::named(&name.to_uppercase()), Some(*set));
            assert_eq!(set.name(), *name);
        }
        assert_eq!(Charset::named("utf8"), Some(Charset::Utf8mb3));
        assert_eq!(Charset::named("klingon"), None);
    }
}
