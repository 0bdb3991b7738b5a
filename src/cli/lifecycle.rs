//! `walbrook pause|resume|stop|restart`: asks, and waits until it is so.

use super::api::{Client, Failure};
use super::arguments::{Lifecycle, Verb};
use super::{FAILED, runtime, status};
use reqwest::Method;
use serde_json::Value;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How often the state is looked at.
const LOOK: Duration = Duration::from_millis(300);

/// Does what `verb` says to a connector.
pub(super) fn lifecycle(verb: Verb, arguments: &Lifecycle) -> ExitCode {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(code) => return code,
    };
    match runtime.block_on(run(verb, arguments)) {
        Ok(code) => code,
        Err(failure) => failure.tell(),
    }
}

async fn run(verb: Verb, arguments: &Lifecycle) -> Result<ExitCode, Failure> {
    let client = Client::new(&arguments.target.interface)?;
    let name = &arguments.target.name;
    let (method, path) = match verb {
        Verb::Pause => (Method::PUT, "/pause"),
        Verb::Resume => (Method::PUT, "/resume"),
        Verb::Stop => (Method::PUT, "/stop"),
        Verb::Restart => (Method::POST, "/restart"),
    };
    let before = client.of(Method::GET, name, "/status", None).await?;
    client.of(method, name, path, None).await?;
    if arguments.no_wait {
        println!("{name}: asked for.");
        return Ok(ExitCode::SUCCESS);
    }
    let end = Instant::now() + Duration::from_secs(arguments.wait);
    loop {
        tokio::time::sleep(LOOK).await;
        let now = client.of(Method::GET, name, "/status", None).await?;
        let phase = status::phase(&now);
        if reached(verb, phase, &before, &now) {
            println!("{name}: {phase}");
            return Ok(ExitCode::SUCCESS);
        }
        if verb != Verb::Pause && verb != Verb::Stop && ["failed", "fenced"].contains(&phase) {
            print!("{}", status::table(&[now]));
            return Ok(ExitCode::from(FAILED));
        }
        if Instant::now() > end {
            eprintln!(
                "{name} is still {phase} after {} s; what was asked for holds.",
                arguments.wait
            );
            return Ok(ExitCode::from(FAILED));
        }
    }
}

/// Whether what was asked for is so.
fn reached(verb: Verb, phase: &str, before: &Value, now: &Value) -> bool {
    let runs = ["snapshotting", "streaming", "finished"].contains(&phase);
    match verb {
        Verb::Pause => phase == "paused",
        Verb::Stop => phase == "stopped",
        Verb::Resume => runs,
        Verb::Restart => {
            let since = |status: &Value| status.pointer("/walbrook/since_ms").cloned();
            runs && since(before) != since(now)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_restart_is_done_when_the_connector_runs_since_another_moment() {
        let at = |since: u64| json!({ "walbrook": { "since_ms": since } });
        assert!(!reached(Verb::Restart, "streaming", &at(1), &at(1)));
        assert!(!reached(Verb::Restart, "starting", &at(1), &at(2)));
        assert!(reached(Verb::Restart, "streaming", &at(1), &at(2)));
        assert!(reached(Verb::Pause, "paused", &at(1), &at(1)));
        assert!(!reached(Verb::Resume, "paused", &at(1), &at(1)));
    }
}
