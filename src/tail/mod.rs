//! Events on the terminal: straight from a database, or out of Kafka.
//!
//! ```text
//!  database ─▶ source ─▶ Batch ─▶ rows ───┐
//!                                         ├─▶ Shown ─▶ line | JSON ─▶ stdout
//!  Kafka ─▶ consumer ─▶ Incoming ─▶ records┘
//! ```
//!
//! Both ways decode through [`decode`], which shares no code with what encoded the data.

pub mod decode;
pub mod line;
mod open;
mod output;
pub mod records;
pub mod rows;
mod semantic;
pub mod shown;
mod source;

use crate::codes;
use crate::config::{Database, Pattern, Secret, TlsMode};
use output::Output;
use std::collections::BTreeMap;
use std::time::Duration;
use walbrook_core::error::{Error, Result};

/// Where events come from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// `walbrook tail postgres://…`, `mysql://…`: a database, with nothing left behind.
    Database {
        /// The database.
        url: Database,
        /// Its tables; empty is all.
        tables: Vec<Pattern>,
        /// Where the password is; without it `PGPASSWORD` or `MYSQL_PWD`, if set.
        password: Option<Secret>,
        /// How the connection is secured; without it plaintext to this machine, verified to others.
        tls: Option<TlsMode>,
    },
    /// `walbrook tail --brokers … --registry … --prefix …`: the topics of a prefix.
    Kafka {
        /// `host:port`, several separated by commas.
        brokers: String,
        /// librdkafka properties.
        client: BTreeMap<String, String>,
        /// URL of the schema registry.
        registry: String,
        /// The topics' prefix.
        prefix: String,
        /// Whether what is there already is shown too.
        from_beginning: bool,
    },
}

/// What `walbrook tail` is asked for.
#[derive(Clone, Debug)]
pub struct Args {
    /// Where events come from.
    pub from: Origin,
    /// One JSON object for each event, instead of a line for people.
    pub json: bool,
    /// The end comes after so many events.
    pub limit: Option<u64>,
    /// The end comes when nothing has come for so long.
    pub idle: Option<Duration>,
    /// So many events are shown in one second; the others are counted. JSON is never left out.
    pub max_rate: Option<u64>,
    /// Lines are cut at this width; without it they are not.
    pub width: Option<usize>,
}

/// Shows events until Ctrl-C, SIGTERM, a closed pipe or a limit, all of which are a good end.
pub async fn run(args: Args) -> Result<()> {
    let mut output = Output::new(&args);
    let ended = match &args.from {
        Origin::Database { .. } => open::database(&args, &mut output, signal()).await,
        Origin::Kafka { .. } => tokio::select! {
            ended = open::kafka(&args, &mut output) => ended,
            () = signal() => Ok(()),
        },
    };
    match ended {
        Err(Stop::Closed | Stop::Enough) | Ok(()) => Ok(()),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// Ends when the person wants an end.
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// The answer of `next`, unless that takes longer than `idle` allows.
async fn within<T>(idle: Option<Duration>, next: impl Future<Output = T>) -> Result<T, Stop> {
    match idle {
        None => Ok(next.await),
        Some(idle) => tokio::time::timeout(idle, next).await.map_err(|_| Stop::Enough),
    }
}

/// Why showing has ended.
#[derive(Debug)]
enum Stop {
    /// Nobody reads any more.
    Closed,
    /// A limit is reached.
    Enough,
    /// It cannot go on.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Failed(error)
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Stop::Closed,
            _ => Stop::Failed(
                Error::definite(codes::OUTPUT, format!("The output cannot be written: {error}."))
                    .fix("Make room, or write it somewhere else."),
            ),
        }
    }
}
