//! A document as a tree, for the changes of a partial update: numbers keep their text, keys the
//! server's order.

use super::super::Bad;
use super::{DEPTH, quoted};

/// A value of a document.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// A number, literal or string, as it is written.
    Scalar(Vec<u8>),
    Array(Vec<Node>),
    /// By unescaped keys, ordered by length, then bytes.
    Object(Vec<(Vec<u8>, Node)>),
}

impl Node {
    /// Reads a text that the server or [`super::print`] wrote.
    pub(super) fn parse(text: &[u8]) -> Result<Node, Bad> {
        let mut rest = text;
        let node = value(&mut rest, DEPTH)?;
        if rest.is_empty() { Ok(node) } else { Err(Bad::JsonChange) }
    }

    /// Appends the text as the server prints it.
    pub(super) fn print(&self, out: &mut Vec<u8>) {
        match self {
            Node::Scalar(text) => out.extend_from_slice(text),
            Node::Array(nodes) => {
                out.push(b'[');
                for (place, node) in nodes.iter().enumerate() {
                    if place > 0 {
                        out.extend_from_slice(b", ");
                    }
                    node.print(out);
                }
                out.push(b']');
            }
            Node::Object(members) => {
                out.push(b'{');
                for (place, (key, node)) in members.iter().enumerate() {
                    if place > 0 {
                        out.extend_from_slice(b", ");
                    }
                    quoted::push(key, out);
                    out.extend_from_slice(b": ");
                    node.print(out);
                }
                out.push(b'}');
            }
        }
    }
}

/// Where a key is among the members, or where it belongs.
pub(super) fn position(members: &[(Vec<u8>, Node)], key: &[u8]) -> Result<usize, usize> {
    members.binary_search_by(|(known, _)| (known.len(), known.as_slice()).cmp(&(key.len(), key)))
}

fn skip_blank(text: &mut &[u8]) {
    while let [b' ' | b'\n' | b'\r' | b'\t', rest @ ..] = text {
        *text = rest;
    }
}

/// Whether the next character is this one, which is then gone.
fn next(text: &mut &[u8], wanted: u8) -> bool {
    skip_blank(text);
    match text {
        [first, rest @ ..] if *first == wanted => {
            *text = rest;
            true
        }
        _ => false,
    }
}

fn value(text: &mut &[u8], depth: usize) -> Result<Node, Bad> {
    if next(text, b'[') {
        let depth = depth.checked_sub(1).ok_or(Bad::JsonChange)?;
        let mut nodes = Vec::new();
        list(text, b']', |text| {
            nodes.push(value(text, depth)?);
            Ok(())
        })?;
        return Ok(Node::Array(nodes));
    }
    if next(text, b'{') {
        let depth = depth.checked_sub(1).ok_or(Bad::JsonChange)?;
        let mut members = Vec::new();
        list(text, b'}', |text| {
            skip_blank(text);
            let key = unescaped(string(text)?)?;
            if !next(text, b':') {
                return Err(Bad::JsonChange);
            }
            members.push((key, value(text, depth)?));
            Ok(())
        })?;
        return Ok(Node::Object(members));
    }
    skip_blank(text);
    if text.first() == Some(&b'"') {
        return Ok(Node::Scalar(string(text)?.to_vec()));
    }
    let end = text.iter().position(|byte| b",]} \n\r\t".contains(byte)).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    if word.is_empty() {
        return Err(Bad::JsonChange);
    }
    *text = rest;
    Ok(Node::Scalar(word.to_vec()))
}

/// Items up to `close`, with commas between them.
fn list(
    text: &mut &[u8],
    close: u8,
    mut item: impl FnMut(&mut &[u8]) -> Result<(), Bad>,
) -> Result<(), Bad> {
    if next(text, close) {
        return Ok(());
    }
    loop {
        item(text)?;
        if next(text, close) {
            return Ok(());
        }
        if !next(text, b',') {
            return Err(Bad::JsonChange);
        }
    }
}

/// A string with its quotes.
pub(super) fn string<'a>(text: &mut &'a [u8]) -> Result<&'a [u8], Bad> {
    let mut escaped = true;
    for (place, byte) in text.iter().enumerate() {
        match byte {
            b'"' if !escaped => {
                let (string, rest) = text.split_at(place + 1);
                *text = rest;
                return Ok(string);
            }
            b'\\' if !escaped => escaped = true,
            b'"' if place == 0 => escaped = false,
            _ if place == 0 => return Err(Bad::JsonChange),
            _ => escaped = false,
        }
    }
    Err(Bad::JsonChange)
}

/// What stands between the quotes, without escapes.
pub(super) fn unescaped(string: &[u8]) -> Result<Vec<u8>, Bad> {
    let text: String = serde_json::from_slice(string).map_err(|_| Bad::JsonChange)?;
    Ok(text.into_bytes())
}
