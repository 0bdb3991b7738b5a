//! `walbrook run`

use super::arguments::{LogFormat, Run};
use super::{FAILED, load, runtime, tell};
use crate::daemon::Ended;
use crate::{config, telemetry};
use std::process::ExitCode;

/// Runs the daemon.
pub(super) fn run(arguments: &Run) -> ExitCode {
    let config = match load(&arguments.files) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let format = match arguments.log_format {
        LogFormat::Text => telemetry::Format::Text,
        LogFormat::Json => telemetry::Format::Json,
    };
    if let Some(problem) = telemetry::install_logs(format, config::log_filter().as_deref()) {
        tracing::warn!(problem, "WALBROOK_LOG cannot be read; the default is used");
    }
    let metrics = match telemetry::install_metrics() {
        Ok(metrics) => metrics,
        Err(e) => {
            eprintln!("error: metrics cannot be recorded: {e}");
            return ExitCode::from(FAILED);
        }
    };
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(code) => return code,
    };
    let names: Vec<&String> = config.connectors.keys().collect();
    tracing::info!(version = env!("CARGO_PKG_VERSION"), connectors = ?names, "walbrook starts");
    let upkeep = metrics.clone();
    runtime.spawn(async move {
        let mut every = tokio::time::interval(std::time::Duration::from_secs(5));
        loop {
            every.tick().await;
            upkeep.upkeep();
        }
    });
    let ended = runtime.block_on(crate::daemon::run(config, metrics, arguments.exit_on_failure));
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    match ended {
        Ok(Ended::AllEnded { failed: true }) => ExitCode::from(FAILED),
        Ok(Ended::Asked | Ended::AllEnded { failed: false }) => ExitCode::SUCCESS,
        Err(error) => tell(&error),
    }
}
