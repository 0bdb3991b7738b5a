//! Payloads by the reference's captured records, and the odd values that this project decided.

use super::*;
use crate::values::form::{Date, DateTime, Time};
use crate::values::{Bad, Form, Labels, Written};
use walbrook_core::avro::write as avro;

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

fn moment(unit: DateTime, adjust: bool, ymd: (u16, u8, u8), micros: i64) -> (Written, Vec<u8>) {
    let mut out = Vec::new();
    let date = Civil { year: ymd.0, month: ymd.1, day: ymd.2 };
    let written = date_time(unit, adjust, date, micros, &mut out);
    assert_eq!(out.is_empty(), written != Written::Value);
    (written, out)
}

#[test]
fn moments_have_a_unit_or_are_text() {
    let micros = 45_296_789_012;
    for (unit, expected) in [
        (DateTime::Millis, long(1_709_210_096_789)),
        (DateTime::Connect, long(1_709_210_096_789)),
        (DateTime::Micros, long(1_709_210_096_789_012)),
        (DateTime::Nanos, long(1_709_210_096_789_012_000)),
        (DateTime::Iso, text("2024-02-29T12:34:56.789012Z")),
    ] {
        assert_eq!(moment(unit, true, (2024, 2, 29), micros), (Written::Value, expected));
    }
    // Towards the past, also before 1970.
    let last = 86_399_999_900;
    assert_eq!(moment(DateTime::Connect, true, (1969, 12, 31), last).1, long(-1));
    let iso = |micros| moment(DateTime::Iso, true, (2024, 2, 29), micros).1;
    assert_eq!(iso(45_296_789_000), text("2024-02-29T12:34:56.789Z"));
    assert_eq!(iso(0), text("2024-02-29T00:00:00Z"));
    assert_eq!(moment(DateTime::Millis, true, (9999, 12, 31), last).1, long(253_402_300_799_999));
}

#[test]
fn two_digits_of_a_year_are_moved_where_it_is_wanted() {
    for (ymd, micros, adjusted, plain) in [
        ((0, 1, 1), 0, 946_684_800_000, -62_167_219_200_000),
        ((69, 6, 15), 43_200_000_000, 3_138_523_200_000, -59_975_380_800_000),
        ((100, 1, 1), 0, -59_011_459_200_000, -59_011_459_200_000),
        ((99, 12, 31), 86_399_500_000, 946_684_799_500, -59_011_459_200_500),
    ] {
        assert_eq!(moment(DateTime::Millis, true, ymd, micros).1, long(adjusted), "{ymd:?}");
        assert_eq!(moment(DateTime::Millis, false, ymd, micros).1, long(plain), "{ymd:?}");
    }
}

#[test]
fn dates_that_are_none() {
    for ymd in [(0, 0, 0), (2024, 0, 15), (2024, 2, 0), (0, 0, 1)] {
        assert_eq!(moment(DateTime::Millis, true, ymd, 1).0, Written::ZeroDate, "{ymd:?}");
    }
    for ymd in [(2024, 2, 30), (2023, 2, 29), (2024, 4, 31), (100, 2, 29), (2024, 13, 1)] {
        assert_eq!(moment(DateTime::Millis, true, ymd, 1).0, Written::OutOfReach, "{ymd:?}");
    }
    assert_eq!(moment(DateTime::Nanos, true, (1677, 9, 21), 0).0, Written::OutOfReach);
    assert_eq!(moment(DateTime::Nanos, true, (1677, 9, 22), 0).0, Written::Value);
    assert_eq!(moment(DateTime::Nanos, true, (2263, 1, 1), 0).0, Written::OutOfReach);
}

#[test]
fn dates_are_days_or_text() {
    for (unit, expected) in [
        (Date::Days, long(19_782)),
        (Date::Connect, long(19_782)),
        (Date::Iso, text("2024-02-29Z")),
    ] {
        let mut out = Vec::new();
        let day = Civil { year: 2024, month: 2, day: 29 };
        assert_eq!(date(unit, true, day, &mut out), Written::Value);
        assert_eq!(out, expected);
    }
}

#[test]
fn times_keep_their_whole_range() {
    for (micros, millis, iso) in [
        (-1_000_000, -1000, "-00:00:01Z"),
        (3_020_399_000_000, 3_020_399_000, "838:59:59Z"),
        (-3_020_399_000_000, -3_020_399_000, "-838:59:59Z"),
        (86_400_000_000, 86_400_000, "24:00:00Z"),
        (45_296_700_000, 45_296_700, "12:34:56.7Z"),
        (-1, 0, "-00:00:00.000001Z"),
    ] {
        for (unit, expected) in [
            (Time::Micros, long(micros)),
            (Time::Nanos, long(micros * 1000)),
            (Time::Connect, long(millis)),
            (Time::Iso, text(iso)),
        ] {
            let mut out = Vec::new();
            time(unit, micros, &mut out);
            assert_eq!(out, expected, "{unit:?} {micros}");
        }
    }
}

#[test]
fn timestamps_have_the_digits_of_their_column() {
    for (digits, seconds, micros, expected) in [
        (0, 1, 0, "1970-01-01T00:00:01Z"),
        (1, 1, 0, "1970-01-01T00:00:01.0Z"),
        (3, 946_684_800, 100_000, "2000-01-01T00:00:00.100Z"),
        (6, 1_709_210_096, 789_012, "2024-02-29T12:34:56.789012Z"),
        (0, i64::from(u32::MAX), 0, "2106-02-07T06:28:15Z"),
    ] {
        let mut out = Vec::new();
        timestamp(digits, seconds, micros, &mut out);
        assert_eq!(out, text(expected));
    }
}

#[test]
fn numbers_at_their_limits() {
    let signed = |form: &Form, value| {
        let mut out = Vec::new();
        signed(form, value, &mut out).map(|_| out)
    };
    let unsigned = |form: &Form, value| {
        let mut out = Vec::new();
        unsigned(form, value, &mut out).map(|_| out)
    };
    assert_eq!(signed(&Form::Int64, i64::MIN), Ok(long(i64::MIN)));
    assert_eq!(signed(&Form::Boolean, 2), Ok(vec![1]));
    assert_eq!(signed(&Form::Text, 2), Err(Bad::Type));
    assert_eq!(unsigned(&Form::Int64, u64::MAX), Ok(long(-1)));
    let precise = Form::Decimal { precision: 20, scale: 0 };
    assert_eq!(unsigned(&precise, u64::MAX).unwrap(), b"\x12\0\xff\xff\xff\xff\xff\xff\xff\xff");
    assert_eq!(unsigned(&precise, 0).unwrap(), [2, 0]);
}

#[test]
fn decimals_by_their_text() {
    let written = |form: Form, value: &str| {
        let mut out = Vec::new();
        decimal_text(&form, value.as_bytes(), &mut out).map(|_| out)
    };
    assert_eq!(written(Form::Decimal { precision: 5, scale: 2 }, "-0.01"), Ok(vec![2, 0xff]));
    assert_eq!(written(Form::DecimalText { scale: 2 }, "5"), Ok(text("5.00")));
    assert_eq!(written(Form::DecimalText { scale: 2 }, "-0.50"), Ok(text("-0.50")));
    assert_eq!(written(Form::DecimalText { scale: 2 }, "0012.50"), Ok(text("12.50")));
    assert_eq!(written(Form::DecimalText { scale: 2 }, "000.00"), Ok(text("0.00")));
    assert_eq!(written(Form::Double, &"9".repeat(65)), Ok(1e65_f64.to_le_bytes().to_vec()));
    assert_eq!(written(Form::DecimalText { scale: 2 }, "x"), Err(Bad::Number));
}

#[test]
fn bits_are_little_endian() {
    let written = |form: Form, value| {
        let mut out = Vec::new();
        bits(&form, value, &mut out).map(|_| out)
    };
    assert_eq!(written(Form::Boolean, 1), Ok(vec![1]));
    assert_eq!(written(Form::Bits { length: 9 }, 0x1ff), Ok(vec![4, 0xff, 1]));
    assert_eq!(written(Form::Bits { length: 64 }, 1).unwrap(), [16, 1, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn labels_by_number_and_mask() {
    let labels: Labels = ["a", "b,c", "é"].map(Box::from).into();
    let one = |index| {
        let mut out = Vec::new();
        enum_index(&labels, index, &mut out).map(|_| out)
    };
    assert_eq!(one(0), Ok(text("")));
    assert_eq!(one(2), Ok(text("b,c")));
    assert_eq!(one(4), Err(Bad::Label));
    let some = |mask| {
        let mut out = Vec::new();
        set_mask(&labels, mask, &mut out).map(|_| out)
    };
    assert_eq!(some(0), Ok(text("")));
    assert_eq!(some(0b101), Ok(text("a,é")));
    assert_eq!(some(0b1000), Err(Bad::Label));
}

#[test]
fn shapes_have_their_srid() {
    let mut point = vec![0xe6, 0x10, 0, 0, 1, 1, 0, 0, 0];
    point.extend(20_f64.to_le_bytes());
    point.extend(10_f64.to_le_bytes());
    let mut out = Vec::new();
    assert_eq!(geometry(&Form::Point, &point, &mut out), Ok(Written::Value));
    let mut expected = [20_f64.to_le_bytes(), 10_f64.to_le_bytes()].concat();
    expected.extend([2, 42]);
    expected.extend_from_slice(&point[4..]);
    expected.extend([2, 0xcc, 0x43]);
    assert_eq!(out, expected);
    out.clear();
    point[..4].fill(0);
    assert_eq!(geometry(&Form::Geometry, &point, &mut out), Ok(Written::Value));
    assert_eq!((out[0], out.last()), (42, Some(&0)));
    for bad in [&point[..3], &point[..8], &point[..20]] {
        assert_eq!(geometry(&Form::Point, bad, &mut Vec::new()), Err(Bad::Shape));
    }
}

#[test]
fn vectors_are_arrays_of_floats() {
    let floats = [1.5_f32, -2.0].map(f32::to_le_bytes).concat();
    let mut out = Vec::new();
    assert_eq!(vector(&floats, &mut out), Ok(Written::Value));
    assert_eq!(out, [&[4][..], &floats, &[0]].concat());
    assert_eq!(vector(&floats[1..], &mut out), Err(Bad::Shape));
    out.clear();
    assert_eq!((vector(b"", &mut out), out), (Ok(Written::Value), vec![0]));
}

/// Texts by `cast(… as inet6)` of MariaDB 10.11.
#[test]
fn addresses_are_as_the_server_prints_them() {
    for (segments, expected) in [
        ([0, 0, 0, 0, 0, 0, 0, 0], "::"),
        ([0, 0, 0, 0, 0, 0, 0, 1], "::1"),
        ([0, 0, 0, 0, 0, 0, 0x102, 0x304], "::1.2.3.4"),
        ([0, 0, 0, 0, 0, 0xffff, 0x102, 0x304], "::ffff:1.2.3.4"),
        ([1, 0, 0, 2, 0, 0, 0, 3], "1:0:0:2::3"),
        ([1, 0, 2, 0, 3, 4, 5, 6], "1::2:0:3:4:5:6"),
        ([1, 0, 0, 2, 3, 4, 5, 0], "1::2:3:4:5:0"),
        ([0, 0, 0, 0, 0, 1, 0, 0], "::1:0:0"),
        ([0, 0, 0, 0, 0, 0xfffe, 0x102, 0x304], "::fffe:102:304"),
        ([0, 2, 3, 4, 5, 6, 7, 8], "::2:3:4:5:6:7:8"),
        ([1, 2, 3, 4, 5, 6, 7, 0], "1:2:3:4:5:6:7::"),
        ([0, 0, 0, 0, 0, 0xffff, 0, 0], "::ffff:0.0.0.0"),
        ([0, 0, 0, 0, 0xffff, 0, 0, 0], "::ffff:0:0:0"),
        ([1, 0, 0, 0, 0, 0, 0, 0], "1::"),
        ([0, 0, 0, 0, 0, 0, 1, 0], "::0.1.0.0"),
    ] {
        let mut out = Vec::new();
        inet6(std::net::Ipv6Addr::from(segments).octets(), &mut out);
        assert_eq!(out, text(expected));
    }
    let mut out = Vec::new();
    inet4([192, 0, 2, 100], &mut out);
    assert_eq!(out, text("192.0.2.100"));
    out.clear();
    uuid(*b"\x12\x3e\x45\x67\xe8\x9b\x12\xd3\xa4\x56\x42\x66\x14\x17\x40\0", &mut out);
    assert_eq!(out, text("123e4567-e89b-12d3-a456-426614174000"));
}
