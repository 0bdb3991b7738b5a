//! Names of topics and schemas, and how they are made valid.

use walbrook_core::layout::Table;

/// How a name that Avro does not take is changed (`schema.name.adjustment.mode`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Adjustment {
    /// Not at all.
    #[default]
    None,
    /// Every invalid UTF-16 unit becomes `_`; a leading digit gets `_` in front.
    Avro,
    /// Every invalid UTF-16 unit becomes `_uXXXX`, the underscore too.
    AvroUnicode,
}

/// The topic of a table's changes: `prefix.schema.table`.
pub fn table_topic(prefix: &str, table: &Table) -> String {
    topic(&format!("{prefix}.{}.{}", table.schema, table.name))
}

/// A topic name: characters that Kafka does not take become `_`.
pub fn topic(name: &str) -> String {
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    // A character outside the basic plane is two UTF-16 units for the reference.
    name.chars()
        .flat_map(|c| {
            let units = if valid(c) { 1 } else { c.len_utf16() };
            std::iter::repeat_n(if valid(c) { c } else { '_' }, units)
        })
        .collect()
}

impl Adjustment {
    /// A full schema name; dots separate.
    pub fn schema(self, name: &str) -> String {
        self.adjust(name, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
    }

    /// A field name; dots are not valid in it.
    pub fn field(self, name: &str) -> String {
        self.adjust(name, |c| c.is_ascii_alphanumeric() || c == '_')
    }

    fn adjust(self, name: &str, valid: impl Fn(char) -> bool) -> String {
        if self == Adjustment::None {
            return name.to_owned();
        }
        let mut out = String::with_capacity(name.len());
        for (i, c) in name.chars().enumerate() {
            if i == 0 && c.is_ascii_digit() {
                self.replace(c, &mut out);
                if self == Adjustment::Avro {
                    out.push(c);
                }
            } else if !valid(c) || (self == Adjustment::AvroUnicode && c == '_') {
                self.replace(c, &mut out);
            } else {
                out.push(c);
            }
        }
        out
    }

    fn replace(self, c: char, out: &mut String) {
        use std::fmt::Write;
        let mut units = [0; 2];
        for unit in c.encode_utf16(&mut units) {
            match self {
                Adjustment::AvroUnicode => {
                    let _ = write!(out, "_u{unit:04x}");
                }
                _ => out.push('_'),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_keep_hyphens_and_lose_the_rest() {
        assert_eq!(table_topic("p", &Table::new("my-schema", "größe 1")), "p.my-schema.gr__e_1");
    }

    #[test]
    fn avro_names() {
        assert_eq!(Adjustment::Avro.schema("my-db.größe"), "my_db.gr__e");
        assert_eq!(Adjustment::Avro.field("9lives"), "_9lives");
        assert_eq!(Adjustment::Avro.field("a.b$"), "a_b_");
        assert_eq!(Adjustment::AvroUnicode.field("a_b-c"), "a_u005fb_u002dc");
        assert_eq!(Adjustment::None.field("a-b"), "a-b");
    }
}
