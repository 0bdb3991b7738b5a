//! Dates and times as the log and JSON documents pack them (my_time.cc of the MySQL sources).
//!
//! ```text
//!  moment     year * 13 + month │ day 5 │ hour 5 │ minute 6 │ second 6 │ fraction
//!  duration   hour 10                            │ minute 6 │ second 6 │ fraction
//! ```
//! The whole is one number, below zero where the duration is. In the log it has as many bytes as
//! it needs, big-endian, shifted so that none is below zero; its fraction has a byte for every two
//! digits.

use super::Bad;
use super::read::{big, little};
use super::write::Civil;

/// A date with a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) date: Civil,
    /// Microseconds of the day.
    pub(super) micros: i64,
}

/// What is before the fraction of `bits` bits, and the fraction in microseconds.
#[inline]
fn split(packed: u64, bits: u32) -> (u64, u64) {
    let fraction = packed & ((1 << bits) - 1);
    let unit = match bits {
        8 => 10_000,
        16 => 100,
        _ => 1,
    };
    (packed >> bits, fraction * unit)
}

#[inline]
fn clock(hour: u64, packed: u64, fraction: u64) -> Result<i64, Bad> {
    let (minute, second) = (packed >> 6 & 63, packed & 63);
    if minute > 59 || second > 59 || fraction > 999_999 {
        return Err(Bad::Number);
    }
    Ok((((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction) as i64)
}

/// A date with a clock out of its number, the fraction in the lowest `bits` bits.
#[inline]
pub(super) fn moment(packed: i64, bits: u32) -> Result<Moment, Bad> {
    let packed = u64::try_from(packed).map_err(|_| Bad::Number)?;
    let (whole, fraction) = split(packed, bits);
    let (days, hms) = (whole >> 17, whole & 0x1_ffff);
    let months = days >> 5;
    let date = civil(months / 13, months % 13, days & 31)?;
    if hms >> 12 > 23 {
        return Err(Bad::Number);
    }
    Ok(Moment { date, micros: clock(hms >> 12, hms, fraction)? })
}

/// A duration in microseconds out of its number.
#[inline]
pub(super) fn duration(packed: i64, bits: u32) -> Result<i64, Bad> {
    let (whole, fraction) = split(packed.unsigned_abs(), bits);
    if whole >> 22 > 0 {
        return Err(Bad::Number);
    }
    let micros = clock(whole >> 12, whole, fraction)?;
    Ok(if packed < 0 { -micros } else { micros })
}

#[inline]
fn civil(year: u64, month: u64, day: u64) -> Result<Civil, Bad> {
    if year > 9999 || month > 12 || day > 31 {
        return Err(Bad::Number);
    }
    Ok(Civil { year: year as u16, month: month as u8, day: day as u8 })
}

/// A big-endian number of `width` bytes, moved back so that it can be below zero.
#[inline]
fn shifted(bytes: &mut &[u8], width: usize) -> Result<i64, Bad> {
    // Eight bytes wrap around to the right number.
    Ok((big(bytes, width)? as i64).wrapping_sub(1 << (width * 8 - 1)))
}

/// DATETIME with a fraction of so many bytes.
#[inline]
pub(super) fn read_moment(bytes: &mut &[u8], fraction: usize) -> Result<Moment, Bad> {
    moment(shifted(bytes, 5 + fraction)?, fraction as u32 * 8)
}

/// TIME with a fraction of so many bytes, in microseconds.
#[inline]
pub(super) fn read_duration(bytes: &mut &[u8], fraction: usize) -> Result<i64, Bad> {
    duration(shifted(bytes, 3 + fraction)?, fraction as u32 * 8)
}

/// TIMESTAMP with a fraction of so many bytes: seconds since 1970, without a sign (MariaDB counts
/// up to 2106), and microseconds. Zero is the zero date.
#[inline]
pub(super) fn read_timestamp(bytes: &mut &[u8], fraction: usize) -> Result<(u32, u32), Bad> {
    let seconds = big(bytes, 4)? as u32;
    let (_, micros) = split(big(bytes, fraction)?, fraction as u32 * 8);
    if micros > 999_999 {
        return Err(Bad::Number);
    }
    Ok((seconds, micros as u32))
}

/// DATE: day 5 bits, month 4, year; three bytes, little-endian.
#[inline]
pub(super) fn read_date(bytes: &mut &[u8]) -> Result<Civil, Bad> {
    let packed = little(bytes, 3)?;
    civil(packed >> 9, packed >> 5 & 15, packed & 31)
}

/// TIME from before MySQL 5.6: the decimal number hhmmss, three bytes with a sign.
pub(super) fn read_old_duration(bytes: &mut &[u8]) -> Result<i64, Bad> {
    let raw = little(bytes, 3)? as i64;
    let signed = if raw & 0x80_0000 == 0 { raw } else { raw - 0x100_0000 };
    let number = signed.unsigned_abs();
    let (hour, minute, second) = (number / 10_000, number / 100 % 100, number % 100);
    let micros = clock(hour, minute << 6 | second, 0)?;
    Ok(if signed < 0 { -micros } else { micros })
}

/// DATETIME from before MySQL 5.6: the decimal number YYYYMMDDhhmmss in eight bytes.
pub(super) fn read_old_moment(bytes: &mut &[u8]) -> Result<Moment, Bad> {
    let number = little(bytes, 8)?;
    let (date, time) = (number / 1_000_000, number % 1_000_000);
    let date = civil(date / 10_000, date / 100 % 100, date % 100)?;
    let (hour, minute, second) = (time / 10_000, time / 100 % 100, time % 100);
    if hour > 23 || minute > 59 || second > 59 {
        return Err(Bad::Number);
    }
    Ok(Moment { date, micros: clock(hour, minute << 6 | second, 0)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packed_time(negative: bool, h: i64, m: i64, s: i64, fraction: i64, bytes: u32) -> Vec<u8> {
        let value = (h << 12 | m << 6 | s) << (8 * bytes) | fraction;
        let value = if negative { -value } else { value };
        let width = 3 + bytes as usize;
        let shifted = (value + (1 << (width * 8 - 1))) as u64;
        shifted.to_be_bytes()[8 - width..].to_vec()
    }

    #[test]
    fn times_have_a_sign_and_a_fraction() {
        // '-00:00:01.5' of a TIME(1) as MySQL writes it
        assert_eq!(packed_time(true, 0, 0, 1, 50, 1), [0x7f, 0xff, 0xfe, 0xce]);
        assert_eq!(read_duration(&mut &[0x7f, 0xff, 0xfe, 0xce][..], 1), Ok(-1_500_000));
        for (negative, h, m, s, fraction, bytes, micros) in [
            (true, 838, 59, 59, 0, 0, -3_020_399_000_000),
            (false, 838, 59, 59, 999_999, 3, 3_020_399_999_999),
            (true, 0, 0, 0, 1, 3, -1),
            (true, 12, 34, 56, 7890, 2, -45_296_789_000),
        ] {
            let raw = packed_time(negative, h, m, s, fraction, bytes);
            assert_eq!(read_duration(&mut raw.as_slice(), bytes as usize), Ok(micros));
        }
    }

    #[test]
    fn old_forms_are_decimal() {
        let raw = (-123_456_i32).to_le_bytes();
        assert_eq!(read_old_duration(&mut &raw[..3]), Ok(-45_296_000_000));
        let raw = 20_240_229_123_456_u64.to_le_bytes();
        let moment = read_old_moment(&mut &raw[..]).unwrap();
        assert_eq!(moment.date, Civil { year: 2024, month: 2, day: 29 });
        assert_eq!(moment.micros, 45_296_000_000);
    }

    proptest! {
        #[test]
        fn moments_come_back(
            y in 0..=9999_i64, mo in 0..=12_i64, d in 0..=31_i64,
            h in 0..24_i64, mi in 0..60_i64, s in 0..60_i64, f in 0..100_i64, bytes in 0..=3_u32,
        ) {
            let (fraction, micros) = match bytes {
                0 => (0, 0),
                1 => (f, f * 10_000),
                2 => (f * 100, f * 10_000),
                _ => (f * 10_000, f * 10_000),
            };
            let whole = ((y * 13 + mo) << 5 | d) << 17 | h << 12 | mi << 6 | s;
            let width = 5 + bytes as usize;
            let shifted = ((whole << (8 * bytes) | fraction) as u64) ^ (1 << (width * 8 - 1));
            let raw = shifted.to_be_bytes();
            let moment = read_moment(&mut &raw[8 - width..], bytes as usize).unwrap();
            let Civil { year, month, day } = moment.date;
            prop_assert_eq!((i64::from(year), i64::from(month), i64::from(day)), (y, mo, d));
            prop_assert_eq!(moment.micros, ((h * 60 + mi) * 60 + s) * 1_000_000 + micros);
        }

        #[test]
        fn any_bytes_are_a_time_or_an_error(
            bytes in prop::collection::vec(any::<u8>(), 0..9), n in 0..=3_usize,
        ) {
            let _ = read_moment(&mut bytes.as_slice(), n);
            let _ = read_duration(&mut bytes.as_slice(), n);
            let _ = read_timestamp(&mut bytes.as_slice(), n);
            let _ = read_date(&mut bytes.as_slice());
            let _ = read_old_moment(&mut bytes.as_slice());
            let _ = read_old_duration(&mut bytes.as_slice());
        }
    }
}
