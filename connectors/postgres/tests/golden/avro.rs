//! A small decoder of Avro by the JSON of its schema, into the corpus's normalised form.

use serde_json::{Map, Value, json};
use std::collections::HashMap;

pub(crate) struct Decoder<'a> {
    names: HashMap<String, &'a Value>,
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(schema: &'a Value) -> Self {
        let mut decoder = Self { names: HashMap::new() };
        decoder.learn(schema);
        decoder
    }

    fn learn(&mut self, schema: &'a Value) {
        match schema {
            Value::Array(branches) => branches.iter().for_each(|branch| self.learn(branch)),
            Value::Object(members) => {
                if members["type"] == "record" {
                    let full = members["connect.name"].as_str().unwrap();
                    self.names.insert(full.to_owned(), schema);
                    self.names.insert(members["name"].as_str().unwrap().to_owned(), schema);
                    members["fields"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .for_each(|f| self.learn(&f["type"]));
                }
                ["items", "values"]
                    .iter()
                    .filter_map(|inner| members.get(*inner))
                    .for_each(|s| self.learn(s));
            }
            _ => {}
        }
    }

    pub(crate) fn decode(&self, schema: &Value, bytes: &[u8]) -> Value {
        let mut rest = bytes;
        let value = self.value(schema, &mut rest);
        assert!(rest.is_empty(), "{} bytes left over", rest.len());
        value
    }

    fn value(&self, schema: &Value, rest: &mut &[u8]) -> Value {
        match schema {
            Value::Array(branches) => {
                let branch = long(rest);
                self.value(&branches[usize::try_from(branch).unwrap()], rest)
            }
            Value::String(name) => self.named(name, schema, rest),
            Value::Object(members) => match members["type"].as_str().unwrap() {
                "record" => {
                    let mut record = Map::new();
                    for field in members["fields"].as_array().unwrap() {
                        let name = field["name"].as_str().unwrap().to_owned();
                        record.insert(name, self.value(&field["type"], rest));
                    }
                    Value::Object(record)
                }
                "array" => self.blocks(rest, |d, rest| d.value(&members["items"], rest)).into(),
                "map" => {
                    let pairs = self.blocks(rest, |d, rest| {
                        let key = string(rest);
                        json!([key, d.value(&members["values"], rest)])
                    });
                    let pair = |p: Value| (p[0].as_str().unwrap().to_owned(), p[1].clone());
                    Value::Object(pairs.into_iter().map(pair).collect())
                }
                name => self.named(name, schema, rest),
            },
            other => panic!("schema {other}"),
        }
    }

    fn blocks(&self, rest: &mut &[u8], item: impl Fn(&Self, &mut &[u8]) -> Value) -> Vec<Value> {
        let mut items = Vec::new();
        loop {
            match long(rest) {
                0 => return items,
                count => items.extend((0..count).map(|_| item(self, rest))),
            }
        }
    }

    fn named(&self, name: &str, schema: &Value, rest: &mut &[u8]) -> Value {
        match name {
            "null" => Value::Null,
            "boolean" => (take(rest, 1) == [1]).into(),
            "int" | "long" => long(rest).into(),
            "float" => float(f64::from(f32::from_le_bytes(take(rest, 4).try_into().unwrap()))),
            "double" => float(f64::from_le_bytes(take(rest, 8).try_into().unwrap())),
            "string" => string(rest).into(),
            "bytes" => {
                let length = usize::try_from(long(rest)).unwrap();
                let bytes = take(rest, length);
                match schema.get("logicalType") {
                    Some(_) => {
                        json!({"$decimal": decimal(bytes, schema["scale"].as_u64().unwrap())})
                    }
                    None => json!({"$bytes": hex(bytes)}),
                }
            }
            record => self.value(self.names[record], rest),
        }
    }
}

fn take<'b>(rest: &mut &'b [u8], count: usize) -> &'b [u8] {
    let (taken, after) = rest.split_at(count);
    *rest = after;
    taken
}

fn long(rest: &mut &[u8]) -> i64 {
    let (mut value, mut shift) = (0_u64, 0);
    loop {
        let byte = take(rest, 1)[0];
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return (value >> 1) as i64 ^ -((value & 1) as i64);
        }
    }
}

fn string(rest: &mut &[u8]) -> String {
    let length = usize::try_from(long(rest)).unwrap();
    String::from_utf8(take(rest, length).to_vec()).unwrap()
}

fn float(value: f64) -> Value {
    if value.is_finite() {
        return json!(value);
    }
    let name = if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    };
    json!({ "$float": name })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Big-endian two's complement to decimal text with `scale` digits behind the point.
fn decimal(bytes: &[u8], scale: u64) -> String {
    let negative = bytes[0] >> 7 == 1;
    let mut value = bytes.to_vec();
    if negative {
        let mut carry = true;
        for byte in value.iter_mut().rev() {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    let mut digits = Vec::new();
    while value.iter().any(|byte| *byte > 0) {
        let mut rest = 0_u32;
        for byte in &mut value {
            let part = rest * 256 + u32::from(*byte);
            (*byte, rest) = ((part / 10) as u8, part % 10);
        }
        digits.push(char::from(b'0' + rest as u8));
    }
    let scale = usize::try_from(scale).unwrap();
    while digits.len() <= scale {
        digits.push('0');
    }
    if scale > 0 {
        digits.insert(scale, '.');
    }
    if negative {
        digits.push('-');
    }
    digits.iter().rev().collect()
}
