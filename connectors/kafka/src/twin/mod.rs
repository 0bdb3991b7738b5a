//! An in-memory twin of Kafka for tests and for the simulator: topics, transactions with epochs
//! and fencing, committed records with offsets, and faults at chosen calls.
//!
//! Deterministic: the same calls and the same seed give the same broker, byte for byte.

mod broker;
mod producer;
mod resolver;
#[cfg(test)]
mod tests;

pub use broker::{Broker, Fault, Stored};
pub use producer::{Log, Producer};
pub use resolver::Resolver;

use crate::checkpoint::{self, Names};
use crate::machine::Machine;
use crate::sink;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use walbrook_core::checkpoint::Checkpoint;
use walbrook_core::error::Result;

/// A broker that several producers and readers share.
pub type Shared = Arc<Mutex<Broker>>;

/// Looks at a shared broker.
pub fn lock(broker: &Shared) -> MutexGuard<'_, Broker> {
    broker.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What [`sink::open`] does, over the twin and at once: the machine goes to [`sink::drive`].
pub fn open(
    broker: &Shared,
    cluster: &str,
    names: Names,
    instance: &str,
) -> Result<(Machine<Producer>, Checkpoint)> {
    let settings = crate::settings::Settings::new("twin", cluster, &names.connector);
    let topic = settings.checkpoint_topic();
    lock(broker).create(&topic, 1);
    let producer = Producer::new(Arc::clone(broker), settings.transactional_id(), topic.clone());
    let mut log = Log::new(Arc::clone(broker), topic);
    sink::take_over(Machine::new(producer, names), &mut log, instance)
}

/// What [`sink::load`] does, over the twin.
pub fn load(broker: &Shared, cluster: &str, connector: &str) -> Result<Checkpoint> {
    let topic = crate::settings::Settings::new("twin", cluster, connector).checkpoint_topic();
    let mut checkpoint = Checkpoint::default();
    checkpoint::read_to_end(&mut Log::new(Arc::clone(broker), topic), connector, &mut checkpoint)?;
    Ok(checkpoint)
}
