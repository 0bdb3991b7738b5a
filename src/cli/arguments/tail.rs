//! Events on the terminal: from where, which, how many.

use crate::config::{Choice, Pattern, TlsMode};
use clap::Args;

/// `walbrook tail`
#[derive(Args, Debug)]
pub struct Tail {
    /// The database: postgres://user@host/database, mysql://user@host/database or mariadb://…
    #[arg(required_unless_present = "brokers")]
    pub(in crate::cli) url: Option<String>,
    /// Only these tables: a glob, or /regex/; repeats
    #[arg(long, value_name = "PATTERN", value_parser = Pattern::new, requires = "url")]
    pub(in crate::cli) tables: Vec<Pattern>,
    /// The environment variable that holds the password
    #[arg(long, value_name = "NAME", requires = "url")]
    pub(in crate::cli) password_env: Option<String>,
    /// disable, require, verify-ca or verify-full; verify-full for other machines
    #[arg(long, value_name = "MODE", value_parser = tls, requires = "url")]
    pub(in crate::cli) tls: Option<TlsMode>,
    /// Read from Kafka: host:port, separated by commas
    #[arg(long, conflicts_with = "url", requires_all = ["registry", "prefix"])]
    pub(in crate::cli) brokers: Option<String>,
    /// The schema registry
    #[arg(long, value_name = "URL", requires = "brokers")]
    pub(in crate::cli) registry: Option<String>,
    /// The topics' prefix
    #[arg(long, requires = "brokers")]
    pub(in crate::cli) prefix: Option<String>,
    /// A librdkafka property; repeats
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair, requires = "brokers")]
    pub(in crate::cli) client: Vec<(String, String)>,
    /// Show what is in the topics already, too
    #[arg(long, requires = "brokers")]
    pub(in crate::cli) from_beginning: bool,
    /// One JSON object for each event
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// End after so many events
    #[arg(long, value_name = "N")]
    pub(in crate::cli) limit: Option<u64>,
    /// End when nothing has come for so long
    #[arg(long, value_name = "SECONDS")]
    pub(in crate::cli) idle: Option<u64>,
    /// Show at most so many events a second, and count the others
    #[arg(long, value_name = "N", conflicts_with = "json")]
    pub(in crate::cli) max_rate: Option<u64>,
}

/// `NAME=VALUE`.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("it is not NAME=VALUE".to_owned()),
    }
}

fn tls(text: &str) -> Result<TlsMode, String> {
    let words = TlsMode::ALL.iter().map(|mode| mode.as_str()).collect::<Vec<_>>();
    TlsMode::from_word(text).ok_or_else(|| format!("allowed: {}", words.join(", ")))
}
