//! Compares what was made with what is expected, by the rules of the corpus's `compare.py`.

use crate::case::Case;
use serde_json::Value;

/// Places where a value of ours is right and the corpus's own rule is too narrow to say so.
const KNOWN: [(&str, &str); 1] = [
    // NULL in a column with a default, not touched by the update.
    ("pg_basics.public.customers#4:value.after.score", "null"),
];

pub(crate) struct Report<'a> {
    case: &'a Case,
    lines: Vec<String>,
    differences: usize,
    tolerated: usize,
    schemas: usize,
    records: usize,
}

impl<'a> Report<'a> {
    pub(crate) fn new(case: &'a Case) -> Self {
        Self { case, lines: Vec::new(), differences: 0, tolerated: 0, schemas: 0, records: 0 }
    }

    pub(crate) fn differs(&self) -> bool {
        self.differences > 0
    }

    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }

    pub(crate) fn summary(&self) -> String {
        format!(
            "{}: {} schemas, {} records, {} differences, {} tolerated",
            self.case.name, self.schemas, self.records, self.differences, self.tolerated
        )
    }

    pub(crate) fn difference(&mut self, place: &str, text: &str, found: Option<&str>) {
        let known = self.case.tolerated.iter().any(|(at, only)| {
            let fits = |only: &regex::Regex| found.is_some_and(|found| only.is_match(found));
            at.is_match(place) && only.as_ref().is_none_or(fits)
        });
        let ours = KNOWN.iter().any(|(at, only)| *at == place && found == Some(*only));
        if known || ours {
            self.tolerated += 1;
            self.lines.push(format!("tolerated {place}: {text}"));
        } else {
            self.differences += 1;
            self.lines.push(format!("DIFFERENT {place}: {text}"));
        }
    }

    /// Compares the beginning of an envelope's text, up to the end of `before`.
    pub(crate) fn schema(&mut self, subject: &str, envelope: &str) {
        self.schemas += 1;
        let Some(expected) = self.case.schemas.get(subject) else {
            if !self.case.dies {
                self.difference(&format!("schema {subject}"), "not expected", None);
            }
            return;
        };
        let start =
            envelope.strip_suffix("]}").or(envelope.split_once(r#"],"connect.name""#).map(|p| p.0));
        let start =
            envelope.rsplit_once(r#"],"connect.name""#).map_or(start.unwrap(), |(start, _)| start);
        if expected.starts_with(start) {
            return;
        }
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let (expected, found) = (parse(expected), parse(envelope));
        let fields = |schema: &Value| schema["fields"][0]["type"][1]["fields"].clone();
        let before = self.lines.len();
        self.diff(
            &format!("schema {subject}:.fields.before.type[1].fields"),
            &by_name(&fields(&expected)),
            &by_name(&fields(&found)),
        );
        if self.lines.len() == before {
            self.difference(&format!("schema {subject}"), "the same but for its text", None);
        }
    }

    /// Compares a key's whole text.
    pub(crate) fn key_schema(&mut self, subject: &str, found: &str) {
        self.schemas += 1;
        match self.case.schemas.get(subject) {
            Some(expected) if expected == found => {}
            Some(expected) => {
                let text = format!("expected {expected}, found {found}");
                self.difference(&format!("schema {subject}"), &text, None);
            }
            None if self.case.dies => {}
            None => self.difference(&format!("schema {subject}"), "not expected", None),
        }
    }

    /// Compares the records of a topic: key, operation, before, after.
    pub(crate) fn topic(&mut self, topic: &str, found: &[Value]) {
        let expected = self.case.records.get(topic).cloned().unwrap_or_default();
        for number in 0..expected.len().max(found.len()) {
            self.records += 1;
            let place = format!("{topic}#{number}");
            match (expected.get(number), found.get(number)) {
                (Some(expected), Some(found)) => self.record(&place, expected, found),
                (Some(_), None) => self.difference(&place, "record missing", None),
                (None, Some(found)) if !self.case.dies => {
                    self.difference(&place, &format!("not expected: {found}"), None);
                }
                _ => {}
            }
        }
    }

    fn record(&mut self, place: &str, expected: &Value, found: &Value) {
        self.diff(&format!("{place}:key"), &expected["key"], &found["key"]);
        for field in ["op", "before", "after"] {
            let of = |record: &Value| match &record["value"] {
                Value::Null => Value::Null,
                value => value[field].clone(),
            };
            self.diff(&format!("{place}:value.{field}"), &of(expected), &of(found));
        }
        if expected["value"].is_null() != found["value"].is_null() {
            self.difference(place, "only one of them is a tombstone", None);
        }
    }

    fn diff(&mut self, path: &str, expected: &Value, found: &Value) {
        match (expected, found) {
            (Value::Object(e), Value::Object(f)) => {
                for (name, value) in e {
                    let path = format!("{path}.{name}");
                    match f.get(name) {
                        Some(found) => self.diff(&path, value, found),
                        None => {
                            self.difference(&path, &format!("{value} missing"), Some("(absent)"))
                        }
                    }
                }
                for (name, value) in f.iter().filter(|(name, _)| !e.contains_key(*name)) {
                    let text = format!("{value} not expected");
                    self.difference(&format!("{path}.{name}"), &text, Some(&value.to_string()));
                }
                let order = |m: &serde_json::Map<String, Value>| {
                    m.keys()
                        .filter(|k| e.contains_key(*k) && f.contains_key(*k))
                        .cloned()
                        .collect::<Vec<_>>()
                };
                if order(e) != order(f) {
                    self.difference(&format!("{path} (field order)"), "differs", None);
                }
            }
            (Value::Array(e), Value::Array(f)) if e.len() == f.len() => {
                for (at, (e, f)) in e.iter().zip(f).enumerate() {
                    self.diff(&format!("{path}[{at}]"), e, f);
                }
            }
            _ if expected == found || same_number(expected, found) => {}
            _ => {
                let (e, f) = (shortened(expected), shortened(found));
                self.difference(
                    path,
                    &format!("expected {e}, found {f}"),
                    Some(&found.to_string()),
                );
            }
        }
    }
}

/// Floating numbers may differ in the last place: the parser of JSON is not exact.
fn same_number(expected: &Value, found: &Value) -> bool {
    let (Some(e), Some(f)) = (expected.as_f64(), found.as_f64()) else { return false };
    let whole = expected.is_i64() || expected.is_u64();
    let near = e == f || (!whole && ((e - f) / e).abs() < 1e-15);
    near && e.is_sign_negative() == f.is_sign_negative()
}

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    text.chars().take(200).collect()
}

/// Fields of a record by their names.
fn by_name(fields: &Value) -> Value {
    let pair = |field: &Value| (field["name"].as_str().unwrap().to_owned(), field.clone());
    Value::Object(fields.as_array().unwrap().iter().map(pair).collect())
}
