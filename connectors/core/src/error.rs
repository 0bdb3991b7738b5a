//! What goes wrong: every failure has a stable code, a class that decides what happens next, one
//! sentence, and the fix. A row value or a secret never gets into either sentence.

use std::fmt;

/// A stable identifier of one kind of failure, such as `WB-PG-014`, with a page in `docs/codes`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code(&'static str);

impl Code {
    /// A code by its text, `WB-<area>-<number>`.
    pub const fn new(text: &'static str) -> Self {
        Self(text)
    }

    /// The text of the code.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// What the pipeline does about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It may work later: retry with backoff, from the stored checkpoint.
    Transient,
    /// The same input will always fail: halt and say how to mend it.
    Definite,
    /// Another process owns this connector now: stop and write nothing more.
    Fenced,
    /// One event cannot be delivered: halt, unless the configuration names another policy.
    Poison,
}

/// A failure with its code, class, sentence and fix.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    /// Stable code.
    pub code: Code,
    /// What happens next.
    pub class: Class,
    /// One sentence: what is wrong, and where (`table public.orders`, `file:line:col`).
    pub message: String,
    /// One sentence: the SQL, setting or command that mends it. Empty when waiting is all there is.
    pub fix: String,
}

/// The result of everything that can fail with an [`enum@Class`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A failure of the given class.
    pub fn new(code: Code, class: Class, message: impl Into<String>) -> Self {
        Self { code, class, message: message.into(), fix: String::new() }
    }

    /// A failure that may go away.
    pub fn transient(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Class::Transient, message)
    }

    /// A failure that needs a person.
    pub fn definite(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Class::Definite, message)
    }

    /// One event that cannot be delivered.
    pub fn poison(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Class::Poison, message)
    }

    /// The same failure with the sentence that mends it.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }

    /// The same failure, said to need a person.
    #[must_use]
    pub fn into_definite(mut self) -> Self {
        self.class = Class::Definite;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.message)?;
        if !self.fix.is_empty() {
            write!(f, " {}", self.fix)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {self}", self.class)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_reads_as_code_sentence_and_fix() {
        let e = Error::definite(Code::new("WB-PG-014"), "The slot \"s\" is lost.")
            .fix("Run `walbrook snapshot start`.");
        assert_eq!(
            e.to_string(),
            "WB-PG-014 The slot \"s\" is lost. Run `walbrook snapshot start`."
        );
    }
}
