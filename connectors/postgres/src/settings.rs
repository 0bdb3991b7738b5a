//! Everything that a PostgreSQL source is told, with no default of its own: configuration decides.

use crate::table::Modes;
use std::sync::Arc;
use std::time::Duration;
use walbrook_core::initial::Initial;
pub use walbrook_core::settings::{
    Password, Patterns, Selection, SnapshotMode, Tls, TlsMode, is_local,
};

/// How often the server hears from us at least, where nothing else is wanted: a second of foreign
/// log is all that the slot holds back because of it.
pub const FEEDBACK: Duration = Duration::from_secs(1);

/// Answers whether messages of a prefix are told.
pub type Prefixes = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// What the publication is and who keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicationMode {
    /// Ours, `FOR ALL TABLES`; tables that are not selected are dropped here.
    AllTables,
    /// Ours, with exactly the selected tables.
    Filtered,
    /// Somebody else's: verified, never altered.
    Existing,
}

/// The settings of one PostgreSQL source.
#[derive(Clone)]
pub struct Settings {
    /// Host name, address, or the directory of a unix socket.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Role.
    pub user: String,
    /// Where the password comes from.
    pub password: Password,
    /// Database.
    pub dbname: String,
    /// Protection of the connection.
    pub tls: Tls,
    /// Name of the replication slot.
    pub slot: String,
    /// Whether we created the slot and may drop it again.
    pub owns_slot: bool,
    /// Whether the slot is to survive a failover (17+; ignored before).
    pub slot_failover: bool,
    /// Name of the publication.
    pub publication: String,
    /// What the publication is.
    pub publication_mode: PublicationMode,
    /// Which tables are captured.
    pub selection: Selection,
    /// Which logical messages are told; the server is asked for none where there is nothing.
    pub messages: Option<Prefixes>,
    /// Reads the patterns of tables that are to be read again.
    pub patterns: Patterns,
    /// Prefix of every topic; `source.name` of every event.
    pub topic_prefix: String,
    /// `[kafka] cluster`: the prefix of everything internal.
    pub cluster: String,
    /// Name of the connector.
    pub connector: String,
    /// How values are represented.
    pub modes: Modes,
    /// When tables are read whole.
    pub snapshot_mode: SnapshotMode,
    /// How many connections read at once.
    pub snapshot_workers: usize,
    /// Which tables, and which rows of them, are read.
    pub initial: Initial,
    /// Whether the row filters and column lists of the publication hold for the snapshot too.
    pub snapshot_as_published: bool,
    /// How often the server hears from us at least.
    pub feedback: Duration,
}

impl Settings {
    /// The name that slot and publication have where none is configured: it tells ours from others'.
    pub fn default_name(cluster: &str, connector: &str) -> String {
        let clean = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
        let mut name =
            format!("walbrook_{cluster}_{connector}").chars().map(clean).collect::<String>();
        name.truncate(63);
        name
    }

    /// `application_name` of a connection: says in `pg_stat_activity` whose it is and what for.
    pub fn application_name(&self, purpose: &str) -> String {
        application_name(&self.connector, purpose)
    }
}

/// Of a long connector name as much as fits: the server keeps 63 bytes and would cut the purpose off.
fn application_name(connector: &str, purpose: &str) -> String {
    let room = 63_usize.saturating_sub("walbrook  ".len() + purpose.len());
    let mut fits = room.min(connector.len());
    while !connector.is_char_boundary(fits) {
        fits -= 1;
    }
    format!("walbrook {} {purpose}", connector.get(..fits).unwrap_or_default())
}

/// Without the password: settings may be logged.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("user", &self.user)
            .field("dbname", &self.dbname)
            .field("tls", &self.tls.mode)
            .field("slot", &self.slot)
            .field("publication", &self.publication)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn application_names_fit_and_keep_their_purpose() {
        assert_eq!(application_name("shop", "stream"), "walbrook shop stream");
        for name in ["x".repeat(90), "ü".repeat(40)] {
            let shown = application_name(&name, "snapshot 12");
            assert!((62..=63).contains(&shown.len()) && shown.ends_with(" snapshot 12"), "{shown}");
        }
    }

    #[test]
    fn default_names_are_valid_slot_names() {
        assert_eq!(Settings::default_name("Wal-Brook", "shop.eu"), "walbrook_wal_brook_shop_eu");
        assert_eq!(Settings::default_name(&"x".repeat(90), "c").len(), 63);
    }
}
