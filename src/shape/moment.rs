//! Connect's own temporal types as Connect writes them into header text: without quotes.

use std::fmt::Write;
use walbrook_core::value::calendar;

const DAY_MS: i64 = 86_400_000;

/// Appends `number`, a value of the type `name`; `None` where it is no temporal type of Connect's.
///
/// The reference chooses among these forms by the value alone (`Values.dateFormatFor`), and tells of
/// moments before 1970-01-02 the time of day only; here the date is never lost.
pub(super) fn write(out: &mut String, name: &str, number: i64) -> Option<()> {
    match name.strip_prefix("org.apache.kafka.connect.data.")? {
        "Date" => date(out, number),
        "Time" => time(out, number),
        "Timestamp" => {
            let (days, of_day) = (number.div_euclid(DAY_MS), number.rem_euclid(DAY_MS));
            date(out, days);
            if of_day != 0 {
                out.push('T');
                time(out, of_day);
            }
        }
        _ => return None,
    }
    Some(())
}

fn date(out: &mut String, days: i64) {
    let (year, month, day) = calendar::date(days);
    // Writing into a string does not fail.
    let _ = write!(out, "{year:04}-{month:02}-{day:02}");
}

/// Milliseconds since midnight.
fn time(out: &mut String, ms: i64) {
    let sign = if ms < 0 { "-" } else { "" };
    let ms = ms.unsigned_abs();
    let (seconds, ms) = (ms / 1000, ms % 1000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let _ = write!(out, "{sign}{hours:02}:{minutes:02}:{seconds:02}.{ms:03}Z");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_times_and_both() {
        for (name, number, expected) in [
            ("Date", 19_724, "2024-01-02"),
            ("Date", -1, "1969-12-31"),
            ("Time", 3_723_004, "01:02:03.004Z"),
            ("Time", -1000, "-00:00:01.000Z"),
            ("Timestamp", 19_724 * DAY_MS, "2024-01-02"),
            ("Timestamp", 19_724 * DAY_MS + 1, "2024-01-02T00:00:00.001Z"),
            ("Timestamp", -1, "1969-12-31T23:59:59.999Z"),
        ] {
            let mut out = String::new();
            let name = format!("org.apache.kafka.connect.data.{name}");
            assert_eq!(write(&mut out, &name, number), Some(()));
            assert_eq!(out, expected, "{name}");
        }
        assert_eq!(write(&mut String::new(), "io.debezium.time.Date", 0), None);
    }
}
