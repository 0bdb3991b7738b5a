//! One generation of a connector: open both ends, deliver until something ends it.

use super::commit::Limits;
use super::deliver::{Broken, Delivery, Outcome};
use super::environment::Environment;
use super::jobs::Jobs;
use super::measured::Waits;
use super::orders::{Ask, Orders, Refusal};
use super::report::{Phase, Report};
use super::resolving;
use super::tally::Tally;
use crate::codes;
use crate::shape::{self, Need, Shaper};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use walbrook_core::checkpoint::{Checkpoint, Desired, Owner, Part, Updates};
use walbrook_core::error::{Error, Result};
use walbrook_core::fault;
use walbrook_core::sink::{Command, Cut, Deliver, SinkHandle};

/// How long the end of what is visible is waited for.
const SETTLED: Duration = Duration::from_secs(6);

/// What every generation of a connector has in common.
#[derive(Clone)]
pub struct Settings {
    /// How changes become records.
    pub shape: shape::Settings,
    /// When to commit.
    pub limits: Limits,
    /// Heartbeat interval, if there are heartbeats.
    pub heartbeat: Option<Duration>,
}

/// Runs one generation; `needs` is what the last one waited for. Answers how it ended and whether
/// it committed anything.
pub async fn run(
    settings: &Settings,
    environment: &Arc<dyn Environment>,
    report: &Arc<dyn Report>,
    needs: Vec<Need>,
    orders: &Orders,
    opened: impl FnOnce(),
) -> (Result<Outcome, Broken>, bool) {
    let begun = async {
        // Whoever asks waits for this: a sink that is left while it opens fences the next one.
        let mut sink = environment.open_sink().await?;
        let checkpoint = std::mem::take(&mut sink.checkpoint);
        fault::point("pipeline.after_load");
        let jobs = Jobs::stored(&checkpoint);
        report.resnapshots(jobs.all());
        if let Ok(Some(position)) = checkpoint.position() {
            report.stored(&position);
        }
        let desired = desired(&checkpoint)?;
        if desired != Desired::Running {
            return Ok(Begun::Held(desired));
        }
        let opening = open(settings, environment, report, needs, orders, (sink, checkpoint, jobs));
        tokio::select! {
            open = opening => open.map(|open| Begun::Open(Box::new(open))),
            ask = orders.interrupted(|| Refusal::not_now("is starting")) => Ok(Begun::Asked(ask)),
        }
    };
    let begun: Result<Begun, Broken> = tokio::select! {
        begun = begun => begun,
        () = orders.stopped() => return (Ok(Outcome::Stopped), false),
    };
    match begun {
        Ok(Begun::Open(mut delivery)) => {
            opened();
            let outcome = delivery.run().await;
            let progressed = delivery.progressed;
            if matches!(outcome, Ok(Outcome::Held(_))) {
                close(*delivery).await;
            }
            (outcome, progressed)
        }
        Ok(Begun::Held(desired)) => (Ok(Outcome::Held(desired)), false),
        Ok(Begun::Asked(ask)) => (Ok(Outcome::Asked(ask)), false),
        Err(broken) => (Err(broken), false),
    }
}

/// How a generation began.
enum Begun {
    /// Both ends are open.
    Open(Box<Delivery>),
    /// A person wants it to wait: the sink is closed again, the source was not looked at.
    Held(Desired),
    /// Something was asked for, for which the beginning was left.
    Asked(Ask),
}

/// Closes both ends; returns when nothing of them becomes visible any more. Who reads "paused" may
/// count on that, and Kafka answers a commit before every consumer sees it.
async fn close(delivery: Delivery) {
    let Delivery { sink: SinkHandle { commands, receipts, .. }, source, .. } = delivery;
    drop((commands, source));
    let ended = async { while receipts.recv().await.is_ok_and(|receipt| receipt.is_ok()) {} };
    if tokio::time::timeout(SETTLED, ended).await.is_err() {
        tracing::warn!("Kafka has not said in time that everything written is visible");
    }
}

/// What a person wants.
fn desired(checkpoint: &Checkpoint) -> Result<Desired> {
    let desired = checkpoint.read(&Part::Desired).map_err(unreadable)?;
    Ok(desired.unwrap_or_default())
}

async fn open(
    settings: &Settings,
    environment: &Arc<dyn Environment>,
    report: &Arc<dyn Report>,
    needs: Vec<Need>,
    orders: &Orders,
    (sink, mut checkpoint, jobs): (SinkHandle, Checkpoint, Jobs),
) -> Result<Delivery, Broken> {
    let mut source = environment.source();
    let intent = source.prepare(&checkpoint).await?;
    if !intent.is_empty() {
        commit_alone(&sink, intent.clone()).await?;
        checkpoint.apply(&intent);
        fault::point("source.after_intent");
    }
    let position = checkpoint.position().map_err(unreadable)?;
    let owner: Option<Owner> = checkpoint.read(&Part::Owner).map_err(unreadable)?;
    let resolver = environment.resolver();
    let mut resolved = shape::Resolved::default();
    let answered =
        resolving::patiently(&needs, &*resolver, &mut resolved, &checkpoint, &**report).await?;
    for command in answered.commands {
        let _ = sink.commands.send(command).await;
    }
    let source = source.start().await?;
    let generation = owner.map(|owner| owner.generation);
    report.opened(Arc::clone(&source.gauges), position.as_ref(), generation);
    report.phase(phase(position.is_some()), None);
    let mut shaper =
        Shaper::new(settings.shape.clone(), source.description.clone(), position.clone());
    shaper.resolved = resolved;
    let mut tally = Tally::default();
    tally.store(answered.updates, tokio::time::Instant::now());
    let clock = Arc::clone(environment);
    Ok(Delivery {
        sink,
        source,
        checkpoint,
        shaper,
        limits: settings.limits,
        heartbeat: settings.heartbeat,
        resolver,
        report: Arc::clone(report),
        now_us: Box::new(move || clock.now_us()),
        orders: orders.clone(),
        jobs,
        planned: VecDeque::new(),
        given_up: Vec::new(),
        hold: None,
        tally,
        progressed: false,
        phase: phase(position.is_some()),
        waiting: false.into(),
        waits: Waits::default(),
        refusals: tokio::time::Instant::now(),
    })
}

fn unreadable(what: String) -> Error {
    Error::definite(codes::CHECKPOINT, format!("The stored checkpoint cannot be read: {what}."))
        .fix("A newer Walbrook may have written it: run that version, or drop the connector's checkpoint topic.")
}

fn phase(resumed: bool) -> Phase {
    if resumed { Phase::Streaming } else { Phase::Snapshotting }
}

/// Commits checkpoint entries without any record.
pub(super) async fn commit_alone(sink: &SinkHandle, updates: Updates) -> Result<()> {
    let cut = Some(Cut { at: 0, updates });
    let deliver = Deliver { cut, ..Deliver::default() };
    let sent = sink.commands.send(Command::Deliver(deliver)).await;
    match sink.receipts.recv().await {
        Ok(receipt) => receipt.map(|_| ()),
        Err(_) => {
            drop(sent);
            Err(Error::transient(
                codes::ENDED,
                "The sink of the connector ended without saying why.",
            ))
        }
    }
}
