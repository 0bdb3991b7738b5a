//! What the behaviours stand on: servers, daemon, workload, consumer, oracle.

pub mod avro;
pub mod chance;
pub mod checkpoint;
pub mod consumer;
pub mod daemon;
pub mod database;
pub mod events;
pub mod fake_registry;
pub mod ideal;
pub mod meanwhile;
pub mod negative;
pub mod oracle;
pub mod proof;
pub mod reader;
pub mod record;
pub mod registry;
pub mod replay;
pub mod session;
pub mod stack;
pub mod workload;
pub mod world;
