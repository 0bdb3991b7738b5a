//! Avro payloads as compact JSON text, as Connect's SimpleHeaderConverter writes structs.

use super::moment;
use std::fmt::Write;
use walbrook_core::avro::java;
use walbrook_core::avro::text::DECIMAL;
use walbrook_core::schema::{Kind, Schema, Wrap};

/// Appends `value` in JSON quotes.
pub fn quoted(out: &mut String, value: &str) {
    out.push_str(&serde_json::Value::from(value).to_string());
}

/// Appends the value at the start of `data`, which is a payload of `schema` without a tag, and
/// moves `data` behind it. Damaged data gives `null`: the text is for people.
pub fn value(out: &mut String, schema: &Schema, data: &mut &[u8]) {
    if read(out, schema, data).is_none() {
        out.push_str("null");
    }
}

fn read(out: &mut String, schema: &Schema, data: &mut &[u8]) -> Option<()> {
    match &schema.kind {
        Kind::Boolean => {
            let (&byte, rest) = data.split_first()?;
            *data = rest;
            out.push_str(if byte == 0 { "false" } else { "true" });
        }
        Kind::Int8 | Kind::Int16 | Kind::Int32 | Kind::Int64 => {
            let number = long(data)?;
            let name = schema.name.as_deref().unwrap_or_default();
            if moment::write(out, name, number).is_none() {
                let _ = write!(out, "{number}");
            }
        }
        Kind::Float32 => {
            let bytes = take(data, 4)?.try_into().ok()?;
            java::number(out, f32::from_le_bytes(bytes));
        }
        Kind::Float64 => {
            let bytes = take(data, 8)?.try_into().ok()?;
            java::number(out, f64::from_le_bytes(bytes));
        }
        Kind::String => quoted(out, std::str::from_utf8(bytes(data)?).ok()?),
        Kind::Bytes => {
            let bytes = bytes(data)?;
            if schema.name.as_deref() == Some(DECIMAL) {
                let scale = schema.parameters.iter().find(|(name, _)| &**name == "scale");
                out.push_str(&decimal(bytes, scale.and_then(|(_, v)| v.parse().ok()).unwrap_or(0)));
            } else {
                quoted(out, &base64(bytes));
            }
        }
        Kind::Array(items) => list(out, items, data)?,
        Kind::Map(values) => map(out, values, data)?,
        Kind::Struct(fields) => {
            out.push('{');
            for (i, field) in fields.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                quoted(out, &field.name);
                out.push(':');
                tagged(out, &field.schema, data)?;
            }
            out.push('}');
        }
    }
    Some(())
}

fn tagged(out: &mut String, schema: &Schema, data: &mut &[u8]) -> Option<()> {
    let present = match schema.wrap() {
        Wrap::Required => true,
        Wrap::NullFirst => long(data)? == 1,
        Wrap::NullLast => long(data)? == 0,
    };
    if present {
        read(out, schema, data)
    } else {
        out.push_str("null");
        Some(())
    }
}

fn list(out: &mut String, items: &Schema, data: &mut &[u8]) -> Option<()> {
    out.push('[');
    let mut first = true;
    blocks(data, |data| {
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        tagged(out, items, data)
    })?;
    out.push(']');
    Some(())
}

fn map(out: &mut String, values: &Schema, data: &mut &[u8]) -> Option<()> {
    out.push('{');
    let mut first = true;
    blocks(data, |data| {
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        quoted(out, std::str::from_utf8(bytes(data)?).ok()?);
        out.push(':');
        tagged(out, values, data)
    })?;
    out.push('}');
    Some(())
}

/// Calls `each` for every item of an Avro block sequence.
fn blocks(data: &mut &[u8], mut each: impl FnMut(&mut &[u8]) -> Option<()>) -> Option<()> {
    loop {
        let count = long(data)?;
        if count == 0 {
            return Some(());
        }
        if count < 0 {
            long(data)?;
        }
        for _ in 0..count.unsigned_abs() {
            each(data)?;
        }
    }
}

fn long(data: &mut &[u8]) -> Option<i64> {
    let (mut n, mut shift) = (0u64, 0);
    loop {
        let (&byte, rest) = data.split_first()?;
        *data = rest;
        n |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some((n >> 1) as i64 ^ -((n & 1) as i64));
        }
        shift += 7;
    }
}

fn take<'a>(data: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (head, rest) = data.split_at_checked(len)?;
    *data = rest;
    Some(head)
}

fn bytes<'a>(data: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = usize::try_from(long(data)?).ok()?;
    take(data, len)
}

/// Plain decimal text of an unscaled big-endian two's complement number.
fn decimal(unscaled: &[u8], scale: usize) -> String {
    let negative = unscaled.first().is_some_and(|b| b & 0x80 != 0);
    let mut digits = magnitude(unscaled, negative);
    if digits.len() <= scale {
        digits.insert_str(0, &"0".repeat(scale + 1 - digits.len()));
    }
    if scale > 0 {
        digits.insert(digits.len() - scale, '.');
    }
    if negative {
        digits.insert(0, '-');
    }
    digits
}

/// Decimal digits of the absolute value: schoolbook division, keys are short.
fn magnitude(unscaled: &[u8], negative: bool) -> String {
    let mut bytes = unscaled.to_vec();
    if negative {
        let mut carry = true;
        for byte in bytes.iter_mut().rev() {
            let (sum, overflow) = (!*byte).overflowing_add(u8::from(carry));
            (*byte, carry) = (sum, overflow);
        }
    }
    let mut digits = Vec::new();
    while bytes.iter().any(|&b| b != 0) {
        let mut rest = 0u32;
        for byte in &mut bytes {
            let n = rest << 8 | u32::from(*byte);
            (*byte, rest) = ((n / 10) as u8, n % 10);
        }
        digits.push(char::from(b'0' + rest as u8));
    }
    if digits.is_empty() {
        digits.push('0');
    }
    digits.iter().rev().collect()
}

/// Base64 with padding.
pub(super) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let n = chunk.iter().fold(0u32, |n, &b| n << 8 | u32::from(b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let six = (n >> (18 - 6 * i)) as usize & 63;
            let letter = ALPHABET.get(six).copied().unwrap_or(b'A');
            out.push(if i <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_and_bytes_are_plain_text() {
        assert_eq!(decimal(&[0x00, 0x96], 2), "1.50");
        assert_eq!(decimal(&[0xff], 3), "-0.001");
        assert_eq!(decimal(&[0x80, 0], 0), "-32768");
        assert_eq!(decimal(&[], 2), "0.00");
        assert_eq!(base64(b"any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw==");
    }

    #[test]
    fn damaged_data_is_null() {
        let mut out = String::new();
        value(&mut out, &Schema::new(Kind::String), &mut &[10u8, b'x'][..]);
        assert_eq!(out, "null");
    }
}
