//! `walbrook validate`

use super::CONFIG;
use super::arguments::Validate;
use crate::config;
use std::process::ExitCode;

/// Tells every problem of a configuration, or that there is none.
pub(super) fn validate(arguments: &Validate) -> ExitCode {
    let loaded = config::load_all(&arguments.files.config, &arguments.files.set);
    if !loaded.problems.is_empty() {
        eprintln!("{}", config::report(&loaded.problems));
    }
    if arguments.print {
        print!("{}", loaded.printed);
    }
    match loaded.config {
        Some(config) => {
            let number = config.connectors.len();
            let plural = if number == 1 { "" } else { "s" };
            eprintln!("The configuration can be used: {number} connector{plural}.");
            ExitCode::SUCCESS
        }
        None => ExitCode::from(CONFIG),
    }
}
