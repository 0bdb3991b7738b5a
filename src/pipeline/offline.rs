//! What is done to a stopped connector: its offsets are moved, what it has on servers is removed.
//!
//! ```text
//!  stopped ─▶ checkpoint ─▶ database judges ─▶ stored in one Kafka transaction ─▶ answered
//!                                       └────▶ dry run: only said
//! ```

use super::environment::Environment;
use super::generation;
use super::orders::{Placing, Refusal, Reply};
use walbrook_core::error::{Class, Error};

/// Moves a stopped connector; answers what that means.
pub(super) async fn place(
    environment: &dyn Environment,
    placing: &Placing,
    reply: &Reply<String>,
) -> Result<String, Refusal> {
    let idle = environment.idle();
    // The sink is opened even to look: whoever else has the connector must not be moved.
    let sink = environment.open_sink().await.map_err(Refusal::of)?;
    let judged = match &placing.offset {
        Some(offset) => idle.judge(&sink.checkpoint, offset).await,
        None => idle.forget(&sink.checkpoint).await,
    };
    let change = judged.map_err(wrong)?;
    if !placing.dry_run && !reply.is_unwanted() {
        generation::commit_alone(&sink, change.updates).await.map_err(Refusal::of)?;
    }
    Ok(change.meaning)
}

/// Removes what a stopped connector has on servers; answers what that was.
pub(super) async fn remove(environment: &dyn Environment) -> Result<Vec<String>, Refusal> {
    let checkpoint = environment.load().await.map_err(Refusal::of)?;
    let mut removed = environment.idle().remove(&checkpoint).await.map_err(Refusal::of)?;
    // Last: it says what is ours on the database.
    removed.extend(environment.remove_checkpoint().await.map_err(Refusal::of)?);
    Ok(removed)
}

/// A database that is away may come back; an offset that it refuses stays wrong.
fn wrong(error: Error) -> Refusal {
    match error.class {
        Class::Transient => Refusal::Unavailable(error),
        Class::Fenced => Refusal::Conflict(error),
        Class::Definite | Class::Poison => Refusal::Invalid(error),
    }
}
