//! A connector's JSON, from which keys are taken one by one until none is left.

use super::report::{Fate, Report};
use serde_json::Value;
use std::collections::BTreeMap;

/// The keys that nobody has answered for yet, and what was said about the others.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) name: String,
    keys: BTreeMap<String, String>,
    report: Report,
}

impl Given {
    /// Reads `{"name", "config"}`, `{"config"}`, or the bare map of keys.
    pub(super) fn read(json: &str) -> Result<Self, String> {
        let value: Value =
            serde_json::from_str(json).map_err(|e| format!("This is not JSON: {e}."))?;
        let Value::Object(mut outer) = value else {
            return Err("The JSON is not an object with the connector's settings.".to_owned());
        };
        let outer_name = outer.get("name").and_then(Value::as_str).map(str::to_owned);
        let inner = match outer.remove("config") {
            Some(Value::Object(inner)) => inner,
            Some(_) => return Err("`config` is not an object.".to_owned()),
            None => outer,
        };
        let mut keys = BTreeMap::new();
        for (key, value) in inner {
            let text = match value {
                Value::Null => continue,
                Value::String(text) => text,
                Value::Bool(_) | Value::Number(_) => value.to_string(),
                _ => return Err(format!("The value of `{key}` is neither text nor a number.")),
            };
            keys.insert(key, text);
        }
        let inner_name = keys.get("name").cloned();
        let prefix = keys.get("topic.prefix").cloned();
        let name = outer_name.or(inner_name).or(prefix).unwrap_or_default();
        let report = Report { connector: name.clone(), lines: Vec::new() };
        Ok(Self { name, keys, report })
    }

    /// Takes over the converters of the worker, where the connector names none of its own.
    pub(super) fn add_worker(&mut self, properties: &str) {
        let converters = ["key.converter", "value.converter", "header.converter"];
        let own = |converter: &&str| self.keys.contains_key(*converter);
        let missing: Vec<&str> = converters.into_iter().filter(|one| !own(one)).collect();
        let lines = properties.lines().map(str::trim).filter(|line| !line.starts_with(['#', '!']));
        for (key, value) in lines.filter_map(|line| line.split_once('=')) {
            let (key, value) = (key.trim(), value.trim());
            let of = |one: &&str| key == *one || key.starts_with(&format!("{one}."));
            if missing.iter().any(of) {
                self.keys.entry(key.to_owned()).or_insert_with(|| value.to_owned());
            }
        }
    }

    /// The value of `key`, which is now answered for.
    pub(super) fn take(&mut self, key: &str) -> Option<String> {
        self.keys.remove(key).map(|value| value.trim().to_owned())
    }

    /// The value of `key`, which stays to be answered for.
    pub(super) fn peek(&self, key: &str) -> Option<&str> {
        self.keys.get(key).map(String::as_str)
    }

    /// Whether `key` is there and not answered for.
    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// The keys that are left.
    pub(super) fn keys(&self) -> Vec<String> {
        self.keys.keys().cloned().collect()
    }

    pub(super) fn translated(&mut self, key: &str, setting: &str) {
        self.report.add(Fate::Translated, key, setting);
    }

    pub(super) fn irrelevant(&mut self, key: &str, why: &str) {
        self.report.add(Fate::Irrelevant, key, why);
    }

    pub(super) fn warned(&mut self, key: &str, text: &str) {
        self.report.add(Fate::Warned, key, text);
    }

    pub(super) fn refused(&mut self, key: &str, why: &str) {
        self.report.add(Fate::Refused, key, why);
    }

    /// Ends the import: a key that nobody knows is refused.
    pub(super) fn finish(mut self) -> Report {
        for key in self.keys() {
            self.refused(&key, "this version does not know the key.");
        }
        self.report
    }
}
