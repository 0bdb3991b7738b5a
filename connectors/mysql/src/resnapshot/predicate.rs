//! A condition that somebody wants rows to meet: one expression, and nothing that reaches beyond it.

use crate::codes;
use walbrook_core::error::{Error, Result};

/// Refuses what is no single expression: it stands in parentheses in our statements, so it must not
/// close them, end the statement, or be cut off by a comment.
pub(super) fn check(predicate: &str) -> Result<()> {
    if predicate.trim().is_empty() {
        return Err(refused("it is empty"));
    }
    let mut depth = 0_usize;
    let mut rest = predicate.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '(' => depth += 1,
            ')' => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return Err(refused("a parenthesis is closed that was not opened")),
            },
            '\'' | '"' | '`' => quoted(&mut rest, c)?,
            ';' => return Err(refused("it ends the statement")),
            '#' => return Err(refused("it has a comment")),
            '-' if rest.peek() == Some(&'-') => return Err(refused("it has a comment")),
            '/' if rest.peek() == Some(&'*') => return Err(refused("it has a comment")),
            '?' => return Err(refused("it has a parameter")),
            _ => {}
        }
    }
    match depth {
        0 => Ok(()),
        _ => Err(refused("a parenthesis is not closed")),
    }
}

/// Passes over the rest of a text or name in quotes. A doubled quote is the end of one and the
/// beginning of the next, which comes to the same.
fn quoted(rest: &mut impl Iterator<Item = char>, quote: char) -> Result<()> {
    while let Some(c) = rest.next() {
        match c {
            '\\' if quote != '`' => drop(rest.next()),
            c if c == quote => return Ok(()),
            _ => {}
        }
    }
    Err(refused("a quote is not closed"))
}

/// The refusal, and why.
pub(super) fn refused(why: &str) -> Error {
    let message = format!("The predicate cannot be used: {why}.");
    Error::definite(codes::PREDICATE, message).fix(
        "Give one SQL expression over the table's columns, like `id > 100 AND state = 'open'`.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_expression_is_taken() {
        for good in [
            "id > 100 AND state = 'open'",
            "(a = 1 OR (b = 2)) AND c <> 'it''s; -- (fine'",
            "v LIKE '%\\'%' AND `od;d` = \"x)\"",
            "id IN (SELECT id FROM other) AND a - -1 > 0",
        ] {
            assert!(check(good).is_ok(), "{good}: {:?}", check(good));
        }
    }

    #[test]
    fn whatever_reaches_beyond_it_is_refused() {
        for bad in [
            "",
            "1) UNION SELECT * FROM (secrets",
            "1); DROP TABLE t; (",
            "1 -- ",
            "1 # x",
            "1 /* x",
            "a = ?",
            "a = 'x",
            "((a = 1)",
            "`a",
        ] {
            let error = check(bad).unwrap_err();
            assert_eq!(error.code, codes::PREDICATE, "{bad}");
            assert!(!error.message.contains("secrets"));
        }
    }
}
