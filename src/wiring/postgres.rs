//! A connector to PostgreSQL: its part of the configuration becomes the source's settings.

use super::columns::columns;
use super::{Open, initial, password, patterns, selection, snapshot_mode, tls, word};
use crate::config::choice;
use crate::config::outbox::From;
use crate::config::{Config, Connector, Postgres as Own, Prefix};
use std::sync::Arc;
use walbrook_core::error::Result;
use walbrook_core::idle::Idle;
use walbrook_postgres::idle::IdlePostgres;
use walbrook_postgres::settings::{FEEDBACK, Prefixes, PublicationMode, Settings};
use walbrook_postgres::source::Postgres;
use walbrook_postgres::table::Modes;

/// Makes sources for `connector`.
pub(super) fn source(config: &Config, connector: &Connector, own: &Own) -> Result<Open> {
    let mut settings = settings(config, connector, own);
    settings.modes.columns = columns(connector)?;
    Ok(Box::new(move || Box::new(Postgres::new(settings.clone()))))
}

/// The database of `connector` while it is not being read.
pub(super) fn idle(config: &Config, connector: &Connector, own: &Own) -> Arc<dyn Idle> {
    Arc::new(IdlePostgres::new(settings(config, connector, own)))
}

pub(super) fn settings(config: &Config, connector: &Connector, own: &Own) -> Settings {
    let url = &connector.url;
    Settings {
        host: url.host.clone(),
        port: url.port,
        user: url.user.clone(),
        password: password(connector),
        dbname: url.name.clone().unwrap_or_default(),
        tls: tls(connector),
        slot: own.slot.clone(),
        owns_slot: true,
        slot_failover: own.slot_failover,
        publication: own.publication.clone(),
        publication_mode: match own.publication_mode {
            choice::PublicationMode::AllTables => PublicationMode::AllTables,
            choice::PublicationMode::Filtered => PublicationMode::Filtered,
            choice::PublicationMode::Existing => PublicationMode::Existing,
        },
        selection: selection(connector),
        messages: messages(connector, own),
        patterns: patterns(),
        topic_prefix: connector.topic_prefix.clone(),
        cluster: config.kafka.cluster.clone(),
        connector: connector.name.clone(),
        modes: modes(connector, own),
        snapshot_mode: snapshot_mode(connector),
        snapshot_workers: connector.snapshot_workers as usize,
        initial: initial(connector),
        snapshot_as_published: own.snapshot_as_published,
        feedback: FEEDBACK,
    }
}

/// The messages that are told: those that are wanted as such, and those of an outbox.
fn messages(connector: &Connector, own: &Own) -> Option<Prefixes> {
    let outbox = connector.outbox.as_ref().and_then(|outbox| match &outbox.from {
        From::Messages(prefix) => Some(prefix.clone()),
        From::Table(_) => None,
    });
    let told: Vec<Prefix> = own.messages.iter().cloned().chain(outbox).collect();
    let except = own.exclude_messages.clone();
    let any = |of: &[Prefix], prefix: &str| of.iter().any(|one| one.matches(prefix));
    (!told.is_empty())
        .then(|| Arc::new(move |prefix: &str| any(&told, prefix) && !any(&except, prefix)) as _)
}

/// Whether the server is asked for logical messages.
pub(super) fn has_messages(connector: &Connector, own: &Own) -> bool {
    messages(connector, own).is_some()
}

fn modes(connector: &Connector, own: &Own) -> Modes {
    let (values, defaults) = (&connector.values, Modes::default());
    Modes {
        decimal: word(values.decimal, defaults.decimal),
        temporal: word(values.temporal, defaults.temporal),
        binary: word(values.binary, defaults.binary),
        interval: word(own.interval, defaults.interval),
        hstore: word(own.hstore, defaults.hstore),
        money_fraction_digits: u8::try_from(own.money_fraction_digits).unwrap_or(u8::MAX),
        unknown: own.unknown_types,
        placeholder: values.placeholder.clone(),
        columns: defaults.columns,
    }
}
