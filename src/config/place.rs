//! Where a value comes from: a place in a file, a variable, or a flag.

use super::problem::{Excerpt, Problem, Severity};
use config::Value;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use walbrook_core::error::Code;

/// The file of a problem that is at no place.
pub(super) const NOWHERE: &str = "configuration";

/// A file as it was read.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) name: String,
    pub(super) text: String,
}

/// Where one value was written.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// In a file: the bytes of its key and of the value itself.
    File { text: Arc<Text>, key: Range<usize>, value: Range<usize> },
    /// In the environment variable of this name.
    Variable(String),
    /// In `--set` with this key.
    Flag(String),
    /// Nowhere: something is missing.
    Nowhere,
}

/// Which part of a place is meant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Part {
    /// The key; its value is not shown, because nobody knows what it is.
    Key,
    /// The value.
    Value,
}

/// All places, numbered. The layers' values carry the number as their origin.
#[derive(Debug, Default)]
pub(super) struct Places {
    all: Vec<Place>,
    /// Places of tables, which lose their origin when layers are merged.
    headers: BTreeMap<Vec<String>, usize>,
}

impl Places {
    /// Numbers a place and answers the origin of its value.
    pub(super) fn add(&mut self, place: Place) -> String {
        self.all.push(place);
        (self.all.len() - 1).to_string()
    }

    /// Remembers where the table at `path` was first written.
    pub(super) fn add_header(&mut self, path: Vec<String>, place: Place) {
        self.all.push(place);
        self.headers.entry(path).or_insert(self.all.len() - 1);
    }

    /// Where the table at `path`, or else the nearest one around it, was written.
    pub(super) fn header(&self, path: &[String]) -> Place {
        let around = (1..=path.len()).rev().filter_map(|n| self.headers.get(path.get(..n)?));
        let number = around.copied().next();
        number.and_then(|number| self.all.get(number)).cloned().unwrap_or(Place::Nowhere)
    }

    /// Where `value` was written, if it is not a table.
    pub(super) fn of(&self, value: &Value) -> Option<Place> {
        self.all.get(number(value)?).cloned()
    }
}

/// The number of the place of `value`: later layers have higher numbers.
pub(super) fn number(value: &Value) -> Option<usize> {
    value.origin()?.parse().ok()
}

impl Place {
    /// Whether the value was given as text, which still has to become a number or a list.
    pub(super) fn is_textual(&self) -> bool {
        matches!(self, Place::Variable(_) | Place::Flag(_))
    }

    /// The place in a few words, for `--print`.
    pub(super) fn label(&self) -> String {
        match self {
            Place::File { text, key, .. } => {
                format!("{}:{}", text.name, line_of(&text.text, key.start).0)
            }
            Place::Variable(name) => format!("environment {name}"),
            Place::Flag(key) => format!("--set {key}"),
            Place::Nowhere => "default".to_owned(),
        }
    }

    /// A problem at this place.
    pub(super) fn problem(&self, part: Part, code: Code, message: String, fix: String) -> Problem {
        let (line, column, excerpt) = match self {
            Place::File { text, key, value } => {
                let meant = if part == Part::Key { key } else { value };
                excerpt(&text.text, meant, part)
            }
            _ => (0, 0, None),
        };
        let file = match self {
            Place::File { text, .. } => text.name.clone(),
            Place::Variable(name) => format!("environment {name}"),
            Place::Flag(key) => format!("--set {key}"),
            Place::Nowhere => NOWHERE.to_owned(),
        };
        let severity = Severity::Error;
        Problem { code, severity, file, line, column, excerpt, message, fix }
    }
}

/// Line number, the line's range, both of the byte at `offset`.
fn line_of(text: &str, offset: usize) -> (usize, Range<usize>) {
    let before = text.get(..offset).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let end = text.get(start..).and_then(|rest| rest.find('\n')).map_or(text.len(), |n| start + n);
    (before.matches('\n').count() + 1, start..end)
}

/// Line, column and picture of a range of bytes.
fn excerpt(text: &str, meant: &Range<usize>, part: Part) -> (usize, usize, Option<Excerpt>) {
    let (number, range) = line_of(text, meant.start);
    let line = text.get(range.clone()).unwrap_or_default().trim_end_matches('\r');
    let count = |from: usize, to: usize| text.get(from..to).map_or(0, |part| part.chars().count());
    let indent = count(range.start, meant.start);
    let width = count(meant.start, meant.end.min(range.start + line.len())).max(1);
    let shown = without_secrets(line, part);
    let cut = shown.chars().count();
    // Marks on what is not shown go to the key instead.
    let first = shown.chars().take_while(|c| c.is_whitespace()).count();
    let (at, width) = match shown == line {
        false if indent + width > cut.min(line.chars().count()) => {
            (first, shown.trim_start().split(" =").next().map_or(1, |key| key.chars().count()))
        }
        _ => (indent, width),
    };
    let excerpt = Excerpt { line: shown.replace('\t', " "), indent: at, width: width.max(1) };
    (number, indent + 1, Some(excerpt))
}

/// The line without anything that may be a secret.
fn without_secrets(line: &str, part: Part) -> String {
    let Some((key, value)) = line.split_once('=') else {
        return without_url_password(line).unwrap_or_else(|| line.to_owned());
    };
    let name = key.to_lowercase();
    let is_header = line.trim_start().starts_with('[');
    let words = ["pass", "secret", "token", "pwd", "credential", "jaas", "salt"];
    if !is_header
        && (part == Part::Key
            || name.contains("pem")
            || words.iter().any(|word| name.contains(word)))
    {
        return format!("{key}= …");
    }
    // An inline table may hold a secret behind its first key.
    if words.iter().any(|word| value.to_lowercase().contains(word)) {
        return without_url_password(line).unwrap_or_else(|| format!("{key}= …"));
    }
    without_url_password(line).unwrap_or_else(|| line.to_owned())
}

/// The line with what stands between `:` and `@` in a URL hidden, if it has such.
pub(super) fn without_url_password(line: &str) -> Option<String> {
    let from = line.find("://")? + 3;
    let at = from + line.get(from..)?.rfind('@')?;
    let colon = from + line.get(from..at)?.find(':')?;
    Some(format!("{}:***{}", line.get(..colon)?, line.get(at..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_shows_a_secret() {
        for (line, part) in [
            ("password = \"hunter2\"", Part::Value),
            ("passwrod = \"hunter2\"", Part::Key),
            ("url = \"postgres://u:hunter2@h/d\"", Part::Value),
            ("  \"http://u:hunter2@h\",", Part::Value),
            ("x = { password = \"hunter2\" }", Part::Value),
            ("  { columns = [\"a.b.c\"], hash = \"MD5\", salt = \"hunter2\" },", Part::Value),
        ] {
            let text = excerpt(line, &(0..line.len()), part).2.unwrap().line;
            assert!(!text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn a_range_has_line_column_and_picture() {
        let text = "a = 1\n  b = 'ü' # x\n";
        let at = text.find("'ü'").unwrap();
        let (line, column, picture) = excerpt(text, &(at..at + "'ü'".len()), Part::Value);
        assert_eq!((line, column), (2, 7));
        let picture = picture.unwrap();
        assert_eq!((picture.line.as_str(), picture.indent, picture.width), ("  b = 'ü' # x", 6, 3));
    }
}
