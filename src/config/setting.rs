//! How a value becomes a setting: one implementation for each type.

use super::choice::Choice;
use super::pattern::Pattern;
use crate::codes;
use config::{Value, ValueKind};
use std::time::Duration;
use walbrook_core::error::Code;

/// Why a value is not what the setting needs.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) code: Code,
    /// One sentence.
    pub(super) message: String,
    /// What mends it.
    pub(super) fix: String,
    /// The element that is wrong, where it is not the whole value.
    pub(super) element: Option<Box<Value>>,
}

impl Wrong {
    pub(super) fn new(code: Code, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { code, message: message.into(), fix: fix.into(), element: None }
    }

    /// A value of another type than `wanted`, for example `example`.
    pub(super) fn wrong_type(key: &str, value: &Value, wanted: &str, example: &str) -> Self {
        let message = format!("`{key}` is {wanted}, not {}.", kind_of(value));
        Self::new(codes::WRONG_TYPE, message, format!("Write `{key} = {example}`."))
    }

    /// A text from the environment or a flag that is not `wanted`, for example `example`.
    fn of_text(key: &str, value: &Value, wanted: &str, example: &str) -> Self {
        let text = match &value.kind {
            ValueKind::String(text) => format!("{text:?}"),
            _ => kind_of(value).to_owned(),
        };
        let message = format!("`{key}` is {wanted}, not {text}.");
        Self::new(codes::WRONG_TYPE, message, format!("Set it to {example}, for instance."))
    }

    pub(super) fn at(mut self, element: &Value) -> Self {
        self.element.get_or_insert_with(|| Box::new(element.clone()));
        self
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value.kind {
        ValueKind::Nil => "nothing",
        ValueKind::Boolean(_) => "true or false",
        ValueKind::Float(_) => "a fraction",
        ValueKind::String(_) => "text",
        ValueKind::Table(_) => "a table",
        ValueKind::Array(_) => "a list",
        _ => "a number",
    }
}

/// A type that a setting can have.
pub(super) trait Setting: Sized {
    /// Reads the value of `key`. `textual` values come from the environment or a flag.
    fn read(key: &str, value: &Value, textual: bool) -> Result<Self, Wrong>;

    /// The value as TOML.
    fn show(&self) -> String;
}

/// The text as a TOML string.
pub(crate) fn quoted(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}

impl Setting for String {
    fn read(key: &str, value: &Value, _: bool) -> Result<Self, Wrong> {
        match &value.kind {
            ValueKind::String(text) if text.trim().is_empty() => {
                let message = format!("`{key}` is empty.");
                Err(Wrong::new(codes::NAME, message, "Give a value, or leave the key out."))
            }
            ValueKind::String(text) => Ok(text.clone()),
            _ => Err(Wrong::wrong_type(key, value, "text", "\"…\"")),
        }
    }

    fn show(&self) -> String {
        quoted(self)
    }
}

impl Setting for bool {
    fn read(key: &str, value: &Value, textual: bool) -> Result<Self, Wrong> {
        match &value.kind {
            ValueKind::Boolean(flag) => Ok(*flag),
            ValueKind::String(text) if textual && text == "true" => Ok(true),
            ValueKind::String(text) if textual && text == "false" => Ok(false),
            ValueKind::String(text) if text == "false" => {
                Err(Wrong::wrong_type(key, value, "true or false", "false"))
            }
            _ if textual => Err(Wrong::of_text(key, value, "true or false", "true")),
            _ => Err(Wrong::wrong_type(key, value, "true or false", "true")),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for i64 {
    fn read(key: &str, value: &Value, textual: bool) -> Result<Self, Wrong> {
        let wrong = || match textual {
            true => Wrong::of_text(key, value, "a whole number", "1"),
            false => Wrong::wrong_type(key, value, "a whole number", "1"),
        };
        match &value.kind {
            ValueKind::I64(number) => Ok(*number),
            ValueKind::String(text) if textual => text.parse().map_err(|_| wrong()),
            _ => Err(wrong()),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for Duration {
    fn read(key: &str, value: &Value, _: bool) -> Result<Self, Wrong> {
        let wrong = |message: String| {
            let fix = format!("Write `{key} = \"10s\"`; the units are ms, s, m and h, 0 is off.");
            Wrong::new(codes::DURATION, message, fix)
        };
        match &value.kind {
            ValueKind::I64(0) => Ok(Duration::ZERO),
            ValueKind::I64(number) => Err(wrong(format!("`{key} = {number}` has no unit."))),
            ValueKind::String(text) => {
                duration(text).ok_or_else(|| wrong(format!("`{key}` is not a duration: {text:?}.")))
            }
            _ => Err(wrong(format!("`{key}` is a duration, not {}.", kind_of(value)))),
        }
    }

    fn show(&self) -> String {
        match self.as_millis() {
            0 => "0".to_owned(),
            ms if ms % 3_600_000 == 0 => format!("\"{}h\"", ms / 3_600_000),
            ms if ms % 60_000 == 0 => format!("\"{}m\"", ms / 60_000),
            ms if ms % 1000 == 0 => format!("\"{}s\"", ms / 1000),
            ms => format!("\"{ms}ms\""),
        }
    }
}

/// Reads `500ms`, `10s`, `5m`, `1h` or `0`.
fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok()?;
    let ms = match unit.trim() {
        "ms" => number,
        "s" => number.checked_mul(1000)?,
        "m" => number.checked_mul(60_000)?,
        "h" => number.checked_mul(3_600_000)?,
        "" if number == 0 => 0,
        _ => return None,
    };
    // Anything above a year is a slip, and would overflow timers.
    (ms <= 366 * 24 * 3_600_000).then(|| Duration::from_millis(ms))
}

impl<T: Choice> Setting for T {
    fn read(key: &str, value: &Value, _: bool) -> Result<Self, Wrong> {
        let words: Vec<&str> = T::ALL.iter().map(|choice| choice.as_str()).collect();
        let ValueKind::String(word) = &value.kind else {
            let wrong =
                Wrong::wrong_type(key, value, "a word", &format!("\"{}\"", words.join("|")));
            return Err(wrong);
        };
        T::from_word(word).ok_or_else(|| {
            let fix = match super::suggest::nearest(word, &words) {
                Some(near) => format!("Did you mean \"{near}\"? Allowed: {}.", words.join(", ")),
                None => format!("Allowed: {}.", words.join(", ")),
            };
            Wrong::new(codes::CHOICE, format!("`{key}` cannot be {word:?}."), fix)
        })
    }

    fn show(&self) -> String {
        quoted(self.as_str())
    }
}

impl Setting for Pattern {
    fn read(key: &str, value: &Value, _: bool) -> Result<Self, Wrong> {
        let ValueKind::String(text) = &value.kind else {
            return Err(Wrong::wrong_type(key, value, "made of patterns", "[\"public.*\"]"));
        };
        Pattern::new(text).map_err(|why| {
            let message = format!("The pattern {text:?} in `{key}` cannot be used: {why}.");
            let fix = "Write a glob like \"public.order*\" or an expression like \"/public\\\\.t[0-9]+/\".";
            Wrong::new(codes::PATTERN, message, fix)
        })
    }

    fn show(&self) -> String {
        quoted(self.as_str())
    }
}

impl<T: Setting> Setting for Vec<T> {
    fn read(key: &str, value: &Value, textual: bool) -> Result<Self, Wrong> {
        match &value.kind {
            ValueKind::Array(elements) => elements
                .iter()
                .map(|element| T::read(key, element, false).map_err(|wrong| wrong.at(element)))
                .collect(),
            ValueKind::String(text) if textual => text
                .split(',')
                .map(|part| T::read(key, &Value::new(None, part.trim()), true))
                .collect(),
            ValueKind::String(text) => {
                let example = format!("[{}]", quoted(text));
                Err(Wrong::wrong_type(key, value, "a list", &example))
            }
            _ => Err(Wrong::wrong_type(key, value, "a list", "[\"…\"]")),
        }
    }

    fn show(&self) -> String {
        let elements: Vec<String> = self.iter().map(Setting::show).collect();
        format!("[{}]", elements.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        for (text, ms) in [("500ms", 500), ("10s", 10_000), ("5m", 300_000), ("1 h", 3_600_000)] {
            assert_eq!(duration(text), Some(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "10", "s", "-1s", "1.5s", "1d", "99999999999999999999s", "9999999h"] {
            assert_eq!(duration(text), None, "{text}");
        }
        assert_eq!(Duration::from_secs(90).show(), "\"90s\"");
    }
}
