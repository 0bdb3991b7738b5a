//! Geometries and vectors.
//!
//! ```text
//!  geometry   SRID u32 little-endian │ well-known bytes
//!  point        order u8 │ kind u32 = 1 │ x f64 │ y f64
//!  vector     f32 little-endian …
//! ```

use super::super::{Bad, Form, Written};
use walbrook_core::avro::write;

/// A geometry as both servers keep it; SRID 0 is null, as the reference has it.
pub fn geometry(form: &Form, value: &[u8], out: &mut Vec<u8>) -> Result<Written, Bad> {
    let (srid, shape) = value.split_first_chunk::<4>().ok_or(Bad::Shape)?;
    match form {
        Form::Geometry if shape.len() >= 5 => write::bytes(out, shape),
        Form::Point => {
            let (x, y) = point(shape).ok_or(Bad::Shape)?;
            write::double(out, x);
            write::double(out, y);
            out.push(2);
            write::bytes(out, shape);
        }
        _ => return Err(Bad::Shape),
    }
    match u32::from_le_bytes(*srid) {
        0 => out.push(0),
        srid => {
            out.push(2);
            write::long(out, i64::from(srid as i32));
        }
    }
    Ok(Written::Value)
}

/// Coordinates of a point's well-known bytes.
fn point(shape: &[u8]) -> Option<(f64, f64)> {
    let shape: &[u8; 21] = shape.try_into().ok()?;
    let (order, rest) = shape.split_first()?;
    let (kind, rest) = rest.split_first_chunk::<4>()?;
    let (x, rest) = rest.split_first_chunk::<8>()?;
    let y = rest.first_chunk::<8>()?;
    match (order, kind) {
        (1, [1, 0, 0, 0]) => Some((f64::from_le_bytes(*x), f64::from_le_bytes(*y))),
        (0, [0, 0, 0, 1]) => Some((f64::from_be_bytes(*x), f64::from_be_bytes(*y))),
        _ => None,
    }
}

/// A vector: its floats lie as Avro wants them.
pub fn vector(value: &[u8], out: &mut Vec<u8>) -> Result<Written, Bad> {
    if !value.len().is_multiple_of(4) {
        return Err(Bad::Shape);
    }
    if !value.is_empty() {
        write::long(out, (value.len() / 4) as i64);
        out.extend_from_slice(value);
    }
    out.push(0);
    Ok(Written::Value)
}
