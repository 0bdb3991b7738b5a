//! What an import tells about every key.

use std::fmt;

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It cannot be translated: the import fails.
    Refused,
    /// It is translated, but somebody should read this.
    Warned,
    /// It became a setting.
    Translated,
    /// It changes nothing here.
    Irrelevant,
}

/// One key and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What became of it.
    pub fate: Fate,
    /// The key as Debezium calls it.
    pub key: String,
    /// The setting it became, or why it did not.
    pub text: String,
}

/// Everything that an import tells.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Name of the connector.
    pub connector: String,
    /// The keys, refused ones first.
    pub lines: Vec<Line>,
}

impl Report {
    /// Whether any key cannot be translated.
    pub fn is_refused(&self) -> bool {
        self.lines.iter().any(|line| line.fate == Fate::Refused)
    }

    pub(super) fn add(&mut self, fate: Fate, key: &str, text: &str) {
        self.lines.push(Line { fate, key: key.to_owned(), text: text.to_owned() });
        self.lines.sort_by(|a, b| (a.fate, &a.key).cmp(&(b.fate, &b.key)));
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Import of the connector \"{}\":", self.connector)?;
        for Line { fate, key, text } in &self.lines {
            let word = match fate {
                Fate::Refused => "UNSUPPORTED",
                Fate::Warned => "warning",
                Fate::Translated => "translated",
                Fate::Irrelevant => "no effect",
            };
            writeln!(f, "  {word:<11}  {key}: {text}")?;
        }
        let refused = self.lines.iter().filter(|line| line.fate == Fate::Refused).count();
        if refused > 0 {
            return writeln!(f, "{refused} not supported: no configuration was written.");
        }
        writeln!(
            f,
            "Consumers must read with isolation.level=read_committed to see each event once."
        )
    }
}
