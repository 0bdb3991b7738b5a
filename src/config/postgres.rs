//! What only a connector to PostgreSQL has: slot, publication, and types of its own.

use super::choice::{Hstore, Interval, PublicationMode};
use super::prefix::Prefix;
use super::reader::Reader;
use crate::codes;

/// The keys read here; a connector to another server has none of them.
pub(super) const KEYS: &[&str] = &[
    "interval",
    "hstore",
    "money_fraction_digits",
    "unknown_types",
    "slot",
    "slot_failover",
    "publication",
    "publication_mode",
    "snapshot_as_published",
    "messages",
    "exclude_messages",
];

/// Longest identifier in PostgreSQL, in bytes.
const NAME_BYTES: usize = 63;

/// What only a connector to PostgreSQL has.
#[derive(Clone, Debug, PartialEq)]
pub struct Postgres {
    /// INTERVAL
    pub interval: Interval,
    /// HSTORE
    pub hstore: Hstore,
    /// Digits after the point of MONEY.
    pub money_fraction_digits: u16,
    /// Whether columns of types without a mapping are sent, as bytes of their text.
    pub unknown_types: bool,
    /// Name of the replication slot.
    pub slot: String,
    /// Whether the slot is to follow a failover (PostgreSQL 17 and later).
    pub slot_failover: bool,
    /// Name of the publication.
    pub publication: String,
    /// Who decides which tables it holds.
    pub publication_mode: PublicationMode,
    /// Whether its row filters and column lists hold for the snapshot too.
    pub snapshot_as_published: bool,
    /// Prefixes of the logical messages that are told.
    pub messages: Vec<Prefix>,
    /// Exceptions of these, and of an outbox's messages.
    pub exclude_messages: Vec<Prefix>,
}

/// Reads what only PostgreSQL has for the connector called `name`.
pub(super) fn read(reader: &mut Reader<'_>, cluster: &str, name: &str) -> Postgres {
    let own = default_name(cluster, name);
    let postgres = Postgres {
        interval: reader.or("interval", Interval::Numeric),
        hstore: reader.or("hstore", Hstore::Json),
        money_fraction_digits: reader.number("money_fraction_digits", 2, 0, 38) as u16,
        unknown_types: reader.or("unknown_types", false),
        slot: reader.or("slot", own.clone()),
        slot_failover: reader.or("slot_failover", false),
        publication: reader.or("publication", own),
        publication_mode: reader.or("publication_mode", PublicationMode::Filtered),
        snapshot_as_published: reader.or("snapshot_as_published", true),
        messages: reader.or("messages", Vec::new()),
        exclude_messages: reader.or("exclude_messages", Vec::new()),
    };
    names(reader, &postgres);
    postgres
}

/// `walbrook_<cluster>_<connector>` in letters that a slot may have.
fn default_name(cluster: &str, name: &str) -> String {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c @ ('a'..='z' | '0'..='9') => c,
        _ => '_',
    };
    format!("walbrook_{cluster}_{name}").chars().map(plain).collect()
}

/// Slot and publication must be names that PostgreSQL takes as they are.
fn names(reader: &mut Reader<'_>, Postgres { slot, publication, .. }: &Postgres) {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !slot.chars().all(legal) || slot.len() > NAME_BYTES {
        let message = format!("PostgreSQL does not allow a slot called {slot:?}.");
        let fix = "Set `slot` to at most 63 small letters, digits and `_`.".to_owned();
        reader.problem("slot", codes::NAME, message, fix);
    }
    if publication.len() > NAME_BYTES || publication.contains('\0') {
        let message = format!("PostgreSQL does not allow a publication called {publication:?}.");
        let fix = "Set `publication` to at most 63 bytes.".to_owned();
        reader.problem("publication", codes::NAME, message, fix);
    }
}
