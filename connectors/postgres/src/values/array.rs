//! Arrays: `{1,NULL,"a b"}` to a list of elements. Dimensions are put one behind the other.

use super::{Codec, Fault};
use walbrook_core::avro::write;

/// Whether the items of the list may be null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Items {
    /// Each item has a tag.
    Optional,
    /// The reference's schema of arrays without a mapping has no null: it is empty text there,
    /// which no composite has.
    Required,
}

/// How an array is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Array {
    element: Codec,
    delimiter: u8,
    items: Items,
}

/// An element as it stands in the text.
enum Element<'a> {
    Null,
    Plain(&'a [u8]),
    /// Between its quotes, escapes not yet taken out.
    Quoted(&'a [u8]),
}

impl Array {
    pub(super) fn new(element: Codec, delimiter: u8, items: Items) -> Self {
        Self { element, delimiter, items }
    }

    pub(super) fn write(&self, text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
        let elements = || Elements { rest: body(text), delimiter: self.delimiter, open: true };
        let mut count = 0;
        for element in elements() {
            element?;
            count += 1;
        }
        if count > 0 {
            write::long(out, count);
        }
        let mut scratch = Vec::new();
        for element in elements() {
            match element? {
                Element::Null => self.null(out),
                Element::Plain(text) => self.item(text, out)?,
                Element::Quoted(text) => {
                    unescape(text, &mut scratch);
                    self.item(&scratch, out)?;
                }
            }
        }
        out.push(0);
        Ok(())
    }

    fn null(&self, out: &mut Vec<u8>) {
        // Either way one zero: the tag of null, or the length of nothing.
        out.push(0);
    }

    fn item(&self, text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
        if self.items == Items::Optional {
            if self.element.is_nothing(text) {
                self.null(out);
                return Ok(());
            }
            out.push(2);
        }
        self.element.write(text, out)
    }
}

/// Without the bounds in front: `[2:3]={7,8}`.
fn body(text: &[u8]) -> &[u8] {
    if text.first() != Some(&b'[') {
        return text;
    }
    let bounds = text.iter().position(|byte| *byte == b'=').map_or(0, |at| at + 1);
    text.get(bounds..).unwrap_or_default()
}

/// Walks over the elements of all dimensions.
struct Elements<'a> {
    rest: &'a [u8],
    delimiter: u8,
    /// Before the first brace.
    open: bool,
}

impl<'a> Elements<'a> {
    fn read(&mut self) -> Result<Option<Element<'a>>, Fault> {
        if self.open {
            if self.rest.first() != Some(&b'{') || self.rest.last() != Some(&b'}') {
                return Err(Fault);
            }
            self.open = false;
        }
        // Braces and delimiters only say where elements begin and end.
        while let Some((first, rest)) = self.rest.split_first() {
            if !matches!(first, b'{' | b'}') && *first != self.delimiter {
                break;
            }
            self.rest = rest;
        }
        match self.rest.split_first() {
            None => Ok(None),
            Some((b'"', inside)) => self.quoted(inside).map(Some),
            Some(_) => {
                let delimiter = self.delimiter;
                let end = self.rest.iter().position(|byte| *byte == b'}' || *byte == delimiter);
                let (text, rest) = self.rest.split_at_checked(end.ok_or(Fault)?).ok_or(Fault)?;
                self.rest = rest;
                let null = text.eq_ignore_ascii_case(b"null");
                Ok(Some(if null { Element::Null } else { Element::Plain(text) }))
            }
        }
    }

    fn quoted(&mut self, inside: &'a [u8]) -> Result<Element<'a>, Fault> {
        let mut at = 0;
        loop {
            let found =
                memchr::memchr2(b'"', b'\\', inside.get(at..).ok_or(Fault)?).ok_or(Fault)?;
            at += found;
            if inside.get(at) == Some(&b'"') {
                break;
            }
            at += 2;
        }
        let (text, rest) = inside.split_at_checked(at).ok_or(Fault)?;
        self.rest = rest.get(1..).unwrap_or_default();
        Ok(Element::Quoted(text))
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Result<Element<'a>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.read() {
            Ok(element) => element.map(Ok),
            Err(fault) => {
                self.rest = b"";
                self.open = false;
                Some(Err(fault))
            }
        }
    }
}

fn unescape(text: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (plain, escaped) = rest.split_at(at);
        out.extend_from_slice(plain);
        out.extend(escaped.get(1));
        rest = escaped.get(2..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(element: Codec, items: Items, text: &str) -> Result<Vec<u8>, Fault> {
        let mut out = Vec::new();
        Array::new(element, b',', items).write(text.as_bytes(), &mut out).map(|()| out)
    }

    #[test]
    fn arrays_are_lists_of_optional_items() {
        let integers = |text| written(Codec::Integer, Items::Optional, text);
        assert_eq!(integers("{1,NULL,-3}"), Ok(vec![6, 2, 2, 0, 2, 5, 0]));
        assert_eq!(integers("{}"), Ok(vec![0]));
        assert_eq!(integers("[2:3]={7,8}"), Ok(vec![4, 2, 14, 2, 16, 0]));
        assert_eq!(integers("{{1,2},{3,4}}"), Ok(vec![8, 2, 2, 2, 4, 2, 6, 2, 8, 0]));
        for text in ["", "1", "{1", "{a}", "{\"1}", "{\"1\\\"}"] {
            assert_eq!(integers(text), Err(Fault), "{text}");
        }
    }

    #[test]
    fn texts_are_unquoted() {
        let text = r#"{a,"b c",NULL,"","NULL","q\"uote","back\\slash"}"#;
        let mut expected = vec![14];
        for item in [Some("a"), Some("b c"), None, Some(""), Some("NULL"), Some("q\"uote")] {
            write::optional_string(&mut expected, item);
        }
        write::optional_string(&mut expected, Some("back\\slash"));
        expected.push(0);
        assert_eq!(written(Codec::Text, Items::Optional, text), Ok(expected));
    }

    #[test]
    fn special_numbers_are_null_items() {
        let text = "{1.5,NaN}";
        let expected = vec![4, 2, 2, 2, 15, 0, 0];
        assert_eq!(written(Codec::VariableDecimal, Items::Optional, text), Ok(expected));
    }

    #[test]
    fn required_items_have_no_tag() {
        let opaque = Codec::Opaque(crate::table::Binary::Bytes);
        let expected = b"\x04\x0a(2,y)\x00\x00".to_vec();
        assert_eq!(written(opaque, Items::Required, r#"{"(2,y)",NULL}"#), Ok(expected));
    }
}
