//! The changes of a partial update (`binlog_row_value_options=PARTIAL_JSON`).
//!
//! ```text
//!  length u32 │ change …        change: operation u8 │ path │ value
//!  path and value: packed length, bytes; a removal has no value
//! ```
//! Off the hot path: the old text becomes a tree, is changed, and is printed again.

use super::super::Bad;
use super::super::read::{array, prefixed, take};
use super::document::print;
use super::node::{Node, position, string, unescaped};

/// The text of a JSON column after the changes at the front of `bytes`, which is advanced.
///
/// `old` is the text before them.
pub fn patch(bytes: &mut &[u8], old: &str) -> Result<String, Bad> {
    let mut changes = prefixed(bytes, 4)?;
    let mut root = Node::parse(old.as_bytes())?;
    while !changes.is_empty() {
        let [operation] = array(&mut changes)?;
        let path = sized(&mut changes)?;
        match operation {
            0 => *find(&mut root, path)? = value(sized(&mut changes)?)?,
            1 => insert(&mut root, path, value(sized(&mut changes)?)?)?,
            2 => remove(&mut root, path)?,
            _ => return Err(Bad::JsonChange),
        }
    }
    let mut text = Vec::with_capacity(old.len());
    root.print(&mut text);
    String::from_utf8(text).map_err(|_| Bad::JsonChange)
}

/// Goes past the changes at the front of `bytes`.
pub fn skip(bytes: &mut &[u8]) -> Result<(), Bad> {
    prefixed(bytes, 4).map(|_| ())
}

fn value(document: &[u8]) -> Result<Node, Bad> {
    let mut text = Vec::new();
    print(document, &mut text)?;
    Node::parse(&text)
}

/// Bytes behind a packed length, as in the protocol.
fn sized<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8], Bad> {
    let [first] = array(bytes)?;
    match first {
        0..=250 => take(bytes, usize::from(first)),
        252 => prefixed(bytes, 2),
        253 => prefixed(bytes, 3),
        254 => prefixed(bytes, 8),
        _ => Err(Bad::JsonChange),
    }
}

/// One step of a path.
enum Leg {
    /// `.name`, `."any name"`
    Member(Vec<u8>),
    /// `[7]`
    Cell(usize),
}

/// The steps of a path such as `$.a."b c"[3]`.
fn legs(path: &[u8]) -> Result<Vec<Leg>, Bad> {
    let [b'$', rest @ ..] = path else { return Err(Bad::JsonChange) };
    let mut rest = rest;
    let mut legs = Vec::new();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        legs.push(match first {
            b'.' if rest.first() == Some(&b'"') => Leg::Member(unescaped(string(&mut rest)?)?),
            b'.' => {
                let end = rest.iter().position(|byte| matches!(byte, b'.' | b'['));
                let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
                rest = after;
                Leg::Member(name.to_vec())
            }
            b'[' => {
                let end = rest.iter().position(|byte| *byte == b']').ok_or(Bad::JsonChange)?;
                let (digits, after) = rest.split_at(end);
                rest = after.get(1..).unwrap_or_default();
                let digits = std::str::from_utf8(digits).map_err(|_| Bad::JsonChange)?;
                Leg::Cell(digits.trim().parse().map_err(|_| Bad::JsonChange)?)
            }
            _ => return Err(Bad::JsonChange),
        });
    }
    Ok(legs)
}

fn follow<'a>(node: &'a mut Node, legs: &[Leg]) -> Result<&'a mut Node, Bad> {
    legs.iter().try_fold(node, |node, leg| {
        let found = match (node, leg) {
            (Node::Object(members), Leg::Member(key)) => {
                let place = position(members, key).map_err(|_| Bad::JsonChange)?;
                members.get_mut(place).map(|(_, node)| node)
            }
            (Node::Array(nodes), Leg::Cell(place)) => nodes.get_mut(*place),
            // The first cell of what is no array is that value itself.
            (node, Leg::Cell(0)) => Some(node),
            _ => None,
        };
        found.ok_or(Bad::JsonChange)
    })
}

fn find<'a>(root: &'a mut Node, path: &[u8]) -> Result<&'a mut Node, Bad> {
    follow(root, &legs(path)?)
}

fn insert(root: &mut Node, path: &[u8], value: Node) -> Result<(), Bad> {
    let legs = legs(path)?;
    let (last, parents) = legs.split_last().ok_or(Bad::JsonChange)?;
    match (follow(root, parents)?, last) {
        (Node::Object(members), Leg::Member(key)) => match position(members, key) {
            Ok(_) => return Err(Bad::JsonChange),
            Err(place) => members.insert(place, (key.clone(), value)),
        },
        (Node::Array(nodes), Leg::Cell(place)) => {
            let place = (*place).min(nodes.len());
            nodes.insert(place, value);
        }
        _ => return Err(Bad::JsonChange),
    }
    Ok(())
}

fn remove(root: &mut Node, path: &[u8]) -> Result<(), Bad> {
    let legs = legs(path)?;
    let (last, parents) = legs.split_last().ok_or(Bad::JsonChange)?;
    match (follow(root, parents)?, last) {
        (Node::Object(members), Leg::Member(key)) => {
            let place = position(members, key).map_err(|_| Bad::JsonChange)?;
            members.remove(place);
        }
        (Node::Array(nodes), Leg::Cell(place)) if *place < nodes.len() => {
            nodes.remove(*place);
        }
        _ => return Err(Bad::JsonChange),
    }
    Ok(())
}
