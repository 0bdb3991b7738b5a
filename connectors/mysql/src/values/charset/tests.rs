//! Texts as the servers convert them (every value here was read from MySQL 9.7).

use super::*;
use proptest::prelude::*;

fn decoded(name: &str, text: &[u8]) -> Result<String, Bad> {
    let decoder = Decoder::new(Charset::named(name).unwrap()).unwrap();
    let mut out = Vec::new();
    decoder.decode(text, &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn texts_are_what_the_servers_make_of_them() {
    for (name, text, expected) in [
        ("utf8mb4", "é漢😀".as_bytes(), "é漢😀"),
        ("latin1", b"\x80\x81\xe9", "€\u{81}é"),
        ("koi8u", b"\xeb\xc9\xa7\xd7", "Київ"),
        ("cp1250", b"\x8a\x81", "Š?"),
        ("swe7", b"A[\\]{", "AÄÖÅä"),
        ("greek", b"\xe1\xff", "α?"),
        ("ucs2", b"\x4e\x2d", "中"),
        ("utf16", b"\xd8\x3d\xde\x00\0a", "😀a"),
        ("utf16le", b"\x3d\xd8\x00\xde", "😀"),
        ("utf32", b"\0\x01\xf6\0", "😀"),
        ("sjis", b"\x81\x5f\x81\x60a\x82\xa0\xb1", "\\〜aあｱ"),
        ("cp932", b"\x81\x5f\x81\x60\x87\x40", "＼～①"),
        ("ujis", b"\xa1\xc1\xf5\xa1\x8e\xb1", "〜\u{e000}ｱ"),
        ("eucjpms", b"\x8f\xf3\xf3\x8f\xf5\xa1\xa1\xc1", "ⅰ\u{e3ac}～"),
        ("big5", b"\xa4\xa4\xc6\xa1x", "中ヾx"),
        ("gbk", b"\xd6\xd0\xa1\xaa", "中—"),
        ("gb2312", b"\xd6\xd0\xa1\xaa", "中―"),
        ("gb18030", b"\xd6\xd0\x94\x39\xfc\x36\xa3\xa0", "中😀\u{e5e5}"),
        ("euckr", b"\xc7\xd1a", "한a"),
    ] {
        assert_eq!(decoded(name, text).as_deref(), Ok(expected), "{name}");
    }
}

#[test]
fn what_is_no_text_is_an_error() {
    for (name, text) in [
        ("utf8mb4", &b"\xff"[..]),
        ("ascii", b"\x80"),
        ("utf16", b"\xd8\x3d"),
        ("ucs2", b"\x4e"),
        ("utf32", b"\0\x11\0\0"),
        ("sjis", b"\x81"),
        ("ujis", b"\x8f\xa1"),
        ("gb18030", b"\x81\x30\x81"),
    ] {
        assert_eq!(decoded(name, text), Err(Bad::Text), "{name}");
    }
}

#[test]
fn binary_is_no_text() {
    assert_eq!(Decoder::new(Charset::Binary), None);
}

const ALL: [&str; 40] = [
    "armscii8", "ascii", "big5", "cp1250", "cp1251", "cp1256", "cp1257", "cp850", "cp852", "cp866",
    "cp932", "dec8", "eucjpms", "euckr", "gb18030", "gb2312", "gbk", "geostd8", "greek", "hebrew",
    "hp8", "keybcs2", "koi8r", "koi8u", "latin1", "latin2", "latin5", "latin7", "macce",
    "macroman", "sjis", "swe7", "tis620", "ucs2", "ujis", "utf16", "utf16le", "utf32", "utf8mb3",
    "utf8mb4",
];

proptest! {
    #[test]
    fn every_set_is_total_and_the_length_is_right(
        text in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        for name in ALL {
            let decoder = Decoder::new(Charset::named(name).unwrap()).unwrap();
            let (mut payload, mut plain) = (Vec::new(), Vec::new());
            let done = decoder.write(&text, &mut payload);
            prop_assert_eq!(done, decoder.decode(&text, &mut plain));
            if done.is_ok() {
                prop_assert!(std::str::from_utf8(&plain).is_ok());
                let mut expected = Vec::new();
                write::bytes(&mut expected, &plain);
                prop_assert_eq!(payload, expected);
            }
        }
    }
}
