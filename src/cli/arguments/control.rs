//! What is asked of a connector of a running daemon.

use super::Interface;
use crate::cli::help::{OFFSETS, SNAPSHOT};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// A connector of a daemon.
#[derive(Args, Clone, Debug)]
pub struct Target {
    /// The connector
    pub(in crate::cli) name: String,
    #[command(flatten)]
    pub(in crate::cli) interface: Interface,
}

/// What is done to a connector as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Verb {
    /// `walbrook pause`
    Pause,
    /// `walbrook resume`
    Resume,
    /// `walbrook stop`
    Stop,
    /// `walbrook restart`
    Restart,
}

/// `walbrook pause`, `resume`, `stop`, `restart`
#[derive(Args, Debug)]
pub struct Lifecycle {
    #[command(flatten)]
    pub(in crate::cli) target: Target,
    /// Do not wait until it is so
    #[arg(long)]
    pub(in crate::cli) no_wait: bool,
    /// Wait so long at most
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(in crate::cli) wait: u64,
}

/// `walbrook drop`
#[derive(Args, Debug)]
pub struct Drop {
    #[command(flatten)]
    pub(in crate::cli) target: Target,
    /// Do not ask
    #[arg(long, short)]
    pub(in crate::cli) yes: bool,
}

/// `walbrook snapshot`
#[derive(Debug, Subcommand)]
pub enum Snapshot {
    /// Begin to read tables again
    #[command(after_help = SNAPSHOT)]
    Start(SnapshotStart),
    /// Give up; what is published stays
    #[command(after_help = SNAPSHOT)]
    Stop(SnapshotJob),
    /// Follow to the end: bars on a terminal, lines of JSON elsewhere
    #[command(after_help = SNAPSHOT)]
    Watch(SnapshotJob),
    /// List what was asked for, the newest last
    #[command(after_help = SNAPSHOT)]
    List(Target),
}

/// `walbrook snapshot start`
#[derive(Args, Debug)]
pub struct SnapshotStart {
    #[command(flatten)]
    pub(in crate::cli) target: Target,
    /// Tables: a name, a glob, or /regex/ over schema.table
    #[arg(required = true)]
    pub(in crate::cli) tables: Vec<String>,
    /// Only rows that meet this condition, in the database's SQL
    #[arg(long = "where", value_name = "SQL")]
    pub(in crate::cli) only: Option<String>,
    /// Names the job: the same name twice is one job
    #[arg(long)]
    pub(in crate::cli) id: Option<String>,
    /// Follow it to its end
    #[arg(long)]
    pub(in crate::cli) watch: bool,
}

/// `walbrook snapshot stop`, `walbrook snapshot watch`
#[derive(Args, Debug)]
pub struct SnapshotJob {
    #[command(flatten)]
    pub(in crate::cli) target: Target,
    /// The job; the running or the newest one where it is left out
    pub(in crate::cli) id: Option<String>,
}

/// `walbrook offsets`
#[derive(Debug, Subcommand)]
pub enum Offsets {
    /// Show what is stored
    #[command(after_help = OFFSETS)]
    Show(Target),
    /// Print it as Kafka Connect's JSON, for `rewind --to`
    #[command(after_help = OFFSETS)]
    Export(Target),
    /// Move a stopped connector; says first what would be repeated or skipped
    #[command(after_help = OFFSETS)]
    Rewind(Rewind),
}

/// `walbrook offsets rewind`
#[derive(Args, Debug)]
pub struct Rewind {
    #[command(flatten)]
    pub(in crate::cli) target: Target,
    /// Where to: what `export` has printed, edited
    #[arg(long, value_name = "FILE", required_unless_present = "forget")]
    pub(in crate::cli) to: Option<PathBuf>,
    /// Forget where it is: it begins with a snapshot
    #[arg(long, conflicts_with = "to")]
    pub(in crate::cli) forget: bool,
    /// Only say what would happen
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    pub(in crate::cli) yes: bool,
}
