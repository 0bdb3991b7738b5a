//! The text of a statement → tokens, as the server's own scanner takes it: comments vanish, what an
//! executable comment holds is part of the statement where this server executes it.
//!
//! ```text
//!  create table t (a int /*!80023 invisible */, `b``c` char(3) default 'it''s' -- end
//!  Word   Word  Word(Word Word    Word         ,Quoted Word(Number)Word  Text
//! ```

use super::context::{Context, SqlMode};
use super::literal;
use super::token::{Kind, Token};
use std::borrow::Cow;

/// Every token of a statement. Total: text without an end (a quote, a comment) ends with the statement.
pub(crate) fn tokens<'a>(sql: &'a str, context: &Context) -> Vec<Token<'a>> {
    let mut scanner = Scanner { sql, at: 0, inside: 0, context, tokens: Vec::new() };
    while scanner.at < sql.len() {
        scanner.step();
    }
    scanner.tokens
}

struct Scanner<'a, 'c> {
    sql: &'a str,
    at: usize,
    /// How many executable comments we are in.
    inside: u32,
    context: &'c Context,
    tokens: Vec<Token<'a>>,
}

impl<'a> Scanner<'a, '_> {
    fn byte(&self, ahead: usize) -> u8 {
        self.sql.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.sql.get(start..end).unwrap_or("")
    }

    fn push(&mut self, kind: Kind, text: Cow<'a, str>, start: usize) {
        self.tokens.push(Token { kind, text, start, end: self.at });
    }

    fn step(&mut self) {
        let start = self.at;
        match self.byte(0) {
            byte if byte.is_ascii_whitespace() || byte < b' ' => self.at += 1,
            b'#' => self.skip_line(),
            b'-' if self.byte(1) == b'-' && matches!(self.byte(2), 0..=b' ' | 127) => {
                self.skip_line();
            }
            b'/' if self.byte(1) == b'*' => self.comment(),
            b'*' if self.byte(1) == b'/' && self.inside > 0 => {
                self.inside -= 1;
                self.at += 2;
            }
            b'\'' => self.quoted(Kind::Text, start),
            b'"' if !self.context.sql_mode.has(SqlMode::ANSI_QUOTES) => {
                self.quoted(Kind::Text, start);
            }
            b'"' | b'`' => self.quoted(Kind::Quoted, start),
            b'x' | b'X' if self.byte(1) == b'\'' => self.prefixed(Kind::Hex),
            b'b' | b'B' if self.byte(1) == b'\'' => self.prefixed(Kind::Bits),
            b'n' | b'N' if self.byte(1) == b'\'' => {
                self.at += 1;
                self.quoted(Kind::Text, start);
            }
            b'@' => self.variable(),
            b'0'..=b'9' => self.digits(),
            b'.' if self.byte(1).is_ascii_digit() && !self.qualifies() => self.number(),
            byte if is_word(byte) => self.word(),
            byte => {
                self.at += 1;
                self.push(Kind::Symbol(byte), Cow::Borrowed(self.slice(start, self.at)), start);
            }
        }
    }

    /// Whether a point here stands between names, as in `t.1st`.
    fn qualifies(&self) -> bool {
        self.tokens.last().is_some_and(|token| {
            token.end == self.at && matches!(token.kind, Kind::Word | Kind::Quoted)
        })
    }

    fn skip_line(&mut self) {
        let rest = self.sql.as_bytes().get(self.at..).unwrap_or(&[]);
        self.at += memchr::memchr(b'\n', rest).map_or(rest.len(), |place| place + 1);
    }

    fn comment(&mut self) {
        let own = self.byte(2) == b'M' && self.byte(3) == b'!';
        if self.byte(2) != b'!' && !own {
            return self.skip_comment();
        }
        let start = self.at;
        self.at += if own { 4 } else { 3 };
        let version = self.comment_version();
        if self.context.executes(version, own) {
            self.inside += 1;
        } else {
            self.at = start;
            self.skip_comment();
        }
    }

    /// Five or six digits after `/*!`.
    fn comment_version(&mut self) -> Option<u32> {
        let digits = (0..6).take_while(|ahead| self.byte(*ahead).is_ascii_digit()).count();
        if digits < 5 {
            return None;
        }
        let version = self.slice(self.at, self.at + digits).parse().ok();
        self.at += digits;
        version
    }

    /// Goes behind the comment that begins here; a comment inside it is a part of it.
    fn skip_comment(&mut self) {
        let executable = matches!(self.byte(2), b'!' | b'M');
        self.at += 2;
        let mut depth = 1_u32;
        while self.at < self.sql.len() && depth > 0 {
            match (self.byte(0), self.byte(1)) {
                (b'*', b'/') => {
                    depth -= 1;
                    self.at += 2;
                }
                (b'/', b'*') if executable => {
                    depth += 1;
                    self.at += 2;
                }
                _ => self.at += 1,
            }
        }
    }

    /// A string or an identifier; we stand at its quote.
    fn quoted(&mut self, kind: Kind, start: usize) {
        let quote = self.byte(0);
        let escapes =
            kind == Kind::Text && !self.context.sql_mode.has(SqlMode::NO_BACKSLASH_ESCAPES);
        self.at += 1;
        let inner = self.at;
        let mut plain = true;
        while self.at < self.sql.len() {
            let byte = self.byte(0);
            if (byte == b'\\' && escapes) || (byte == quote && self.byte(1) == quote) {
                plain = false;
                self.at += 2;
            } else if byte == quote {
                break;
            } else {
                self.at += 1;
            }
        }
        let inside = self.slice(inner, self.at.min(self.sql.len()));
        self.at = (self.at + 1).min(self.sql.len());
        let text = if plain {
            Cow::Borrowed(inside)
        } else {
            Cow::Owned(literal::unescape(inside, char::from(quote), escapes))
        };
        self.push(kind, text, start);
    }

    /// `x'…'` and `b'…'`; we stand at the letter.
    fn prefixed(&mut self, kind: Kind) {
        let start = self.at;
        let inner = start + 2;
        let rest = self.sql.as_bytes().get(inner..).unwrap_or(&[]);
        let end = inner + memchr::memchr(b'\'', rest).unwrap_or(rest.len());
        self.at = (end + 1).min(self.sql.len());
        self.push(kind, Cow::Borrowed(self.slice(inner, end)), start);
    }

    fn variable(&mut self) {
        let start = self.at;
        while self.byte(0) == b'@' {
            self.at += 1;
        }
        if matches!(self.byte(0), b'`' | b'\'' | b'"') {
            let from = self.at;
            self.quoted(Kind::Variable, from);
            return;
        }
        while is_word(self.byte(0)) || self.byte(0) == b'.' {
            self.at += 1;
        }
        self.push(Kind::Variable, Cow::Borrowed(self.slice(start, self.at)), start);
    }

    /// A number, or a name that begins with a digit.
    fn digits(&mut self) {
        let start = self.at;
        if self.byte(0) == b'0' && matches!(self.byte(1), b'x' | b'b') {
            let (kind, fits): (Kind, fn(u8) -> bool) = match self.byte(1) {
                b'x' => (Kind::Hex, |byte| byte.is_ascii_hexdigit()),
                _ => (Kind::Bits, |byte| matches!(byte, b'0' | b'1')),
            };
            let length = (2..).take_while(|ahead| fits(self.byte(*ahead))).count();
            if length > 0 && !is_word(self.byte(2 + length)) {
                self.at += 2 + length;
                return self.push(kind, Cow::Borrowed(self.slice(start + 2, self.at)), start);
            }
        }
        let length = (0..).take_while(|ahead| self.byte(*ahead).is_ascii_digit()).count();
        let after_point = self
            .tokens
            .last()
            .is_some_and(|token| token.kind == Kind::Symbol(b'.') && token.end == start);
        if (is_word(self.byte(length)) && !self.is_exponent(length)) || after_point {
            return self.word();
        }
        self.number();
    }

    /// Whether `e5`, `e+5` begins here.
    fn is_exponent(&self, ahead: usize) -> bool {
        if !matches!(self.byte(ahead), b'e' | b'E') {
            return false;
        }
        let sign = usize::from(matches!(self.byte(ahead + 1), b'+' | b'-'));
        self.byte(ahead + 1 + sign).is_ascii_digit()
    }

    fn number(&mut self) {
        let start = self.at;
        self.skip_digits();
        if self.byte(0) == b'.' {
            self.at += 1;
            self.skip_digits();
        }
        if self.is_exponent(0) {
            self.at += 2;
            self.skip_digits();
        }
        self.push(Kind::Number, Cow::Borrowed(self.slice(start, self.at)), start);
    }

    fn skip_digits(&mut self) {
        while self.byte(0).is_ascii_digit() {
            self.at += 1;
        }
    }

    fn word(&mut self) {
        let start = self.at;
        while is_word(self.byte(0)) {
            self.at += 1;
        }
        self.push(Kind::Word, Cow::Borrowed(self.slice(start, self.at)), start);
    }
}

/// Whether a byte belongs to a name without quotes; every byte of a character beyond ASCII does.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 128..)
}
