//! What the catalog says about a table, in the form that is stored in the checkpoint.

use super::Default;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the stored form; a stored structure of another version is resolved again.
pub const VERSION: u32 = 1;

/// What the catalog knows of a table beyond what the log sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Structure {
    /// [`VERSION`] when it was stored.
    #[serde(rename = "v")]
    pub version: u32,
    /// `pg_class.relkind`; `None` when the table is gone and only its types were found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<char>,
    /// Columns in their order, generated ones included.
    pub columns: Vec<Column>,
    /// Columns of the primary key, in key order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub primary: Vec<String>,
    /// Columns of the first unique index by name that is neither partial nor over expressions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unique: Vec<String>,
    /// Types by OID that are not built in, as far as the columns need them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub types: BTreeMap<u32, Type>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its number in the table.
    pub number: i16,
    /// Its type.
    #[serde(rename = "type")]
    pub type_oid: u32,
    /// Modifier of the type; -1 is none.
    pub typmod: i32,
    /// NOT NULL, or a domain that is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_null: bool,
    /// Its default.
    #[serde(default, skip_serializing_if = "Default::is_none")]
    pub default: Default,
    /// GENERATED … AS IDENTITY
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub identity: bool,
    /// GENERATED … AS (expression), stored or virtual
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub generated: bool,
}

/// A type that is not built in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Type {
    /// Its name without the schema.
    pub name: String,
    /// What it is.
    #[serde(flatten)]
    pub category: Category,
}

/// What a type is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// A type of its own, of an extension for instance.
    Base,
    /// An enum with its labels in their order.
    Enum(Vec<String>),
    /// A domain over another type.
    Domain {
        /// The type.
        base: u32,
        /// Its modifier.
        typmod: i32,
    },
    /// An array of the type with this OID.
    Array(u32),
    /// A range.
    Range,
    /// A multirange.
    Multirange,
    /// A row type.
    Composite,
    /// Anything else.
    Other,
}

impl std::default::Default for Structure {
    /// Knows nothing.
    fn default() -> Self {
        Self {
            version: VERSION,
            kind: None,
            columns: Vec::new(),
            primary: Vec::new(),
            unique: Vec::new(),
            types: BTreeMap::new(),
        }
    }
}

impl Structure {
    /// The column of the catalog that is still the same as the one with this name in the log.
    pub fn column(&self, name: &str, type_oid: u32, typmod: i32) -> Option<&Column> {
        self.columns.iter().find(|column| {
            column.name == name && column.type_oid == type_oid && column.typmod == typmod
        })
    }

    /// The type that lies under every domain, and its modifier.
    pub fn root(&self, mut type_oid: u32, mut typmod: i32) -> (u32, i32) {
        // Domains cannot refer to themselves; the bound is for stored forms gone wrong.
        for _ in 0..64 {
            let Some(Type { category: Category::Domain { base, typmod: inner }, .. }) =
                self.types.get(&type_oid)
            else {
                break;
            };
            if typmod < 0 || *inner >= 0 {
                typmod = *inner;
            }
            type_oid = *base;
        }
        (type_oid, typmod)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(base: u32, typmod: i32) -> Type {
        Type { name: "d".into(), category: Category::Domain { base, typmod } }
    }

    fn structure() -> Structure {
        let column = Column {
            name: "id".into(),
            number: 1,
            type_oid: 23,
            typmod: -1,
            not_null: true,
            default: Default::Sequence,
            identity: false,
            generated: false,
        };
        let types = BTreeMap::from([
            (90_001, domain(1700, 458_759)),
            (90_002, domain(90_001, -1)),
            (90_003, Type { name: "mood".into(), category: Category::Enum(vec!["ok".into()]) }),
        ]);
        Structure {
            version: VERSION,
            kind: Some('r'),
            columns: vec![column],
            primary: vec!["id".into()],
            unique: Vec::new(),
            types,
        }
    }

    #[test]
    fn nested_domains_keep_the_modifier_of_the_root() {
        assert_eq!(structure().root(90_002, -1), (1700, 458_759));
        assert_eq!(structure().root(23, -1), (23, -1));
    }

    #[test]
    fn the_stored_form_is_compact_and_stable() {
        let text = serde_json::to_string(&structure()).unwrap();
        assert_eq!(
            text,
            concat!(
                r#"{"v":1,"kind":"r","columns":[{"name":"id","number":1,"type":23,"typmod":-1,"#,
                r#""not_null":true,"default":"sequence"}],"primary":["id"],"types":{"#,
                r#""90001":{"name":"d","domain":{"base":1700,"typmod":458759}},"#,
                r#""90002":{"name":"d","domain":{"base":90001,"typmod":-1}},"#,
                r#""90003":{"name":"mood","enum":["ok"]}}}"#
            )
        );
        assert_eq!(serde_json::from_str::<Structure>(&text).unwrap(), structure());
    }
}
