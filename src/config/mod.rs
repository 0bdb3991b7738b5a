//! The configuration: TOML files, the environment and flags become one checked [`Config`].

mod check;
mod choice;
mod connector;
mod database;
mod environment;
mod layer;
mod load;
mod model;
mod pattern;
mod place;
mod print;
mod problem;
mod reader;
mod secret;
mod secret_form;
mod sections;
mod setting;
mod suggest;

pub use choice::{
    Binary, Choice, Decimal, Delivery, Hstore, Interval, Names, PublicationMode, Snapshot,
    Temporal, TlsMode,
};
pub use database::Database;
pub use environment::log_filter;
pub use load::{Loaded, load, load_with};
pub use model::{
    Admin, Config, Connector, Kafka, MessageKey, Operations, Registry, Tls, Values,
};
pub use pattern::Pattern;
pub use problem::{report, Excerpt, Problem, Severity};
pub use secret::Secret;

#[cfg(test)]
mod tests;
