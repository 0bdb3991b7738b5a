//! Logs: one line an event on standard error, as text or JSON.

use super::levels::{self, Levels};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::SubscriberBuilder;

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people; in colour on a terminal.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// What is logged where nothing else is asked for: librdkafka's own chatter only when it warns.
const DEFAULT: &str = "info,librdkafka=warn,rdkafka=warn";

/// Sends logs to standard error from now on; `filter` is in the form of `WALBROOK_LOG`.
/// Answers what is wrong with the filter, if anything is: the default is used then.
pub fn install(format: Format, filter: Option<&str>) -> Option<String> {
    let (text, filter, problem) = match filter.map(|text| (text, EnvFilter::try_new(text))) {
        Some((text, Ok(filter))) => (text, filter, None),
        Some((_, Err(e))) => (DEFAULT, EnvFilter::new(DEFAULT), Some(e.to_string())),
        None => (DEFAULT, EnvFilter::new(DEFAULT), None),
    };
    let builder = SubscriberBuilder::default()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // A second installation, as in tests, leaves the first in force.
    match format {
        Format::Text => {
            let builder = builder.with_target(false).with_filter_reloading();
            let handle = builder.reload_handle();
            if builder.try_init().is_ok() {
                levels::install(Levels::new(text, move |filter| handle.reload(filter).is_ok()));
            }
        }
        Format::Json => {
            let builder = builder.json().flatten_event(true).with_filter_reloading();
            let handle = builder.reload_handle();
            if builder.try_init().is_ok() {
                levels::install(Levels::new(text, move |filter| handle.reload(filter).is_ok()));
            }
        }
    }
    problem
}
