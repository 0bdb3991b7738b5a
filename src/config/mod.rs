//! The configuration: TOML files, the environment and flags become one checked [`Config`].

mod admin;
mod check;
pub mod choice;
mod columns;
mod connector;
mod database;
mod environment;
mod initial;
mod layer;
mod load;
#[cfg(test)]
mod manual;
mod model;
mod mysql;
pub mod outbox;
mod pattern;
mod place;
mod poison;
mod postgres;
mod prefix;
mod print;
mod problem;
mod reader;
pub mod route;
mod secret;
mod secret_form;
mod sections;
mod setting;
pub mod size;
mod suggest;

pub use choice::{
    BigintUnsigned, Binary, Choice, Decimal, Delivery, Hstore, Interval, Names, PublicationMode,
    Scope, Snapshot, Temporal, TlsMode,
};
pub use columns::{Columns, Mask, MaskForm};
pub use database::{Database, Server, UrlError};
pub use environment::{admin_token, log_filter};
pub use load::{Loaded, load, load_all, load_text, load_with};
pub use model::{
    Admin, AdminTls, Config, Connector, Kafka, MessageKey, Operations, Registry, Source, Tls,
    Token, Values,
};
pub use mysql::MySql;
pub use outbox::Outbox;
pub use pattern::Pattern;
pub use postgres::Postgres;
pub use prefix::Prefix;
pub use problem::{Excerpt, Problem, Severity, report};
pub use secret::Secret;

pub(crate) use columns::algorithm;
pub(crate) use database::is_loopback;
pub(crate) use reader::header_name;
pub(crate) use setting::quoted;
pub(crate) use suggest::nearest;

/// The settings of a connector as text, secrets hidden.
pub fn shown(connector: &Connector) -> std::collections::BTreeMap<String, String> {
    connector.settings.clone()
}

#[cfg(test)]
mod tests;
