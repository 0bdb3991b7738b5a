//! Opens and runs the sink of one connector.
//!
//! ```text
//!  init_transactions ─▶ read the checkpoint ─▶ commit owner {instance, generation + 1}
//!        fences                                      │
//!                       stream ◀── read on until that record is visible
//! ```
//!
//! A fence and an own transaction timeout look the same to the client. So after
//! [`Class::Fenced`](walbrook_core::error::Class::Fenced) nobody may open the sink again before
//! [`reopen_allowed`] has said that the owner record still names this instance.

use crate::checkpoint::{self, Log, Names};
use crate::codes;
use crate::machine::Machine;
use crate::port::Port;
use crate::producer::Producer;
use crate::reader::Reader;
use crate::settings::Settings;
use crate::topics::Topics;
use async_channel::{Receiver, Sender};
use std::time::Duration;
use walbrook_core::checkpoint::{Checkpoint, Owner, Part, put};
use walbrook_core::error::{Error, Result};
use walbrook_core::fault;
use walbrook_core::record::Records;
use walbrook_core::sink::{Command, Receipt, SinkHandle};

/// Commands that may wait; each holds a batch of records.
const WAITING: usize = 4;
/// Time in which a foreign owner has written its record after it fenced us.
const STANDOFF: Duration = Duration::from_secs(3);
/// Moments of 100 ms in which our own owner record must become visible.
const PATIENCE: u32 = 300;

/// Takes over the connector: fences whoever had it, and hands out a sink that knows the checkpoint.
///
/// `instance` names this process and start. The sink runs on a thread of its own.
pub async fn open(settings: &Settings, topic_prefix: &str, instance: &str) -> Result<SinkHandle> {
    Topics::new(settings)?.ensure_checkpoint().await?;
    let (commands, asked) = async_channel::bounded(WAITING);
    let (answers, receipts) = async_channel::unbounded();
    let (emptied, spare) = async_channel::bounded(2 * WAITING);
    let (opened, opening) = async_channel::bounded(1);
    let names =
        Names { connector: settings.connector.clone(), topic_prefix: topic_prefix.to_owned() };
    let thread_name = format!("kafka-{}", settings.connector);
    let (settings, instance) = (settings.clone(), instance.to_owned());
    let run = move || match start(&settings, names, &instance) {
        Err(error) => {
            let _ = opened.send_blocking(Err(error));
        }
        Ok((machine, checkpoint, runtime)) => {
            let _ = opened.send_blocking(Ok(checkpoint));
            runtime.block_on(drive(machine, asked, answers, emptied));
        }
    };
    let spawned = std::thread::Builder::new().name(thread_name).spawn(run);
    spawned.map_err(|e| thread(&e.to_string()))?;
    let checkpoint = opening.recv().await.map_err(|_| thread("it ended without a word"))??;
    Ok(SinkHandle { commands, receipts, spare, checkpoint })
}

fn thread(why: &str) -> Error {
    Error::transient(codes::THREAD, format!("The thread of the sink is not there: {why}."))
}

type Started = (Machine<Producer>, Checkpoint, tokio::runtime::Runtime);

fn start(settings: &Settings, names: Names, instance: &str) -> Result<Started> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|e| thread(&e.to_string()))?;
    let mut reader = Reader::new(settings)?;
    let machine = Machine::new(Producer::new(settings)?, names);
    let (machine, checkpoint) = take_over(machine, &mut reader, instance)?;
    Ok((machine, checkpoint, runtime))
}

/// Takes the transactional id, becomes the owner, and knows the checkpoint: over any port and log.
pub fn take_over<P: Port>(
    mut machine: Machine<P>,
    log: &mut impl Log,
    instance: &str,
) -> Result<(Machine<P>, Checkpoint)> {
    let connector = machine.names().connector.clone();
    let mut checkpoint = Checkpoint::default();
    machine.init()?;
    fault::point("sink.after_init");
    checkpoint::read_to_end(log, &connector, &mut checkpoint)?;
    let generation = checkpoint::owner(&checkpoint)?.map_or(0, |owner| owner.generation) + 1;
    let owner = Owner { instance: instance.to_owned(), generation };
    machine.store(&vec![put(Part::Owner, &owner)])?;
    fault::point("sink.after_owner");
    // Only now is it certain that everything was read: our record comes after all others, and no
    // open transaction of another can hide it, as nobody else writes to this topic.
    checkpoint::read_to_owner(log, &connector, &owner, PATIENCE, &mut checkpoint)?;
    Ok((machine, checkpoint))
}

/// Runs `machine` until the commands end or something goes wrong. The simulator runs this as a
/// task; in the daemon it has a thread, as the port blocks.
pub async fn drive<P: Port>(
    mut machine: Machine<P>,
    commands: Receiver<Command>,
    receipts: Sender<Result<Receipt>>,
    spare: Sender<Records>,
) {
    while let Ok(command) = commands.recv().await {
        match machine.command(&command) {
            Ok(None) => {}
            Ok(Some(receipt)) => {
                if receipts.send(Ok(receipt)).await.is_err() {
                    break;
                }
            }
            Err(error) => {
                let _ = receipts.send(Err(error)).await;
                return machine.finish();
            }
        }
        if let Command::Deliver(mut deliver) = command {
            deliver.records.clear();
            let _ = spare.try_send(deliver.records);
        }
    }
    machine.finish();
    // Who still listens waits for this end.
    if !receipts.is_closed()
        && let Err(error) = machine.settle()
    {
        let _ = receipts.send(Err(error)).await;
    }
}

/// Reads the checkpoint as it is visible now. Fences nobody, creates nothing.
pub async fn load(settings: &Settings) -> Result<Checkpoint> {
    if Topics::new(settings)?.find(&settings.checkpoint_topic()).await?.is_none() {
        return Ok(Checkpoint::default());
    }
    let settings = settings.clone();
    let read = tokio::task::spawn_blocking(move || {
        let mut checkpoint = Checkpoint::default();
        let mut reader = Reader::bounded(&settings)?;
        checkpoint::read_to_end(&mut reader, &settings.connector, &mut checkpoint)?;
        Ok(checkpoint)
    });
    read.await.map_err(|e| thread(&e.to_string()))?
}

/// After a fence: whether `instance` may open the sink once more. Waits 3 s, so that another owner
/// has written its record, then reads who owns the connector. A foreign owner is an error of
/// [`Class::Fenced`](walbrook_core::error::Class::Fenced): stop, and write nothing more.
pub async fn reopen_allowed(settings: &Settings, instance: &str) -> Result<()> {
    tokio::time::sleep(STANDOFF).await;
    still_owned(settings, instance).await
}

/// Whether `instance`, which has owned the connector before, still does. Asked before it opens the
/// sink again for any reason: opening fences whoever took over meanwhile.
pub async fn still_owned(settings: &Settings, instance: &str) -> Result<()> {
    checkpoint::still_ours(&load(settings).await?, instance)
}
