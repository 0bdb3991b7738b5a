//! Debezium's connector configuration becomes ours, or says exactly why it cannot.
//!
//! Every key is translated, known to change nothing, or refused by its name. Nothing is guessed.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`given`] | the JSON as it was given, key by key |
//! | [`known`] | keys that change nothing, and keys that may only have their default |
//! | [`tables`] | regular expressions over schemas and tables |
//! | [`translate`] | the keys that become settings of ours, whatever the database |
//! | [`postgres`], [`mysql`] | those that only one kind of server has |
//! | [`initial`] | which tables, and which rows, are read before the log |
//! | [`poison`] | what is done about events that fail |
//! | [`outbox`] | the event router, its predicate and its converters |
//! | [`setting`] | how one key becomes one line |
//! | [`report`] | what is told about every key |

mod columns;
mod given;
mod initial;
mod known;
mod mysql;
mod outbox;
mod poison;
mod postgres;
mod report;
mod setting;
mod tables;
mod translate;

pub use report::{Fate, Line, Report};

use crate::config;
use given::Given;

/// What the JSON does not say: where the daemon will run.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// `host:port` of Kafka.
    pub brokers: String,
    /// URL of the schema registry.
    pub registry: String,
    /// Address of the admin interface.
    pub admin: String,
    /// Kafka Connect's worker configuration, a properties file.
    pub worker: Option<String>,
}

/// The result of an import.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The configuration; to be used only if nothing is refused.
    pub toml: String,
    /// What became of every key.
    pub report: Report,
}

/// Translates the JSON of one Debezium connector for PostgreSQL, MySQL or MariaDB. The error is for people.
pub fn debezium(json: &str, around: &Surroundings) -> Result<Imported, String> {
    let mut given = Given::read(json)?;
    if let Some(worker) = &around.worker {
        given.add_worker(worker);
    }
    let (toml, server) = translate::translate(&mut given, around);
    known::settle(&mut given, server);
    let mut report = given.finish();
    if !report.is_refused() {
        let loaded = config::load_text("imported.toml", &toml);
        let wrong = loaded.problems.iter().filter(|p| p.severity == config::Severity::Error);
        for problem in wrong {
            report.add(Fate::Refused, "(result)", &format!("{} {}", problem.message, problem.fix));
        }
    }
    Ok(Imported { toml, report })
}

#[cfg(test)]
mod tests;
