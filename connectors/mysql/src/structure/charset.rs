//! Character sets of both servers: what the number of a collation in the log stands for, how many
//! bytes a character takes, which collation is the default.

use crate::flavor::Flavor;
use encoding_rs::Encoding;

/// Name, most bytes of a character, default collation (behind the name), numbers of the collations.
type Row = (&'static str, u32, &'static str, &'static [(u16, u16)]);

/// Every character set of MySQL 9.7 and MariaDB 10.11, as their `information_schema` lists them.
/// MariaDB's collations from 1024 on are those below without padding, from 2048 on UCA 14.0.0.
const CHARSETS: [Row; 41] = [
    ("armscii8", 1, "general_ci", &[(32, 32), (64, 64)]),
    ("ascii", 1, "general_ci", &[(11, 11), (65, 65)]),
    ("big5", 2, "chinese_ci", &[(1, 1), (84, 84)]),
    ("binary", 1, "binary", &[(63, 63)]),
    ("cp1250", 1, "general_ci", &[(26, 26), (34, 34), (44, 44), (66, 66), (99, 99)]),
    ("cp1251", 1, "general_ci", &[(14, 14), (23, 23), (50, 52)]),
    ("cp1256", 1, "general_ci", &[(57, 57), (67, 67)]),
    ("cp1257", 1, "general_ci", &[(29, 29), (58, 59)]),
    ("cp850", 1, "general_ci", &[(4, 4), (80, 80)]),
    ("cp852", 1, "general_ci", &[(40, 40), (81, 81)]),
    ("cp866", 1, "general_ci", &[(36, 36), (68, 68)]),
    ("cp932", 2, "japanese_ci", &[(95, 96)]),
    ("dec8", 1, "swedish_ci", &[(3, 3), (69, 69)]),
    ("eucjpms", 3, "japanese_ci", &[(97, 98)]),
    ("euckr", 2, "korean_ci", &[(19, 19), (85, 85)]),
    ("gb18030", 4, "chinese_ci", &[(248, 250)]),
    ("gb2312", 2, "chinese_ci", &[(24, 24), (86, 86)]),
    ("gbk", 2, "chinese_ci", &[(28, 28), (87, 87)]),
    ("geostd8", 1, "general_ci", &[(92, 93)]),
    ("greek", 1, "general_ci", &[(25, 25), (70, 70)]),
    ("hebrew", 1, "general_ci", &[(16, 16), (71, 71)]),
    ("hp8", 1, "english_ci", &[(6, 6), (72, 72)]),
    ("keybcs2", 1, "general_ci", &[(37, 37), (73, 73)]),
    ("koi8r", 1, "general_ci", &[(7, 7), (74, 74)]),
    ("koi8u", 1, "general_ci", &[(22, 22), (75, 75)]),
    ("latin1", 1, "swedish_ci", &[(5, 5), (8, 8), (15, 15), (31, 31), (47, 49), (94, 94)]),
    ("latin2", 1, "general_ci", &[(2, 2), (9, 9), (21, 21), (27, 27), (77, 77)]),
    ("latin5", 1, "turkish_ci", &[(30, 30), (78, 78)]),
    ("latin7", 1, "general_ci", &[(20, 20), (41, 42), (79, 79)]),
    ("macce", 1, "general_ci", &[(38, 38), (43, 43)]),
    ("macroman", 1, "general_ci", &[(39, 39), (53, 53)]),
    ("sjis", 2, "japanese_ci", &[(13, 13), (88, 88)]),
    ("swe7", 1, "swedish_ci", &[(10, 10), (82, 82)]),
    ("tis620", 1, "thai_ci", &[(18, 18), (89, 89)]),
    ("ucs2", 2, "general_ci", &[(35, 35), (90, 90), (128, 159), (640, 642)]),
    ("ujis", 3, "japanese_ci", &[(12, 12), (91, 91)]),
    ("utf16", 4, "general_ci", &[(54, 55), (101, 124), (672, 674)]),
    ("utf16le", 4, "general_ci", &[(56, 56), (62, 62)]),
    ("utf32", 4, "general_ci", &[(60, 61), (160, 183), (736, 738)]),
    ("utf8mb3", 3, "general_ci", &[(33, 33), (76, 76), (83, 83), (192, 223), (576, 578)]),
    ("utf8mb4", 4, "0900_ai_ci", &[(45, 46), (224, 247), (255, 323), (608, 610)]),
];

fn row(charset: &str) -> Option<&'static Row> {
    CHARSETS.iter().find(|row| row.0 == charset)
}

/// A character set's name as it is today, in small letters: `utf8` is `utf8mb3`.
pub fn canonical(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    if name == "utf8" { "utf8mb3".into() } else { name }
}

/// A collation's name as it is today, within its character set.
pub fn canonical_collation(name: &str, charset: &str) -> String {
    let name = name.to_ascii_lowercase();
    match name.strip_prefix("utf8_") {
        Some(rest) => format!("utf8mb3_{rest}"),
        None if name.starts_with("uca1400_") => format!("{charset}_{name}"),
        None => name,
    }
}

/// The character set that a collation belongs to; `None` for MariaDB's that fit several, and for
/// names that are not known.
pub fn of_collation(collation: &str) -> Option<String> {
    let charset = canonical(collation.split('_').next().unwrap_or_default());
    row(&charset).map(|row| row.0.to_owned())
}

/// The character set of a collation's number in the log.
pub fn of_number(number: u16) -> Option<&'static str> {
    let number = match number {
        2048..=3327 => {
            let charsets = ["utf8mb3", "utf8mb4", "ucs2", "utf16", "utf32"];
            return charsets.get(usize::from((number - 2048) / 256)).copied();
        }
        1025..2048 => number - 1024,
        _ => number,
    };
    let holds = |row: &&Row| row.3.iter().any(|(first, last)| (*first..=*last).contains(&number));
    CHARSETS.iter().find(holds).map(|row| row.0)
}

/// How many bytes a character takes at most; `None` for a character set that is not known.
pub fn bytes(charset: &str) -> Option<u32> {
    row(charset).map(|row| row.1)
}

/// The default collation of a character set.
pub fn default_collation(charset: &str, flavor: Flavor, version: u32) -> Option<String> {
    let unicode = matches!(charset, "utf8mb3" | "utf8mb4" | "ucs2" | "utf16" | "utf32");
    let known = row(charset)?.2;
    Some(match flavor {
        _ if charset == "binary" => known.into(),
        Flavor::MariaDb if unicode && version >= 110_500 => format!("{charset}_uca1400_ai_ci"),
        Flavor::MariaDb if charset == "utf8mb4" => "utf8mb4_general_ci".into(),
        Flavor::MySql if charset == "utf8mb4" && version < 80_001 => "utf8mb4_general_ci".into(),
        _ => format!("{charset}_{known}"),
    })
}

/// The text of bytes in a character set; `None` where they are none, or we do not have it.
pub fn decode(charset: &str, bytes: &[u8]) -> Option<String> {
    match charset {
        "utf8mb4" | "utf8mb3" | "ascii" => return String::from_utf8(bytes.to_vec()).ok(),
        "utf32" => return utf32(bytes),
        _ => {}
    }
    let Some(encoding) = encoding(charset) else {
        return String::from_utf8(bytes.to_vec()).ok().filter(|text| text.is_ascii());
    };
    encoding.decode_without_bom_handling_and_without_replacement(bytes).map(Into::into)
}

fn utf32(bytes: &[u8]) -> Option<String> {
    let units = bytes.chunks(4).map(|unit| {
        char::from_u32(unit.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    });
    units.collect()
}

fn encoding(charset: &str) -> Option<&'static Encoding> {
    let label = match charset {
        "ucs2" | "utf16" => "utf-16be",
        "utf16le" => "utf-16le",
        "latin1" => "windows-1252",
        "latin2" => "iso-8859-2",
        "latin5" => "windows-1254",
        "latin7" => "iso-8859-13",
        "greek" => "iso-8859-7",
        "hebrew" => "iso-8859-8",
        "cp1250" | "cp1251" | "cp1256" | "cp1257" => {
            return Encoding::for_label(charset.replace("cp", "windows-").as_bytes());
        }
        "koi8r" => "koi8-r",
        "koi8u" => "koi8-u",
        "cp866" => "ibm866",
        "macroman" => "macintosh",
        "tis620" => "windows-874",
        "gbk" | "gb2312" => "gbk",
        "gb18030" => "gb18030",
        "big5" => "big5",
        "euckr" => "euc-kr",
        "sjis" | "cp932" => "shift_jis",
        "ujis" | "eucjpms" => "euc-jp",
        _ => return None,
    };
    Encoding::for_label(label.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_both_servers() {
        for (number, charset) in [(8, "latin1"), (33, "utf8mb3"), (63, "binary"), (255, "utf8mb4")]
        {
            assert_eq!(of_number(number), Some(charset));
        }
        assert_eq!(of_number(1069), Some("utf8mb4"));
        assert_eq!(of_number(2304), Some("utf8mb4"));
        assert_eq!(of_number(3271), Some("utf32"));
        assert_eq!(of_number(60_000), None);
    }

    #[test]
    fn defaults_depend_on_the_server() {
        let collation = |flavor, version| default_collation("utf8mb4", flavor, version);
        assert_eq!(collation(Flavor::MySql, 90_704).as_deref(), Some("utf8mb4_0900_ai_ci"));
        assert_eq!(collation(Flavor::MySql, 50_744).as_deref(), Some("utf8mb4_general_ci"));
        assert_eq!(collation(Flavor::MariaDb, 101_119).as_deref(), Some("utf8mb4_general_ci"));
        assert_eq!(collation(Flavor::MariaDb, 110_502).as_deref(), Some("utf8mb4_uca1400_ai_ci"));
    }

    #[test]
    fn texts_of_other_character_sets() {
        assert_eq!(decode("latin1", b"caf\xe9").as_deref(), Some("café"));
        assert_eq!(decode("ucs2", &[0x4e, 0x2d]).as_deref(), Some("中"));
        assert_eq!(decode("utf32", &[0, 1, 0xf6, 0]).as_deref(), Some("😀"));
        assert_eq!(decode("utf8mb4", &[0xff]), None);
        assert_eq!(decode("hp8", b"plain").as_deref(), Some("plain"));
        assert_eq!(decode("hp8", &[0xe9]), None);
    }
}
