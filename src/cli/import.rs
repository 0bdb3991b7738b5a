//! `walbrook import debezium`

use super::FAILED;
use super::arguments::{Format, Import};
use crate::import::{Surroundings, debezium};
use std::path::Path;
use std::process::ExitCode;

/// Prints our configuration on standard output, and what became of every key on standard error.
pub(super) fn import(arguments: &Import) -> ExitCode {
    let Import::Debezium(arguments) = arguments;
    if arguments.format == Format::Json {
        eprintln!("error: --format json is not available yet; --format avro is.");
        return ExitCode::from(FAILED);
    }
    let read = || -> Result<_, String> {
        let json = text(&arguments.file)?;
        let worker = arguments.worker.as_deref().map(text).transpose()?;
        let around = Surroundings {
            brokers: arguments.brokers.clone(),
            registry: arguments.registry.clone(),
            admin: arguments.admin.clone(),
            worker,
        };
        debezium(&json, &around)
    };
    let imported = match read() {
        Ok(imported) => imported,
        Err(e) => {
            eprintln!("error: {e}");
            return ExitCode::from(FAILED);
        }
    };
    eprint!("{}", imported.report);
    if imported.report.is_refused() {
        return ExitCode::from(FAILED);
    }
    print!("{}", imported.toml);
    ExitCode::SUCCESS
}

fn text(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| format!("{} cannot be read: {e}.", path.display()))
}
