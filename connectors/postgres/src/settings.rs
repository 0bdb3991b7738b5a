//! Everything that a PostgreSQL source is told, with no default of its own: configuration decides.

use crate::table::Modes;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use walbrook_core::error::Result;

/// Reads the password when a connection is made, so that a changed secret is used at once.
pub type Password = Arc<dyn Fn() -> Result<Option<String>> + Send + Sync>;

/// Whether a table (schema, name) is captured.
pub type Selection = Arc<dyn Fn(&str, &str) -> bool + Send + Sync>;

/// How often the server hears from us at least, where nothing else is wanted: a second of foreign
/// log is all that the slot holds back because of it.
pub const FEEDBACK: Duration = Duration::from_secs(1);

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// Plaintext.
    Disable,
    /// Encrypted; whoever answers is believed.
    Require,
    /// Encrypted; the certificate must come from a trusted authority.
    VerifyCa,
    /// Encrypted; the certificate must come from a trusted authority and name the host.
    VerifyFull,
}

impl TlsMode {
    /// The mode where none is said: plaintext to this machine, verified to any other.
    pub fn default_for(host: &str) -> Self {
        if is_local(host) { TlsMode::Disable } else { TlsMode::VerifyFull }
    }
}

/// Whether `host` is this machine: a loopback address or the directory of a unix socket.
pub fn is_local(host: &str) -> bool {
    host.starts_with('/')
        || host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// TLS of the connection.
#[derive(Clone, Debug)]
pub struct Tls {
    /// How much is verified.
    pub mode: TlsMode,
    /// PEM file of the trusted authorities; without it those of the operating system.
    pub ca: Option<PathBuf>,
    /// PEM file of the client's certificate.
    pub cert: Option<PathBuf>,
    /// PEM file of the client's key.
    pub key: Option<PathBuf>,
}

impl Tls {
    /// TLS of the given mode with the system's authorities and no client certificate.
    pub fn new(mode: TlsMode) -> Self {
        Self { mode, ca: None, cert: None, key: None }
    }
}

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

/// When the tables are read whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotMode {
    /// Once, before the stream begins.
    Initial,
    /// Never; the stream begins now.
    NoData,
    /// Once, and then the connector is finished.
    InitialOnly,
    /// At every start.
    Always,
    /// When the stream cannot go on where it was.
    WhenNeeded,
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
    fn only_this_machine_is_trusted_without_tls() {
        for host in ["127.0.0.1", "localhost", "::1", "/var/run/postgresql"] {
            assert_eq!(TlsMode::default_for(host), TlsMode::Disable, "{host}");
        }
        for host in ["10.0.0.1", "db.example", "localhost.example", ""] {
            assert_eq!(TlsMode::default_for(host), TlsMode::VerifyFull, "{host}");
        }
    }

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
