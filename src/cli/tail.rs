//! `walbrook tail`

use super::arguments::Tail;
use super::{USAGE, runtime, tell};
use crate::config::{Database, Secret, UrlError};
use crate::tail::{Args, Origin, run};
use std::io::IsTerminal;
use std::process::ExitCode;

/// Shows events until Ctrl-C.
pub(super) fn tail(arguments: Tail) -> ExitCode {
    let arguments = match translated(arguments) {
        Ok(arguments) => arguments,
        Err(e) => {
            // Without the URL itself: it may hold a password.
            eprintln!(
                "error: the URL cannot be used: {e}. It looks like postgres://user@host/database or mysql://user@host/database."
            );
            return ExitCode::from(USAGE);
        }
    };
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(code) => return code,
    };
    let ended = runtime.block_on(run(arguments));
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => tell(&error),
    }
}

fn translated(arguments: Tail) -> Result<Args, UrlError> {
    let width = if std::io::stdout().is_terminal() { terminal_width() } else { None };
    let idle = arguments.idle.map(std::time::Duration::from_secs);
    let from = match arguments.url {
        Some(url) => Origin::Database {
            url: Database::parse(&url)?,
            tables: arguments.tables,
            password: arguments.password_env.map(Secret::Env),
            tls: arguments.tls,
        },
        None => Origin::Kafka {
            brokers: arguments.brokers.unwrap_or_default(),
            client: arguments.client.into_iter().collect(),
            registry: arguments.registry.unwrap_or_default(),
            prefix: arguments.prefix.unwrap_or_default(),
            from_beginning: arguments.from_beginning,
        },
    };
    let (json, limit, max_rate) = (arguments.json, arguments.limit, arguments.max_rate);
    Ok(Args { from, json, limit, idle, max_rate, width })
}

/// Columns of the terminal, as the system's own tool tells them.
fn terminal_width() -> Option<usize> {
    let terminal = std::fs::File::open("/dev/tty").ok()?;
    let output = std::process::Command::new("stty").arg("size").stdin(terminal).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().nth(1)?.parse().ok().filter(|&columns| columns > 20)
}
