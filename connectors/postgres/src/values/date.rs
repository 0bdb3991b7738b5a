//! date: days since 1970, or ISO text.

use super::Fault;
use super::civil::{era, read_date};
use walbrook_core::avro::write;
use walbrook_core::value::short::Short;

/// How a date is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Days since 1970. Infinity is the largest `int`, as in the server itself.
    Days,
    /// `2024-02-29Z`, `infinity`
    Iso,
}

impl Form {
    #[cfg(test)]
    pub(super) const ALL: [Form; 2] = [Form::Days, Form::Iso];

    pub(super) fn write(self, text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
        match (self, text) {
            (Form::Days, b"infinity") => write::long(out, i64::from(i32::MAX)),
            (Form::Days, b"-infinity") => write::long(out, i64::from(i32::MIN)),
            (Form::Iso, b"infinity" | b"-infinity") => write::bytes(out, text),
            _ => {
                let (text, before_christ) = era(text);
                let (days, rest) = read_date(text, before_christ)?;
                if !rest.is_empty() {
                    return Err(Fault);
                }
                self.day(days, out)?;
            }
        }
        Ok(())
    }

    fn day(self, days: i64, out: &mut Vec<u8>) -> Result<(), Fault> {
        match self {
            Form::Days => write::long(out, i64::from(i32::try_from(days).map_err(|_| Fault)?)),
            Form::Iso => {
                let mut text = Short::new();
                text.date(days);
                text.push(b'Z');
                write::bytes(out, text.bytes());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_or_text() {
        for (text, days, iso) in [
            ("2024-02-29", 19_782, "2024-02-29Z"),
            ("1969-12-31", -1, "1969-12-31Z"),
            ("0001-01-01", -719_162, "0001-01-01Z"),
            ("0044-03-15 BC", -735_160, "-0043-03-15Z"),
            ("5874897-12-31", 2_145_042_905, "+5874897-12-31Z"),
            ("4714-11-24 BC", -2_440_588, "-4713-11-24Z"),
            ("infinity", i64::from(i32::MAX), "infinity"),
            ("-infinity", i64::from(i32::MIN), "-infinity"),
        ] {
            let (mut out, mut expected) = (Vec::new(), Vec::new());
            Form::Days.write(text.as_bytes(), &mut out).unwrap();
            write::long(&mut expected, days);
            assert_eq!(out, expected, "{text}");
            out.clear();
            Form::Iso.write(text.as_bytes(), &mut out).unwrap();
            assert_eq!(&out[1..], iso.as_bytes(), "{text}");
        }
        for text in ["", "2024-02", "2024-13-01", "2024-02-29 10", "-01-01", "x"] {
            assert_eq!(Form::Days.write(text.as_bytes(), &mut Vec::new()), Err(Fault), "{text}");
        }
    }
}
