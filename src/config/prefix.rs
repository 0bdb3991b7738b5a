//! Which prefixes of logical messages a setting means: a glob, or a regular expression between
//! slashes, as for tables; but a prefix is any text, without a schema in front.

use super::pattern::Pattern;
use super::setting::{Setting, Wrong, quoted};
use crate::codes;
use config::{Value, ValueKind};

/// A pattern over prefixes of logical messages.
#[derive(Clone, Debug, PartialEq)]
pub struct Prefix(Pattern);

impl Prefix {
    /// Whether messages of `prefix` are meant.
    pub fn matches(&self, prefix: &str) -> bool {
        self.0.matches(prefix)
    }
}

impl Setting for Prefix {
    fn read(key: &str, value: &Value, _: bool) -> Result<Self, Wrong> {
        let ValueKind::String(text) = &value.kind else {
            return Err(Wrong::wrong_type(key, value, "made of prefixes", "[\"outbox\"]"));
        };
        Pattern::of_text(text).map(Self).map_err(|why| {
            let message = format!("The prefix {text:?} in `{key}` cannot be used: {why}.");
            let fix = "Write a glob like \"audit*\" or an expression like \"/audit_[0-9]+/\".";
            Wrong::new(codes::PATTERN, message, fix)
        })
    }

    fn show(&self) -> String {
        quoted(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> Result<Prefix, String> {
        Pattern::of_text(text).map(Prefix)
    }

    #[test]
    fn a_prefix_is_any_text_and_may_be_empty() {
        assert!(prefix("outbox").unwrap().matches("outbox"));
        assert!(!prefix("outbox").unwrap().matches("outbox2"));
        assert!(prefix("*").unwrap().matches(""));
        assert!(prefix("a.b*").unwrap().matches("a.b c"));
        assert!(prefix("/(?i)x[0-9]*/").unwrap().matches("X12"));
        for wrong in ["", "/", "//", "/(/"] {
            assert!(prefix(wrong).is_err(), "{wrong:?}");
        }
    }
}
