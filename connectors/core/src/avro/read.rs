//! Reading single payloads back: constants of a schema are made by the writers of its values.

use crate::schema::{Kind, Literal};

/// Reads a whole payload back as a constant of the schema. Records and lists cannot be constants,
/// nor can numbers that JSON does not have.
pub fn literal(kind: &Kind, payload: &[u8]) -> Option<Literal> {
    Some(match kind {
        Kind::Boolean => Literal::Boolean(payload == [1]),
        Kind::Int8 | Kind::Int16 | Kind::Int32 | Kind::Int64 => {
            let (value, []) = long(payload)? else { return None };
            Literal::Integer(value)
        }
        Kind::Float32 => {
            // The shortest text of the narrow number, not the long one of its wider twin.
            let value = f32::from_le_bytes(payload.try_into().ok()?);
            Literal::Float(value.to_string().parse().ok().filter(|value: &f64| value.is_finite())?)
        }
        Kind::Float64 => {
            let value = f64::from_le_bytes(payload.try_into().ok()?);
            Literal::Float(Some(value).filter(|value| value.is_finite())?)
        }
        Kind::String => Literal::Text(String::from_utf8(sized(payload)?.to_vec()).ok()?),
        Kind::Bytes => Literal::Bytes(sized(payload)?.to_vec()),
        Kind::Array(_) | Kind::Map(_) | Kind::Struct(_) => return None,
    })
}

/// The bytes of a whole payload of `bytes` or `string`.
pub fn sized(payload: &[u8]) -> Option<&[u8]> {
    let (length, bytes) = long(payload)?;
    (usize::try_from(length) == Ok(bytes.len())).then_some(bytes)
}

/// Reads a `long` and answers with what follows it.
pub fn long(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let mut value = 0_u64;
    for (place, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (place * 7);
        if byte & 0x80 == 0 {
            return Some(((value >> 1) as i64 ^ -((value & 1) as i64), bytes.get(place + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::avro::write;

    #[test]
    fn what_is_written_is_read_back() {
        for value in [0, 1, -1, 64, -65, i64::MAX, i64::MIN] {
            let mut out = Vec::new();
            write::long(&mut out, value);
            assert_eq!(literal(&Kind::Int64, &out), Some(Literal::Integer(value)));
            out.push(0);
            assert_eq!(long(&out), Some((value, &[0][..])));
            assert_eq!(literal(&Kind::Int64, &out), None, "more than the number");
        }
        assert_eq!(literal(&Kind::String, b"\x04hi"), Some(Literal::Text("hi".into())));
        assert_eq!(literal(&Kind::String, b"\x06hi"), None);
        assert_eq!(literal(&Kind::Bytes, b"\x02\xff"), Some(Literal::Bytes(vec![0xff])));
        assert_eq!(literal(&Kind::Float32, &0.1_f32.to_le_bytes()), Some(Literal::Float(0.1)));
        assert_eq!(literal(&Kind::Float64, &f64::NAN.to_le_bytes()), None);
        assert_eq!(long(&[0x80; 11]), None);
    }
}
