//! A piece of a statement's text.

use std::borrow::Cow;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A keyword or an identifier without quotes, as written.
    Word,
    /// An identifier in quotes, unquoted.
    Quoted,
    /// A string, unquoted and unescaped.
    Text,
    /// A number, as written.
    Number,
    /// `x'0aff'` or `0x0aff`: the digits.
    Hex,
    /// `b'101'` or `0b101`: the digits.
    Bits,
    /// `@x` or `@@x`, which is of no interest.
    Variable,
    /// Any other character.
    Symbol(u8),
}

/// A token and where it lies in the statement, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    /// What it is.
    pub(crate) kind: Kind,
    /// What it says.
    pub(crate) text: Cow<'a, str>,
    /// Where it begins.
    pub(crate) start: usize,
    /// Where it ends.
    pub(crate) end: usize,
}

impl Token<'_> {
    /// Whether it is this keyword, which an identifier in quotes never is.
    pub(crate) fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }
}
