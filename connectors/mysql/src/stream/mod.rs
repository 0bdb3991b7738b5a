//! From the log to batches: events in, changes out, transaction by transaction.
//!
//! ```text
//!  transport::Log ──Event──▶ Follower ──▶ tables   which table, how its rows are read
//!                               │    ├──▶ rows     a captured table: every row a change
//!                               │    ├──▶ weigh    a table being read: published, held, left out
//!                               │    ├──▶ define   statements: structures as of here
//!                               │    └──▶ xa       rows that wait for a verdict
//!                               └──▶ Out ──▶ batches
//! ```

mod announce;
pub(crate) mod coordinates;
mod define;
mod failure;
mod fill;
mod follower;
mod held;
mod rows;
mod statement;
mod tables;
#[cfg(test)]
mod tests;
mod transaction;
mod watch;
mod weigh;
mod xa;

pub(crate) use follower::{Follower, Start};
pub(crate) use held::Chunk;
pub(crate) use watch::Watch;
pub(crate) use xa::Waiting;

use crate::flavor::Flavor;
use crate::resnapshot::Beside;
use crate::settings::Settings;
use crate::transport;
use coordinates::Coordinates;
use walbrook_core::error::Result;

/// An open log and the one who follows it.
pub(crate) struct Stream {
    log: transport::Log,
    /// The state of everything but the connection.
    pub(crate) follower: Follower,
}

impl Stream {
    /// Opens the log at the follower's position.
    ///
    /// How far it is read only the log can say. MySQL writes a transaction to it a while before it
    /// counts as executed, so coordinates that the server gave beside its set of GTIDs may lie behind
    /// transactions that are still to come. What is passed over here is told by a heartbeat at once
    /// (`rpl_binlog_sender.cc`, `send_events`). MariaDB counts a GTID when it is written, and says
    /// nothing of what it passes over.
    pub(crate) async fn open(settings: &Settings, mut follower: Follower) -> Result<Self> {
        let log = transport::Log::open(settings, &follower.log_start()).await?;
        if settings.flavor == Flavor::MySql {
            follower.forget_place();
        }
        Ok(Self { log, follower })
    }

    /// Follows the log until everything before `until` has been told, and stops between two
    /// transactions.
    pub(crate) async fn reach(&mut self, until: &Coordinates) -> Result<()> {
        while self.follower.is_inside() || self.follower.at() < until {
            self.step().await?;
        }
        self.follower.flush().await
    }

    /// Follows the log for ever; `beside` does its work between transactions.
    pub(crate) async fn follow(&mut self, beside: &mut Beside) -> Result<()> {
        loop {
            let between = !self.follower.is_inside();
            if between && beside.is_due(self.follower.at()) {
                beside.attend(&mut self.follower).await?;
            }
            if self.log.ready() {
                beside.breathe().await;
                self.step().await?;
                continue;
            }
            self.follower.flush().await?;
            tokio::select! {
                event = self.log.next() => self.follower.take(&event?).await?,
                () = beside.woken(), if between => {}
            }
        }
    }

    /// Takes the next event. What has been collected is handed on before the socket is waited for.
    async fn step(&mut self) -> Result<()> {
        if !self.log.ready() {
            self.follower.flush().await?;
        }
        let event = self.log.next().await?;
        self.follower.take(&event).await
    }
}
