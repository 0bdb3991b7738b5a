//! Starts a reader thread and ties its ends to those of the pipeline.

use crate::out::{Out, POOL};
use async_channel::{bounded, unbounded};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use walbrook_core::batch::Batch;
use walbrook_core::error::{Code, Error, Result};
use walbrook_core::source::{Confirm, Description, Gauges, Message, SourceHandle};

/// How long work may take to end in order when nobody listens any more.
const FAREWELL: Duration = Duration::from_secs(2);

/// How the failures of the thread itself are told.
#[derive(Clone, Copy, Debug)]
pub struct Failures {
    /// The thread cannot be started, or ended in a way that it does not know.
    pub thread: Code,
    /// Nobody listens any more.
    pub stopped: fn() -> Error,
}

/// Starts the thread called `name`, on which `work` runs until it is done or nobody listens.
pub fn open<F>(
    name: String,
    description: Description,
    confirm: impl FnOnce(&Arc<Gauges>) -> Confirm,
    failures: Failures,
    work: impl FnOnce(Out) -> F + Send + 'static,
) -> Result<SourceHandle>
where
    F: Future<Output = Result<()>>,
{
    let (messages, received) = unbounded();
    let (spare, empty) = bounded(POOL);
    for _ in 0..POOL {
        // Both ends are here: the channel is open.
        drop(spare.try_send(Batch::default()));
    }
    let gauges = Arc::new(Gauges::default());
    let (requests, asked) = unbounded();
    let out = Out::new(messages, empty, Arc::clone(&gauges), asked, failures.stopped);
    let confirm = confirm(&gauges);
    spawn(name, out, failures.thread, work)?;
    Ok(SourceHandle { description, messages: received, spare, confirm, gauges, requests })
}

fn spawn<F>(
    name: String,
    out: Out,
    code: Code,
    work: impl FnOnce(Out) -> F + Send + 'static,
) -> Result<()>
where
    F: Future<Output = Result<()>>,
{
    let failed = move |error: std::io::Error| {
        Error::transient(code, format!("The reader thread cannot be started: {error}."))
    };
    let body = move || {
        let messages = out.messages.clone();
        let run = AssertUnwindSafe(|| -> Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map_err(failed)?.block_on(async {
                let mut work = pin!(work(out));
                tokio::select! {
                    done = &mut work => done,
                    () = messages.closed() => {
                        // The stream says goodbye to the server; a snapshot is just left.
                        timeout(FAREWELL, work).await.unwrap_or(Ok(()))
                    }
                }
            })
        });
        let ended = std::panic::catch_unwind(run).unwrap_or_else(|_| {
            let message = "The reader thread came to a state that it does not know.";
            Err(Error::definite(code, message).fix("Report the log as a bug."))
        });
        if let Err(error) = ended {
            // Nobody may be listening; then nobody misses it.
            drop(messages.try_send(Message::Failed(error)));
        }
    };
    std::thread::Builder::new().name(name).spawn(body).map(drop).map_err(failed)
}
