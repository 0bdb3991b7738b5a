//! From the value of a column to the name of a topic: a regular expression and what replaces it.
//!
//! Both are written as in Java, where Debezium's connectors come from: `(?<name>…)`, `${name}`, `$1`,
//! and a backslash before a character that stands for itself.

use regex::{Captures, Regex};

/// A rule for topics.
#[derive(Clone, Debug)]
pub struct Route {
    /// Fits the whole value, or the value is the topic as it is.
    whole: Regex,
    /// The first place in it that is replaced.
    first: Regex,
    replacement: Vec<Piece>,
    shown: (String, String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Group(usize),
}

impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        self.shown == other.shown
    }
}

impl Route {
    /// Reads expression and replacement. The error names which of them is wrong, and why.
    pub fn new(regex: &str, to: &str) -> Result<Self, (&'static str, String)> {
        let compile =
            |text: &str| Regex::new(text).map_err(|e| ("route_regex", super::pattern::reason(&e)));
        let first = compile(regex)?;
        let whole = compile(&format!("^(?:{regex})$"))?;
        let replacement = pieces(to, &first).map_err(|why| ("route_to", why))?;
        Ok(Self { whole, first, replacement, shown: (regex.to_owned(), to.to_owned()) })
    }

    /// The topic for `value`.
    pub fn topic(&self, value: &str) -> String {
        let Some(found) = self.whole.is_match(value).then(|| self.first.captures(value)).flatten()
        else {
            return value.to_owned();
        };
        let Some(all) = found.get(0) else { return value.to_owned() };
        let (before, after) = (value.get(..all.start()), value.get(all.end()..));
        let mut topic = before.unwrap_or_default().to_owned();
        self.replacement.iter().for_each(|piece| piece.write(&found, &mut topic));
        topic.push_str(after.unwrap_or_default());
        topic
    }

    /// What every topic of a value that fits begins with, whatever the value; often nothing.
    pub fn prefix(&self) -> &str {
        match self.replacement.first() {
            // A value that fits as a whole is found at its beginning.
            Some(Piece::Text(text)) => text,
            _ => "",
        }
    }
}

impl Piece {
    fn write(&self, found: &Captures<'_>, topic: &mut String) {
        match self {
            Piece::Text(text) => topic.push_str(text),
            Piece::Group(number) => {
                topic.push_str(found.get(*number).map_or("", |group| group.as_str()));
            }
        }
    }
}

/// The pieces of a replacement for what `regex` finds.
fn pieces(to: &str, regex: &Regex) -> Result<Vec<Piece>, String> {
    let mut out = vec![Piece::Text(String::new())];
    let mut letters = to.chars().peekable();
    while let Some(letter) = letters.next() {
        let plain = match letter {
            '\\' => letters.next().ok_or("it ends with a backslash")?,
            '$' => {
                let group = match letters.next() {
                    Some('{') => {
                        let name: String = letters.by_ref().take_while(|&c| c != '}').collect();
                        let place = regex.capture_names().position(|known| known == Some(&*name));
                        place.ok_or(format!("`route_regex` has no group called \"{name}\""))?
                    }
                    Some(digit) if digit.is_ascii_digit() => {
                        number(digit, &mut letters, regex.captures_len())?
                    }
                    _ => return Err("a `$` is not followed by a group".to_owned()),
                };
                out.push(Piece::Group(group));
                out.push(Piece::Text(String::new()));
                continue;
            }
            letter => letter,
        };
        if let Some(Piece::Text(text)) = out.last_mut() {
            text.push(plain);
        }
    }
    out.retain(|piece| *piece != Piece::Text(String::new()));
    Ok(out)
}

/// A group's number: as many digits as still name a group.
fn number(
    first: char,
    letters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    groups: usize,
) -> Result<usize, String> {
    let digit = |c: char| c.to_digit(10).map(|digit| digit as usize);
    let mut group = digit(first).unwrap_or_default();
    if group >= groups {
        return Err(format!("`route_regex` has no group {group}"));
    }
    while let Some(longer) = letters.peek().and_then(|&c| digit(c)).map(|next| group * 10 + next) {
        if longer >= groups {
            break;
        }
        group = longer;
        letters.next();
    }
    Ok(group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_topics_as_in_java() {
        for (regex, to, value, topic) in [
            (
                "(?<routedByValue>.*)",
                "outbox.event.${routedByValue}",
                "order",
                "outbox.event.order",
            ),
            ("(.*)\\.v([0-9])", "t.$1-$2", "order.v2", "t.order-2"),
            ("(.*)", "a\\$b.$1", "x", "a$b.x"),
            ("(o.*)", "t.$12", "order", "t.order2"),
            ("[a-z]+", "fixed", "order", "fixed"),
            ("[a-z]+", "fixed", "order 1", "order 1"),
            ("(?<n>.)(.*)", "${n}", "", ""),
        ] {
            assert_eq!(Route::new(regex, to).unwrap().topic(value), topic, "{regex} {to}");
        }
    }

    #[test]
    fn a_replacement_must_fit_its_expression() {
        for (regex, to, at) in [
            ("(", "x", "route_regex"),
            ("(?=a)", "x", "route_regex"),
            (".*", "$1", "route_to"),
            (".*", "${name}", "route_to"),
            (".*", "x$", "route_to"),
            (".*", "x\\", "route_to"),
        ] {
            assert_eq!(Route::new(regex, to).unwrap_err().0, at, "{regex} {to}");
        }
    }

    #[test]
    fn the_prefix_is_what_no_value_changes() {
        let prefix = |to: &str| Route::new("(.*)", to).unwrap().prefix().to_owned();
        assert_eq!(prefix("outbox.event.$1"), "outbox.event.");
        assert_eq!(prefix("$1.outbox"), "");
        assert_eq!(prefix("fixed"), "fixed");
    }
}
