//! Values of a leading key column, compared here exactly as the database compares them.

use serde::{Deserialize, Serialize};

/// The types whose order is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `smallint`
    Int2,
    /// `integer`
    Int4,
    /// `bigint`
    Int8,
    /// `oid`
    Oid,
    /// `uuid`
    Uuid,
    /// `date`
    Date,
    /// `timestamp`
    Timestamp,
    /// `timestamp with time zone`
    Timestamptz,
    /// `bytea`
    Bytea,
    /// `text` and `varchar`, by their bytes
    Text,
}

/// A value, in the database's order among values of one kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// Integers; days or microseconds since 2000.
    Number(i64),
    /// Everything that is compared byte by byte.
    Bytes(Vec<u8>),
}

impl Kind {
    /// The kind of a type, if its order is known here.
    pub fn of(type_oid: u32) -> Option<Self> {
        Some(match type_oid {
            21 => Kind::Int2,
            23 => Kind::Int4,
            20 => Kind::Int8,
            26 => Kind::Oid,
            2950 => Kind::Uuid,
            1082 => Kind::Date,
            1114 => Kind::Timestamp,
            1184 => Kind::Timestamptz,
            17 => Kind::Bytea,
            25 | 1043 => Kind::Text,
            _ => return None,
        })
    }

    /// The type in SQL.
    pub fn sql(self) -> &'static str {
        match self {
            Kind::Int2 => "int2",
            Kind::Int4 => "int4",
            Kind::Int8 => "int8",
            Kind::Oid => "oid",
            Kind::Uuid => "uuid",
            Kind::Date => "date",
            Kind::Timestamp => "timestamp",
            Kind::Timestamptz => "timestamptz",
            Kind::Bytea => "bytea",
            Kind::Text => "text",
        }
    }

    /// Reads the text form (`DateStyle` ISO, `bytea_output` hex).
    pub fn text(self, text: &[u8]) -> Option<Key> {
        if let Kind::Text = self {
            return Some(Key::Bytes(text.to_vec()));
        }
        let text = std::str::from_utf8(text).ok()?;
        match self {
            Kind::Int2 | Kind::Int4 | Kind::Int8 | Kind::Oid => text.parse().ok().map(Key::Number),
            Kind::Uuid => hex(text.bytes().filter(|b| *b != b'-')).map(Key::Bytes),
            Kind::Bytea => hex(text.strip_prefix("\\x")?.bytes()).map(Key::Bytes),
            Kind::Date => time::date(text).map(Key::Number),
            Kind::Timestamp | Kind::Timestamptz => time::timestamp(text).map(Key::Number),
            Kind::Text => None,
        }
    }

    /// Reads the binary form.
    pub fn binary(self, bytes: &[u8]) -> Option<Key> {
        let int4 = || bytes.try_into().ok().map(i32::from_be_bytes);
        Some(match self {
            Kind::Int2 => Key::Number(i64::from(i16::from_be_bytes(bytes.try_into().ok()?))),
            Kind::Int4 => Key::Number(i64::from(int4()?)),
            Kind::Oid => Key::Number(i64::from(u32::from_be_bytes(bytes.try_into().ok()?))),
            Kind::Date => Key::Number(match int4()? {
                i32::MAX => i64::MAX,
                i32::MIN => i64::MIN,
                days => i64::from(days),
            }),
            Kind::Int8 | Kind::Timestamp | Kind::Timestamptz => {
                Key::Number(i64::from_be_bytes(bytes.try_into().ok()?))
            }
            Kind::Uuid | Kind::Bytea | Kind::Text => Key::Bytes(bytes.to_vec()),
        })
    }
}

fn hex(digits: impl Iterator<Item = u8>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(16);
    let mut half = None;
    for digit in digits {
        let value = (digit as char).to_digit(16)? as u8;
        match half.take() {
            None => half = Some(value),
            Some(high) => out.push(high << 4 | value),
        }
    }
    half.is_none().then_some(out)
}

/// ISO dates and times as microseconds or days since 2000-01-01.
mod time {
    const DAY: i64 = 86_400_000_000;

    /// `2024-02-29`, `0044-03-15 BC`, `infinity`
    pub(super) fn date(text: &str) -> Option<i64> {
        match text {
            "infinity" => return Some(i64::MAX),
            "-infinity" => return Some(i64::MIN),
            _ => {}
        }
        let (text, before) = era(text);
        days(text, before)
    }

    /// `2024-02-29 12:34:56.789+05:30`, with or without the zone, `infinity`
    pub(super) fn timestamp(text: &str) -> Option<i64> {
        match text {
            "infinity" => return Some(i64::MAX),
            "-infinity" => return Some(i64::MIN),
            _ => {}
        }
        let (text, before) = era(text);
        let (date, clock) = text.split_once(' ')?;
        let zone = clock.find(['+', '-']).unwrap_or(clock.len());
        let (clock, zone) = clock.split_at(zone);
        let offset = match zone.as_bytes().first() {
            None => 0,
            Some(b'-') => -seconds(zone.get(1..)?)?,
            Some(_) => seconds(zone.get(1..)?)?,
        };
        let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
        let micros = format!("{fraction:0<6}").parse::<i64>().ok()?;
        let clock = (seconds(clock)? - offset) * 1_000_000 + micros;
        days(date, before)?.checked_mul(DAY)?.checked_add(clock)
    }

    fn era(text: &str) -> (&str, bool) {
        text.strip_suffix(" BC").map_or((text, false), |text| (text, true))
    }

    /// `hh[:mm[:ss]]`
    fn seconds(text: &str) -> Option<i64> {
        let mut total = 0;
        let mut unit = 3600;
        for part in text.split(':') {
            total += i64::from(part.parse::<i16>().ok()?) * unit;
            unit /= 60;
        }
        Some(total)
    }

    /// Days since 2000 in the proleptic Gregorian calendar.
    fn days(text: &str, before_christ: bool) -> Option<i64> {
        let mut parts = text.splitn(3, '-').map(|part| part.parse::<i32>().ok().map(i64::from));
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        let year = if before_christ { 1 - year } else { year };
        // Years begin in March, so that the leap day is the last day of its year.
        let shifted = if month <= 2 { year - 1 } else { year };
        let of_era = shifted.rem_euclid(400);
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
        Some(shifted.div_euclid(400) * 146_097 + days - 730_425)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text forms in ascending order, with the binary form where it is handy.
    #[test]
    fn the_order_is_the_databases() {
        let cases: &[(Kind, &[&str])] = &[
            (Kind::Int8, &["-9223372036854775808", "-1", "0", "2", "10"]),
            (Kind::Oid, &["0", "2", "4294967295"]),
            (
                Kind::Uuid,
                &["00000000-0000-0000-0000-00000000000a", "0a000000-0000-0000-0000-000000000000"],
            ),
            (Kind::Bytea, &["\\x", "\\x00", "\\x00ff", "\\x01"]),
            (Kind::Text, &["", "A", "B", "a", "a ", "ab", "ä"]),
            (
                Kind::Date,
                &[
                    "-infinity",
                    "0044-03-15 BC",
                    "0001-01-01",
                    "1999-12-31",
                    "2000-01-01",
                    "12024-01-01",
                    "infinity",
                ],
            ),
            (
                Kind::Timestamptz,
                &[
                    "-infinity",
                    "0044-03-15 10:00:00+00 BC",
                    "1999-12-31 23:59:59.5+00",
                    "2000-01-01 00:00:00+00",
                    "2000-01-01 00:00:00.000001+00",
                    "2000-01-01 00:00:00-01",
                    "infinity",
                ],
            ),
        ];
        for (kind, texts) in cases {
            let keys: Vec<_> = texts.iter().map(|t| kind.text(t.as_bytes()).unwrap()).collect();
            assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "{kind:?} {keys:?}");
        }
    }

    #[test]
    fn both_forms_give_the_same_value() {
        let same = |kind: Kind, text: &str, binary: &[u8]| {
            assert_eq!(kind.text(text.as_bytes()), kind.binary(binary), "{kind:?} {text}");
            assert!(kind.binary(binary).is_some());
        };
        same(Kind::Int2, "-2", &(-2_i16).to_be_bytes());
        same(Kind::Int4, "7", &7_i32.to_be_bytes());
        same(Kind::Oid, "4294967295", &u32::MAX.to_be_bytes());
        same(Kind::Date, "2000-03-01", &60_i32.to_be_bytes());
        same(Kind::Date, "infinity", &i32::MAX.to_be_bytes());
        same(Kind::Date, "1999-12-31", &(-1_i32).to_be_bytes());
        same(Kind::Timestamp, "2000-01-02 00:00:00.5", &86_400_500_000_i64.to_be_bytes());
        same(Kind::Timestamptz, "2000-01-01 05:30:00+05:30", &0_i64.to_be_bytes());
        same(Kind::Bytea, "\\x0aff", &[10, 255]);
        same(
            Kind::Uuid,
            "000102030405060708090a0b0c0d0e0f",
            &std::array::from_fn::<u8, 16, _>(|i| i as u8),
        );
    }

    #[test]
    fn nonsense_is_nothing() {
        for kind in [Kind::Int4, Kind::Uuid, Kind::Date, Kind::Timestamp, Kind::Bytea] {
            assert_eq!(kind.text(b"x y z"), None);
            assert_eq!(kind.text(b"\xff"), None);
        }
        assert_eq!(Kind::Int4.binary(&[1, 2]), None);
    }
}
