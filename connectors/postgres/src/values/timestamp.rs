//! timestamp and timestamptz.

use super::Fault;
use super::civil::{era, read_clock, read_date, read_offset};
use walbrook_core::avro::write;
use walbrook_core::value::calendar::DAY_US;
use walbrook_core::value::short::Short;

/// What pgjdbc makes of the infinities, in microseconds; consumers know these numbers.
const INFINITY_US: i64 = 9_223_372_036_825_200_000;
const MINUS_INFINITY_US: i64 = -9_223_372_036_832_400_000;

/// How a timestamp without a zone is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Millis,
    Micros,
    Nanos,
    /// `2024-02-29T12:34:56.7Z`
    Iso,
}

/// A point on the calendar, of any year.
#[derive(Clone, Copy)]
struct Moment {
    days: i64,
    /// Microseconds of the day, less than a day.
    micros: i64,
}

impl Moment {
    /// A moment by a day and microseconds that may lie outside of it.
    fn new(days: i64, micros: i64) -> Self {
        Self { days: days + micros.div_euclid(DAY_US), micros: micros.rem_euclid(DAY_US) }
    }

    fn since_1970(self) -> Option<i64> {
        // A sum in the middle may be out of range where the whole is not.
        let micros = i128::from(self.days) * i128::from(DAY_US) + i128::from(self.micros);
        i64::try_from(micros).ok()
    }

    fn iso(self, digits: Option<u8>, out: &mut Vec<u8>) {
        let mut text = Short::new();
        text.date(self.days);
        text.push(b'T');
        text.clock(self.micros, digits);
        text.push(b'Z');
        write::bytes(out, text.bytes());
    }
}

#[inline]
fn read(text: &[u8]) -> Result<(Moment, &[u8]), Fault> {
    let (text, before_christ) = era(text);
    let (days, rest) = read_date(text, before_christ)?;
    let rest = rest.strip_prefix(b" ").ok_or(Fault)?;
    let (micros, rest) = read_clock(rest)?;
    Ok((Moment::new(days, micros), rest))
}

impl Form {
    #[cfg(test)]
    pub(super) const ALL: [Form; 4] = [Form::Millis, Form::Micros, Form::Nanos, Form::Iso];

    #[inline]
    pub(super) fn write(self, text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
        let infinite = match text {
            b"infinity" => Some((INFINITY_US, i64::MAX)),
            b"-infinity" => Some((MINUS_INFINITY_US, i64::MIN)),
            _ => None,
        };
        if let Some((micros, nanos)) = infinite {
            match self {
                Form::Millis => write::long(out, micros / 1000),
                Form::Micros => write::long(out, micros),
                Form::Nanos => write::long(out, nanos),
                Form::Iso => Moment::new(0, micros).iso(None, out),
            }
            return Ok(());
        }
        let (moment, rest) = read(text)?;
        if !rest.is_empty() {
            return Err(Fault);
        }
        match self {
            Form::Iso => moment.iso(None, out),
            form => write::long(out, form.number(moment).ok_or(Fault)?),
        }
        Ok(())
    }

    /// The number of a moment, if its unit reaches so far.
    #[inline]
    fn number(self, moment: Moment) -> Option<i64> {
        match self {
            // Towards the past, also before 1970.
            Form::Millis => Some(moment.days * 86_400_000 + moment.micros.div_euclid(1000)),
            Form::Micros => moment.since_1970(),
            Form::Nanos => moment.since_1970()?.checked_mul(1000),
            Form::Iso => None,
        }
    }

    /// Whether the unit does not reach the value.
    #[inline]
    pub(super) fn is_nothing(self, text: &[u8]) -> bool {
        // Years of four digits are in reach of all units but nanoseconds.
        let far = self == Form::Nanos || text.get(4) != Some(&b'-');
        matches!(self, Form::Nanos | Form::Micros)
            && far
            && read(text).is_ok_and(|(moment, _)| self.number(moment).is_none())
    }
}

/// A timestamp with a zone: text in UTC with exactly `digits` digits; infinities by name.
pub(super) fn zoned(text: &[u8], digits: u8, out: &mut Vec<u8>) -> Result<(), Fault> {
    if matches!(text, b"infinity" | b"-infinity") {
        write::bytes(out, text);
        return Ok(());
    }
    let (moment, rest) = read(text)?;
    let micros = moment.micros - read_offset(rest)? * 1_000_000;
    Moment::new(moment.days, micros).iso(Some(digits), out);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(form: Form, text: &str) -> i64 {
        let (mut out, mut value, mut shift) = (Vec::new(), 0_u64, 0);
        assert!(!form.is_nothing(text.as_bytes()), "{text}");
        form.write(text.as_bytes(), &mut out).unwrap();
        for byte in out {
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
        }
        (value >> 1) as i64 ^ -((value & 1) as i64)
    }

    #[test]
    fn timestamps_are_what_the_reference_writes() {
        for (text, micros) in [
            ("2024-02-29 12:34:56.789012", 1_709_210_096_789_012),
            ("1969-12-31 23:59:59.999999", -1),
            ("1677-09-21 00:12:44", -9_223_372_036_000_000),
            ("0044-03-15 01:02:03 BC", -63_517_820_277_000_000),
            ("infinity", 9_223_372_036_825_200_000),
            ("-infinity", -9_223_372_036_832_400_000),
            ("4713-01-01 00:00:00 BC", -210_863_520_000_000_000),
        ] {
            assert_eq!(number(Form::Micros, text), micros, "{text}");
        }
        assert_eq!(number(Form::Millis, "1969-12-31 23:59:59.999999"), -1);
        assert_eq!(number(Form::Millis, "0044-03-15 01:02:03 BC"), -63_517_820_277_000);
        assert_eq!(number(Form::Millis, "infinity"), 9_223_372_036_825_200);
        assert_eq!(number(Form::Millis, "-infinity"), -9_223_372_036_832_400);
        assert_eq!(number(Form::Nanos, "1900-01-01 00:00:00"), -2_208_988_800_000_000_000);
        assert_eq!(number(Form::Nanos, "infinity"), i64::MAX);
    }

    #[test]
    fn what_the_unit_does_not_reach_is_nothing() {
        assert!(Form::Nanos.is_nothing(b"0001-01-01 00:00:00"));
        assert!(Form::Nanos.is_nothing(b"1677-09-21 00:12:43"));
        assert!(!Form::Nanos.is_nothing(b"2262-04-11 23:47:16"));
        assert!(Form::Micros.is_nothing(b"294276-12-31 23:59:59.999999"));
        assert!(!Form::Micros.is_nothing(b"12345-06-07 08:09:10"));
        assert!(!Form::Millis.is_nothing(b"294276-12-31 23:59:59.999999"));
    }

    #[test]
    fn iso_texts_are_as_short_as_they_can_be() {
        for (text, expected) in [
            ("2024-02-29 12:34:56.7", "2024-02-29T12:34:56.7Z"),
            ("0001-01-01 00:00:00", "0001-01-01T00:00:00Z"),
            ("12345-06-07 08:09:10", "+12345-06-07T08:09:10Z"),
        ] {
            let mut out = Vec::new();
            Form::Iso.write(text.as_bytes(), &mut out).unwrap();
            assert_eq!(&out[1..], expected.as_bytes(), "{text}");
        }
    }

    #[test]
    fn zoned_timestamps_have_the_digits_of_their_column() {
        for (text, digits, expected) in [
            ("2024-02-29 10:34:56.789012+00", 6, "2024-02-29T10:34:56.789012Z"),
            ("2024-02-29 12:34:56+00", 0, "2024-02-29T12:34:56Z"),
            ("2024-02-29 17:34:56.78+00", 3, "2024-02-29T17:34:56.780Z"),
            ("2020-01-01 12:34:56+02", 6, "2020-01-01T10:34:56.000000Z"),
            ("2020-01-01 01:00:00+05:30", 0, "2019-12-31T19:30:00Z"),
            ("0044-03-15 01:02:03+00 BC", 6, "-0043-03-15T01:02:03.000000Z"),
            ("12345-06-07 08:09:10+00", 6, "+12345-06-07T08:09:10.000000Z"),
            ("294276-12-31 23:59:59.999999+00", 6, "+294276-12-31T23:59:59.999999Z"),
            ("infinity", 6, "infinity"),
            ("-infinity", 3, "-infinity"),
        ] {
            let mut out = Vec::new();
            zoned(text.as_bytes(), digits, &mut out).unwrap();
            assert_eq!(&out[1..], expected.as_bytes(), "{text}");
        }
    }
}
