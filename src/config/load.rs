//! From layers to a checked [`Config`]: every problem in one run.

use super::layer::Layers;
use super::model::Config;
use super::place::NOWHERE;
use super::problem::{Problem, Severity};
use super::reader::{Reader, Reading};
use super::{admin, check as together, connector, environment, print, sections};
use crate::codes;
use config::{Map, Value, ValueKind};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A configuration with everything that can be said about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration, if it can be used.
    pub config: Option<Config>,
    /// Everything that is wrong, in the order of files and lines; warnings too.
    pub problems: Vec<Problem>,
    /// The merged settings with their origins as TOML, secrets hidden.
    pub printed: String,
}

/// Reads and checks the configuration; every problem is told at once.
pub fn load(paths: &[PathBuf], overrides: &[(String, String)]) -> Result<Config, Vec<Problem>> {
    let loaded = load_all(paths, overrides);
    loaded.config.ok_or(loaded.problems)
}

/// Reads and checks the configuration, with everything that can be said about it.
pub fn load_all(paths: &[PathBuf], overrides: &[(String, String)]) -> Loaded {
    load_with(paths, overrides, &environment::variables())
}

/// Checks the text of one file, without environment or flags.
pub fn load_text(name: &str, text: &str) -> Loaded {
    let mut layers = Layers::default();
    layers.add_text(name.to_owned(), text.to_owned());
    check(layers)
}

/// Reads and checks the configuration with the given environment.
pub fn load_with(
    paths: &[PathBuf],
    overrides: &[(String, String)],
    variables: &[(String, String)],
) -> Loaded {
    let mut layers = Layers::default();
    for path in paths {
        layers.add_path(path);
    }
    layers.add_environment(variables);
    layers.add_overrides(overrides);
    let mut loaded = check(layers);
    let files: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    for problem in loaded.problems.iter_mut().filter(|problem| problem.file == NOWHERE) {
        if !files.is_empty() {
            problem.file = files.join(", ");
        }
    }
    loaded
}

fn check(mut layers: Layers) -> Loaded {
    let unreadable = !layers.problems.is_empty();
    let merged = layers.merge();
    let mut reading =
        Reading { places: layers.places, problems: layers.problems, shown: Vec::new() };
    let config = read(&mut reading, merged, unreadable);
    finish(config, reading)
}

fn read(reading: &mut Reading, mut merged: Map<String, Value>, unreadable: bool) -> Option<Config> {
    // What is missing may stand in the file that could not be read: that file is told about, and
    // nothing is said to be missing.
    let before = reading.problems.len();
    let kafka = sections::kafka(reading, merged.remove("kafka"));
    let registry = sections::registry(reading, merged.remove("registry"));
    let admin = admin::admin(reading, merged.remove("admin"));
    let cluster = kafka.as_ref().map_or("walbrook", |kafka| kafka.cluster.as_str()).to_owned();
    let defaults = table(reading, "defaults", merged.remove("defaults"));
    let tables = table(reading, "connectors", merged.remove("connectors"));
    let mut connectors = BTreeMap::new();
    let mut names: Vec<&String> = tables.keys().collect();
    names.sort();
    for name in names {
        let value = tables.get(name).cloned().unwrap_or_default();
        if let Some(read) = connector::connector(reading, name, &cluster, value, &defaults) {
            connectors.insert(name.clone(), read);
        }
    }
    if tables.is_empty() {
        let message = "There is no connector.".to_owned();
        let fix = "Add a section [connectors.NAME] with `url` and `topic_prefix`.".to_owned();
        let place = super::place::Place::Nowhere;
        let part = super::place::Part::Value;
        reading.problems.push(place.problem(part, codes::NO_CONNECTOR, message, fix));
    }
    together::together(reading, &connectors, &tables);
    let known = Reader::root(reading, merged);
    known.finish();
    if unreadable {
        let absent = [codes::MISSING_KEY, codes::NO_CONNECTOR];
        let mut number = 0;
        reading.problems.retain(|problem| {
            number += 1;
            number <= before || !absent.contains(&problem.code)
        });
    }
    Some(Config { kafka: kafka?, registry: registry?, admin, connectors, warnings: Vec::new() })
}

/// The table called `name`, or nothing and a problem.
fn table(reading: &mut Reading, name: &str, value: Option<Value>) -> Map<String, Value> {
    match value {
        Some(Value { kind: ValueKind::Table(table), .. }) => table,
        None => Map::new(),
        wrong => {
            Reader::new(reading, &[name], wrong);
            Map::new()
        }
    }
}

fn finish(config: Option<Config>, reading: Reading) -> Loaded {
    let mut problems = reading.problems;
    problems.sort_by(|a, b| {
        let place = |p: &Problem| (p.line == 0, p.file.clone(), p.line, p.column);
        place(a).cmp(&place(b)).then(a.severity.cmp(&b.severity))
    });
    // A wrong default is found once for each connector.
    problems.dedup_by(|a, b| {
        a.code == b.code && a.line > 0 && (&a.file, a.line, a.column) == (&b.file, b.line, b.column)
    });
    let usable = problems.iter().all(|problem| problem.severity == Severity::Warning);
    let warnings = problems.clone();
    let config = config.filter(|_| usable).map(|config| Config { warnings, ..config });
    Loaded { config, problems, printed: print::print(&reading.shown) }
}
