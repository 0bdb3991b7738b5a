//! Everything that a MySQL or MariaDB source is told, with no default of its own: configuration
//! decides.

use crate::flavor::Flavor;
use crate::table::Modes;
use std::time::Duration;
use walbrook_core::initial::Initial;
pub use walbrook_core::settings::{
    Password, Patterns, Selection, SnapshotMode, Tls, TlsMode, is_local,
};

/// The settings of one MySQL or MariaDB source.
#[derive(Clone)]
pub struct Settings {
    /// Which server it is meant to be; another one that answers is a definite error.
    pub flavor: Flavor,
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Account.
    pub user: String,
    /// Where the password comes from.
    pub password: Password,
    /// Database of the URL: only a default for names; tables of all databases can be selected.
    pub database: Option<String>,
    /// Protection of the connection.
    pub tls: Tls,
    /// `server_id` under which the log is read: unique among the server's replicas.
    pub server_id: u32,
    /// Which tables (database, name) are captured.
    pub selection: Selection,
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
    /// Whether statements that change captured tables are told in the topic named like the prefix.
    pub schema_changes: bool,
    /// Whether `source.query` carries the original statement where the server logs it.
    pub include_query: bool,
    /// How often the server says that it is alive when there is nothing to send.
    pub heartbeat: Duration,
}

impl Settings {
    /// The `server_id` where none is configured: from the names, so that it stays the same, in the
    /// upper half of the range, where people put none (FNV-1a, 31 bits, high bit set).
    pub fn default_server_id(cluster: &str, connector: &str) -> u32 {
        let mut hash = 0x811c_9dc5_u32;
        for byte in cluster.bytes().chain([0]).chain(connector.bytes()) {
            hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
        hash | 0x8000_0000
    }

    /// `program_name` of a connection: says in the process list whose it is and what for.
    pub fn program_name(&self, purpose: &str) -> String {
        format!("walbrook {} {purpose}", self.connector)
    }
}

/// Without the password: settings may be logged.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("flavor", &self.flavor)
            .field("host", &self.host)
            .field("port", &self.port)
            .field("user", &self.user)
            .field("tls", &self.tls.mode)
            .field("server_id", &self.server_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_server_ids_are_stable_high_and_told_apart() {
        let id = Settings::default_server_id("walbrook", "shop");
        assert_eq!(id, Settings::default_server_id("walbrook", "shop"));
        assert!(id >= 0x8000_0000);
        assert_ne!(id, Settings::default_server_id("walbrook", "shop2"));
        assert_ne!(id, Settings::default_server_id("walbrooks", "hop"));
    }
}
