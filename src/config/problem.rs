//! What is wrong with a configuration: one sentence, its place, and what mends it.

use std::fmt;
use walbrook_core::error::Code;

/// Whether the configuration can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can, but something should be mended.
    Warning,
}

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Stable code.
    pub code: Code,
    /// Whether the configuration can be used all the same.
    pub severity: Severity,
    /// The file, `environment` or `command line`.
    pub file: String,
    /// Line in the file from 1; 0 where there is none.
    pub line: usize,
    /// Column in characters from 1; 0 where there is none.
    pub column: usize,
    /// The line itself, where there is one.
    pub excerpt: Option<Excerpt>,
    /// One sentence.
    pub message: String,
    /// What mends it.
    pub fix: String,
}

/// The line of a problem, without what may be secret in it, and what is meant in the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The line.
    pub line: String,
    /// Characters before the marked ones.
    pub indent: usize,
    /// Number of marked characters, at least 1.
    pub width: usize,
}

impl fmt::Display for Problem {
    /// Two or three lines, in the manner of compilers:
    ///
    /// ```text
    /// shop.toml:9:1: error[WB-CFG-003]: There is no setting `topic_prefx` in [connectors.shop].
    ///     9 | topic_prefx = …
    ///       | ^^^^^^^^^^^ Did you mean `topic_prefix`?
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {word}[{}]: {}", self.code, self.message)?;
        if let Some(Excerpt { line, indent, width }) = &self.excerpt {
            write!(f, "\n{:>5} | {line}\n      | {:indent$}{:^<width$}", self.line, "", "")?;
        } else if !self.fix.is_empty() {
            f.write_str("\n      =")?;
        }
        if self.fix.is_empty() { Ok(()) } else { write!(f, " {}", self.fix) }
    }
}

/// All problems, and how many there are, as `validate` prints them.
pub fn report(problems: &[Problem]) -> String {
    let count = |severity, word: &str| {
        let number = problems.iter().filter(|problem| problem.severity == severity).count();
        let plural = if number == 1 { "" } else { "s" };
        (number > 0).then(|| format!("{number} {word}{plural}"))
    };
    let counts = [count(Severity::Error, "error"), count(Severity::Warning, "warning")];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let told: Vec<String> = problems.iter().map(|problem| format!("{problem}\n")).collect();
    if counts.is_empty() {
        String::new()
    } else {
        format!("{}\n{}", told.join("\n"), counts.join(", "))
    }
}
