//! From a document to its shape, as the reference infers schemas.

use super::shape::{Member, Record};
use super::{Expand, Shape, Unfit};
use serde_json::{Map, Number, Value};

/// The shape of a whole document. An empty list has no form of its own; here it has text's.
pub(super) fn document(expand: &Expand, document: &Value) -> Result<Shape, Unfit> {
    let shape = value(expand, document)?;
    Ok(shape.unwrap_or_else(|| Shape::List(Box::new(Shape::Text))))
}

/// The shape of a value; nothing where it is left out.
fn value(expand: &Expand, value: &Value) -> Result<Option<Shape>, Unfit> {
    Ok(Some(match value {
        Value::Null if expand.keep_nulls => Shape::Null,
        Value::Null => return Ok(None),
        Value::Bool(_) => Shape::Boolean,
        Value::Number(of) => number(of),
        Value::String(_) => Shape::Text,
        Value::Array(items) if items.is_empty() => {
            return Ok(expand.keep_empty_lists.then(|| Shape::List(Box::new(Shape::Text))));
        }
        Value::Array(items) => Shape::List(Box::new(elements(expand, items)?)),
        Value::Object(members) => Shape::Record(object(expand, members)?),
    }))
}

fn number(number: &Number) -> Shape {
    match number.as_i64() {
        Some(whole) if i32::try_from(whole).is_ok() => Shape::Int,
        Some(_) => Shape::Long,
        None => Shape::Double,
    }
}

fn object(expand: &Expand, members: &Map<String, Value>) -> Result<Record, Unfit> {
    let mut record = Record { members: Vec::with_capacity(members.len()), optional: true };
    for (key, member) in members {
        let Some(shape) = value(expand, member)? else { continue };
        let name = expand.name(key)?;
        // Two members may become one field: the first is told.
        if members.len() < 2 || !record.members.iter().any(|known| known.name == name) {
            record.members.push(Member { key: key.clone(), name, shape });
        }
    }
    Ok(record)
}

/// The one form of a list's elements.
fn elements(expand: &Expand, items: &[Value]) -> Result<Shape, Unfit> {
    let told = || items.iter().filter(|item| !item.is_null());
    match told().next() {
        None => value(expand, &Value::Null)?.ok_or(Unfit("a list in it holds nothing but null")),
        Some(Value::Object(_)) => objects(expand, items),
        Some(first) => {
            let shape = value(expand, first)?;
            let shape = shape.ok_or(Unfit("a list in it holds an empty list"))?;
            let alike = |item: &Value| match (first, item) {
                (Value::Number(a), Value::Number(b)) => number(a) == number(b),
                _ => std::mem::discriminant(first) == std::mem::discriminant(item),
            };
            match told().all(alike) {
                true => Ok(shape),
                false => Err(Unfit("a list in it holds values of different types")),
            }
        }
    }
}

/// The form of a list of objects: every member that one of them has. Where the objects differ, the
/// merged form is not optional.
fn objects(expand: &Expand, items: &[Value]) -> Result<Shape, Unfit> {
    let mut merged: Option<Record> = None;
    let mut nulls = false;
    for item in items {
        let record = match item {
            Value::Null => {
                nulls = true;
                continue;
            }
            Value::Object(members) => object(expand, members)?,
            _ => return Err(Unfit("a list in it holds values of different types")),
        };
        merged = Some(match merged {
            None => record,
            Some(known) if known.members == record.members => known,
            Some(known) => merge(known, record),
        });
    }
    let mut merged = merged.unwrap_or(Record { members: Vec::new(), optional: true });
    merged.optional |= nulls;
    Ok(Shape::Record(merged))
}

/// Both objects' members; one that both have keeps its first form, unless that is null's.
fn merge(mut known: Record, other: Record) -> Record {
    for member in other.members {
        match known.members.iter_mut().find(|one| one.name == member.name) {
            None => known.members.push(member),
            Some(one) if one.shape == Shape::Null => one.shape = member.shape,
            Some(_) => {}
        }
    }
    Record { members: known.members, optional: false }
}
