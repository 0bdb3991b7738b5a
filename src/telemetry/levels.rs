//! The levels of the loggers, which can be changed while everything runs. A logger is a module
//! (`walbrook::pipeline`), and `root` is all of them.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use tracing_subscriber::EnvFilter;

const ROOT: &str = "root";
const LEVELS: [&str; 6] = ["OFF", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"];
/// More would make every event slow.
const MOST: usize = 100;

/// Logs are the process' own, and so are their levels.
static INSTALLED: OnceLock<Levels> = OnceLock::new();

/// The level of a logger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logger {
    /// `OFF`, `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE`.
    pub level: String,
    /// When it was changed, milliseconds since 1970.
    pub modified_ms: Option<u64>,
}

/// What became of a wish for another level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The logger of this name has it.
    Done(String),
    /// There is no such level.
    NoLevel,
    /// No logger can have such a name.
    NoLogger,
    /// Too many loggers have a level of their own.
    TooMany,
}

type Reload = Box<dyn Fn(EnvFilter) -> bool + Send + Sync>;

/// The levels in force.
pub(super) struct Levels {
    /// The filter that was asked for at the start.
    first: String,
    reload: Reload,
    set: Mutex<BTreeMap<String, Logger>>,
}

/// Makes `levels` those of the process.
pub(super) fn install(levels: Levels) {
    let _ = INSTALLED.set(levels);
}

/// The loggers that have a level of their own.
pub fn loggers() -> BTreeMap<String, Logger> {
    INSTALLED.get().map(Levels::loggers).unwrap_or_default()
}

/// The level of the logger called `name`: its own, or its nearest parent's.
pub fn logger(name: &str) -> Option<Logger> {
    effective(&loggers(), &target(name)?)
}

/// Gives a logger a level.
pub fn set_level(name: &str, level: &str) -> Change {
    match INSTALLED.get() {
        Some(levels) => levels.set(name, level),
        None => Change::NoLogger,
    }
}

impl Levels {
    pub(super) fn new(
        first: &str,
        reload: impl Fn(EnvFilter) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self { first: first.to_owned(), reload: Box::new(reload), set: Mutex::default() }
    }

    fn loggers(&self) -> BTreeMap<String, Logger> {
        let mut all = directives(&self.first);
        all.extend(self.set.lock().unwrap_or_else(PoisonError::into_inner).clone());
        all
    }

    fn set(&self, name: &str, level: &str) -> Change {
        let Some(level) = LEVELS.iter().find(|known| known.eq_ignore_ascii_case(level)) else {
            return Change::NoLevel;
        };
        let Some(name) = target(name) else { return Change::NoLogger };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let modified_ms = u64::try_from(now.as_millis()).ok();
        let mut set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        if set.len() >= MOST && !set.contains_key(&name) {
            return Change::TooMany;
        }
        let mut wanted = set.clone();
        wanted.insert(name.clone(), Logger { level: (*level).to_owned(), modified_ms });
        // The later directive of one target wins.
        let filter = wanted.iter().fold(self.first.clone(), |filter, (name, logger)| {
            let level = logger.level.to_lowercase();
            if name == ROOT {
                format!("{filter},{level}")
            } else {
                format!("{filter},{name}={level}")
            }
        });
        let Ok(filter) = EnvFilter::try_new(filter) else { return Change::NoLogger };
        if !(self.reload)(filter) {
            return Change::NoLogger;
        }
        *set = wanted;
        Change::Done(name)
    }
}

/// The module that a logger's name means; dots are taken for `::`.
fn target(name: &str) -> Option<String> {
    let name = name.replace('.', "::");
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    (!name.is_empty() && name.len() <= 120 && name.chars().all(legal)).then_some(name)
}

/// The plain directives of a filter: `level` and `module=level`.
fn directives(filter: &str) -> BTreeMap<String, Logger> {
    let one = |directive: &str| {
        let (name, level) = directive.trim().split_once('=').unwrap_or((ROOT, directive.trim()));
        let level = LEVELS.iter().find(|known| known.eq_ignore_ascii_case(level))?;
        let logger = Logger { level: (*level).to_owned(), modified_ms: None };
        Some((target(name)?, logger))
    };
    let mut all: BTreeMap<_, _> = filter.split(',').filter_map(one).collect();
    // What a filter says nothing of is logged when it is an error.
    let silent = || Logger { level: "ERROR".to_owned(), modified_ms: None };
    all.entry(ROOT.to_owned()).or_insert_with(silent);
    all
}

fn effective(loggers: &BTreeMap<String, Logger>, name: &str) -> Option<Logger> {
    let mut at = name;
    loop {
        if let Some(own) = loggers.get(at) {
            return Some(own.clone());
        }
        match at.rsplit_once("::") {
            Some((parent, _)) => at = parent,
            None => return loggers.get(ROOT).cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_level_is_set_and_the_rest_keeps_its_own() {
        let last = Arc::new(Mutex::new(String::new()));
        let seen = Arc::clone(&last);
        let levels = Levels::new("info,librdkafka=warn", move |filter| {
            *seen.lock().unwrap() = filter.to_string();
            true
        });
        let level = |name: &str| effective(&levels.loggers(), name).unwrap().level;
        assert_eq!(
            (level("librdkafka"), level("walbrook::pipeline")),
            ("WARN".into(), "INFO".into())
        );
        let done = Change::Done("walbrook::pipeline".to_owned());
        assert_eq!(levels.set("walbrook.pipeline", "debug"), done);
        assert_eq!(level("walbrook::pipeline::deliver"), "DEBUG");
        assert!(last.lock().unwrap().contains("walbrook::pipeline=debug"), "{last:?}");
        assert_eq!(levels.set("root", "WARN"), Change::Done("root".to_owned()));
        assert_eq!((level("x"), level("walbrook::pipeline")), ("WARN".into(), "DEBUG".into()));
        assert_eq!(levels.set("root", "LOUD"), Change::NoLevel);
        assert_eq!(levels.set("a b", "INFO"), Change::NoLogger);
        assert_eq!(levels.set("a=debug,b", "INFO"), Change::NoLogger);
    }

    #[test]
    fn a_filter_without_a_level_of_its_own_logs_errors() {
        assert_eq!(directives("walbrook=debug")[ROOT].level, "ERROR");
        assert_eq!(directives("walbrook[span]=debug,trace")[ROOT].level, "TRACE");
    }
}
