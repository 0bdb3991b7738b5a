//! Where the admin interface asks: finds the connector, waits for its answer, and not for ever.

use crate::admin::board::Board;
use crate::admin::control::{Connectors, Offset, OffsetChange, Refusal, Reply};
use crate::codes;
use crate::config::{Config, Connector};
use crate::pipeline::orders::{self, Ask, Desk, Placing};
use crate::wiring;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::oneshot;
use walbrook_core::checkpoint::Desired;
use walbrook_core::error::Error;
use walbrook_core::resnapshot::{Job, Wish};

/// How long an answer may take; the admin interface itself gives up a little later.
const PATIENCE: Duration = Duration::from_secs(9);

/// Every connector's desk.
#[derive(Debug)]
pub struct Desks {
    board: Board,
    desks: BTreeMap<String, Reachable>,
}

/// One connector, as it can be asked.
#[derive(Debug)]
pub struct Reachable {
    desk: Desk,
    config: Config,
    connector: Connector,
}

impl Reachable {
    /// The connector behind `desk`.
    pub fn new(config: &Config, connector: &Connector, desk: Desk) -> Self {
        Self { desk, config: config.clone(), connector: connector.clone() }
    }

    /// What is stored of its place, in Kafka Connect's form.
    async fn offset(&self) -> Result<Offset, Refusal> {
        let loading = wiring::load(&self.config, &self.connector);
        let checkpoint = tokio::time::timeout(PATIENCE, loading).await;
        let checkpoint = checkpoint.map_err(|_| no_answer(""))?.map_err(Refusal::of)?;
        let position = checkpoint.position().map_err(|what| {
            let message = format!("The stored checkpoint cannot be read: {what}.");
            Refusal::of(Error::definite(codes::CHECKPOINT, message))
        })?;
        let offset = position.map_or(Value::Null, |at| wiring::export(&self.connector, &at));
        Ok(Offset { partition: self.partition(), offset })
    }

    fn partition(&self) -> Value {
        json!({ "server": self.connector.topic_prefix })
    }

    /// The one offset among `offsets` that is the connector's; null forgets it.
    fn own(&self, offsets: Vec<Offset>) -> Result<Option<Value>, Refusal> {
        match <[Offset; 1]>::try_from(offsets) {
            Ok([one]) if one.partition == self.partition() => {
                Ok(Some(one.offset).filter(|offset| !offset.is_null()))
            }
            _ => {
                let message = format!(
                    "The connector has one partition, {}, and needs one offset for it.",
                    self.partition()
                );
                Err(Refusal::Invalid(
                    Error::definite(codes::PARTITION, message)
                        .fix("GET the offsets to see their form."),
                ))
            }
        }
    }
}

impl Desks {
    /// None yet.
    pub fn new(board: Board) -> Self {
        Self { board, desks: BTreeMap::new() }
    }

    /// Adds a connector.
    pub fn add(&mut self, name: &str, desk: Reachable) {
        self.desks.insert(name.to_owned(), desk);
    }

    fn find(&self, name: &str) -> Result<&Reachable, Refusal> {
        self.desks.get(name).ok_or_else(|| {
            let message = format!("There is no connector {name:?}.");
            let error = Error::definite(codes::UNKNOWN_CONNECTOR, message);
            Refusal::Unknown(error.fix("GET /connectors lists those that there are."))
        })
    }

    /// Asks a connector, and waits for its answer.
    async fn ask<T>(
        &self,
        name: &str,
        ask: impl FnOnce(orders::Reply<T>) -> Ask,
    ) -> Result<T, Refusal> {
        let (reply, answer) = orders::Reply::new();
        if !self.find(name)?.desk.ask(ask(reply)) {
            return Err(Refusal::not_now("is ending"));
        }
        self.wait(name, answer).await
    }

    async fn wait<T>(
        &self,
        name: &str,
        answer: oneshot::Receiver<Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Refusal::not_now("has failed meanwhile")),
            Err(_) => Err(self.silent(name)),
        }
    }

    /// Nobody answered in time: says what the connector waits for.
    fn silent(&self, name: &str) -> Refusal {
        let waits = self.board.get(name).and_then(|status| status.error);
        let waits = waits.map(|error| format!(" It waits: {error}")).unwrap_or_default();
        no_answer(&waits)
    }
}

fn no_answer(waits: &str) -> Refusal {
    let message = format!("There was no answer within 9 s.{waits}");
    Refusal::Unavailable(
        Error::transient(codes::NO_ANSWER, message)
            .fix("Look at the connector's status; asking again does no harm."),
    )
}

impl Connectors for Desks {
    fn desire<'a>(&'a self, name: &'a str, desired: Desired) -> Reply<'a, ()> {
        Box::pin(self.ask(name, move |reply| Ask::Desire(desired, reply)))
    }

    fn restart<'a>(&'a self, name: &'a str) -> Reply<'a, ()> {
        Box::pin(self.ask(name, Ask::Restart))
    }

    fn offsets<'a>(&'a self, name: &'a str) -> Reply<'a, Vec<Offset>> {
        Box::pin(async move { Ok(vec![self.find(name)?.offset().await?]) })
    }

    fn alter_offsets<'a>(
        &'a self,
        name: &'a str,
        offsets: Option<Vec<Offset>>,
        dry_run: bool,
    ) -> Reply<'a, OffsetChange> {
        Box::pin(async move {
            let connector = self.find(name)?;
            let offset = offsets.map(|offsets| connector.own(offsets)).transpose()?.flatten();
            let placing = Placing { offset, dry_run };
            let message = self.ask(name, move |reply| Ask::Place(placing, reply)).await?;
            Ok(OffsetChange { applied: !dry_run, message })
        })
    }

    fn resnapshot<'a>(&'a self, name: &'a str, wish: Wish) -> Reply<'a, Job> {
        Box::pin(self.ask(name, move |reply| Ask::Resnapshot(wish, reply)))
    }

    fn resnapshots<'a>(&'a self, name: &'a str) -> Reply<'a, Vec<Job>> {
        Box::pin(async move {
            self.find(name)?;
            Ok(self.board.get(name).map(|status| status.resnapshots).unwrap_or_default())
        })
    }

    fn give_up<'a>(&'a self, name: &'a str, id: &'a str) -> Reply<'a, Job> {
        let id = id.to_owned();
        Box::pin(self.ask(name, move |reply| Ask::GiveUp(id, reply)))
    }

    fn topics<'a>(&'a self, name: &'a str) -> Reply<'a, Vec<String>> {
        Box::pin(async move {
            self.find(name)?;
            let topics = self.board.get(name).map(|status| status.topics).unwrap_or_default();
            Ok(topics.into_iter().collect())
        })
    }

    fn remove<'a>(&'a self, name: &'a str) -> Reply<'a, Vec<String>> {
        Box::pin(self.ask(name, Ask::Remove))
    }
}
