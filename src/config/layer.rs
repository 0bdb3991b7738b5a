//! The layers of the configuration, lowest first: files in their order, environment, flags.
//!
//! Every value becomes a [`config::Value`] whose origin is the number of its place, so that the
//! merged result still knows where each of its values was written.

use super::place::{Part, Place, Places, Text};
use super::problem::Problem;
use crate::codes;
use config::{Map, Value, ValueKind};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml_edit::{Item, TableLike};

/// Prefix of the environment variables that are settings.
const PREFIX: &str = "WALBROOK__";

/// What was read, not yet merged.
#[derive(Debug, Default)]
pub(super) struct Layers {
    layers: Vec<Layer>,
    pub(super) places: Places,
    pub(super) problems: Vec<Problem>,
}

#[derive(Clone, Debug)]
struct Layer(Map<String, Value>);

impl config::Source for Layer {
    fn clone_into_box(&self) -> Box<dyn config::Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, config::ConfigError> {
        Ok(self.0.clone())
    }
}

impl Layers {
    /// Adds a file, or `walbrook.toml` and `connectors.d/*.toml` of a folder.
    pub(super) fn add_path(&mut self, path: &Path) {
        if !path.is_dir() {
            self.add_file(path);
            return;
        }
        let main = path.join("walbrook.toml");
        let mut parts = parts_of(&path.join("connectors.d"));
        parts.sort();
        if main.is_file() {
            self.add_file(&main);
        } else if parts.is_empty() {
            let message = format!("{} has neither walbrook.toml nor connectors.d.", path.display());
            let fix = "Name the file, or create walbrook.toml in the folder.".to_owned();
            self.problem(codes::FILE, message, fix);
        }
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for part in parts {
            let Some(names) = self.add_file(&part) else { continue };
            for (name, place) in names {
                let Some(first) = seen.insert(name.clone(), part.display().to_string()) else {
                    continue;
                };
                let message = format!("The connector \"{name}\" is described in {first} too.");
                let fix = "Give one of them another name.".to_owned();
                self.problems.push(place.problem(Part::Key, codes::DESCRIBED_TWICE, message, fix));
            }
        }
    }

    /// Adds a file and answers the connectors that it describes.
    fn add_file(&mut self, path: &Path) -> Option<Vec<(String, Place)>> {
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => self.add_text(name, text),
            Err(e) => {
                let message = format!("The file {name} cannot be read: {e}.");
                let fix = "Check the path after --config and who may read it.".to_owned();
                self.problem(codes::FILE, message, fix);
                None
            }
        }
    }

    /// Adds the text of a file.
    pub(super) fn add_text(&mut self, name: String, text: String) -> Option<Vec<(String, Place)>> {
        let text = Arc::new(Text { name, text });
        let document = match toml_edit::Document::parse(text.text.as_str()) {
            Ok(document) => document,
            Err(e) => {
                let span = e.span().unwrap_or_default();
                let place = Place::File { text: text.clone(), key: span.clone(), value: span };
                let message = format!("This is not TOML: {}.", first_line(e.message()));
                let fix = "Mend the syntax; the rest of this file was not checked.".to_owned();
                self.problems.push(place.problem(Part::Value, codes::SYNTAX, message, fix));
                return None;
            }
        };
        let mut reading = Reading { places: &mut self.places, text: &text };
        let root = reading.table(document.as_table(), &[]);
        let connectors = document.get("connectors").and_then(Item::as_table_like);
        let names = connectors.map(|table| {
            let place = |name: &str, item: &Item| {
                let key = table.key(name).and_then(toml_edit::Key::span);
                let span = item.span().or(key).unwrap_or_default();
                Place::File { text: text.clone(), key: span.clone(), value: span }
            };
            table.iter().map(|(name, item)| (name.to_owned(), place(name, item))).collect()
        });
        self.layers.push(Layer(root));
        Some(names.unwrap_or_default())
    }

    /// Adds the variables that are settings.
    pub(super) fn add_environment(&mut self, variables: &[(String, String)]) {
        let names = self.connector_names();
        for (variable, value) in variables {
            let Some(rest) = variable.strip_prefix(PREFIX) else { continue };
            let path = path_of(rest, &names);
            let place = Place::Variable(variable.clone());
            self.add_value(&path, value, place);
        }
    }

    /// Adds what `--set section.key=value` gave.
    pub(super) fn add_overrides(&mut self, overrides: &[(String, String)]) {
        for (key, value) in overrides {
            // A quoted part, such as a connector's name, may hold dots.
            let path = match toml_edit::Key::parse(key) {
                Ok(keys) => keys.iter().map(|key| key.get().to_owned()).collect(),
                Err(_) => key.split('.').map(str::to_owned).collect::<Vec<_>>(),
            };
            self.add_value(&path, value, Place::Flag(key.clone()));
        }
    }

    fn add_value(&mut self, path: &[String], value: &str, place: Place) {
        let origin = self.places.add(place);
        let mut value = Value::new(Some(&origin), ValueKind::String(value.to_owned()));
        for name in path.iter().skip(1).rev() {
            let table: Map<String, Value> = [(name.clone(), value)].into_iter().collect();
            value = Value::new(None, ValueKind::Table(table));
        }
        let section = path.first().cloned().unwrap_or_default();
        self.layers.push(Layer([(section, value)].into_iter().collect()));
    }

    fn connector_names(&self) -> Vec<String> {
        let tables = self.layers.iter().filter_map(|layer| layer.0.get("connectors"));
        let names = tables.filter_map(|value| match &value.kind {
            ValueKind::Table(table) => Some(table.keys().cloned()),
            _ => None,
        });
        names.flatten().collect()
    }

    fn problem(&mut self, code: walbrook_core::error::Code, message: String, fix: String) {
        self.problems.push(Place::Nowhere.problem(Part::Value, code, message, fix));
    }

    /// Merges the layers.
    pub(super) fn merge(&mut self) -> Map<String, Value> {
        let mut odd = Map::new();
        let mut builder = config::Config::builder();
        for layer in std::mem::take(&mut self.layers) {
            // The crate reads top-level keys as paths; ours never are.
            let plain = |name: &String| name.chars().all(|c| c.is_alphanumeric() || c == '_');
            let (known, rest) = layer.0.into_iter().partition(|(name, _)| plain(name));
            builder = builder.add_source(Layer(known));
            odd.extend::<Map<String, Value>>(rest);
        }
        match builder.build().map(|merged| merged.cache.kind) {
            Ok(ValueKind::Table(table)) => table.into_iter().chain(odd).collect(),
            _ => odd,
        }
    }
}

/// The TOML files of a folder; none if it does not exist.
fn parts_of(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.map(|entry| entry.path());
    files.filter(|path| path.extension().is_some_and(|ext| ext == "toml")).collect()
}

/// The path of the setting that a variable names: `CONNECTORS__MY_SHOP__SLOT`. Parts are in lower
/// case; a connector is found by its name with `_` for everything that a variable cannot have.
fn path_of(variable: &str, connectors: &[String]) -> Vec<String> {
    let mut path: Vec<String> = variable.split("__").map(str::to_lowercase).collect();
    if path.first().is_some_and(|section| section == "connectors") {
        let plain = |name: &str| {
            name.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect::<String>()
        };
        if let Some(given) = path.get_mut(1) {
            let fits = |name: &&String| plain(name).to_lowercase() == *given;
            if let Some(name) = connectors.iter().find(fits) {
                given.clone_from(name);
            }
        }
    }
    if let [section, table, rest @ ..] = path.as_mut_slice()
        && section == "kafka"
        && (table == "client" || table == "topic")
    {
        rest.iter_mut().for_each(|part| *part = part.replace('_', "."));
    }
    path
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// Turns a parsed file into values that know their places.
struct Reading<'a> {
    places: &'a mut Places,
    text: &'a Arc<Text>,
}

impl Reading<'_> {
    fn table(&mut self, table: &dyn TableLike, path: &[String]) -> Map<String, Value> {
        let mut out = Map::new();
        for (name, item) in table.iter() {
            let key = table.key(name).and_then(toml_edit::Key::span).unwrap_or_default();
            let path: Vec<String> = path.iter().cloned().chain([name.to_owned()]).collect();
            if let Some(value) = self.item(item, &key, &path) {
                out.insert(name.to_owned(), value);
            }
        }
        out
    }

    fn item(&mut self, item: &Item, key: &Range<usize>, path: &[String]) -> Option<Value> {
        match item {
            Item::None => None,
            Item::Value(value) => Some(self.value(value, key, path)),
            Item::Table(table) => {
                let span = table.span().unwrap_or_else(|| key.clone());
                let place = Place::File { text: self.text.clone(), key: span.clone(), value: span };
                self.places.add_header(path.to_vec(), place);
                Some(Value::new(None, ValueKind::Table(self.table(table, path))))
            }
            Item::ArrayOfTables(tables) => {
                let span = tables.span().unwrap_or_else(|| key.clone());
                let origin = self.origin(key, &span);
                let tables = tables.iter().map(|table| {
                    let span = table.span().unwrap_or_default();
                    let origin = self.origin(&span, &span);
                    Value::new(Some(&origin), ValueKind::Table(self.table(table, path)))
                });
                let tables = tables.collect::<Vec<_>>();
                Some(Value::new(Some(&origin), ValueKind::Array(tables)))
            }
        }
    }

    fn value(&mut self, value: &toml_edit::Value, key: &Range<usize>, path: &[String]) -> Value {
        let span = value.span().unwrap_or_else(|| key.clone());
        let origin = self.origin(key, &span);
        let kind = match value {
            toml_edit::Value::String(text) => ValueKind::String(text.value().clone()),
            toml_edit::Value::Integer(number) => ValueKind::I64(*number.value()),
            toml_edit::Value::Float(number) => ValueKind::Float(*number.value()),
            toml_edit::Value::Boolean(flag) => ValueKind::Boolean(*flag.value()),
            toml_edit::Value::Datetime(time) => ValueKind::String(time.value().to_string()),
            toml_edit::Value::Array(array) => ValueKind::Array(
                array
                    .iter()
                    .map(|one| self.value(one, &one.span().unwrap_or_default(), path))
                    .collect(),
            ),
            toml_edit::Value::InlineTable(table) => {
                let place = Place::File { text: self.text.clone(), key: key.clone(), value: span };
                self.places.add_header(path.to_vec(), place);
                ValueKind::Table(self.table(table, path))
            }
        };
        Value::new(Some(&origin), kind)
    }

    fn origin(&mut self, key: &Range<usize>, value: &Range<usize>) -> String {
        let (key, value) = (key.clone(), value.clone());
        self.places.add(Place::File { text: self.text.clone(), key, value })
    }
}
