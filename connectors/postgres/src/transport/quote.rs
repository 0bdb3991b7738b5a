//! Names and texts inside SQL and replication commands.

/// `name` as an identifier: quoted always, so that no word is reserved.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `text` as a string. Sessions pin `standard_conforming_strings`, so a backslash is a backslash;
/// the replication grammar knows no other form.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(literal(r"it's \"), r"'it''s \'");
    }
}
