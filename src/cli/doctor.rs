//! `walbrook doctor`

use super::arguments::Doctor;
use super::{FAILED, USAGE, load, runtime};
use crate::doctor::{examine, report};
use std::process::ExitCode;
use walbrook_core::finding::Severity;

/// Looks at everything that a configuration names, and tells what would be in the way.
pub(super) fn doctor(arguments: &Doctor) -> ExitCode {
    let config = match load(&arguments.files) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let only = arguments.name.as_deref();
    if let Some(name) = only.filter(|name| !config.connectors.contains_key(*name)) {
        let names = config.connectors.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        eprintln!(
            "error: There is no connector \"{name}\" in the configuration, which has {names}."
        );
        return ExitCode::from(USAGE);
    }
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(code) => return code,
    };
    let diagnosis = runtime.block_on(examine(&config, only));
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    if arguments.print_grants {
        for (name, script) in &diagnosis.grants {
            println!("-- Connector {name}\n{script}");
        }
        return ExitCode::SUCCESS;
    }
    if arguments.json {
        println!("{:#}", report::json(&diagnosis));
    } else {
        print!("{}", report::text(&diagnosis));
    }
    match diagnosis.count(Severity::Error) {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(FAILED),
    }
}
