//! What may be written on the command line.

mod control;
mod tail;

use super::help::{CODES, DLQ, DOCTOR, DROP, IMPORT, PAUSE, RUN, STATUS, TAIL, VALIDATE};
use clap::{Args, Parser, Subcommand, ValueEnum};
pub(super) use control::Verb;
pub(super) use control::{Drop, Lifecycle, Offsets, Rewind, Snapshot, SnapshotStart};
use std::path::PathBuf;
pub(super) use tail::Tail;
use tail::pair;

/// Streams the changes of PostgreSQL, MySQL and MariaDB to Kafka, exactly once, as Debezium's events.
#[derive(Debug, Parser)]
#[command(name = "walbrook", version, after_help = CODES, max_term_width = 100)]
pub(super) struct Line {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the daemon until SIGTERM or Ctrl-C
    #[command(after_help = RUN)]
    Run(Run),
    /// Check a configuration without any network; tell every problem at once
    #[command(after_help = VALIDATE)]
    Validate(Validate),
    /// Check everything that a configuration names, live: databases, Kafka, registry, rights
    #[command(after_help = DOCTOR)]
    Doctor(Doctor),
    /// Show the changes that could not be told, out of their topic
    Dlq(Dlq),
    /// Show what a running daemon is doing
    #[command(after_help = STATUS)]
    Status(Status),
    /// Finish what is open and let a connector wait; its place in the log is kept
    #[command(after_help = PAUSE)]
    Pause(Lifecycle),
    /// Let a paused or stopped connector go on
    #[command(after_help = PAUSE)]
    Resume(Lifecycle),
    /// As pause, and offsets may be altered
    #[command(after_help = PAUSE)]
    Stop(Lifecycle),
    /// End a connector and start it anew, a failed one too
    #[command(after_help = PAUSE)]
    Restart(Lifecycle),
    /// Read tables again while changes go on
    #[command(subcommand)]
    Snapshot(Snapshot),
    /// Show or move a connector's place in its database's log
    #[command(subcommand)]
    Offsets(Offsets),
    /// Remove what a stopped connector has on servers: slot, publication, checkpoint
    #[command(after_help = DROP)]
    Drop(Drop),
    /// Show events on the terminal, from a database (no Kafka needed) or out of Kafka
    #[command(after_help = TAIL)]
    Tail(Box<Tail>),
    /// Translate the configuration of another tool
    #[command(subcommand)]
    Import(Import),
}

/// The configuration and what overrides it.
#[derive(Args, Debug)]
pub(super) struct Files {
    /// A TOML file, or a folder with walbrook.toml and connectors.d/*.toml; repeats, the last wins
    #[arg(long, short, value_name = "PATH", required = true)]
    pub(super) config: Vec<PathBuf>,
    /// Override one setting; repeats
    #[arg(long, value_name = "SECTION.KEY=VALUE", value_parser = pair)]
    pub(super) set: Vec<(String, String)>,
}

/// `walbrook run`
#[derive(Args, Debug)]
pub struct Run {
    #[command(flatten)]
    pub(super) files: Files,
    /// End the process when all connectors have ended, with 1 if one of them failed
    #[arg(long)]
    pub(super) exit_on_failure: bool,
    /// How log lines look
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub(super) log_format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// For machines: one object a line
    Json,
}

/// `walbrook validate`
#[derive(Args, Debug)]
pub struct Validate {
    #[command(flatten)]
    pub(super) files: Files,
    /// Print the merged configuration, each setting with its origin, secrets hidden
    #[arg(long)]
    pub(super) print: bool,
}

/// `walbrook doctor`
#[derive(Args, Debug)]
pub struct Doctor {
    /// Only this connector, and what it needs
    pub(super) name: Option<String>,
    #[command(flatten)]
    pub(super) files: Files,
    /// Print one object with every finding
    #[arg(long)]
    pub(super) json: bool,
    /// Print the least-privilege SQL (and Kafka's ACLs as comments) for this configuration instead
    #[arg(long, conflicts_with = "json")]
    pub(super) print_grants: bool,
}

/// `walbrook dlq`
#[derive(Args, Debug)]
pub struct Dlq {
    #[command(subcommand)]
    pub(super) action: DlqAction,
}

/// What is done with dead letters.
#[derive(Debug, Subcommand)]
pub(super) enum DlqAction {
    /// One line for each letter, the newest last
    #[command(after_help = DLQ)]
    List(DlqList),
    /// Every field of one letter
    #[command(after_help = DLQ)]
    Show(DlqShow),
}

/// `walbrook dlq list`
#[derive(Args, Debug)]
pub(super) struct DlqList {
    /// The connector
    pub(super) name: String,
    #[command(flatten)]
    pub(super) files: Files,
    /// One JSON object for each letter
    #[arg(long)]
    pub(super) json: bool,
    /// The newest so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(super) limit: usize,
}

/// `walbrook dlq show`
#[derive(Args, Debug)]
pub(super) struct DlqShow {
    /// The connector
    pub(super) name: String,
    /// The letter's offset, as `list` shows it
    pub(super) offset: i64,
    #[command(flatten)]
    pub(super) files: Files,
    /// Show the row too: its values may be confidential
    #[arg(long)]
    pub(super) original: bool,
}

/// `walbrook status`
#[derive(Args, Debug)]
pub struct Status {
    /// Only this connector
    pub(super) name: Option<String>,
    #[command(flatten)]
    pub(super) interface: Interface,
    /// Print what the interface answers
    #[arg(long)]
    pub(super) json: bool,
    /// Show a screen that follows: flow, lag, snapshots, errors; q ends it
    #[arg(long, conflicts_with = "json")]
    pub(super) watch: bool,
}

/// Where the daemon is.
#[derive(Args, Clone, Debug)]
pub(super) struct Interface {
    /// The daemon's admin interface
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
    /// Take its address and a token from this configuration; repeats
    #[arg(long, short, value_name = "PATH")]
    pub(super) config: Vec<PathBuf>,
    /// PEM file of the authority that its certificate comes from
    #[arg(long, value_name = "FILE")]
    pub(super) ca: Option<PathBuf>,
}

/// `walbrook import`
#[derive(Debug, Subcommand)]
pub enum Import {
    /// A Debezium connector for PostgreSQL, MySQL or MariaDB, as JSON
    #[command(after_help = IMPORT)]
    Debezium(Debezium),
}

/// `walbrook import debezium`
#[derive(Args, Debug)]
pub struct Debezium {
    /// {"name", "config"}, or the map of settings alone
    pub(super) file: PathBuf,
    /// Kafka Connect's worker.properties, for the converters that the connector does not name
    #[arg(long, value_name = "FILE")]
    pub(super) worker: Option<PathBuf>,
    /// How records are written
    #[arg(long, value_enum, default_value_t = Format::Avro)]
    pub(super) format: Format,
    /// Kafka: host:port, separated by commas
    #[arg(long, value_name = "HOST:PORT")]
    pub(super) brokers: String,
    /// The schema registry
    #[arg(long, value_name = "URL")]
    pub(super) registry: String,
    /// Where the daemon's admin interface is to listen
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8083")]
    pub(super) admin: String,
}

/// How records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Confluent Avro
    Avro,
    /// JSON (not available yet)
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound_and_every_verb_has_examples() {
        Line::command().debug_assert();
        for verb in Line::command().get_subcommands() {
            let inner = verb.get_subcommands().next().unwrap_or(verb);
            let help = inner.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(
                help.contains("Examples:") && help.contains("Exit codes:"),
                "{}",
                verb.get_name()
            );
        }
    }

    #[test]
    fn the_lines_that_tools_rely_on_are_read() {
        for line in [
            "walbrook import debezium c.json --brokers b:1 --registry http://r --admin 127.0.0.1:1 --format avro",
            "walbrook run --config a.toml --config b --exit-on-failure --log-format json",
            "walbrook validate --config a.toml --print --set kafka.partitions=3",
            "walbrook status --json shop",
            "walbrook status --watch --url https://h:1 --ca ca.pem",
            "walbrook pause shop --config a.toml",
            "walbrook restart shop --no-wait",
            "walbrook snapshot start shop a.b c.* --where x=1 --id 7 --watch",
            "walbrook snapshot watch shop",
            "walbrook offsets rewind shop --to f.json --yes",
            "walbrook offsets rewind shop --forget --dry-run",
            "walbrook drop shop --yes",
            "walbrook doctor --config a.toml --print-grants",
            "walbrook tail postgres://u@h/d --tables public.* --tables public.b",
            "walbrook tail --brokers b:1 --registry http://r --prefix shop --from-beginning",
        ] {
            Line::try_parse_from(line.split(' ')).map_err(|e| e.to_string()).unwrap();
        }
        for line in [
            "walbrook run",
            "walbrook tail",
            "walbrook tail --brokers b:1",
            "walbrook offsets rewind shop",
        ] {
            let error = Line::try_parse_from(line.split(' ')).map_err(|e| e.to_string()).err();
            assert!(error.is_some(), "{line}");
        }
    }
}
