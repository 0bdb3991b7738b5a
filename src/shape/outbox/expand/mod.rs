//! JSON text becomes an Avro record: the document's shape first, then its values in that shape.
//!
//! ```text
//!  text ─▶ document ─▶ shape (what is where, hashable) ─▶ known? schema id : schema text ─▶ need
//!              └─────────▶ values, in the shape's order ─▶ arena
//! ```
//!
//! Every different shape is a schema of its own, as in the reference: a member that is new or
//! missing makes a new version. Documents that no Avro schema describes are [`Unfit`].

mod infer;
mod shape;
mod write;

pub(super) use shape::Shape;

use crate::shape::names::Adjustment;
use serde_json::Value;

/// How JSON becomes records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expand {
    /// Whether members that are null are kept, as optional bytes. Else they are left out.
    pub keep_nulls: bool,
    /// Whether empty lists are kept, as lists of text. Else they are left out.
    pub keep_empty_lists: bool,
    /// How member names become valid field names.
    pub names: Adjustment,
}

/// Why a document cannot become a record; it names no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unfit(pub &'static str);

/// A payload that was looked at.
#[derive(Debug)]
pub(super) enum Expanded {
    /// It is empty, or one JSON value that is neither an object nor a list: it stays text.
    Text,
    /// A document and its shape.
    Document(Shape, Value),
}

impl Expand {
    /// Looks at a payload.
    pub(super) fn look(&self, text: &str) -> Result<Expanded, Unfit> {
        let text = text.trim_start();
        if text.is_empty() {
            return Ok(Expanded::Text);
        }
        let document: Value =
            serde_json::from_str(text).map_err(|_| Unfit("it is not JSON, or nested too deep"))?;
        if !document.is_object() && !document.is_array() {
            return Ok(Expanded::Text);
        }
        let shape = infer::document(self, &document)?;
        Ok(Expanded::Document(shape, document))
    }

    /// The field name of a member.
    fn name(&self, member: &str) -> Result<String, Unfit> {
        let name = self.names.field(member);
        let mut letters = name.chars();
        let first = |c: char| c.is_ascii_alphabetic() || c == '_';
        let later = |c: char| c.is_ascii_alphanumeric() || c == '_';
        match letters.next().is_some_and(first) && letters.all(later) {
            true => Ok(name),
            false => Err(Unfit("a member's name cannot be a field's name")),
        }
    }
}

/// Appends `document` in the form of `shape`, as an optional value: its tag, then its payload.
pub(super) fn write(out: &mut Vec<u8>, shape: &Shape, document: &Value) -> Result<(), Unfit> {
    write::value(out, shape, Some(document))
}
