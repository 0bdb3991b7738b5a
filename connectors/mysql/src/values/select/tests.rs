//! What the driver gives is written as the same value from the log is.

use super::*;
use crate::values::form::{Date, DateTime, Time};

fn written(form: Form, value: Value) -> Result<(Written, Vec<u8>), Bad> {
    let mut out = Vec::new();
    write(&form, &value, &mut out).map(|written| (written, out))
}

fn payload(form: Form, value: Value) -> Vec<u8> {
    let (written, out) = written(form, value).unwrap();
    assert_eq!(written, Written::Value);
    out
}

fn long(value: i64) -> Vec<u8> {
    let mut out = Vec::new();
    avro::long(&mut out, value);
    out
}

#[test]
fn values_of_every_kind() {
    let bytes = |value: &[u8]| Value::Bytes(value.to_vec());
    for (form, value, expected) in [
        (Form::Int32, Value::Int(-5), long(-5)),
        (Form::Int64, Value::UInt(u64::MAX), long(-1)),
        (Form::Year, Value::UInt(0), long(0)),
        (Form::Boolean, Value::Int(2), vec![1]),
        (Form::Boolean, bytes(&[1]), vec![1]),
        (Form::Float, Value::Float(0.1), 0.1_f32.to_le_bytes().to_vec()),
        (Form::Double, Value::Float(0.1), f64::from(0.1_f32).to_le_bytes().to_vec()),
        (Form::Double, bytes(b"1.50"), 1.5_f64.to_le_bytes().to_vec()),
        (Form::Decimal { precision: 4, scale: 2 }, bytes(b"-1.50"), vec![4, 0xff, 0x6a]),
        (Form::DecimalText { scale: 2 }, bytes(b"0.00"), b"\x080.00".to_vec()),
        (Form::Bits { length: 9 }, bytes(&[1, 2]), vec![4, 2, 1]),
        (Form::Text, bytes("é".as_bytes()), b"\x04\xc3\xa9".to_vec()),
        (
            Form::DateTime { unit: DateTime::Millis, adjust: true },
            Value::Date(2024, 2, 29, 12, 34, 56, 789_000),
            long(1_709_210_096_789),
        ),
        (
            Form::Date { unit: Date::Days, adjust: true },
            Value::Date(2024, 2, 29, 0, 0, 0, 0),
            long(19_782),
        ),
        (Form::Time(Time::Micros), Value::Time(true, 34, 22, 59, 59, 1), long(-3_020_399_000_001)),
    ] {
        assert_eq!(payload(form, value), expected);
    }
    let stamp = Value::Date(2024, 2, 29, 12, 34, 56, 780_000);
    assert_eq!(payload(Form::Timestamp { digits: 3 }, stamp)[1..], *b"2024-02-29T12:34:56.780Z");
}

#[test]
fn zero_dates_and_wrong_types() {
    let zero = Value::Date(0, 0, 0, 0, 0, 0, 0);
    for form in [
        Form::Timestamp { digits: 0 },
        Form::Date { unit: Date::Days, adjust: true },
        Form::DateTime { unit: DateTime::Iso, adjust: false },
    ] {
        assert_eq!(written(form, zero.clone()), Ok((Written::ZeroDate, vec![])));
    }
    assert_eq!(written(Form::Int32, zero), Err(Bad::Type));
    assert_eq!(written(Form::Int32, Value::Bytes(b"1".to_vec())), Err(Bad::Type));
    assert_eq!(written(Form::Text, Value::NULL), Err(Bad::Type));
    assert_eq!(written(Form::Text, Value::Bytes(vec![0xff])), Err(Bad::Text));
    assert_eq!(written(Form::Bits { length: 64 }, Value::Bytes(vec![0; 9])), Err(Bad::Type));
}
