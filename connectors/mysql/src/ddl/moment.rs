//! Dates and times in the form that the server prints: `2024-1-1` is `2024-01-01`.

use crate::structure::{Base, Type};

/// A date, time or both, normalised for the type; `None` where the form is not one that we know.
pub(super) fn normal(text: &str, kind: &Type) -> Option<String> {
    let digits = usize::try_from(kind.length.unwrap_or(0)).ok()?.min(6);
    let text = text.trim();
    match kind.base {
        Base::Date => date(split(text)?.0),
        Base::Time => time(text, digits),
        _ => {
            let (day, clock) = split(text)?;
            let clock = match clock {
                "" => "00:00:00",
                // Fewer digits than six would be hours here, not seconds.
                short if !short.contains(':') && short.len() < 6 => return None,
                full => full,
            };
            Some(format!("{} {}", date(day)?, time(clock, digits)?))
        }
    }
}

/// A date and a time of day.
fn split(text: &str) -> Option<(&str, &str)> {
    if let Some((day, clock)) = text.split_once([' ', 'T']) {
        return Some((day, clock.trim()));
    }
    let whole = text.split('.').next().unwrap_or_default();
    let compact = whole.bytes().all(|byte| byte.is_ascii_digit());
    match whole.len() {
        length @ (12 | 14) if compact => text.split_at_checked(length - 6),
        _ => Some((text, "")),
    }
}

/// `2024-1-1`, `20240101`, `240101`, `24-1-1`, with any character between.
fn date(text: &str) -> Option<String> {
    let parts: Vec<&str> = if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let (year, rest) = match text.len() {
            1 if text == "0" => ("0000", "0000"),
            6 => text.split_at_checked(2)?,
            8 => text.split_at_checked(4)?,
            _ => return None,
        };
        let (month, day) = rest.split_at_checked(2)?;
        vec![year, month, day]
    } else {
        text.split(|c: char| c.is_ascii_punctuation()).collect()
    };
    let [year, month, day] = parts.as_slice() else { return None };
    let full = match (year.len(), year.parse::<u32>().ok()?) {
        (2, number @ ..70) => 2000 + number,
        (2, number) => 1900 + number,
        (_, number) => number,
    };
    let (month, day) = (month.parse::<u32>().ok()?, day.parse::<u32>().ok()?);
    (full <= 9999 && month <= 12 && day <= 31).then(|| format!("{full:04}-{month:02}-{day:02}"))
}

/// `1:2:3.5`, `1:2`, `010203`, with a sign.
fn time(text: &str, digits: usize) -> Option<String> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let number = |text: &str| text.parse::<u32>().ok();
    let parts: Vec<u32> = if clock.contains(':') {
        clock.split(':').map(number).collect::<Option<_>>()?
    } else {
        let number = number(clock)?;
        vec![number / 10_000, number / 100 % 100, number % 100]
    };
    let (hours, minutes, seconds) = match parts.as_slice() {
        [hours, minutes, seconds] => (hours, minutes, seconds),
        [hours, minutes] => (hours, minutes, &0),
        _ => return None,
    };
    let plain = fraction.bytes().all(|byte| byte.is_ascii_digit());
    // More digits than the column has are rounded, which may carry over: left as written.
    if !plain || fraction.len() > digits || *minutes > 59 || *seconds > 59 || *hours > 838 {
        return None;
    }
    let point = if digits > 0 { format!(".{fraction:0<digits$}") } else { String::new() };
    Some(format!("{sign}{hours:02}:{minutes:02}:{seconds:02}{point}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str, base: Base, digits: u32) -> Option<String> {
        let kind = Type {
            base,
            length: Some(digits).filter(|digits| *digits > 0),
            scale: None,
            unsigned: false,
            zerofill: false,
            charset: None,
            collation: None,
            labels: Vec::new(),
            compressed: false,
            written: None,
        };
        super::normal(text, &kind)
    }

    #[test]
    fn forms_of_a_moment() {
        let cases = [
            ("2000-1-1", Base::Date, 0, "2000-01-01"),
            ("20200102", Base::Date, 0, "2020-01-02"),
            ("200102", Base::Date, 0, "2020-01-02"),
            ("2024-01-01", Base::DateTime, 3, "2024-01-01 00:00:00.000"),
            ("20200102030405", Base::DateTime, 0, "2020-01-02 03:04:05"),
            ("2024-01-01T01:02:03.5", Base::Timestamp, 6, "2024-01-01 01:02:03.500000"),
            ("0", Base::DateTime, 0, "0000-00-00 00:00:00"),
            ("1:2", Base::Time, 0, "01:02:00"),
            ("101112", Base::Time, 0, "10:11:12"),
            ("-838:59:59", Base::Time, 0, "-838:59:59"),
        ];
        for (text, base, digits, expected) in cases {
            assert_eq!(normal(text, base, digits).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_known_is_left_alone() {
        for text in ["", "today", "1-2", "99-99-99", "2024-01-01 25", "10:11:12.5"] {
            assert_eq!(normal(text, Base::DateTime, 0), None, "{text}");
        }
    }
}
