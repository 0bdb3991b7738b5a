//! Values that somebody's own statement computed, brought into the variant in which the server gives
//! the column's own.
//!
//! ```text
//!  'over' AS v, id + 0 AS id ──▶ Value of another variant ──conform──▶ the column's ──▶ select::write
//! ```
//!
//! Nothing is rounded or cut: what has no exact form in the column's type stays as it is, and the
//! row is then told as one that does not fit.

use super::form::Form;
use mysql_async::Value;
use mysql_async::consts::ColumnType;

/// The value in the variant that the column's own values have. `kind` is its type in the answer.
pub fn conform(form: &Form, kind: ColumnType, value: Value) -> Value {
    let fitted = match form {
        Form::Int16 => whole(&value).filter(|it| i16::try_from(*it).is_ok()).map(number),
        Form::Int32 | Form::Year => {
            whole(&value).filter(|it| i32::try_from(*it).is_ok()).map(number)
        }
        Form::Int64 => whole(&value).map(number),
        Form::Boolean if kind != ColumnType::MYSQL_TYPE_BIT => whole(&value).map(number),
        Form::Float => real(&value).map(|it| Value::Float(it as f32)),
        Form::Double => real(&value).map(Value::Double),
        Form::Decimal { .. } | Form::DecimalText { .. } => plain(&value).map(bytes),
        Form::Date { .. } | Form::DateTime { .. } | Form::Timestamp { .. } => date(&value),
        Form::Time(_) => time(&value),
        Form::Text | Form::Json | Form::Enum(_) | Form::Set(_) | Form::Bytes { .. } => {
            text(kind, &value).map(bytes)
        }
        Form::Bits { .. } if kind != ColumnType::MYSQL_TYPE_BIT => {
            let number = whole(&value).and_then(|it| u64::try_from(it).ok());
            number.map(|it| Value::Bytes(it.to_be_bytes().to_vec()))
        }
        _ => None,
    };
    match (fitted, form) {
        (Some(fitted), _) => fitted,
        (None, Form::Int16 | Form::Int32 | Form::Int64 | Form::Year) if value != Value::NULL => {
            // A number that the type does not hold must not be told as one.
            Value::Double(0.0)
        }
        (None, _) => value,
    }
}

fn bytes(text: String) -> Value {
    Value::Bytes(text.into_bytes())
}

fn number(value: i128) -> Value {
    i64::try_from(value).map_or_else(|_| Value::UInt(value as u64), Value::Int)
}

/// A whole number, from however it is written. Beyond 64 bits there is none.
fn whole(value: &Value) -> Option<i128> {
    let number = match value {
        Value::Int(it) => i128::from(*it),
        Value::UInt(it) => i128::from(*it),
        Value::Float(it) if it.fract() == 0.0 => *it as i128,
        Value::Double(it) if it.fract() == 0.0 => *it as i128,
        Value::Bytes(text) => {
            let text = std::str::from_utf8(text).ok()?.trim();
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            if fraction.bytes().any(|digit| digit != b'0') {
                return None;
            }
            whole.parse().ok()?
        }
        _ => return None,
    };
    (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&number).then_some(number)
}

fn real(value: &Value) -> Option<f64> {
    match value {
        Value::Int(it) => Some(*it as f64),
        Value::UInt(it) => Some(*it as f64),
        Value::Float(it) => Some(f64::from(*it)),
        Value::Double(it) => Some(*it),
        Value::Bytes(text) => std::str::from_utf8(text).ok()?.trim().parse().ok(),
        _ => None,
    }
}

/// Digits with a point, as a DECIMAL comes.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Int(it) => Some(it.to_string()),
        Value::UInt(it) => Some(it.to_string()),
        Value::Float(it) if it.is_finite() => Some(it.to_string()),
        Value::Double(it) if it.is_finite() => Some(it.to_string()),
        _ => None,
    }
}

/// The text as the server would write it.
fn text(kind: ColumnType, value: &Value) -> Option<String> {
    match value {
        Value::Date(year, month, day, hour, minute, second, micros) => {
            let date = format!("{year:04}-{month:02}-{day:02}");
            if kind == ColumnType::MYSQL_TYPE_DATE {
                return Some(date);
            }
            Some(format!("{date} {hour:02}:{minute:02}:{second:02}{}", fraction(*micros)))
        }
        Value::Time(negative, days, hours, minutes, seconds, micros) => {
            let sign = if *negative { "-" } else { "" };
            let hours = days * 24 + u32::from(*hours);
            Some(format!("{sign}{hours:02}:{minutes:02}:{seconds:02}{}", fraction(*micros)))
        }
        other => plain(other),
    }
}

fn fraction(micros: u32) -> String {
    if micros == 0 { String::new() } else { format!(".{micros:06}") }
}

/// `2024-02-29`, `2024-02-29 12:34:56.5`.
fn date(value: &Value) -> Option<Value> {
    let Value::Bytes(text) = value else { return None };
    let text = std::str::from_utf8(text).ok()?.trim();
    let (date, clock) = text.split_once([' ', 'T']).unwrap_or((text, "00:00:00"));
    let mut parts = date.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let (hour, minute, second, micros) = clock_of(clock)?;
    let (year, month, day) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    Some(Value::Date(year, month, day, u8::try_from(hour).ok()?, minute, second, micros))
}

/// `-838:59:59.000000`
fn time(value: &Value) -> Option<Value> {
    let Value::Bytes(text) = value else { return None };
    let text = std::str::from_utf8(text).ok()?.trim();
    let (negative, clock) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (hours, minutes, seconds, micros) = clock_of(clock)?;
    let hour = u8::try_from(hours % 24).ok()?;
    Some(Value::Time(negative, hours / 24, hour, minutes, seconds, micros))
}

fn clock_of(text: &str) -> Option<(u32, u8, u8, u32)> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock.splitn(3, ':');
    let (hours, minutes) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let seconds = parts.next().unwrap_or("0").parse().ok()?;
    let micros = match fraction.len() {
        0 => 0,
        1..=6 => format!("{fraction:0<6}").parse().ok()?,
        _ => return None,
    };
    Some((hours, minutes, seconds, micros))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::form::{Date, DateTime, Time};

    const TEXT: ColumnType = ColumnType::MYSQL_TYPE_VAR_STRING;

    fn from_text(form: &Form, text: &str) -> Value {
        conform(form, TEXT, Value::Bytes(text.into()))
    }

    #[test]
    fn numbers_become_what_the_column_has() {
        assert_eq!(from_text(&Form::Int32, "12.00"), Value::Int(12));
        assert_eq!(conform(&Form::Int16, TEXT, Value::Double(3.0)), Value::Int(3));
        assert_eq!(from_text(&Form::Int64, "18446744073709551615"), Value::UInt(u64::MAX));
        assert_eq!(conform(&Form::Double, TEXT, Value::Int(2)), Value::Double(2.0));
        assert_eq!(conform(&Form::Float, TEXT, Value::Double(0.5)), Value::Float(0.5));
        let decimal = Form::Decimal { precision: 5, scale: 2 };
        assert_eq!(conform(&decimal, TEXT, Value::Int(-7)), Value::Bytes(b"-7".to_vec()));
        let bits = Form::Bits { length: 9 };
        let five = Value::Bytes(vec![0, 0, 0, 0, 0, 0, 0, 5]);
        assert_eq!(conform(&bits, TEXT, Value::Int(5)), five);
        assert_eq!(from_text(&Form::Boolean, "0"), Value::Int(0));
    }

    #[test]
    fn numbers_that_do_not_fit_are_no_numbers_of_the_column() {
        for value in [Value::Int(40_000), Value::Double(0.5), Value::Bytes(b"x".to_vec())] {
            let fitted = conform(&Form::Int16, TEXT, value);
            assert!(super::super::select::write(&Form::Int16, &fitted, &mut Vec::new()).is_err());
        }
        assert_eq!(conform(&Form::Int16, TEXT, Value::NULL), Value::NULL);
    }

    #[test]
    fn texts_become_dates_and_times() {
        let day = Form::Date { unit: Date::Days, adjust: false };
        assert_eq!(from_text(&day, "2024-02-29"), Value::Date(2024, 2, 29, 0, 0, 0, 0));
        let moment = Form::DateTime { unit: DateTime::Micros, adjust: false };
        let expected = Value::Date(2024, 2, 29, 12, 34, 56, 500_000);
        assert_eq!(from_text(&moment, "2024-02-29 12:34:56.5"), expected);
        let clock = Form::Time(Time::Micros);
        assert_eq!(from_text(&clock, "-30:00:01"), Value::Time(true, 1, 6, 0, 1, 0));
    }

    #[test]
    fn everything_has_a_text() {
        let of = |kind, value| match conform(&Form::Text, kind, value) {
            Value::Bytes(text) => String::from_utf8(text).unwrap(),
            other => panic!("{other:?}"),
        };
        assert_eq!(of(TEXT, Value::Int(5)), "5");
        assert_eq!(of(TEXT, Value::Bytes(b"over".to_vec())), "over");
        let date = Value::Date(2024, 2, 29, 0, 0, 0, 0);
        assert_eq!(of(ColumnType::MYSQL_TYPE_DATE, date.clone()), "2024-02-29");
        assert_eq!(of(ColumnType::MYSQL_TYPE_DATETIME, date), "2024-02-29 00:00:00");
        assert_eq!(of(TEXT, Value::Time(true, 1, 6, 0, 1, 0)), "-30:00:01");
    }
}
