//! Reads a merged table key by key: tells what is wrong and remembers what was read, for `--print`.

use super::place::{Part, Place, Places};
use super::problem::{Problem, Severity};
use super::secret::Secret;
use super::setting::{Setting, Wrong, quoted};
use super::suggest;
use crate::codes;
use config::{Map, Value, ValueKind};
use std::collections::BTreeMap;
use walbrook_core::error::Code;

/// What reading has found so far.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) places: Places,
    pub(super) problems: Vec<Problem>,
    pub(super) shown: Vec<Shown>,
}

/// A setting as it is in force.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) section: Vec<String>,
    pub(super) key: String,
    /// TOML; `None` is a setting that is not given and has no default.
    pub(super) value: Option<String>,
    pub(super) origin: String,
}

impl Reading {
    pub(super) fn warn(&mut self, mut problem: Problem) {
        problem.severity = Severity::Warning;
        self.problems.push(problem);
    }
}

/// One table of the configuration.
pub(super) struct Reader<'a> {
    pub(super) reading: &'a mut Reading,
    section: Vec<String>,
    fields: Map<String, Value>,
    known: Vec<&'static str>,
    /// Where the table itself is written.
    header: Place,
    /// Whether something else stands where the table should: nothing is missing in it then.
    broken: bool,
}

impl<'a> Reader<'a> {
    /// Reads the table at `section`.
    pub(super) fn new(reading: &'a mut Reading, section: &[&str], value: Option<Value>) -> Self {
        let section: Vec<String> = section.iter().map(|&part| part.to_owned()).collect();
        let header = reading.places.header(&section);
        let (fields, problem) = match value {
            None => (Map::new(), None),
            Some(Value { kind: ValueKind::Table(fields), .. }) => (fields, None),
            Some(other) => (Map::new(), Some(other)),
        };
        let mut reader =
            Self { reading, section, fields, known: Vec::new(), header, broken: false };
        if let Some(value) = problem {
            reader.broken = true;
            let name = reader.name();
            let message = format!("[{name}] is a section, not a value.");
            let fix = format!("Write its settings below a line `[{name}]`.");
            reader.wrong(&value, Wrong::new(codes::WRONG_TYPE, message, fix));
        }
        reader
    }

    /// What is left at the top, where nothing but sections may stand.
    pub(super) fn root(reading: &'a mut Reading, fields: Map<String, Value>) -> Self {
        let known = vec!["kafka", "registry", "admin", "connectors", "defaults"];
        Self { reading, section: Vec::new(), fields, known, header: Place::Nowhere, broken: false }
    }

    /// Reads a table that stands in a list.
    pub(super) fn element(reading: &'a mut Reading, section: &[String], value: Value) -> Self {
        let header = reading.places.of(&value).unwrap_or(Place::Nowhere);
        let fields = match value.kind {
            ValueKind::Table(fields) => fields,
            _ => Map::new(),
        };
        Self {
            reading,
            section: section.to_vec(),
            fields,
            known: Vec::new(),
            header,
            broken: false,
        }
    }

    /// The section as it is written between brackets.
    pub(super) fn name(&self) -> String {
        header_name(&self.section)
    }

    /// Where `key` is written, or else the table.
    pub(super) fn place(&self, key: &str) -> Place {
        match self.fields.get(key) {
            Some(value) => self.place_of(&[key], value),
            None => self.header.clone(),
        }
    }

    /// Where `value`, at `path` in this table, is written.
    pub(super) fn place_of(&self, path: &[&str], value: &Value) -> Place {
        self.reading.places.of(value).unwrap_or_else(|| {
            let mut whole = self.section.clone();
            whole.extend(path.iter().map(|&part| part.to_owned()));
            self.reading.places.header(&whole)
        })
    }

    /// The path of `key` in the whole configuration.
    pub(super) fn path(&self, key: &str) -> Vec<String> {
        self.section.iter().cloned().chain([key.to_owned()]).collect()
    }

    /// Says where the table is written, for a table that lost its place when layers were merged.
    pub(super) fn set_header(&mut self, place: Place) {
        self.header = place;
    }

    /// Everything that is in force in this table and the ones inside it, as text.
    pub(super) fn settings(&self) -> BTreeMap<String, String> {
        let inside = |shown: &&Shown| shown.section.starts_with(&self.section);
        let shown = self.reading.shown.iter().filter(inside);
        let text = |value: &str| value.strip_prefix('"')?.strip_suffix('"').map(str::to_owned);
        let pair = |shown: &Shown| {
            let value = shown.value.as_deref()?;
            let path = shown.section.iter().skip(self.section.len()).chain([&shown.key]);
            let key = path.map(String::as_str).collect::<Vec<_>>().join(".");
            Some((key, text(value).unwrap_or_else(|| value.to_owned())))
        };
        shown.filter_map(pair).collect()
    }

    /// Takes the value of `key` out of what is shown.
    pub(super) fn hide(&mut self, key: &str) {
        self.reading.shown.retain(|shown| shown.section != self.section || shown.key != key);
    }

    /// Fills what is not given from `defaults`.
    pub(super) fn fill(&mut self, defaults: &Map<String, Value>) {
        for (key, value) in defaults {
            self.fields.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }

    /// The raw value of `key`, which is not asked for yet.
    pub(super) fn peek(&self, key: &str) -> Option<&Value> {
        self.fields.get(key)
    }

    /// Says that `keys` exist, whatever becomes of them.
    pub(super) fn know(&mut self, keys: &[&'static str]) {
        self.known.extend(keys);
    }

    /// The raw value of `key`.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.fields.get(key).cloned()
    }

    /// The value of `key`, if it is given and right.
    pub(super) fn optional<T: Setting>(&mut self, key: &'static str) -> Option<T> {
        let value = self.take(key);
        let read = value.as_ref().and_then(|value| self.read(key, value));
        if value.is_none() {
            self.show(key, None);
        }
        read
    }

    /// The value of `key`, or else `default`.
    pub(super) fn or<T: Setting>(&mut self, key: &'static str, default: T) -> T {
        match self.take(key) {
            Some(value) => self.read(key, &value).unwrap_or(default),
            None => {
                self.show(key, Some(default.show()));
                default
            }
        }
    }

    /// The value of `key`, which must be given, for instance as `example`.
    pub(super) fn required<T: Setting>(&mut self, key: &'static str, example: &str) -> Option<T> {
        let Some(value) = self.take(key) else {
            self.missing(key, example);
            return None;
        };
        self.read(key, &value)
    }

    /// A number between two bounds.
    pub(super) fn number(&mut self, key: &'static str, default: i64, low: i64, high: i64) -> i64 {
        let number = self.or(key, default);
        if (low..=high).contains(&number) {
            return number;
        }
        let message = format!("`{key} = {number}` is outside {low} to {high}.");
        self.problem(key, codes::RANGE, message, format!("Write `{key} = {default}`."));
        default
    }

    /// A password or the like.
    pub(super) fn secret(&mut self, key: &'static str) -> Option<Secret> {
        let Some(value) = self.take(key) else {
            self.show(key, None);
            return None;
        };
        let place = self.place(key);
        let secret = super::secret_form::read(self.reading, key, &value, &place)?;
        if matches!(secret, Secret::Plain(_)) && !place.is_textual() {
            let message = format!("`{key}` is written into the configuration.");
            let variable = key.to_uppercase();
            let fix = format!(
                "Write `{key} = {{ env = \"{variable}\" }}`; `file`, `command` and `credential` work too."
            );
            let problem = place.problem(Part::Value, codes::PLAIN_SECRET, message, fix);
            self.reading.warn(problem);
        }
        self.show(key, Some(super::secret_form::show(&secret)));
        Some(secret)
    }

    /// The pairs of a table whose keys are not ours, dotted keys joined again.
    pub(super) fn pairs(&mut self, key: &'static str) -> Vec<(String, Value)> {
        let mut out = Vec::new();
        match self.take(key) {
            None => {}
            Some(Value { kind: ValueKind::Table(table), .. }) => flatten("", table, &mut out),
            Some(value) => {
                let wrong = Wrong::wrong_type(key, &value, "a table", "{ \"name\" = \"value\" }");
                self.wrong(&value, wrong);
            }
        }
        out.sort_by(|a, b| a.0.cmp(&b.0));
        out
    }

    /// Text of a pair: numbers and flags are written without quotes too.
    pub(super) fn pair_text(&mut self, table: &'static str, name: &str, value: &Value) -> String {
        let text = match &value.kind {
            ValueKind::String(text) => text.clone(),
            ValueKind::Boolean(flag) => flag.to_string(),
            ValueKind::I64(number) => number.to_string(),
            ValueKind::Float(number) => number.to_string(),
            _ => {
                self.wrong(value, Wrong::wrong_type(name, value, "text", "\"…\""));
                return String::new();
            }
        };
        self.show_pair(table, name, value, quoted(&text));
        text
    }

    /// Remembers a pair of a table whose keys are not ours.
    pub(super) fn show_pair(&mut self, table: &str, name: &str, value: &Value, shown: String) {
        let section = self.section.iter().cloned().chain([table.to_owned()]).collect();
        let origin = self.place_of(&[table, name], value).label();
        let key = quoted(name);
        self.reading.shown.push(Shown { section, key, value: Some(shown), origin });
    }

    /// Remembers what is in force for `key`.
    pub(super) fn show(&mut self, key: &str, value: Option<String>) {
        let given = self.fields.get(key);
        let place = given.map_or(Place::Nowhere, |value| self.place_of(&[key], value));
        let (section, key) = (self.section.clone(), key.to_owned());
        self.reading.shown.push(Shown { section, key, value, origin: place.label() });
    }

    /// Remembers the default of `key` in a table that is not given at all.
    pub(super) fn show_in(&mut self, section: Vec<String>, key: &str, value: String) {
        let (key, value, origin) = (key.to_owned(), Some(value), Place::Nowhere.label());
        self.reading.shown.push(Shown { section, key, value, origin });
    }

    /// Tells a problem of the value of `key`.
    pub(super) fn problem(&mut self, key: &str, code: Code, message: String, fix: String) {
        let problem = self.place(key).problem(Part::Value, code, message, fix);
        self.reading.problems.push(problem);
    }

    /// Tells a problem of `key` itself, whatever its value.
    pub(super) fn key_problem(&mut self, key: &str, code: Code, message: String, fix: String) {
        let problem = self.place(key).problem(Part::Key, code, message, fix);
        self.reading.problems.push(problem);
    }

    pub(super) fn missing(&mut self, key: &str, example: &str) {
        if self.broken {
            return;
        }
        let message = format!("[{}] has no `{key}`.", self.name());
        let fix = format!("Add `{key} = {example}`.");
        let problem = self.header.problem(Part::Value, codes::MISSING_KEY, message, fix);
        self.reading.problems.push(problem);
    }

    /// Reads a value, telling what is wrong with it.
    pub(super) fn read<T: Setting>(&mut self, key: &'static str, value: &Value) -> Option<T> {
        let textual = self.reading.places.of(value).is_some_and(|place| place.is_textual());
        match T::read(key, value, textual) {
            Ok(setting) => {
                self.show(key, Some(setting.show()));
                Some(setting)
            }
            Err(wrong) => {
                self.wrong(value, wrong);
                None
            }
        }
    }

    pub(super) fn wrong(&mut self, value: &Value, wrong: Wrong) {
        let own = |value: &Value| self.reading.places.of(value);
        let place = wrong.element.as_deref().and_then(own).or_else(|| own(value));
        let place = place.unwrap_or_else(|| self.header.clone());
        let problem = place.problem(Part::Value, wrong.code, wrong.message, wrong.fix);
        self.reading.problems.push(problem);
    }

    /// Ends the table: keys that nobody asked for are not settings.
    pub(super) fn finish(self) {
        let name = self.name();
        let mut unknown: Vec<_> =
            self.fields.iter().filter(|(key, _)| !self.known.contains(&key.as_str())).collect();
        unknown.sort_by(|a, b| a.0.cmp(b.0));
        for (key, value) in unknown {
            let place = self.place_of(&[key], value);
            let message = match name.as_str() {
                "" => format!("There is no section or setting `{key}`."),
                name => format!("There is no setting `{key}` in [{name}]."),
            };
            let synonym = suggest::synonym(key).filter(|word| self.known.contains(word));
            let meant = synonym.or_else(|| suggest::nearest(key, &self.known));
            if let Some(near) = meant {
                // A key written wrongly is not missing too.
                let missing = format!("[{name}] has no `{near}`.");
                self.reading.problems.retain(|problem| problem.message != missing);
            }
            let fix = match meant {
                Some(near) => format!("Did you mean `{near}`?"),
                None if self.known.len() <= 8 => format!("Known: {}.", self.known.join(", ")),
                None => "config/reference.toml shows every setting.".to_owned(),
            };
            let problem = place.problem(Part::Key, codes::UNKNOWN_KEY, message, fix);
            self.reading.problems.push(problem);
        }
    }
}

/// A section as it is written between brackets.
pub(crate) fn header_name(section: &[String]) -> String {
    let bare = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    };
    let parts = section.iter().map(|p| if bare(p) { p.clone() } else { quoted(p) });
    parts.collect::<Vec<_>>().join(".")
}

fn flatten(prefix: &str, table: Map<String, Value>, out: &mut Vec<(String, Value)>) {
    for (key, value) in table {
        let name = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
        match &value.kind {
            ValueKind::Table(inner) if !super::secret_form::is_one(inner) => {
                flatten(&name, inner.clone(), out);
            }
            _ => out.push((name, value)),
        }
    }
}
