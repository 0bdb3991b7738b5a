//! Asks the server for chunks, over sessions of its own.

use super::columns::Columns;
use super::read::{self, Obstacle};
use super::streamed::Visible;
use super::{Answer, Ask, Chunk, Compare, Name, Own, Rows, plan, sql};
use crate::catalog::Live;
use crate::codes;
use crate::lsn::Lsn;
use crate::publication;
use crate::settings::Settings;
use crate::snapshot::export::silent;
use crate::snapshot::{bytewise, row_filters};
use crate::transport::{self, sql_error};
use async_channel::{Receiver, Sender, bounded, unbounded};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};
use tokio_postgres::Client;
use walbrook_core::chunk::Key;
use walbrook_core::error::{Class, Error, Result};
use walbrook_core::resolve::Answer as Later;

/// How long a view that does not show enough is opened anew before the stream hears of it.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a transaction that an earlier run of the stream has told may take to be visible, where
/// commits wait for nobody.
const INSTANT: Duration = Duration::from_secs(2);

/// The server that the stream comes from.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) server: String,
    pub(crate) timeline: u32,
}

/// The desk, until it is dropped.
pub(crate) struct Open {
    pub(crate) asks: Sender<Ask>,
    pub(crate) answers: Receiver<Answer>,
    /// For whoever else has something to say to the stream.
    pub(crate) say: Sender<Answer>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Opens a desk; nothing is connected before it is asked something.
pub(crate) fn open(settings: Arc<Settings>, expected: Expected) -> Open {
    let (asks, asked) = unbounded();
    let (answer, answers) = bounded(4);
    let desk = Desk { settings, expected, session: None, barrier: None };
    let say = answer.clone();
    Open { asks, answers, say, task: tokio::spawn(desk.run(asked, answer)) }
}

struct Desk {
    settings: Arc<Settings>,
    expected: Expected,
    session: Option<Session>,
    barrier: Option<Barrier>,
}

/// What is open.
struct Session {
    client: Client,
    live: Live,
    /// Whether the database's own collation compares bytes.
    bytewise: bool,
    /// Row filters of the publication.
    filters: BTreeMap<String, String>,
    /// Whether commits wait for standbys.
    synchronous: bool,
}

/// Transactions that an earlier run of the stream may have told.
#[derive(Clone, Copy, Debug)]
struct Barrier {
    /// All of them are before it.
    before: u64,
    /// How long they are waited for; nothing: as long as it takes.
    until: Option<Instant>,
}

impl Barrier {
    fn passed(&self, visible: &Visible) -> bool {
        visible.xmin >= self.before || self.until.is_some_and(|until| Instant::now() >= until)
    }
}

impl Desk {
    async fn run(mut self, asked: Receiver<Ask>, answers: Sender<Answer>) {
        while let Ok(ask) = asked.recv().await {
            let answer = match ask {
                Ask::Plan { wish, answer } => {
                    let settings = Arc::clone(&self.settings);
                    tokio::spawn(async move {
                        drop(answer.send(plan::plan(&settings, wish).await).await);
                    });
                    continue;
                }
                Ask::Nudge => {
                    self.nudge().await;
                    continue;
                }
                Ask::Look => Ok(Answer::Looked(self.look().await)),
                Ask::Bound { table, after, fresh } => {
                    self.bound(&table, after.as_ref(), fresh).await
                }
                Ask::Rows(chunk) => {
                    self.rows(&chunk).await.map(|rows| Answer::Rows(Box::new(rows)))
                }
            };
            let answer = answer.unwrap_or_else(|obstacle| self.obstacle(obstacle));
            if answers.send(answer).await.is_err() {
                return;
            }
        }
    }

    /// What is in the way; the session may be in the middle of something, so it ends.
    fn obstacle(&mut self, obstacle: Obstacle) -> Answer {
        self.session = None;
        match obstacle {
            Obstacle::Gone => Answer::Gone,
            Obstacle::TooLarge => Answer::TooLarge,
            Obstacle::Failed(error) if error.class == Class::Transient => Answer::Later(error),
            Obstacle::Failed(error) => Answer::Failed(error),
        }
    }

    async fn session(&mut self) -> Result<&Session> {
        let open = self.session.take().filter(|it| !it.client.is_closed() && !it.live.is_closed());
        let open = match open {
            Some(open) => open,
            None => connect(&self.settings, &self.expected).await?,
        };
        Ok(self.session.insert(open))
    }

    async fn nudge(&mut self) {
        let nudged = match self.session().await {
            Ok(session) => {
                let nudged = session.client.query_one(sql::NUDGE, &[]).await;
                nudged.map(drop).map_err(|error| sql_error(&error, "writing to the log"))
            }
            Err(error) => Err(error),
        };
        if let Err(error) = nudged {
            tracing::debug!(%error, "the log could not be moved");
        }
    }

    async fn look(&mut self) -> Option<Visible> {
        let row = self.session().await.ok()?.client.query_one(sql::VISIBLE, &[]).await.ok()?;
        Visible::parse(row.try_get(0).ok()?)
    }

    /// Looks where a chunk ends. A table that is new is published first.
    async fn bound(
        &mut self,
        table: &Own,
        after: Option<&Key>,
        fresh: bool,
    ) -> Result<Answer, Obstacle> {
        let from = if fresh { self.enlist(&table.name).await? } else { 0 };
        let it = self.session().await?;
        let (columns, until, rows) = read::bound(&it.client, it.bytewise, table, after).await?;
        Ok(Answer::Bound { columns: Arc::new(columns), until, rows, from })
    }

    /// Makes sure that the log tells every change of the table from the place that is answered, and
    /// that whatever was changed without being told is visible.
    async fn enlist(&mut self, table: &Name) -> Result<u64> {
        let settings = Arc::clone(&self.settings);
        let client = &self.session().await?.client;
        publication::admit(client, &settings, table).await?;
        let failed = |error| sql_error(&error, &format!("waiting for writers of {table}"));
        let name = sql::quoted(table);
        let writers = async || {
            let row = client.query_one(sql::WRITERS, &[&name]).await.map_err(failed)?;
            row.try_get::<_, Vec<String>>(0).map_err(failed)
        };
        // Who wrote before the table was published is not told, and may commit later.
        let (before, begun) = (writers().await?, Instant::now());
        while !before.is_empty() {
            let now = writers().await?;
            if !before.iter().any(|writer| now.contains(writer)) {
                break;
            }
            if begun.elapsed() >= PATIENCE {
                let message = format!("A transaction has been writing to {table} for 10 s.");
                return Err(Error::transient(codes::TABLE_LOCKED, message)
                    .fix("The table is read when it has ended: see pg_stat_activity."));
            }
            sleep(Duration::from_millis(50)).await;
        }
        let row = client.query_one(sql::END, &[]).await.map_err(failed)?;
        let end = row.try_get::<_, Option<&str>>(0).map_err(failed)?.and_then(Lsn::parse);
        end.map(|end| end.0).ok_or_else(|| silent("the end of its log"))
    }

    /// Reads a chunk as soon as the server shows everything that the stream has told.
    async fn rows(&mut self, chunk: &Chunk) -> Result<Rows, Obstacle> {
        let settings = Arc::clone(&self.settings);
        let barrier = self.barrier().await?;
        let session = self.session().await?;
        let filter = session.filters.get(&chunk.table.to_string()).map(String::as_str);
        let shows = |visible: &Visible| chunk.seen.is_shown(visible) && barrier.passed(visible);
        let begun = Instant::now();
        loop {
            let read =
                read::rows(&settings, &session.client, &session.live, chunk, filter, shows).await?;
            if let Ok(rows) = read {
                return Ok(rows);
            }
            let failed = |error| sql_error(&error, "ending a view");
            session.client.batch_execute("ROLLBACK").await.map_err(failed)?;
            if begun.elapsed() >= PATIENCE {
                return Err(not_shown().into());
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// What was told before this run of the stream is not known by number: everything that was
    /// begun before must have ended, or, where commits wait for nobody, an instant must be over.
    async fn barrier(&mut self) -> Result<Barrier> {
        if let Some(barrier) = self.barrier {
            return Ok(barrier);
        }
        let session = self.session().await?;
        let failed = |error| sql_error(&error, "asking which transactions are seen");
        // A new number is larger than any that was given before. A standby gives none.
        let new = session.client.query_one(sql::NUDGE, &[]).await.ok();
        let new = new.and_then(|row| row.try_get::<_, String>(0).ok()?.parse().ok());
        let before = match new {
            Some(before) => before,
            None => {
                let row = session.client.query_one(sql::VISIBLE, &[]).await.map_err(failed)?;
                Visible::parse(row.try_get(0).map_err(failed)?).unwrap_or_default().xmax
            }
        };
        let until = (!session.synchronous).then(|| Instant::now() + INSTANT);
        Ok(*self.barrier.insert(Barrier { before, until }))
    }
}

fn not_shown() -> Error {
    let message = "The server does not show transactions that its log has told for 10 s.";
    Error::transient(codes::NOT_SHOWN, message)
        .fix("See whether a synchronous standby holds its commits up (pg_stat_replication).")
}

async fn connect(settings: &Settings, expected: &Expected) -> Result<Session> {
    let client = transport::client(settings, "chunks").await?;
    let failed = |error| sql_error(&error, "asking which server this is");
    let row = client.query_one(sql::SERVER, &[]).await.map_err(failed)?;
    let server: String = row.try_get(0).map_err(failed)?;
    let file: Option<String> = row.try_get(2).map_err(failed)?;
    let timeline = file.and_then(|file| u32::from_str_radix(file.get(..8)?, 16).ok());
    if server != expected.server || timeline.is_some_and(|it| it != expected.timeline) {
        let message = "Tables would be read on another server than the log comes from.";
        return Err(Error::transient(codes::OTHER_SERVER, message)
            .fix("See that the url leads to one server only, the primary."));
    }
    let live = Live::open(transport::client(settings, "chunk catalog").await?).await?;
    Ok(Session {
        bytewise: bytewise(&client).await?,
        filters: row_filters(&client, settings).await?,
        synchronous: row.try_get(3).map_err(failed)?,
        client,
        live,
    })
}

/// Asks the server how keys relate.
pub(crate) struct Comparer {
    settings: Arc<Settings>,
    client: Mutex<Option<Client>>,
}

impl Comparer {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        Self { settings, client: Mutex::new(None) }
    }

    async fn ask(&self, columns: &Columns, key: &Key, end: &Key) -> Result<Ordering> {
        let mut open = self.client.lock().await;
        let client = match open.take().filter(|client| !client.is_closed()) {
            Some(client) => client,
            None => transport::client(&self.settings, "keys").await?,
        };
        let client = open.insert(client);
        let failed = |error| sql_error(&error, "comparing keys");
        let row = client.query_one(&columns.question(key, end), &[]).await.map_err(failed)?;
        Ok(row.try_get::<_, i32>(0).map_err(failed)?.cmp(&0))
    }
}

impl Compare for Comparer {
    fn compare<'a>(
        &'a self,
        columns: &'a Columns,
        key: &'a Key,
        end: &'a Key,
    ) -> Later<'a, Ordering> {
        Box::pin(self.ask(columns, key, end))
    }
}
