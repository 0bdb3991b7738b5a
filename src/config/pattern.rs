//! Which tables a setting means: a glob, or a regular expression between slashes.

use regex::Regex;
use std::fmt;

/// A pattern over full table names (`schema.table`; in MySQL and MariaDB `database.table`).
///
/// `*` stands for any characters, `?` for one: `public.order*`. Between slashes it is a regular
/// expression over the whole name: `/(shop|crm)\.order_[0-9]+/`.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    regex: Regex,
}

impl Pattern {
    /// Reads a pattern; the error says what is wrong with it, for people.
    pub fn new(text: &str) -> Result<Self, String> {
        if !text.is_empty() && !text.contains('.') && !text.starts_with('/') && text != "*" {
            return Err("the name of a table begins with its schema or database".to_owned());
        }
        Self::of_text(text)
    }

    /// Reads a pattern over names that are any text.
    pub(super) fn of_text(text: &str) -> Result<Self, String> {
        let regex = match regular_expression(text) {
            Some("") => return Err("the expression is empty".to_owned()),
            Some(inner) => format!("^(?:{inner})$"),
            None => glob(text)?,
        };
        let regex = Regex::new(&regex).map_err(|e| reason(&e))?;
        Ok(Self { text: text.to_owned(), regex })
    }

    /// The pattern of every table of the database called `name`.
    pub(super) fn all_of(name: &str) -> Result<Self, String> {
        let plain = |c: char| c.is_alphanumeric() || "_-$".contains(c);
        match name.chars().all(plain) {
            true => Self::new(&format!("{name}.*")),
            false => Self::new(&format!("/{}\\..*/", regex::escape(name))),
        }
    }

    /// Whether the table called `name` is meant.
    pub fn matches(&self, name: &str) -> bool {
        self.regex.is_match(name)
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

fn regular_expression(text: &str) -> Option<&str> {
    text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'))
}

/// The expression that means the same as a glob.
fn glob(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("the pattern is empty".to_owned());
    }
    if text.starts_with('/') {
        return Err("a regular expression ends with a slash too".to_owned());
    }
    let mut out = String::from("(?s)^");
    for c in text.chars() {
        match c {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            c => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push('$');
    Ok(out)
}

/// Whether `glob`, of `*` and `?`, means `text` as a whole.
pub(super) fn glob_matches(glob: &str, text: &str) -> bool {
    // Only the last `*` has to be tried again: it can take over what an earlier one would.
    let (glob, text): (Vec<char>, Vec<char>) = (glob.chars().collect(), text.chars().collect());
    let (mut g, mut t, mut star) = (0, 0, None);
    loop {
        match (glob.get(g), text.get(t)) {
            (Some('*'), _) => {
                star = Some((g, t));
                g += 1;
            }
            (Some('?'), Some(_)) => (g, t) = (g + 1, t + 1),
            (Some(a), Some(b)) if a == b => (g, t) = (g + 1, t + 1),
            (None, None) => return true,
            (_, at) => match (star, at) {
                (Some((back, from)), Some(_)) => {
                    star = Some((back, from + 1));
                    (g, t) = (back + 1, from + 1);
                }
                _ => return false,
            },
        }
    }
}

/// The last line of the regex crate's picture of an error.
pub(super) fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_means_whole_names() {
        let pattern = Pattern::new("public.order*").unwrap();
        assert!(pattern.matches("public.orders") && pattern.matches("public.order"));
        assert!(!pattern.matches("my_public.orders") && !pattern.matches("publicXorders"));
        assert!(Pattern::new("public.t?").unwrap().matches("public.t1"));
        assert!(Pattern::new("*").unwrap().matches("a.b"));
    }

    #[test]
    fn a_regular_expression_is_anchored() {
        let pattern = Pattern::new(r"/public\.(a|b)/").unwrap();
        assert!(pattern.matches("public.a") && !pattern.matches("public.ab"));
        assert!(Pattern::new(r"/a|b\.c/").unwrap().matches("b.c"));
    }

    #[test]
    fn a_glob_over_any_text() {
        for (glob, text) in [("*", ""), ("a*c", "abcbc"), ("shop.*-value", "shop.public.t-value")] {
            assert!(glob_matches(glob, text), "{glob} {text}");
        }
        for (glob, text) in [("", "a"), ("a*c", "abd"), ("?", ""), ("a?", "a")] {
            assert!(!glob_matches(glob, text), "{glob} {text}");
        }
    }

    #[test]
    fn a_broken_pattern_says_why() {
        assert_eq!(Pattern::new("/a(/").unwrap_err(), "unclosed group");
        assert!(Pattern::new("orders").unwrap_err().contains("schema"));
        assert!(Pattern::new("").is_err() && Pattern::new("//").is_err());
        assert!(Pattern::new("/a").is_err());
    }
}
