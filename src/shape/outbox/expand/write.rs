//! A document's values in the form of its shape.

use super::shape::Record;
use super::{Shape, Unfit};
use serde_json::{Map, Value};
use walbrook_core::avro::write;

/// Two objects of one list can have one member in different forms; the first form is the schema's.
const OTHER: Unfit = Unfit("objects of one list have a member of different types");

/// Appends a value in its union. `None` is a member that this object does not have.
pub(super) fn value(out: &mut Vec<u8>, shape: &Shape, value: Option<&Value>) -> Result<(), Unfit> {
    let value = value.filter(|value| !value.is_null());
    if let Shape::Record(Record { optional: false, members: _ }) = shape {
        return payload(out, shape, value.ok_or(OTHER)?);
    }
    match value {
        None => {
            out.push(0);
            Ok(())
        }
        Some(value) => {
            out.push(2);
            payload(out, shape, value)
        }
    }
}

fn payload(out: &mut Vec<u8>, shape: &Shape, value: &Value) -> Result<(), Unfit> {
    match (shape, value) {
        (Shape::Boolean, Value::Bool(flag)) => write::boolean(out, *flag),
        (Shape::Int, Value::Number(number)) => {
            let whole = number.as_i64().filter(|whole| i32::try_from(*whole).is_ok());
            write::long(out, whole.ok_or(OTHER)?);
        }
        (Shape::Long, Value::Number(number)) => {
            write::long(out, number.as_i64().ok_or(OTHER)?);
        }
        (Shape::Double, Value::Number(number)) => {
            write::double(out, number.as_f64().ok_or(OTHER)?);
        }
        (Shape::Text, Value::String(text)) => write::string(out, text),
        (Shape::List(items), Value::Array(values)) => list(out, items, values)?,
        (Shape::Record(record), Value::Object(members)) => object(out, record, members)?,
        _ => return Err(OTHER),
    }
    Ok(())
}

fn list(out: &mut Vec<u8>, items: &Shape, values: &[Value]) -> Result<(), Unfit> {
    if !values.is_empty() {
        write::long(out, values.len() as i64);
        for item in values {
            value(out, items, Some(item))?;
        }
    }
    out.push(0);
    Ok(())
}

fn object(out: &mut Vec<u8>, record: &Record, members: &Map<String, Value>) -> Result<(), Unfit> {
    for member in &record.members {
        value(out, &member.shape, members.get(&member.key))?;
    }
    Ok(())
}
