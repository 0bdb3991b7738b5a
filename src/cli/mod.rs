//! The command line: one verb, one file. The only place that prints.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage, 78 wrong configuration.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is where people are spoken to")]

mod api;
mod arguments;
mod confirm;
mod dlq;
mod doctor;
#[cfg(test)]
mod documented;
mod drop;
mod help;
mod import;
mod lifecycle;
mod offsets;
mod run;
mod snapshot;
mod status;
mod tail;
mod validate;
mod watch;

pub use arguments::{Command, LogFormat};

use crate::config::{self, Config};
use arguments::{Files, Line, Verb};
use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;

/// It failed.
const FAILED: u8 = 1;
/// It was asked for wrongly.
const USAGE: u8 = 2;
/// The configuration is wrong (`EX_CONFIG` of sysexits).
const CONFIG: u8 = 78;

/// Does what the command line asks for.
pub fn main() -> ExitCode {
    match Line::try_parse() {
        Ok(line) => execute(line.command),
        Err(e) => {
            // Help and version are answers, not failures. A closed terminal is not one either.
            let _ = e.print();
            ExitCode::from(if e.use_stderr() { USAGE } else { 0 })
        }
    }
}

fn execute(command: Command) -> ExitCode {
    match command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Validate(arguments) => validate::validate(&arguments),
        Command::Doctor(arguments) => doctor::doctor(&arguments),
        Command::Dlq(arguments) => dlq::dlq(&arguments),
        Command::Status(arguments) => status::status(&arguments),
        Command::Pause(arguments) => lifecycle::lifecycle(Verb::Pause, &arguments),
        Command::Resume(arguments) => lifecycle::lifecycle(Verb::Resume, &arguments),
        Command::Stop(arguments) => lifecycle::lifecycle(Verb::Stop, &arguments),
        Command::Restart(arguments) => lifecycle::lifecycle(Verb::Restart, &arguments),
        Command::Snapshot(arguments) => snapshot::snapshot(&arguments),
        Command::Offsets(arguments) => offsets::offsets(&arguments),
        Command::Drop(arguments) => drop::drop(&arguments),
        Command::Tail(arguments) => tail::tail(*arguments),
        Command::Import(arguments) => import::import(&arguments),
    }
}

/// The configuration, or its problems on standard error.
fn load(files: &Files) -> Result<Config, ExitCode> {
    load_from(&files.config, &files.set)
}

fn load_from(paths: &[PathBuf], set: &[(String, String)]) -> Result<Config, ExitCode> {
    let loaded = config::load(paths, set);
    let problems = loaded.as_ref().map_or_else(|problems| problems, |config| &config.warnings);
    if !problems.is_empty() {
        eprintln!("{}", config::report(problems));
    }
    loaded.map_err(|_| ExitCode::from(CONFIG))
}

/// A runtime for the daemon and for `tail`.
fn runtime() -> Result<tokio::runtime::Runtime, ExitCode> {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    built.map_err(|e| {
        eprintln!("error: the runtime cannot be started: {e}");
        ExitCode::from(FAILED)
    })
}

/// An error as people read it: code and sentence, then the fix.
fn tell(error: &walbrook_core::error::Error) -> ExitCode {
    eprintln!("error[{}]: {}", error.code, error.message);
    if !error.fix.is_empty() {
        eprintln!("  = {}", error.fix);
    }
    ExitCode::from(FAILED)
}
