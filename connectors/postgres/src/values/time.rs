//! time and timetz: a time of day.

use super::Fault;
use super::civil::{read_clock, read_offset};
use walbrook_core::avro::write;
use walbrook_core::value::calendar::DAY_US;
use walbrook_core::value::short::Short;

/// How a time of day is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Millis,
    Micros,
    Nanos,
    /// `10:11:12.5Z`
    Iso,
}

impl Form {
    #[cfg(test)]
    pub(super) const ALL: [Form; 4] = [Form::Millis, Form::Micros, Form::Nanos, Form::Iso];

    pub(super) fn write(self, text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
        // 24:00:00 is a time of its own: the end of the day.
        let (micros, rest) = read_clock(text)?;
        if !rest.is_empty() {
            return Err(Fault);
        }
        match self {
            Form::Millis => write::long(out, micros / 1000),
            Form::Micros => write::long(out, micros),
            Form::Nanos => write::long(out, micros * 1000),
            Form::Iso => iso(micros, out),
        }
        Ok(())
    }
}

fn iso(micros: i64, out: &mut Vec<u8>) {
    let mut text = Short::new();
    text.clock(micros, None);
    text.push(b'Z');
    write::bytes(out, text.bytes());
}

/// A time with a zone, moved to UTC; 24:00 is midnight, as the reference writes it.
pub(super) fn zoned(text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    let (micros, rest) = read_clock(text)?;
    let micros = micros - read_offset(rest)? * 1_000_000;
    iso(micros.rem_euclid(DAY_US), out);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_or_are_text() {
        let long = |form: Form, text: &str| {
            let (mut out, mut value, mut shift) = (Vec::new(), 0_u64, 0);
            form.write(text.as_bytes(), &mut out).unwrap();
            for byte in out {
                value |= u64::from(byte & 0x7f) << shift;
                shift += 7;
            }
            value / 2
        };
        assert_eq!(long(Form::Micros, "12:34:56.789012"), 45_296_789_012);
        assert_eq!(long(Form::Millis, "12:34:56.789012"), 45_296_789);
        assert_eq!(long(Form::Nanos, "12:34:56.789012"), 45_296_789_012_000);
        assert_eq!(long(Form::Micros, "24:00:00"), 86_400_000_000);
        let iso = |text: &str| {
            let mut out = Vec::new();
            Form::Iso.write(text.as_bytes(), &mut out).unwrap();
            String::from_utf8(out[1..].to_vec()).unwrap()
        };
        assert_eq!(iso("12:34:56.789012"), "12:34:56.789012Z");
        assert_eq!(iso("00:00:00"), "00:00:00Z");
        assert_eq!(Form::Micros.write(b"25:00:00", &mut Vec::new()), Err(Fault));
        assert_eq!(Form::Micros.write(b"12:00:00+00", &mut Vec::new()), Err(Fault));
    }

    #[test]
    fn times_with_a_zone_move_to_utc() {
        for (text, expected) in [
            ("12:34:56.789012+02", "10:34:56.789012Z"),
            ("23:59:59-08", "07:59:59Z"),
            ("00:00:00.120+05:30", "18:30:00.12Z"),
            ("12:00:00+15:59", "20:01:00Z"),
            ("24:00:00+00", "00:00:00Z"),
        ] {
            let mut out = Vec::new();
            zoned(text.as_bytes(), &mut out).unwrap();
            assert_eq!(&out[1..], expected.as_bytes(), "{text}");
        }
        assert_eq!(zoned(b"12:00:00", &mut Vec::new()), Err(Fault));
    }
}
