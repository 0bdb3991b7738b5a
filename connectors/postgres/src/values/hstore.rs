//! hstore: JSON text or a map, in the order in which the reference's hash map gives the keys.

use super::{Fault, json};
use crate::table::Hstore;
use walbrook_core::avro::write;

type Pair = (String, Option<String>);

pub(super) fn write(form: Hstore, text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut pairs = parse(std::str::from_utf8(text).map_err(|_| Fault)?)?;
    java_order(&mut pairs);
    match form {
        Hstore::Json => {
            let mut document = Vec::with_capacity(text.len() + 2);
            document.push(b'{');
            for (number, (key, value)) in pairs.iter().enumerate() {
                if number > 0 {
                    document.push(b',');
                }
                json::string(key, &mut document);
                document.push(b':');
                match value {
                    Some(value) => json::string(value, &mut document),
                    None => document.extend_from_slice(b"null"),
                }
            }
            document.push(b'}');
            write::bytes(out, &document);
        }
        Hstore::Map => {
            if !pairs.is_empty() {
                write::long(out, pairs.len() as i64);
            }
            for (key, value) in &pairs {
                write::string(out, key);
                write::optional_string(out, value.as_deref());
            }
            out.push(0);
        }
    }
    Ok(())
}

/// The order of `java.util.HashMap`: by place in the table, which doubles at three quarters.
fn java_order(pairs: &mut [Pair]) {
    let mut places = 16;
    while pairs.len() > places / 4 * 3 {
        places *= 2;
    }
    pairs.sort_by_cached_key(|(key, _)| {
        let hash = key
            .encode_utf16()
            .fold(0_u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
        (hash ^ hash >> 16) as usize & (places - 1)
    });
}

/// `"a"=>"1", "b c"=>NULL`
fn parse(text: &str) -> Result<Vec<Pair>, Fault> {
    let mut pairs = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (key, after) = quoted(rest)?;
        let after = after.strip_prefix("=>").ok_or(Fault)?;
        let (value, after) = match after.strip_prefix("NULL") {
            Some(after) => (None, after),
            None => quoted(after).map(|(value, after)| (Some(value), after))?,
        };
        pairs.push((key, value));
        rest = match after.strip_prefix(", ") {
            Some("") => return Err(Fault),
            Some(after) => after,
            None if after.is_empty() => after,
            None => return Err(Fault),
        };
    }
    Ok(pairs)
}

/// A text in quotes, and what follows it.
fn quoted(text: &str) -> Result<(String, &str), Fault> {
    let inside = text.strip_prefix('"').ok_or(Fault)?;
    let mut value = String::new();
    let mut chars = inside.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, inside.get(at + 1..).unwrap_or_default())),
            '\\' => value.push(chars.next().ok_or(Fault)?.1),
            c => value.push(c),
        }
    }
    Err(Fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> String {
        let mut out = Vec::new();
        write(Hstore::Json, text.as_bytes(), &mut out).unwrap();
        String::from_utf8(out[1..].to_vec()).unwrap()
    }

    #[test]
    fn hstore_is_json() {
        assert_eq!(document(r#""a"=>"1", "b c"=>NULL"#), r#"{"a":"1","b c":null}"#);
        assert_eq!(document(""), "{}");
        assert_eq!(document(r#""q\"\\"=>"NULL""#), r#"{"q\"\\":"NULL"}"#);
        for text in ["a", "\"a\"", "\"a\"=>", "\"a\"=>\"b\",", "\"a\"=>\"b\", ", "\"a\"=>1"] {
            assert_eq!(parse(text), Err(Fault), "{text}");
        }
    }

    #[test]
    fn keys_have_the_order_of_a_java_hash_map() {
        // HashMap of "banana", "apple", "cherry": hash codes -1396355227, 93029210, -1361128838.
        assert_eq!(
            document(r#""apple"=>"1", "banana"=>"2", "cherry"=>"3""#),
            r#"{"banana":"2","apple":"1","cherry":"3"}"#
        );
    }

    #[test]
    fn hstore_is_a_map() {
        let mut out = Vec::new();
        write(Hstore::Map, br#""a"=>"1", "b"=>NULL"#, &mut out).unwrap();
        assert_eq!(out, b"\x04\x02a\x02\x021\x02b\x00\x00");
        out.clear();
        write(Hstore::Map, b"", &mut out).unwrap();
        assert_eq!(out, [0]);
    }
}
