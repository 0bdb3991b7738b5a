//! What a column's default is, read from the expression that the catalog prints.

use serde::{Deserialize, Serialize};

/// The default of a column.
#[derive(Clone, Debug, std::default::Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Default {
    /// None, or NULL.
    #[default]
    None,
    /// A constant, in the text form of its type.
    Literal(String),
    /// The next value of a sequence.
    Sequence,
    /// Anything that must be computed: what it gives is not known here.
    Function,
}

impl Default {
    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        *self == Default::None
    }

    /// Reads what `pg_get_expr` prints of a default.
    pub fn parse(expression: &str) -> Self {
        let text = without_casts(expression.trim());
        if text.starts_with("nextval(") && closes_at_end(text) {
            return Default::Sequence;
        }
        if text.eq_ignore_ascii_case("null") {
            return Default::None;
        }
        match literal(text) {
            Some(literal) => Default::Literal(literal),
            None => Default::Function,
        }
    }
}

/// Takes off what is written around a constant: `('x'::text)::varchar(3)` is `'x'`.
fn without_casts(mut text: &str) -> &str {
    loop {
        let inner = without_cast(text).or_else(|| {
            let inside = text.strip_prefix('(')?.strip_suffix(')')?;
            closes_at_end(text).then_some(inside)
        });
        match inner {
            Some(inner) => text = inner.trim(),
            None => return text,
        }
    }
}

/// The expression before the last `::type`, where that is the whole of the rest.
fn without_cast(text: &str) -> Option<&str> {
    let mut scan = Scan::new(text);
    let mut last = None;
    while let Some((at, byte)) = scan.next() {
        let next = text.as_bytes().get(at + 1);
        if byte == b':' && next == Some(&b':') && scan.depth == 0 {
            scan.next();
            last = Some(at);
        }
    }
    let at = last?;
    let kind = text.get(at + 2..)?;
    // A type's name: no operator may follow it.
    let name = kind.chars().all(|c| {
        c.is_alphanumeric()
            || matches!(c, '_' | '.' | '"' | ' ' | '(' | ')' | ',' | '[' | ']' | '$')
    });
    if name { text.get(..at) } else { None }
}

/// Whether the bracket that opens `text` first closes at its very end.
fn closes_at_end(text: &str) -> bool {
    let mut scan = Scan::new(text);
    let mut opened = false;
    while let Some((at, _)) = scan.next() {
        opened |= scan.depth > 0;
        if opened && scan.depth == 0 {
            return at + 1 == text.len();
        }
    }
    false
}

/// Walks over an expression; what stands in quotes is passed over.
struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: u32,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str) -> Self {
        Self { bytes: text.as_bytes(), at: 0, depth: 0 }
    }

    fn next(&mut self) -> Option<(usize, u8)> {
        let at = self.at;
        let byte = *self.bytes.get(at)?;
        self.at += 1;
        match byte {
            b'(' => self.depth += 1,
            b')' => self.depth = self.depth.saturating_sub(1),
            b'\'' | b'"' => {
                let escapes = byte == b'\'' && at > 0 && self.bytes.get(at - 1) == Some(&b'E');
                while let Some(inner) = self.bytes.get(self.at) {
                    self.at += 1;
                    match *inner {
                        b'\\' if escapes => self.at += 1,
                        inner if inner == byte => break,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        Some((at, byte))
    }
}

/// The value of a constant: quoted text, a number, true or false.
fn literal(text: &str) -> Option<String> {
    if let Some(quoted) = text.strip_prefix("E'").and_then(|rest| rest.strip_suffix('\'')) {
        return unquote(quoted, true);
    }
    let quoted = text.strip_prefix('B').or(text.strip_prefix('X')).filter(|r| r.starts_with('\''));
    if let Some(quoted) =
        quoted.unwrap_or(text).strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''))
    {
        return unquote(quoted, false);
    }
    let number = text.strip_prefix('-').unwrap_or(text);
    let is_number = number.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && number.parse::<f64>().is_ok();
    (is_number || matches!(text, "true" | "false")).then(|| text.to_owned())
}

/// Takes the escapes out of the inside of a quoted constant; `None` if it is more than one.
fn unquote(inside: &str, escapes: bool) -> Option<String> {
    let mut out = String::with_capacity(inside.len());
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => match chars.next() {
                Some('\'') => out.push('\''),
                _ => return None,
            },
            '\\' if escapes => out.push(chars.next()?),
            c => out.push(c),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Default {
        Default::Literal(text.into())
    }

    #[test]
    fn constants_are_read_through_their_casts() {
        for (expression, value) in [
            ("5", "5"),
            ("'-5'::integer", "-5"),
            ("'9000000000'::bigint", "9000000000"),
            ("'it''s'::text", "it's"),
            ("''::text", ""),
            ("'abc'::character varying", "abc"),
            ("('abc'::character varying)::text", "abc"),
            ("'ab'::bpchar", "ab"),
            ("true", "true"),
            ("1.5", "1.5"),
            ("'-2.5'::numeric", "-2.5"),
            ("(-2.5)::double precision", "-2.5"),
            ("'2020-02-03 04:05:06.789'::timestamp without time zone", "2020-02-03 04:05:06.789"),
            ("'ok'::mood", "ok"),
            ("'ok'::\"my schema\".\"Mood\"", "ok"),
            ("'101'::\"bit\"", "101"),
            ("'{1,2}'::integer[]", "{1,2}"),
            (r"E'a\\b'::text", r"a\b"),
            ("'a::b'::text", "a::b"),
            ("'x'::character varying(3)", "x"),
        ] {
            assert_eq!(Default::parse(expression), literal(value), "{expression}");
        }
    }

    #[test]
    fn what_is_computed_has_no_value() {
        for expression in [
            "now()",
            "CURRENT_USER",
            "(1 + 2)",
            "upper('x'::text)",
            "('a'::text || 'b'::text)",
            "(now() + '1 day'::interval)",
            "ARRAY[1, 2]",
            "('now'::text)::date + 1",
            "(nextval('s'::regclass) + 1)",
            "'a'::text || 'b'::text",
        ] {
            assert_eq!(Default::parse(expression), Default::Function, "{expression}");
        }
    }

    #[test]
    fn sequences_and_nulls_are_told_apart() {
        for expression in ["nextval('t_id_seq'::regclass)", "nextval('\"A b\"'::regclass)"] {
            assert_eq!(Default::parse(expression), Default::Sequence, "{expression}");
        }
        assert_eq!(Default::parse("(nextval('s'::regclass))::integer"), Default::Sequence);
        for expression in ["NULL::text", "NULL::character varying", "NULL"] {
            assert_eq!(Default::parse(expression), Default::None, "{expression}");
        }
    }
}
