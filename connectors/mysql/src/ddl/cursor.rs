//! A place among a statement's tokens.

use super::token::{Kind, Token};

/// Why a statement is not understood: what was awaited, and where. Never what stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What was awaited.
    pub expected: &'static str,
    /// Where, in bytes from the statement's begin.
    pub at: usize,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "expected {} at byte {}", self.expected, self.at)
    }
}

impl std::error::Error for Failure {}

/// What reading gives.
pub(super) type Read<T> = Result<T, Failure>;

/// Where reading has got to.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'t, 'a> {
    tokens: &'t [Token<'a>],
    at: usize,
}

impl<'t, 'a> Cursor<'t, 'a> {
    /// The begin.
    pub(super) fn new(tokens: &'t [Token<'a>]) -> Self {
        Self { tokens, at: 0 }
    }

    /// The next token.
    pub(super) fn peek(&self) -> Option<&'t Token<'a>> {
        self.tokens.get(self.at)
    }

    /// The token `ahead` behind the next.
    pub(super) fn ahead(&self, ahead: usize) -> Option<&'t Token<'a>> {
        self.tokens.get(self.at + ahead)
    }

    /// Takes the next token.
    pub(super) fn next(&mut self) -> Option<&'t Token<'a>> {
        let token = self.tokens.get(self.at)?;
        self.at += 1;
        Some(token)
    }

    /// Whether nothing is left, but for semicolons.
    pub(super) fn is_end(&self) -> bool {
        self.peek().is_none_or(|token| token.kind == Kind::Symbol(b';'))
    }

    /// Where the next token begins, or the last ended.
    pub(super) fn place(&self) -> usize {
        match self.peek() {
            Some(token) => token.start,
            None => self.tokens.last().map_or(0, |token| token.end),
        }
    }

    /// Where the token before ended.
    pub(super) fn behind(&self) -> usize {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |token| token.end)
    }

    /// A failure here.
    pub(super) fn fail<T>(&self, expected: &'static str) -> Read<T> {
        Err(Failure { expected, at: self.place() })
    }

    /// Whether the next tokens are these keywords.
    pub(super) fn sees(&self, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(ahead, word)| self.ahead(ahead).is_some_and(|t| t.is(word)))
    }

    /// Takes these keywords if they are next.
    pub(super) fn takes(&mut self, words: &[&str]) -> bool {
        let seen = self.sees(words);
        if seen {
            self.at += words.len();
        }
        seen
    }

    /// Takes one of these keywords if it is next.
    pub(super) fn takes_any(&mut self, words: &[&str]) -> bool {
        let seen = self.sees_any(words);
        if seen {
            self.at += 1;
        }
        seen
    }

    /// Whether one of these keywords is next.
    pub(super) fn sees_any(&self, words: &[&str]) -> bool {
        self.peek().is_some_and(|token| words.iter().any(|word| token.is(word)))
    }

    /// Whether this character is next.
    pub(super) fn sees_symbol(&self, symbol: u8) -> bool {
        self.peek().is_some_and(|token| token.kind == Kind::Symbol(symbol))
    }

    /// Takes this character if it is next.
    pub(super) fn takes_symbol(&mut self, symbol: u8) -> bool {
        let seen = self.sees_symbol(symbol);
        if seen {
            self.at += 1;
        }
        seen
    }

    /// Takes this character, which must be next.
    pub(super) fn symbol(&mut self, symbol: u8, expected: &'static str) -> Read<()> {
        if self.takes_symbol(symbol) { Ok(()) } else { self.fail(expected) }
    }

    /// An identifier.
    pub(super) fn name(&mut self) -> Read<String> {
        match self.peek() {
            Some(token) if matches!(token.kind, Kind::Word | Kind::Quoted) => {
                self.at += 1;
                Ok(token.text.to_string())
            }
            _ => self.fail("a name"),
        }
    }

    /// A string, or several, which are one.
    pub(super) fn text(&mut self) -> Read<String> {
        let mut text: Option<String> = None;
        while let Some(token) = self.peek().filter(|token| token.kind == Kind::Text) {
            self.at += 1;
            text.get_or_insert_default().push_str(&token.text);
        }
        text.map_or_else(|| self.fail("a string"), Ok)
    }

    /// A number without a point.
    pub(super) fn integer(&mut self) -> Read<u32> {
        match self.peek() {
            Some(token) if token.kind == Kind::Number => match token.text.parse() {
                Ok(number) => {
                    self.at += 1;
                    Ok(number)
                }
                Err(_) => self.fail("a number"),
            },
            _ => self.fail("a number"),
        }
    }

    /// Goes behind the closing parenthesis of the one that is next.
    pub(super) fn skip_group(&mut self) -> Read<()> {
        self.symbol(b'(', "(")?;
        let mut depth = 1_usize;
        while depth > 0 {
            match self.next().map(|token| token.kind) {
                Some(Kind::Symbol(b'(')) => depth += 1,
                Some(Kind::Symbol(b')')) => depth -= 1,
                Some(_) => {}
                None => return self.fail(")"),
            }
        }
        Ok(())
    }

    /// Goes to the next comma or closing parenthesis of this level, or to the end.
    pub(super) fn skip_clause(&mut self) -> Read<()> {
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::Symbol(b'(') => self.skip_group()?,
                Kind::Symbol(b',' | b')' | b';') => break,
                _ => self.at += 1,
            }
        }
        Ok(())
    }

    /// `IF EXISTS`
    pub(super) fn if_exists(&mut self) -> bool {
        self.takes(&["IF", "EXISTS"])
    }

    /// `IF NOT EXISTS`
    pub(super) fn if_not_exists(&mut self) -> bool {
        self.takes(&["IF", "NOT", "EXISTS"])
    }

    /// `WAIT n` and `NOWAIT` of MariaDB.
    pub(super) fn wait(&mut self) {
        if self.sees(&["WAIT"]) && self.ahead(1).is_some_and(|next| next.kind == Kind::Number) {
            self.at += 2;
        } else {
            self.takes(&["NOWAIT"]);
        }
    }
}
