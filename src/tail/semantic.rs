//! Numbers and bytes that mean something else: dates, times, decimals as people write them.

use super::shown::Cell;
use serde_json::Value;
use std::fmt::Write;
use walbrook_core::avro::text::DECIMAL;
use walbrook_core::avro::write;
use walbrook_core::schema::{Kind, Schema};

const DAY_US: i64 = 86_400_000_000;

/// The cell of `value`, a value of the semantic type called `name`.
pub(super) fn cell(name: Option<&str>, value: Value) -> Cell {
    let Some(name) = name else { return Cell::plain(value) };
    let kind = name.rsplit('.').next().unwrap_or_default();
    let text = match (&value, kind) {
        (Value::Number(number), _) => number.as_i64().and_then(|n| temporal(kind, n)),
        (Value::String(text), "Uuid" | "Json" | "Xml" | "Interval" | "Ltree") => Some(text.clone()),
        (Value::String(text), kind) if kind.starts_with("Iso") || kind.starts_with("Zoned") => {
            Some(text.clone())
        }
        _ => None,
    };
    text.map_or_else(|| Cell::plain(value), Cell::bare)
}

fn temporal(kind: &str, n: i64) -> Option<String> {
    Some(match kind {
        "Date" => date(n),
        "Timestamp" => timestamp(n.checked_mul(1000)?),
        "MicroTimestamp" => timestamp(n),
        "NanoTimestamp" => timestamp(n.div_euclid(1000)),
        "Time" => time(n.checked_mul(1000)?),
        "MicroTime" => time(n),
        "NanoTime" => time(n.div_euclid(1000)),
        "MicroDuration" => duration(n),
        _ => return None,
    })
}

/// `2026-11-21T03:09:19.5`, from microseconds since 1970.
pub(super) fn timestamp(us: i64) -> String {
    format!("{}T{}", date(us.div_euclid(DAY_US)), time(us.rem_euclid(DAY_US)))
}

/// `03:09:19.500` of a time since 1970, always with milliseconds.
pub(super) fn clock(us: i64) -> String {
    let ms = us.rem_euclid(DAY_US) / 1000;
    let (s, ms) = (ms / 1000, ms % 1000);
    format!("{:02}:{:02}:{:02}.{ms:03}", s / 3600, s / 60 % 60, s % 60)
}

/// `03:09:19.5`, from microseconds since midnight; 24:00:00 is a time.
fn time(us: i64) -> String {
    let s = us.div_euclid(1_000_000);
    let mut out = format!("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
    fraction(&mut out, us.rem_euclid(1_000_000));
    out
}

fn fraction(out: &mut String, us: i64) {
    if us > 0 {
        let digits = format!("{us:06}");
        let _ = write!(out, ".{}", digits.trim_end_matches('0'));
    }
}

/// ISO 8601 of a length of time.
fn duration(us: i64) -> String {
    let sign = if us < 0 { "-" } else { "" };
    let size = us.unsigned_abs() as i128;
    let mut out = format!("{sign}PT{}", size / 1_000_000);
    fraction(&mut out, (size % 1_000_000) as i64);
    out + "S"
}

/// `2026-11-21`, from days since 1970 (Hinnant's civil_from_days).
fn date(days: i64) -> String {
    let z = i128::from(days) + 719_468;
    let (era, doe) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + i128::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Plain text of an unscaled big-endian number.
pub(super) fn decimal(unscaled: &[u8], scale: i64) -> String {
    let places = usize::try_from(scale).unwrap_or(0).to_string();
    let schema = Schema::new(Kind::Bytes).named(DECIMAL).parameter("scale", places);
    let (mut data, mut out) = (Vec::new(), String::new());
    write::bytes(&mut data, unscaled);
    crate::shape::text::value(&mut out, &schema, &mut data.as_slice());
    if scale < 0 && out != "0" {
        out.push_str(&"0".repeat(usize::try_from(-scale).unwrap_or(0).min(10_000)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str, value: impl Into<Value>) -> String {
        cell(Some(name), value.into()).text()
    }

    #[test]
    fn temporals_are_iso() {
        for (name, value, text) in [
            ("io.debezium.time.Date", 0, "1970-01-01"),
            ("io.debezium.time.Date", -719_162, "0001-01-01"),
            ("io.debezium.time.Date", 19_782, "2024-02-29"),
            ("org.apache.kafka.connect.data.Timestamp", 1_500, "1970-01-01T00:00:01.5"),
            ("io.debezium.time.MicroTimestamp", -1, "1969-12-31T23:59:59.999999"),
            ("io.debezium.time.NanoTimestamp", 1_000, "1970-01-01T00:00:00.000001"),
            ("io.debezium.time.MicroTime", 86_400_000_000_i64, "24:00:00"),
            ("io.debezium.time.Time", 3_723_004, "01:02:03.004"),
            ("io.debezium.time.MicroDuration", -1_500_000, "-PT1.5S"),
            ("io.debezium.time.Year", 2024, "2024"),
        ] {
            assert_eq!(shown(name, value), text, "{name}");
        }
        assert!(shown("io.debezium.time.MicroTimestamp", i64::MAX).starts_with("294247-01-10T"));
    }

    #[test]
    fn text_with_a_meaning_has_no_quotes() {
        assert_eq!(shown("io.debezium.data.Json", r#"{"a": "b"}"#), r#"{"a": "b"}"#);
        assert_eq!(shown("io.debezium.data.Enum", "new"), r#""new""#);
    }

    #[test]
    fn decimals_keep_their_scale() {
        assert_eq!(decimal(&[0x04, 0xe2], 2), "12.50");
        assert_eq!(decimal(&[0xff], -3), "-1000");
        assert_eq!(decimal(&[0], -3), "0");
    }

    #[test]
    fn the_clock_has_milliseconds() {
        assert_eq!(clock(45_296_789_012), "12:34:56.789");
        assert_eq!(clock(-1), "23:59:59.999");
    }
}
