//! Documents and their texts as a MySQL 9.7 server has them.

use super::*;
use crate::values::Bad;
use proptest::prelude::*;

fn text(document: &[u8]) -> Result<String, Bad> {
    let mut out = Vec::new();
    print(document, &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

fn double(value: f64) -> String {
    let mut out = Vec::new();
    number::double(value, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn doubles_are_as_the_server_prints_them() {
    for (value, expected) in [
        (1e14, "100000000000000.0"),
        (1e15, "1e15"),
        (123_456_789_012_345.0, "123456789012345.0"),
        (1_234_567_890_123_456.0, "1.234567890123456e15"),
        (1_234_567_890_123_456.8, "1234567890123456.8"),
        (12_345_678_901_234_568.0, "1.2345678901234568e16"),
        (1e-5, "0.00001"),
        (1e-15, "0.000000000000001"),
        (1e-16, "1e-16"),
        (-1.5e-15, "-0.0000000000000015"),
        (1.234_567_890_123_456_8e-15, "0.0000000000000012345678901234568"),
        (0.1, "0.1"),
        (100.0, "100.0"),
        (-0.0, "-0.0"),
        (0.0, "0.0"),
        (f64::MAX, "1.7976931348623157e308"),
        (5e-324, "5e-324"),
        (1e20, "1e20"),
        (3.0, "3.0"),
        (2_524_405_037_057_389.0 / 4.0, "631101259264347.2"),
        (-547_649_420_732_937.0 / 16.0, "-34228088795808.562"),
        (2_318_596_334_355_911.0 / 4.0, "579649083588977.8"),
    ] {
        assert_eq!(double(value), expected);
    }
}

#[test]
fn scalars_are_documents() {
    for (document, expected) in [
        (&b"\x04\x00"[..], "null"),
        (b"\x04\x01", "true"),
        (b"", "null"),
        (b"\x05\xff\xff", "-1"),
        (b"\x06\xff\xff", "65535"),
        (b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615"),
        (b"\x0c\x05a\"\\\n\x01", r#""a\"\\\n\u0001""#),
        (b"\x0f\xf6\x04\x03\x02\x7e\xcd", "-1.50"),
        (b"\x0f\x0f\x02\x00\xff", r#""base64:type15:AP8=""#),
    ] {
        assert_eq!(text(document).as_deref(), Ok(expected), "{document:?}");
    }
}

#[test]
fn long_bytes_are_in_lines() {
    let mut document = b"\x0f\x0f\x3a".to_vec();
    document.extend([b'y'; 58]);
    let expected = format!("\"base64:type15:{}eXl5\\neQ==\"", "eXl5".repeat(18));
    assert_eq!(text(&document).unwrap(), expected);
}

#[test]
fn containers_are_printed_in_their_order() {
    // {"a": 1, "bb": [true, 70000]}
    let document = b"\x00\x02\0\x26\0\x12\0\x01\0\x13\0\x02\0\x05\x01\0\x02\x15\0abb\
        \x02\0\x11\0\x04\x01\0\x07\x0a\0\x70\x11\x01\0\0\0\0";
    assert_eq!(text(document).unwrap(), r#"{"a": 1, "bb": [true, 70000]}"#);
}

#[test]
fn offsets_that_lead_in_circles_end() {
    // An array whose only element is itself.
    let circle = b"\x02\x01\0\x07\0\x02\0\0";
    assert_eq!(text(circle), Err(Bad::Json));
    // Two elements at the same place, level upon level.
    let mut bomb = vec![2_u8];
    for level in 0..60_u16 {
        let next = 10_u16.to_le_bytes();
        let size = (10 * (60 - level)).to_le_bytes();
        bomb.extend_from_slice(&[2, 0, size[0], size[1], 2, next[0], next[1], 2, next[0], next[1]]);
    }
    assert_eq!(text(&bomb), Err(Bad::Json));
}

/// One change: operation, path and value behind their lengths.
fn change(operation: u8, path: &str, value: Option<&[u8]>) -> Vec<u8> {
    let mut out = vec![operation, path.len() as u8];
    out.extend_from_slice(path.as_bytes());
    if let Some(value) = value {
        out.push(value.len() as u8);
        out.extend_from_slice(value);
    }
    out
}

fn patched(old: &str, changes: &[Vec<u8>]) -> Result<String, Bad> {
    let body = changes.concat();
    let mut bytes = (body.len() as u32).to_le_bytes().to_vec();
    bytes.extend(body);
    bytes.push(0xaa);
    let mut rest = bytes.as_slice();
    let text = patch(&mut rest, old)?;
    assert_eq!(rest, [0xaa]);
    Ok(text)
}

#[test]
fn changes_keep_numbers_and_the_order_of_keys() {
    let old = r#"{"a": 1.50, "bb": [1e100, {"x y": "\u0001é"}], "d\"q": null}"#;
    let one = b"\x05\x01\0".as_slice();
    for (changes, expected) in [
        (
            vec![change(0, "$.a", Some(one))],
            r#"{"a": 1, "bb": [1e100, {"x y": "\u0001é"}], "d\"q": null}"#,
        ),
        (
            vec![change(0, r#"$.bb[1]."x y""#, Some(b"\x0c\x01z"))],
            r#"{"a": 1.50, "bb": [1e100, {"x y": "z"}], "d\"q": null}"#,
        ),
        (
            vec![change(1, "$.c", Some(one))],
            r#"{"a": 1.50, "c": 1, "bb": [1e100, {"x y": "\u0001é"}], "d\"q": null}"#,
        ),
        (
            vec![change(1, "$.bb[0]", Some(one)), change(1, "$.bb[9]", Some(one))],
            r#"{"a": 1.50, "bb": [1, 1e100, {"x y": "\u0001é"}, 1], "d\"q": null}"#,
        ),
        (vec![change(2, "$.bb", None), change(2, r#"$."d\"q""#, None)], r#"{"a": 1.50}"#),
        (vec![change(0, "$", Some(one))], "1"),
    ] {
        assert_eq!(patched(old, &changes).as_deref(), Ok(expected));
    }
}

#[test]
fn changes_that_do_not_fit_are_errors() {
    let one = b"\x05\x01\0".as_slice();
    for change in [
        change(0, "$.b", Some(one)),
        change(1, "$.a", Some(one)),
        change(2, "$", None),
        change(2, "$.a[1]", None),
        change(3, "$.a", None),
        change(0, "a", Some(one)),
        change(0, "$.a[x]", Some(one)),
    ] {
        assert_eq!(patched(r#"{"a": 1}"#, &[change]), Err(Bad::JsonChange));
    }
    assert_eq!(patched("{\"a\": }", &[]), Err(Bad::JsonChange));
    assert_eq!(patched(&"[".repeat(100_000), &[]), Err(Bad::JsonChange));
}

proptest! {
    #[test]
    fn any_bytes_are_a_document_or_an_error(
        bytes in prop::collection::vec(any::<u8>(), 0..80),
        kind in prop::sample::select(vec![0_u8, 1, 2, 3, 12, 15]),
        small in prop::collection::vec(0..20_u8, 0..80),
    ) {
        for body in [&bytes, &small] {
            let mut document = vec![kind];
            document.extend_from_slice(body);
            let mut out = Vec::new();
            if print(&document, &mut out).is_ok() {
                let text = String::from_utf8(out).unwrap();
                prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
                prop_assert!(text.len() <= document.len() * 32 + 400);
                // What was printed is read by the changes and printed again as it was.
                let again = patched(&text, &[]);
                prop_assert!(again.is_ok());
            }
        }
    }

    #[test]
    fn any_change_is_applied_or_an_error(
        bytes in prop::collection::vec(any::<u8>(), 0..60),
        old in "[\\[\\]{}\",:0-9a-c ]{0,40}",
    ) {
        let _ = patch(&mut bytes.as_slice(), &old);
        let _ = patched(&old, &[bytes]);
    }

    #[test]
    fn doubles_read_back(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        if value.is_finite() {
            prop_assert_eq!(double(value).parse::<f64>().unwrap().to_bits(), value.to_bits());
        }
    }
}
