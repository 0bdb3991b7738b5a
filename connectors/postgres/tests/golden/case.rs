//! A case of the corpus.

use regex::Regex;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use walbrook_postgres::table::{Binary, Decimals, Hstore, Intervals, Modes, Temporal};

pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) setup: String,
    /// Statements between two settlings.
    pub(crate) run: Vec<Vec<String>>,
    pub(crate) modes: Modes,
    /// Records by topic.
    pub(crate) records: BTreeMap<String, Vec<Value>>,
    /// Registered text by `subject.vN`.
    pub(crate) schemas: BTreeMap<String, String>,
    pub(crate) tolerated: Vec<(Regex, Option<Regex>)>,
    /// The reference dies in this case; what it did not write is not missing.
    pub(crate) dies: bool,
    /// Tables whose key is another one by configuration.
    pub(crate) rekeyed: bool,
}

impl Case {
    pub(crate) fn folder() -> Option<PathBuf> {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance/postgres");
        folder.is_dir().then_some(folder)
    }

    pub(crate) fn read(folder: &Path, name: &str) -> Self {
        let folder = folder.join(name);
        let text = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap_or_default();
        let connector: Value = serde_json::from_str(&text("connector.json")).unwrap();
        let mut records = BTreeMap::<String, Vec<Value>>::new();
        for line in text("expected/records.jsonl").lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            let topic = record["topic"].as_str().unwrap().to_owned();
            records.entry(topic).or_default().push(record);
        }
        let mut schemas = BTreeMap::new();
        for entry in std::fs::read_dir(folder.join("expected/schemas")).unwrap() {
            let path = entry.unwrap().path();
            let subject = path.file_stem().unwrap().to_str().unwrap().to_owned();
            schemas.insert(subject, std::fs::read_to_string(path).unwrap());
        }
        Self {
            name: name.to_owned(),
            setup: text("setup.sql"),
            run: pieces(&text("run.sql")),
            modes: modes(&connector),
            records,
            schemas,
            tolerated: tolerated(&text("tolerate.json")),
            dies: folder.join("expected/FAILED.txt").exists(),
            rekeyed: connector.get("message.key.columns").is_some(),
        }
    }
}

/// Pieces between two settlings, as single statements: each is a transaction of its own.
fn pieces(run: &str) -> Vec<Vec<String>> {
    let mut pieces = vec![Vec::new()];
    let mut statement = String::new();
    for line in run.lines() {
        if line.starts_with("--@") {
            pieces.push(Vec::new());
            continue;
        }
        // Some lines hold more than one short statement.
        for part in line.split_inclusive("; ") {
            statement.push_str(part);
            if part.trim_end().ends_with(';') {
                pieces.last_mut().unwrap().push(std::mem::take(&mut statement));
            }
        }
        statement.push('\n');
    }
    pieces
}

fn tolerated(text: &str) -> Vec<(Regex, Option<Regex>)> {
    if text.is_empty() {
        return Vec::new();
    }
    let rules: Vec<Value> = serde_json::from_str(text).unwrap();
    let regex = |text: &str| Regex::new(text).unwrap();
    rules
        .iter()
        .map(|rule| (regex(rule["match"].as_str().unwrap()), rule["found"].as_str().map(regex)))
        .collect()
}

fn modes(connector: &Value) -> Modes {
    let mut modes = Modes::default();
    for (key, value) in connector.as_object().unwrap() {
        let value = value.as_str().unwrap();
        match (key.as_str(), value) {
            ("decimal.handling.mode", "double") => modes.decimal = Decimals::Double,
            ("decimal.handling.mode", "string") => modes.decimal = Decimals::String,
            ("time.precision.mode", mode) => {
                modes.temporal = match mode {
                    "adaptive_time_microseconds" => Temporal::AdaptiveTimeMicroseconds,
                    "microseconds" => Temporal::Microseconds,
                    "nanoseconds" => Temporal::Nanoseconds,
                    "connect" => Temporal::Connect,
                    "isostring" => Temporal::IsoString,
                    other => panic!("{other}"),
                }
            }
            ("binary.handling.mode", "base64") => modes.binary = Binary::Base64,
            ("binary.handling.mode", "hex") => modes.binary = Binary::Hex,
            ("interval.handling.mode", "string") => modes.interval = Intervals::String,
            ("hstore.handling.mode", "map") => modes.hstore = Hstore::Map,
            ("include.unknown.datatypes", "true") => modes.unknown = true,
            ("unavailable.value.placeholder", text) => text.clone_into(&mut modes.placeholder),
            // Nothing that structures and values depend on.
            _ => {}
        }
    }
    modes
}
