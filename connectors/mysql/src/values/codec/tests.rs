//! Columns as both servers log them, at their limits.

use super::*;
use crate::structure::Base;
use crate::table::{Binary, Modes};
use crate::values::form;
use proptest::prelude::*;

fn column(kind: u8, meta: u16) -> Column {
    Column {
        kind,
        meta,
        nullable: true,
        unsigned: None,
        collation: None,
        name: None,
        labels: None,
        geometry: None,
        visible: None,
    }
}

fn declared(base: Base, length: Option<u32>) -> Type {
    Type {
        base,
        length,
        scale: None,
        unsigned: false,
        zerofill: false,
        charset: Some("utf8mb4".into()),
        collation: None,
        labels: vec!["a".into(), "b".into()],
        compressed: false,
        written: None,
    }
}

fn made(column: &Column, declared: &Type) -> Result<Codec, Unfit> {
    let form = Form::of(declared, &Modes::default(), Flavor::MySql);
    Codec::new(column, declared, form, Flavor::MySql)
}

/// What becomes of the bytes; all of them must be read, and skipped alike.
fn read(codec: &Codec, bytes: &[u8]) -> (Written, Vec<u8>) {
    let (mut rest, mut skipped, mut out) = (bytes, bytes, Vec::new());
    let written = codec.write(&mut rest, &mut out).unwrap();
    codec.skip(&mut skipped).unwrap();
    assert_eq!((rest, skipped), (&b""[..], &b""[..]));
    (written, out)
}

fn long(value: i64) -> Vec<u8> {
    let mut out = Vec::new();
    avro::long(&mut out, value);
    out
}

fn text(value: &str) -> Vec<u8> {
    let mut out = Vec::new();
    avro::string(&mut out, value);
    out
}

#[test]
fn integers_have_their_sign_from_the_log_or_else_the_declaration() {
    for (base, kind, width) in [
        (Base::TinyInt, 1, 1),
        (Base::SmallInt, 2, 2),
        (Base::MediumInt, 9, 3),
        (Base::Int, 3, 4),
        (Base::BigInt, 8, 8),
    ] {
        let mut logged = column(kind, 0);
        let mut known = declared(base, None);
        let all = [0xff_u8; 8];
        let ones = &all[..width];
        assert_eq!(read(&made(&logged, &known).unwrap(), ones).1, long(-1));
        let lowest = -1_i64 << (8 * width - 1);
        let bytes = lowest.to_le_bytes();
        assert_eq!(read(&made(&logged, &known).unwrap(), &bytes[..width]).1, long(lowest));
        known.unsigned = true;
        let most = (u64::MAX >> (64 - 8 * width)) as i64;
        assert_eq!(read(&made(&logged, &known).unwrap(), ones).1, long(most));
        logged.unsigned = Some(false);
        assert_eq!(read(&made(&logged, &known).unwrap(), ones).1, long(-1));
    }
}

#[test]
fn zero_dates_are_told_apart_from_the_epoch() {
    let date = made(&column(10, 0), &declared(Base::Date, None)).unwrap();
    assert_eq!(read(&date, &[0, 0, 0]), (Written::ZeroDate, vec![]));
    assert_eq!(read(&date, &[0x21, 0x64, 0x0f]).1, long(0));
    let stamp = made(&column(17, 3), &declared(Base::Timestamp, Some(3))).unwrap();
    assert_eq!(read(&stamp, &[0; 6]), (Written::ZeroDate, vec![]));
    let late = [0xff, 0xff, 0xff, 0xff, 0x03, 0xe8];
    assert_eq!(read(&stamp, &late).1, text("2106-02-07T06:28:15.100Z"));
    let moment = made(&column(18, 0), &declared(Base::DateTime, None)).unwrap();
    assert_eq!(read(&moment, &[0x80, 0, 0, 0, 0]).0, Written::ZeroDate);
    let mut out = Vec::new();
    stamp.form().epoch(&mut out);
    assert_eq!(out, text("1970-01-01T00:00:00Z"));
}

#[test]
fn the_year_zero_is_zero() {
    let year = made(&column(13, 0), &declared(Base::Year, Some(4))).unwrap();
    for (byte, expected) in [(0, 0), (1, 1901), (255, 2155)] {
        assert_eq!(read(&year, &[byte]).1, long(expected));
    }
}

#[test]
fn what_the_log_left_out_is_filled_up() {
    let binary = made(&column(254, 4), &declared(Base::Binary, Some(4))).unwrap();
    assert_eq!(read(&binary, b"\x02\0\x01").1, b"\x08\0\x01\0\0");
    let uuid = made(&column(254, 16), &declared(Base::Uuid, None)).unwrap();
    let bytes = b"\x0f\x12\x3e\x45\x67\xe8\x9b\x12\xd3\xa4\x56\x42\x66\x14\x17\x40";
    assert_eq!(read(&uuid, bytes).1, text("123e4567-e89b-12d3-a456-426614174000"));
    let mut long = &[&[17][..], &[1; 17]].concat()[..];
    assert_eq!(uuid.write(&mut long, &mut Vec::new()), Err(Bad::Shape));
    let inet4 = made(&column(254, 4), &declared(Base::Inet4, None)).unwrap();
    assert_eq!(read(&inet4, b"\x01\x0a").1, text("10.0.0.0"));
}

#[test]
fn texts_are_behind_lengths_of_the_right_width() {
    let short = made(&column(15, 255), &declared(Base::VarChar, Some(63))).unwrap();
    assert_eq!(read(&short, b"\x02ab").1, text("ab"));
    let wide = made(&column(15, 256), &declared(Base::VarChar, Some(64))).unwrap();
    assert_eq!(read(&wide, b"\x02\0ab").1, text("ab"));
    let blob = made(&column(252, 3), &declared(Base::MediumText, None)).unwrap();
    assert_eq!(read(&blob, "\x02\0\0é".as_bytes()).1, text("é"));
    let mut latin = column(252, 2);
    latin.collation = Some(8);
    let latin = made(&latin, &declared(Base::Text, None)).unwrap();
    assert_eq!(read(&latin, b"\x01\0\x80").1, text("€"));
    let mut bad = &b"\x01\0\0\xff"[..];
    assert_eq!(blob.write(&mut bad, &mut Vec::new()), Err(Bad::Text));
    let compressed = made(&column(141, 100), &declared(Base::VarChar, Some(25))).unwrap();
    assert_eq!(read(&compressed, b"\x03\0ab").1, text("ab"));
}

#[test]
fn labels_bits_and_floats() {
    let one = made(&column(247, 1), &declared(Base::Enum, None)).unwrap();
    assert_eq!(read(&one, &[2]).1, text("b"));
    let some = made(&column(248, 1), &declared(Base::Set, None)).unwrap();
    assert_eq!(read(&some, &[3]).1, text("a,b"));
    let bits = made(&column(16, 0x0101), &declared(Base::Bit, Some(9))).unwrap();
    assert_eq!(read(&bits, &[1, 0x02]).1, [4, 2, 1]);
    let mut wide = declared(Base::Float, Some(7));
    wide.scale = Some(3);
    let float = made(&column(4, 4), &wide).unwrap();
    let value = 1234.568_f32;
    assert_eq!(read(&float, &value.to_le_bytes()).1, f64::from(value).to_le_bytes());
}

#[test]
fn decimals_of_every_length() {
    let mut kind = declared(Base::Decimal, Some(14));
    kind.scale = Some(4);
    let decimal = made(&column(246, 14 << 8 | 4), &kind).unwrap();
    let bytes = [0x81, 0x0d, 0xfb, 0x38, 0xd2, 0x04, 0xd2];
    assert_eq!(read(&decimal, &bytes).1, b"\x0c\x0b\x3a\x73\xce\x2f\xf2");
    kind.scale = Some(3);
    assert_eq!(made(&column(246, 14 << 8 | 4), &kind), Err(Unfit::Kind(246)));
    kind = declared(Base::Decimal, Some(65));
    let wide = made(&column(246, 65 << 8), &kind).unwrap();
    // Two digits left over, and seven groups of nine: zero but for a one at the end.
    let mut bytes = [0; 29];
    (bytes[0], bytes[28]) = (0x80, 1);
    assert_eq!(read(&wide, &bytes).1, [2, 1]);
}

#[test]
fn what_does_not_fit_is_refused() {
    for (kind, meta, base) in [
        (3, 0, Base::BigInt),
        (15, 10, Base::Int),
        (3, 0, Base::VarChar),
        (0, 0, Base::Decimal),
        (252, 9, Base::Text),
        (11, 0, Base::Date),
        (77, 0, Base::Int),
        (245, 4, Base::Text),
        (16, 0x0900, Base::Bit),
    ] {
        assert_eq!(made(&column(kind, meta), &declared(base, None)), Err(Unfit::Kind(kind)));
    }
    let mut unknown = declared(Base::Text, None);
    unknown.charset = Some("klingon".into());
    assert_eq!(made(&column(252, 2), &unknown), Err(Unfit::Charset("klingon".into())));
    let mut number = column(252, 2);
    number.collation = Some(999);
    assert_eq!(made(&number, &unknown), Err(Unfit::Collation(999)));
    // Old times with a fraction: nothing says how many bytes it has.
    assert_eq!(made(&column(11, 0), &declared(Base::Time, Some(3))), Err(Unfit::Kind(11)));
}

/// Codecs of every kind.
fn every() -> Vec<Codec> {
    let mut codecs = Vec::new();
    for (kind, meta, base, length) in [
        (1, 0, Base::TinyInt, None),
        (9, 0, Base::MediumInt, None),
        (8, 0, Base::BigInt, None),
        (4, 4, Base::Float, None),
        (5, 8, Base::Double, None),
        (246, 10 << 8, Base::Decimal, Some(10)),
        (246, 65 << 8, Base::Decimal, Some(65)),
        (13, 0, Base::Year, None),
        (10, 0, Base::Date, None),
        (11, 0, Base::Time, None),
        (12, 0, Base::DateTime, None),
        (7, 0, Base::Timestamp, None),
        (19, 2, Base::Time, Some(2)),
        (18, 6, Base::DateTime, Some(6)),
        (17, 4, Base::Timestamp, Some(4)),
        (16, 0x0101, Base::Bit, Some(9)),
        (247, 1, Base::Enum, None),
        (248, 8, Base::Set, None),
        (15, 100, Base::VarChar, Some(25)),
        (254, 8, Base::Binary, Some(8)),
        (252, 2, Base::Blob, None),
        (141, 100, Base::VarChar, Some(25)),
        (140, 2, Base::Blob, None),
        (245, 4, Base::Json, None),
        (255, 4, Base::Geometry, None),
        (255, 4, Base::Point, None),
        (242, 4, Base::Vector, None),
        (254, 16, Base::Uuid, None),
        (254, 4, Base::Inet4, None),
        (254, 16, Base::Inet6, None),
    ] {
        codecs.push(made(&column(kind, meta), &declared(base, length)).unwrap());
    }
    let form = Form::Bytes { text: Binary::Base64, width: 0 };
    let blob = declared(Base::Blob, None);
    codecs.push(Codec::new(&column(252, 1), &blob, form, Flavor::MariaDb).unwrap());
    let form = Form::DateTime { unit: form::DateTime::Iso, adjust: true };
    let moment = declared(Base::DateTime, None);
    codecs.push(Codec::new(&column(18, 0), &moment, form, Flavor::MySql).unwrap());
    codecs
}

proptest! {
    #[test]
    fn any_bytes_are_a_value_or_an_error(
        bytes in prop::collection::vec(any::<u8>(), 0..48),
        small in prop::collection::vec(0..16_u8, 0..48),
    ) {
        for codec in every() {
            for bytes in [&bytes, &small] {
                let (mut rest, mut skipped) = (bytes.as_slice(), bytes.as_slice());
                let mut out = Vec::new();
                if let Ok(written) = codec.write(&mut rest, &mut out) {
                    prop_assert_eq!(out.is_empty(), written != Written::Value);
                    prop_assert!(codec.skip(&mut skipped).is_ok());
                    prop_assert_eq!(rest, skipped);
                }
            }
        }
    }
}
