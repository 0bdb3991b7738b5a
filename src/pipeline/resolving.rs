//! Getting what shape needs from registry and broker, and telling sink and shaper.

use super::report::Report;
use crate::codes;
use crate::shape::{Need, Resolved};
use std::time::Duration;
use walbrook_core::checkpoint::{Checkpoint, Part, Updates, put};
use walbrook_core::error::{Class, Error, Result};
use walbrook_core::fault;
use walbrook_core::resolve::{Resolver, Topic};
use walbrook_core::sink::Command;

/// Pauses between tries.
const PAUSE: Duration = Duration::from_millis(500);

/// An answer, and what follows from it.
#[derive(Debug, Default)]
pub struct Answered {
    /// What the sink must know before the next delivery.
    pub commands: Vec<Command>,
    /// What the checkpoint must say with the next commit.
    pub updates: Updates,
}

/// Asks for `needs` until they are answered or definitely refused; says so while it waits.
pub async fn patiently(
    needs: &[Need],
    resolver: &dyn Resolver,
    resolved: &mut Resolved,
    checkpoint: &Checkpoint,
    report: &dyn Report,
) -> Result<Answered> {
    let mut answered = Answered::default();
    for need in needs {
        let mut waited = false;
        loop {
            match once(need, resolver, resolved, checkpoint, report, &mut answered).await {
                Ok(()) => break,
                Err(error) if error.class == Class::Transient => {
                    report.waiting(Some(&error));
                    tracing::warn!(code = %error.code, error = %error, "waiting");
                    waited = true;
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        }
        if waited {
            report.waiting(None);
        }
    }
    Ok(answered)
}

async fn once(
    need: &Need,
    resolver: &dyn Resolver,
    resolved: &mut Resolved,
    checkpoint: &Checkpoint,
    report: &dyn Report,
    answered: &mut Answered,
) -> Result<()> {
    match need {
        Need::Schema { subject, text } => {
            if resolved.schema(subject, text).is_none() {
                fault::point("resolve.schema");
                match resolver.schema(subject, text).await {
                    Ok(id) => resolved.add_schema(subject.clone(), text.clone(), id),
                    // An answer too: shape asks the policy of the table that needs it.
                    Err(error) if error.class == Class::Poison => {
                        resolved.refuse(subject.clone(), text.clone(), error);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Need::Topic { name, kind, keyed } => {
            if resolved.topic(name).is_none() {
                fault::point("resolve.topic");
                let topic = resolver.topic(name, *kind).await?;
                add_topic(name, topic, *keyed, resolved, checkpoint, answered)?;
                report.topic(name);
            }
        }
    }
    Ok(())
}

/// Accepts a topic: pins its partitions, refuses what would lose or scatter records.
fn add_topic(
    name: &str,
    topic: Topic,
    keyed: bool,
    resolved: &mut Resolved,
    checkpoint: &Checkpoint,
    answered: &mut Answered,
) -> Result<()> {
    if topic.compacted && !keyed {
        return Err(Error::definite(
            codes::COMPACTED_KEYLESS,
            format!("Topic {name} is compacted, but its table has no key: compaction refuses records without one."),
        )
        .fix("Set cleanup.policy=delete on the topic, give the table a primary key, or set `keys`."));
    }
    let part = Part::Partitions(name.to_owned());
    let pinned: Option<i32> = checkpoint.read(&part).map_err(|text| {
        Error::definite(codes::CHECKPOINT, format!("The stored checkpoint cannot be read: {text}."))
    })?;
    match pinned {
        Some(pinned) if pinned > topic.partitions => {
            return Err(Error::definite(
                codes::FEWER_PARTITIONS,
                format!("Topic {name} has {} partitions, but {pinned} were in use.", topic.partitions),
            )
            .fix("The topic was made anew; drop the connector's checkpoint and start again, or restore the topic."));
        }
        Some(_) => {}
        None => answered.updates.push(put(part, &topic.partitions)),
    }
    let handle = resolved.add_topic(name.to_owned(), topic, pinned);
    let (id, name, max_bytes) = (handle.id, name.to_owned(), topic.max_bytes);
    answered.commands.push(Command::Topic { id, name, max_bytes });
    Ok(())
}
