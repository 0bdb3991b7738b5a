//! What the daemon is told: the configuration after all layers are merged and checked.

use super::choice::{
    Binary, Decimal, Delivery, Names, OnWalLimit, Poison, Scope, Snapshot, Temporal, TlsMode,
};
use super::columns::Columns;
use super::database::Database;
use super::mysql::MySql;
use super::outbox::Outbox;
use super::pattern::{Pattern, glob_matches};
use super::postgres::Postgres;
use super::problem::Problem;
use super::secret::Secret;
use super::size::Size;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use walbrook_core::change::Op;
use walbrook_core::error::Result;
use walbrook_core::initial::Rows;

/// The whole configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where records go.
    pub kafka: Kafka,
    /// Where schemas are registered.
    pub registry: Registry,
    /// The admin interface.
    pub admin: Admin,
    /// The connectors by name.
    pub connectors: BTreeMap<String, Connector>,
    /// What works but should be mended.
    pub warnings: Vec<Problem>,
}

/// `[kafka]`
#[derive(Clone, Debug)]
pub struct Kafka {
    /// `host:port`, separated by commas.
    pub brokers: String,
    /// Prefix of transactional ids, internal topics and default slot names.
    pub cluster: String,
    /// What a committed record promises.
    pub delivery: Delivery,
    /// Whether missing topics are created.
    pub create_topics: bool,
    /// Partitions of a new data topic.
    pub partitions: i32,
    /// Replicas of a new topic; −1 is the broker's own default.
    pub replication: i32,
    /// librdkafka properties (`[kafka.client]`) that are not secrets.
    pub client: BTreeMap<String, String>,
    /// librdkafka properties that are secrets.
    pub client_secrets: BTreeMap<String, Secret>,
    /// Configuration of new data topics (`[kafka.topic]`).
    pub topic: BTreeMap<String, String>,
}

impl Kafka {
    /// All librdkafka properties, secrets read now.
    pub fn client_properties(&self) -> Result<BTreeMap<String, String>> {
        let mut all = self.client.clone();
        for (name, secret) in &self.client_secrets {
            all.insert(name.clone(), secret.read()?);
        }
        Ok(all)
    }
}

/// `[registry]`
#[derive(Clone, Debug)]
pub struct Registry {
    /// One URL, or several of one registry, without a slash at the end.
    pub url: Vec<String>,
    /// User of HTTP basic authentication.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<Secret>,
    /// Compatibility level by glob of subjects (`shop.*-value`).
    pub compatibility: BTreeMap<String, String>,
}

impl Registry {
    /// The level that new subjects called `subject` are to have: the longest glob decides.
    pub fn level(&self, subject: &str) -> Option<&str> {
        let fits = self.compatibility.iter().filter(|(glob, _)| glob_matches(glob, subject));
        fits.max_by_key(|(glob, _)| glob.len()).map(|(_, level)| level.as_str())
    }
}

/// `[admin]`
#[derive(Clone, Debug)]
pub struct Admin {
    /// Where the admin interface listens.
    pub listen: SocketAddr,
    /// Where only `/live`, `/ready` and `/metrics` are answered, besides.
    pub health_listen: Option<SocketAddr>,
    /// Who may use it; nobody has to show a token where there is none.
    pub tokens: Vec<Token>,
    /// HTTPS instead of HTTP.
    pub tls: Option<AdminTls>,
    /// Host names under which it is reached through a proxy.
    pub hosts: Vec<String>,
}

/// One of `tokens` in `[admin]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Who has it, for the audit log.
    pub name: String,
    /// The token.
    pub token: Secret,
    /// What may be done with it.
    pub scope: Scope,
}

/// HTTPS of the admin interface; the paths are of PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminTls {
    /// Our certificate, with those between it and its authority.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// Authorities of clients, which must then show a certificate.
    pub client_ca: Option<PathBuf>,
}

/// `[connectors.NAME]`
#[derive(Clone, Debug)]
pub struct Connector {
    /// Its identity.
    pub name: String,
    /// The database.
    pub url: Database,
    /// Password of the role.
    pub password: Option<Secret>,
    /// How the connection is secured.
    pub tls: Tls,
    /// Prefix of its topics.
    pub topic_prefix: String,
    /// Captured tables.
    pub tables: Vec<Pattern>,
    /// Exceptions of `tables`.
    pub exclude_tables: Vec<Pattern>,
    /// Which columns are told, and how.
    pub columns: Columns,
    /// What is read before the stream.
    pub snapshot: Snapshot,
    /// Those of them that are read before the stream.
    pub snapshot_tables: Vec<Pattern>,
    /// What is read of a table where that is not all of it, by its name.
    pub snapshot_rows: BTreeMap<String, Rows>,
    /// Parallel readers of a snapshot.
    pub snapshot_workers: u32,
    /// The transaction block and topic.
    pub transaction_metadata: bool,
    /// The four `__debezium.context.*` headers.
    pub context_headers: bool,
    /// A record without a value after each delete.
    pub tombstones: bool,
    /// Operations that are left out.
    pub skipped_operations: Operations,
    /// Whether updates that change nothing that is told are left out.
    pub skip_unchanged: bool,
    /// Time between heartbeat records; zero is never.
    pub heartbeat: Duration,
    /// How much log the database may keep for it; 0 is without a limit.
    pub max_retained_wal: Size,
    /// What is done beyond.
    pub on_wal_limit: OnWalLimit,
    /// Key columns that differ from the table's own.
    pub keys: Vec<MessageKey>,
    /// What is done about changes that cannot be told.
    pub poison: PoisonPolicy,
    /// How values are represented.
    pub values: Values,
    /// What is done to schema names that Avro does not allow.
    pub schema_names: Names,
    /// What is done to field names that Avro does not allow.
    pub field_names: Names,
    /// The outbox, if it has one.
    pub outbox: Option<Outbox>,
    /// What only its kind of server has.
    pub source: Source,
    /// All of these as text, secrets hidden, for people and other tools.
    pub settings: BTreeMap<String, String>,
}

impl Connector {
    /// Whether the table called `name` (`schema.table`, in MySQL `database.table`) is captured.
    pub fn captures(&self, name: &str) -> bool {
        let any = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(name));
        any(&self.tables) && !any(&self.exclude_tables)
    }

    /// Whether the table called `name`, if it is captured, is read before the stream.
    pub fn reads_first(&self, name: &str) -> bool {
        self.snapshot_tables.iter().any(|pattern| pattern.matches(name))
    }
}

/// What only one kind of server has.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// PostgreSQL.
    Postgres(Postgres),
    /// MySQL or MariaDB: the URL tells which.
    MySql(MySql),
}

/// How values of the database are represented in records.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    /// NUMERIC, DECIMAL
    pub decimal: Decimal,
    /// DATE, TIME, TIMESTAMP, DATETIME
    pub temporal: Temporal,
    /// BYTEA, BINARY, BLOB
    pub binary: Binary,
    /// What stands for a value that the log does not have.
    pub placeholder: String,
}

/// How a connection is secured, and by whom it is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// How much is verified.
    pub mode: TlsMode,
    /// Certificates of trusted authorities, PEM; the system's if none is given.
    pub ca: Option<PathBuf>,
    /// Our certificate, PEM.
    pub cert: Option<PathBuf>,
    /// Its key, PEM.
    pub key: Option<PathBuf>,
}

/// Key columns of the tables that a pattern means.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageKey {
    /// The tables.
    pub table: Pattern,
    /// Columns of the key.
    pub columns: Vec<String>,
}

/// What is done about changes that cannot be told.
#[derive(Clone, Debug, PartialEq)]
pub struct PoisonPolicy {
    /// For tables that are not named below.
    pub policy: Poison,
    /// The first entry that means a table decides.
    pub tables: Vec<PoisonTable>,
    /// Such changes of one table in a row that are borne; 0 is without limit.
    pub limit: u64,
}

impl PoisonPolicy {
    /// The policy of the table called `name`.
    pub fn of(&self, name: &str) -> Poison {
        let own = self.tables.iter().find(|entry| entry.table.matches(name));
        own.map_or(self.policy, |entry| entry.policy)
    }
}

/// The policy of the tables that a pattern means.
#[derive(Clone, Debug, PartialEq)]
pub struct PoisonTable {
    /// The tables.
    pub table: Pattern,
    /// What is done.
    pub policy: Poison,
}

/// A set of operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Operations {
    /// INSERT
    pub create: bool,
    /// UPDATE
    pub update: bool,
    /// DELETE
    pub delete: bool,
    /// TRUNCATE
    pub truncate: bool,
}

impl Operations {
    /// Whether `op` is in the set. Snapshot rows never are.
    pub fn has(self, op: Op) -> bool {
        match op {
            Op::Read | Op::Message => false,
            Op::Create => self.create,
            Op::Update => self.update,
            Op::Delete => self.delete,
            Op::Truncate => self.truncate,
        }
    }
}
