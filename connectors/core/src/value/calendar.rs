//! The proleptic Gregorian calendar.

/// Microseconds of a day.
pub const DAY_US: i64 = 86_400_000_000;

/// Days since 1970 of a date; the year is astronomical (1 BC is 0).
#[inline]
pub fn days(year: i64, month: i64, day: i64) -> i64 {
    // Counted in eras of 400 years from March (H. Hinnant, "chrono-compatible date algorithms").
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of days since 1970.
pub fn date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let of_year = day_of_era - (365 * of_era + of_era / 4 - of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn days_are_counted_from_1970() {
        for (date, expected) in [
            ((1970, 1, 1), 0),
            ((2024, 2, 29), 19_782),
            ((1969, 12, 31), -1),
            ((1, 1, 1), -719_162),
            ((-43, 3, 15), -735_160),
            ((5_874_897, 12, 31), 2_145_042_905),
        ] {
            assert_eq!(days(date.0, date.1, date.2), expected, "{date:?}");
            assert_eq!(super::date(expected), date);
        }
    }

    proptest! {
        #[test]
        fn every_day_comes_back(day in -2_000_000_000_i64..2_200_000_000) {
            let (y, m, d) = date(day);
            prop_assert_eq!(days(y, m, d), day);
        }
    }
}
