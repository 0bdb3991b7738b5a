//! What the settings of every source have in common: who logs in, how it is protected, what is read.

use crate::error;
use std::path::PathBuf;
use std::sync::Arc;

/// Reads the password when a connection is made, so that a changed secret is used at once.
pub type Password = Arc<dyn Fn() -> error::Result<Option<String>> + Send + Sync>;

/// Whether a table (schema or database, name) is captured.
pub type Selection = Arc<dyn Fn(&str, &str) -> bool + Send + Sync>;

/// Reads a pattern over tables as the configuration writes it, where somebody names tables while
/// the source is open. What is wrong with the pattern is the error's text.
pub type Patterns = Arc<dyn Fn(&str) -> Result<Selection, String> + Send + Sync>;

/// Patterns that are just names: `schema.table`.
pub fn plain_names() -> Patterns {
    Arc::new(|text| {
        let text = text.to_owned();
        Ok(Arc::new(move |space: &str, table: &str| format!("{space}.{table}") == text))
    })
}

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
}
