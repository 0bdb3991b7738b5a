//! What happens to a database beside the workload, again and again until it is dropped.

use super::database::Database;
use super::session::{Session, connect};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// What happens beside the workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meanwhile {
    /// Nothing.
    Nothing,
    /// The server begins a new log file.
    Rotate,
    /// Columns of `items` come and go, at its front, in its middle and at its end.
    Alter,
    /// Semi-synchronous replication without a replica that answers: transactions are in the log a
    /// while before anybody sees them.
    Withhold,
}

/// How long it rests in between.
const PAUSE: Duration = Duration::from_millis(700);

/// Breaks off what happens when it is dropped.
#[derive(Debug)]
pub struct Running {
    task: Option<JoinHandle<()>>,
    stop: Rc<Cell<bool>>,
}

impl Running {
    /// Ends what happens behind the step that is under way: a server goes on with a statement whose
    /// client has gone.
    pub async fn end(mut self) {
        self.stop.set(true);
        if let Some(task) = self.task.take() {
            task.await.unwrap();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

impl Meanwhile {
    /// Starts it.
    pub fn start(self, database: &Database) -> Running {
        let (database, stop) = (database.clone(), Rc::<Cell<bool>>::default());
        let stopped = Rc::clone(&stop);
        let task = tokio::task::spawn_local(async move {
            let mut n = 0;
            while self != Meanwhile::Nothing && !stopped.get() {
                let mut c = connect(&database.url()).await;
                // The server may go away: then it is tried again.
                while !stopped.get() && self.step(&database, &mut c, n).await.is_ok() {
                    n += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
        Running { task: Some(task), stop }
    }

    async fn step(self, database: &Database, c: &mut Session, n: u64) -> sqlx::Result<()> {
        match self {
            Meanwhile::Nothing => Ok(()),
            Meanwhile::Rotate => c.run("FLUSH BINARY LOGS").await,
            Meanwhile::Alter => alter(database, c, n).await,
            Meanwhile::Withhold => {
                let names = c.rows("SHOW GLOBAL VARIABLES LIKE 'rpl_semi_sync_%_enabled'").await?;
                let name = names.iter().filter_map(|row| row[0].as_deref());
                for name in name.filter(|n| n.contains("master") || n.contains("source")) {
                    c.run(format!("SET GLOBAL {name} = OFF; SET GLOBAL {name} = ON")).await?;
                }
                Ok(())
            }
        }
    }
}

/// One column more, or one less when there are two. Each has a default that nobody ever changes.
async fn alter(database: &Database, c: &mut Session, n: u64) -> sqlx::Result<()> {
    let extra = format!(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = '{}' \
         AND table_name = 'items' AND column_name LIKE 'extra%' ORDER BY 1",
        database.schema()
    );
    let extra = c.rows(extra).await?;
    let sql = match extra.as_slice() {
        [first, _, ..] => format!("DROP COLUMN {}", first[0].as_deref().unwrap_or_default()),
        _ => {
            let place = ["FIRST", "AFTER lane", "", "AFTER mark"][(n % 4) as usize];
            format!("ADD COLUMN extra_{n} varchar(20) DEFAULT 'none {n}' {place}")
        }
    };
    c.run(format!("SET SESSION lock_wait_timeout = 5; ALTER TABLE items {sql}")).await
}
